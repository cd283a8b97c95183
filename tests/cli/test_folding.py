"""Totals of dead processes: kept to the last one, in few files, whatever happens in between."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from microblog.cli import exporter, folding
from microblog.cli.folding import LOCK, fold, list_files, locked, tidy
from microblog.cli.measuring import VARIABLE

#: Says a number of each kind, and tells when it has; ends, or waits for the end of its input.
SPEAKER = """
import sys
from microblog.observability import metrics
metrics.STATUSES_POSTED.inc(int(sys.argv[1]))
metrics.FAN_OUT_RECIPIENTS.observe(int(sys.argv[1]))
metrics.HTTP_REQUESTS_IN_PROGRESS.inc(int(sys.argv[1]))
metrics.BEAT_LAST_TICK.set(int(sys.argv[1]))
print("said", flush=True)
"""
Speak = Callable[[int], "subprocess.Popen[str]"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "web"
    made.mkdir()
    return made


@pytest.fixture
def start(folder: Path) -> Iterator[Speak]:
    """Starts a process that says a number; it lives until it is killed, or the test ends."""
    started = []

    def start_speaker(number: int) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", f"{SPEAKER}\nsys.stdin.read()", str(number)],
            env={**os.environ, VARIABLE: str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout
        assert process.stdout.readline() == "said\n"
        return process

    yield start_speaker
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def speak(start: Speak) -> Callable[[int], int]:
    """Has a process say a number and kills it; its id."""

    def say(number: int) -> int:
        process = start(number)
        process.kill()
        process.communicate()
        return process.pid

    return say


def figures(folder: Path) -> dict[str, float]:
    """What the exporter would show, by the metric's name."""
    shown = {
        sample.name: sample.value
        for metric in exporter.FolderCollector(folder.parent).collect()
        for sample in metric.samples
    }
    return {
        short: shown.get(f"microblog_{name}", 0.0)
        for short, name in (
            ("total", "statuses_posted_total"),
            ("sum", "fanout_recipients_sum"),
            ("count", "fanout_recipients_count"),
            ("now", "http_requests_in_progress"),
            ("newest", "beat_last_tick_timestamp_seconds"),
        )
    }


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != LOCK)


FOLDED_ONCE = ["counter_folded-1.db", "gauge_mostrecent_folded-1.db", "histogram_folded-1.db"]


def test_totals_stay_and_what_was_said_of_the_present_goes(folder: Path, start: Speak) -> None:
    first = start(1)
    second = start(10)
    assert figures(folder) == {"total": 11, "sum": 11, "count": 2, "now": 11, "newest": 10}

    first.kill()
    first.communicate()
    assert figures(folder) == {"total": 11, "sum": 11, "count": 2, "now": 10, "newest": 10}
    fold(folder, least=1)

    assert figures(folder) == {"total": 11, "sum": 11, "count": 2, "now": 10, "newest": 10}
    assert len(names(folder)) == len(FOLDED_ONCE) + len(list(folder.glob(f"*_{second.pid}.db")))


def test_many_dead_processes_leave_few_files(folder: Path, speak: Callable[[int], int]) -> None:
    for _ in range(exporter.FEW + 3):
        speak(1)
        figures(folder)

    assert figures(folder)["total"] == figures(folder)["count"] == exporter.FEW + 3
    assert len(names(folder)) == len(FOLDED_ONCE) + 3 * 3


def test_folding_again_adds_up_and_forgets_the_former_file(folder: Path, speak: Callable[[int], int]) -> None:
    for number in (1, 2, 4):
        speak(number)
        fold(folder, least=1)

    assert names(folder) == [name.replace("1", "3") for name in FOLDED_ONCE]
    assert figures(folder) == {"total": 7, "sum": 7, "count": 3, "now": 0, "newest": 4}


class Crash(Exception):
    """The process ends here."""


@pytest.mark.parametrize("place", ["_commit", "unlink", "rename", "fsync"])
@pytest.mark.parametrize("times", [0, 1, 2, 3, 4])
def test_a_crash_at_any_point_changes_no_total(
    folder: Path, speak: Callable[[int], int], monkeypatch: pytest.MonkeyPatch, place: str, times: int
) -> None:
    speak(1)
    fold(folder, least=1)
    for number in (2, 4):
        speak(number)
    owner: Any = {"_commit": folding, "fsync": os}.get(place, Path)
    real, calls = getattr(owner, place), []

    def crash(*arguments: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) > times and str(arguments[0]).find(LOCK) < 0:
            raise Crash
        return real(*arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(owner, place, crash)
        try:
            fold(folder, least=1)
        except Crash:
            crashed = {name: value for name, value in figures_as_they_are(folder).items() if name != "now"}
            assert crashed == {"total": 7, "sum": 7, "count": 3, "newest": 4}
    fold(folder, least=1)

    assert figures(folder) == {"total": 7, "sum": 7, "count": 3, "now": 0, "newest": 4}
    assert len(names(folder)) == len(FOLDED_ONCE)


def figures_as_they_are(folder: Path) -> dict[str, float]:
    """What a reader finds who folds nothing."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(exporter, "fold", lambda *_, **__: None)
        return figures(folder)


def test_a_living_process_of_a_dead_one_s_number_changes_nothing(
    folder: Path, speak: Callable[[int], int]
) -> None:
    dead = speak(3)
    for path in list(folder.glob("*_*.db")):
        path.rename(folder / path.name.replace(str(dead), str(os.getppid())))
        os.utime(folder / path.name.replace(str(dead), str(os.getppid())), (1, 1))

    fold(folder, least=1)

    assert names(folder) == FOLDED_ONCE
    assert figures(folder)["total"] == 3


def test_a_file_that_is_being_made_is_left_alone(folder: Path, start: Speak) -> None:
    process = start(1)
    path = folder / f"counter_{process.pid}.db"
    path.rename(folder / f"gauge_liveall_{process.pid}.db")
    path.touch()

    fold(folder, least=1)

    assert path.exists()
    assert path not in list_files(folder)


def test_a_file_opened_while_it_was_taken_is_given_back(
    folder: Path, start: Speak, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = start(2)
    before = names(folder)
    monkeypatch.setattr(folding, "_is_written", lambda *_: False)

    fold(folder, least=1)

    assert names(folder) == before
    assert process.poll() is None
    assert figures_as_they_are(folder)["total"] == 2


@pytest.mark.parametrize(("owner", "is_kept"), [(os.getuid(), True), (os.getuid() + 1, False)])
def test_a_process_that_tells_nothing_is_judged_by_its_owner(
    folder: Path, start: Speak, monkeypatch: pytest.MonkeyPatch, owner: int, is_kept: bool
) -> None:
    process = start(2)
    real = Path.read_text

    def refuse(path: Path, **options: Any) -> str:
        if path.name == "maps":
            raise PermissionError
        return real(path, **options)

    monkeypatch.setattr(Path, "read_text", refuse)
    monkeypatch.setattr(folding, "_owner", lambda _: owner)
    dead = {found[2] for _, found in folding.find_dead(folder)}

    assert (str(process.pid) not in dead) is is_kept


def test_what_a_crash_of_the_host_broke_is_read_as_far_as_it_goes(
    folder: Path, speak: Callable[[int], int]
) -> None:
    whole = figures_after(folder, speak, 5)
    pid = speak(7)
    path = folder / f"counter_{pid}.db"
    content = bytearray(path.read_bytes())
    # The size of the first entry's key is nonsense.
    content[8:12] = b"\xff\xff\xff\x7f"
    path.write_bytes(content)

    with capture_logs() as logged:
        shown = figures(folder)

    assert (shown["total"], shown["sum"]) == (whole, 12)
    assert [line["event"] for line in logged] == ["metrics.file_broken"]


def figures_after(folder: Path, speak: Callable[[int], int], number: int) -> float:
    speak(number)
    return figures(folder)["total"]


def test_who_holds_the_lock_is_waited_for_but_not_for_ever(folder: Path, speak: Callable[[int], int]) -> None:
    speak(1)
    with (folder / LOCK).open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(TimeoutError, match="was held"), locked(folder, seconds=0.05):
            pass
        with pytest.MonkeyPatch.context() as patched, capture_logs() as logged:
            patched.setattr(folding, "locked", lambda folder: locked(folder, 0.05))
            tidy(folder)
    assert [line["event"] for line in logged] == ["metrics.not_folded"]
    tidy(folder)
    assert names(folder) == FOLDED_ONCE
