"""Plans for larger sites: the arithmetic, and that costs are measured for all that it asks for."""

import argparse
import json
from pathlib import Path

import pytest

from profiling import capacity
from profiling.capacity import FAN_OUT, READS, SITES, WRITES, Assumptions, Cost, Sizes, describe_needs, plan

#: A hundredth of a second of each tier for all, and a thousandth for a follower.
COSTS = {name: Cost(0.01, 0.01, 0.01) for name in (*READS, *WRITES)} | {FAN_OUT: Cost(0.001, 0.001, 0.001)}
USE = Assumptions(active=0.5, reads=86.4, posts=8.64, followers=100, peak=2, busy=0.5, feeds=0.1)


def test_what_a_site_needs_follows_from_costs_and_use() -> None:
    need = plan(1_000_000, COSTS, Sizes(post=1_000, feed=10_000), USE)

    assert need.reads == pytest.approx(1_000)
    assert need.posts == pytest.approx(100)
    assert need.deliveries == pytest.approx(10_000)
    # (1,000 reads and 100 posts) of 0.01 s, 10,000 deliveries of 0.001 s; cores are half busy.
    assert need.web == pytest.approx(22)
    assert need.worker == pytest.approx(20)
    assert need.postgresql == need.redis == pytest.approx(42)
    assert need.gigabytes_a_year == pytest.approx(500_000 * 8.64 * 365 * 1_000 / 1e9)
    assert need.feed_gigabytes == pytest.approx(1)


def test_the_mix_of_reads_is_whole() -> None:
    assert sum(share for _, share in Assumptions().mix) == pytest.approx(1)
    assert {name for name, _ in Assumptions().mix} <= set(READS)
    cheaper = COSTS | {"search": Cost(0, 0, 0)}
    assert plan(1_000, cheaper, Sizes(1, 1), USE).web < plan(1_000, COSTS, Sizes(1, 1), USE).web


def test_a_small_site_posts_less_than_once_a_second() -> None:
    need = plan(10_000, COSTS, Sizes(post=1_000, feed=10_000), Assumptions())

    _, row = describe_needs([need])
    assert row.split()[:4] == ["10,000", "6", "0.1", "21"]


def test_costs_are_measured_and_sites_told(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    capacity.add_arguments(parser)
    words = ["--posts", "1000", "--rounds", "1", "--output", str(tmp_path)]
    said: list[str] = []

    assert capacity.run(parser.parse_args(words), said.append) == 0

    (path,) = tmp_path.glob("capacity-*.json")
    result = json.loads(path.read_text())
    assert set(result["costs"]) == {*READS, *WRITES, FAN_OUT}
    assert all(cost["python"] > 0 and cost["postgresql"] >= 0 for cost in result["costs"].values())
    assert result["costs"][FAN_OUT]["python"] < result["costs"]["create"]["python"]
    assert [need["accounts"] for need in result["needs"]] == list(SITES)
    assert result["sizes"]["post"] > 100
    assert result["sizes"]["feed"] > 8 * 400
    assert any(f"{SITES[-1]:,}" in line for line in said)
    picture = path.with_suffix(".svg").read_text()
    assert all(name in picture for name in ("worker", "Redis", "feeds in Redis"))
