import os
import subprocess
import sys
from pathlib import Path

import pytest

from devstack.processes import wait_for
from profiling.measuring import MeasuringError, Meter, cpu_seconds, ended_seconds, find_tree, tree_bytes

BURN = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while True: pass'])"


def write_process(proc: Path, pid: int, parent: int, ticks: tuple[int, int], *threads: int) -> None:
    """A process as /proc shows it; each of `threads` has run for so many nanoseconds."""
    folder = proc / str(pid)
    folder.mkdir(parents=True)
    fields = ["S", str(parent), *["0"] * 9, *map(str, ticks), *["0"] * 30]
    (folder / "stat").write_text(f"{pid} (a ) name) {' '.join(fields)}\n")
    for number, nanoseconds in enumerate(threads):
        (folder / "task" / str(pid + number)).mkdir(parents=True)
        (folder / "task" / str(pid + number) / "schedstat").write_text(f"{nanoseconds} 5 5\n")


def test_a_tree_is_a_process_with_all_that_descend_from_it(tmp_path: Path) -> None:
    for pid, parent in ((10, 1), (11, 10), (12, 11), (13, 1), (9, 12)):
        write_process(tmp_path, pid, parent, (0, 0))

    assert find_tree(10, tmp_path) == {10, 11, 12, 9}
    assert find_tree(99, tmp_path) == frozenset()


def test_memory_is_what_a_tree_has_of_its_own_and_its_share_of_the_rest(tmp_path: Path) -> None:
    for pid, parent, kilobytes in ((10, 1, 300), (11, 10, 20), (12, 1, 7_000)):
        write_process(tmp_path, pid, parent, (0, 0))
        (tmp_path / str(pid) / "smaps_rollup").write_text(
            f"00400000-7fff rollup\nRss: 9000 kB\nPss:    {kilobytes} kB\nPss_Dirty: 5 kB\n"
        )

    assert tree_bytes(10, tmp_path) == 320 * 1024


def test_threads_are_added_up_and_ended_ones_are_not_forgotten(tmp_path: Path) -> None:
    write_process(tmp_path, 10, 1, (1, 2), 500_000_000, 250_000_000)
    write_process(tmp_path, 11, 10, (300, 100), 1)

    assert cpu_seconds(10, tmp_path) == pytest.approx(0.75)
    assert cpu_seconds(11, tmp_path) == pytest.approx(400 / os.sysconf("SC_CLK_TCK"))
    assert Meter(10, tmp_path).read() == pytest.approx(0.75 + 400 / os.sysconf("SC_CLK_TCK"))


def test_children_that_have_ended_are_counted_in_their_parent(tmp_path: Path) -> None:
    (tmp_path / "10").mkdir()
    fields = ["S", "1", *["0"] * 9, "1", "2", "30", "40", *["0"] * 28]
    (tmp_path / "10" / "stat").write_text(f"10 (name) {' '.join(fields)}\n")

    assert ended_seconds(10, tmp_path) == pytest.approx(70 / os.sysconf("SC_CLK_TCK"))
    assert ended_seconds(99, tmp_path) == 0


def test_a_tree_that_changed_has_no_figure(tmp_path: Path) -> None:
    write_process(tmp_path, 10, 1, (0, 0))
    meter = Meter(10, tmp_path)
    assert meter.read() == 0
    write_process(tmp_path, 11, 10, (0, 0))

    with pytest.raises(MeasuringError, match="ended or started"):
        meter.read()
    with pytest.raises(MeasuringError, match="ended or started"):
        Meter(99, tmp_path).read()


def test_what_a_child_really_takes_is_counted() -> None:
    with subprocess.Popen([sys.executable, "-c", BURN]) as process:
        try:
            wait_for(lambda: len(find_tree(process.pid)) == 2, 20, lambda: "no child")
            wait_for(lambda: Meter(process.pid).read() > 0.3, 20, lambda: "no time counted")
        finally:
            for pid in sorted(find_tree(process.pid), reverse=True):
                os.kill(pid, 9)
