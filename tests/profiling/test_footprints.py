"""Memory is that of all processes, and none of them was idle or died."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from devstack.processes import wait_for
from microblog.jobs import names
from profiling import footprints
from profiling.footprints import Site, count_jobs, find_jobs, read_footprints
from profiling.measuring import MeasuringError, find_tree
from profiling.scenarios import World, run_task

#: A parent of 30 MB, and a child of 60 that shares nothing with it.
PROGRAM = """
import subprocess, sys
held = b"x" * 30_000_000
child = "held = b'x' * 60_000_000; input()"
subprocess.run([sys.executable, "-c", child])
"""


@pytest.fixture
def site() -> Iterator[Site]:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE) as process:
        wait_for(lambda: len(find_tree(process.pid)) == 2, 20, lambda: "no child")
        site = Site(cast("Any", None), Path(), {"web": process.pid})
        wait_for(lambda: sizes(site) == [60, 30], 20, lambda: f"they hold {sizes(site)}")
        yield site
        process.communicate(b"\n")


def sizes(site: Site) -> list[int]:
    """What each holds, in tens of MiB."""
    return [int(one.pss // 30 * 30) for one in read_footprints(site, dict.fromkeys(site.processes(), 1.0))]


def test_parents_and_children_are_told_the_largest_first(site: Site) -> None:
    found = read_footprints(site, dict.fromkeys(site.processes(), 2.5))

    assert [one.name for one in found] == ["web, child", "web"]
    assert found[0].rss >= found[0].pss > 57
    assert found[0].busy == 2.5


def test_a_process_that_died_is_no_small_one(site: Site) -> None:
    with pytest.raises(MeasuringError, match="ended or started"):
        read_footprints(site, {**dict.fromkeys(site.processes(), 1.0), 2**22: 1.0})


def test_an_idle_process_ends_the_bench(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Site] = []
    monkeypatch.setattr(footprints, "start_site", lambda _servers: Given(site))
    monkeypatch.setattr(footprints, "give_work", given.append)

    with pytest.raises(MeasuringError, match="hardly any work"):
        footprints.measure(cast("Any", None), lambda _line: None)
    assert len(given) == footprints.MOST_ROUNDS


class Given:
    def __init__(self, site: Site) -> None:
        self.site = site

    def __enter__(self) -> Site:
        return self.site

    def __exit__(self, *_error: object) -> None:
        pass


def test_the_worker_is_given_jobs_of_all_queues(world: World) -> None:
    with world.resources.database.unit_of_work() as session:
        jobs = [job for job, _ in find_jobs(session, world.account_id)]

    # Fan-outs and pictures come by posts and uploads.
    assert {job.queue for job in jobs} | {names.FEEDS, names.MEDIA} == set(names.QUEUES)


def test_a_job_that_failed_ends_the_bench(world: World) -> None:
    assert count_jobs(world) > 0
    with pytest.raises(MeasuringError):
        run_task(world, names.DAILY_STATISTICS, day="nonsense")

    with pytest.raises(MeasuringError, match=r"the job statistics.daily failed: .*Error"):
        count_jobs(world)
