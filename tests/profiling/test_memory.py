"""The verdict: a leak is caught, a cache that fills once is not."""

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from profiling import memory
from profiling.leaks import LEAST_TURNS, Turn, find_slope, judge
from profiling.measuring import MeasuringError
from profiling.memory import Plan, measure
from tests.profiling import cases

PLAN = ("--warm-up", "5", "--runs", "30", "--turns", "10")


def test_a_leak_is_caught_with_the_line_that_keeps_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code, text = cases.command(monkeypatch, memory, cases.Leak(), *PLAN, "--output", str(tmp_path))

    assert code == 1
    assert text.splitlines()[-3].startswith("Memory: leaks: each run leaves 3")
    first = cases.table(text, "kept since the warm-up")[0]
    assert first.startswith("tests/profiling/cases.py:")
    assert first.endswith("self.kept.append(bytes(300))")
    [path] = tmp_path.glob("memory-*.json")
    kept = json.loads(path.read_text())
    assert kept["verdict"]["is_leak"] is True
    assert len(kept["turns"]) == 11
    assert "leaks: each run leaves" in path.with_suffix(".svg").read_text()


@pytest.mark.parametrize("at", [1, 150, 305])
def test_a_cache_that_fills_once_is_no_leak(at: int) -> None:
    measured = measure(cases.OneCache(at), Plan(5, 30, 10), lambda _: None)

    verdict = judge(measured.turns)
    assert verdict.text == "no leak"
    lines = memory.describe(measured, verdict, 5)
    assert lines[-1] == "Memory: no leak"
    if at > 5:
        # It is shown, all the same.
        assert "self.cache = {number" in cases.table("\n".join(lines), "kept since the warm-up")[0]


def kept_by_this_file() -> int:
    """Bytes that lines of this file have allocated: what other threads do meanwhile is none of them."""
    here = tracemalloc.take_snapshot().filter_traces(
        [tracemalloc.Filter(inclusive=True, filename_pattern=__file__)]
    )
    return sum(one.size for one in here.statistics("filename"))


def test_what_the_interpreter_remembers_is_let_go() -> None:
    tracemalloc.start()
    try:
        memory._tidy()
        names = [f"name_{number}" for number in range(1_000)]
        assert not any(getattr(names, name, None) for name in names)
        del names
        remembered = kept_by_this_file()
        memory._tidy()
        left = kept_by_this_file()
    finally:
        tracemalloc.stop()

    assert remembered > 20_000
    assert left < 2_000


def made_up(traced: Callable[[int], float], rss: Callable[[int], float]) -> list[Turn]:
    return [Turn(runs, int(traced(runs)), int(rss(runs)), 0) for runs in range(0, 2_000, 100)]


def flat(_runs: int) -> float:
    return 50_000_000


def test_memory_that_python_knows_nothing_of_is_a_leak_too() -> None:
    found = judge(made_up(flat, lambda runs: 50_000_000 + 5_000 * runs))

    assert found.is_leak
    assert found.text == "leaks outside of Python's objects: the process grows by 5000 bytes with each run"


def test_pages_for_pythons_objects_are_not_told_twice() -> None:
    found = judge(made_up(lambda runs: 5_000 * runs, lambda runs: 50_000_000 + 5_000 * runs))

    assert found.text == "leaks: each run leaves 5000 bytes of Python's objects behind"


@pytest.mark.parametrize(
    "traced",
    [
        pytest.param(lambda runs: min(runs, 1_000) * 500, id="a cache that is full in the middle"),
        pytest.param(lambda runs: (runs // 100 % 2) * 100_000, id="up and down"),
        pytest.param(lambda runs: (runs // 900) * 100_000, id="few steps"),
        pytest.param(lambda runs: -500 * runs, id="ever less"),
    ],
)
def test_what_does_not_go_on_is_no_leak(traced: Callable[[int], float]) -> None:
    assert not judge(made_up(traced, flat)).is_leak


def test_a_leak_is_seen_through_noise() -> None:
    assert judge(made_up(lambda runs: 40 * runs + (runs * 7_919 % 1_000), flat)).is_leak


def test_too_little_tells_nothing() -> None:
    with pytest.raises(ValueError, match="7 turns show no trend"):
        judge(made_up(flat, flat)[: LEAST_TURNS - 1])
    with pytest.raises(ValueError, match="needs two points"):
        find_slope([(1, 1)])


def test_what_was_seen_before_ctrl_c_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    leak = cases.Leak()

    def stopped() -> None:
        leak()
        if len(leak.kept) == 5 + 30 * 9 - 1:
            raise KeyboardInterrupt

    code, text = cases.command(monkeypatch, memory, stopped, *PLAN, "--output", str(tmp_path))

    assert code == 130
    assert "Stopped after 8 of 10 turns" in text
    [path] = tmp_path.glob("memory-*.json")
    assert json.loads(path.read_text())["is_whole"] is False


def test_where_the_kernel_tells_nothing_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(MeasuringError, match="only Linux"):
        measure(cases.work, Plan(1, 1, 8), lambda _: None, proc=tmp_path)
