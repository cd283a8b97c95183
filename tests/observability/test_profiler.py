"""The recorder of one thread's calls."""

import json
import sys
import threading
from collections.abc import Iterator

import pytest

from microblog.observability.profiler import Profile, Recorder


def leaf() -> int:
    return len("leaf")


def branch(times: int) -> int:
    return sum(leaf() for _ in range(times))


def descend(depth: int) -> int:
    return descend(depth - 1) if depth else leaf()


def fail() -> None:
    raise ValueError("of no use: sëcret")


def catch() -> None:
    try:
        fail()
    except ValueError:
        leaf()


def count_up(end: int) -> Iterator[int]:
    yield from range(end)


def stranger(go: threading.Event, done: threading.Event) -> None:
    """What another request's thread calls meanwhile."""
    go.wait(10)
    unrelated()
    done.set()


def unrelated() -> list[int]:
    return sorted([3, 1, 2])


def ways(profile: Profile) -> dict[str, int]:
    """How often each way of names was taken."""
    names: list[str] = []
    found: dict[str, int] = {}
    for caller, function, calls, _ in profile.nodes:
        way = profile.functions[function][0].rpartition(".")[2]
        names.append(f"{names[caller]} {way}" if caller >= 0 else way)
        found[names[-1]] = calls
    return found


def record(*calls: object, most_nodes: int = 1000) -> Profile:
    recorder = Recorder(most_nodes)
    recorder.start()
    try:
        for call in calls:
            assert callable(call)
            call()
    finally:
        profile = recorder.stop()
    return profile


def test_calls_are_counted_by_the_way_that_led_to_them() -> None:
    found = ways(record(lambda: branch(3), lambda: descend(2), catch, lambda: list(count_up(2))))

    assert found["<lambda> branch sum <genexpr> leaf"] == 3
    assert found["<lambda> branch sum <genexpr> leaf len"] == 3
    assert found["<lambda> descend descend descend leaf"] == 1
    # An exception left `fail`: what is called then is not called by it.
    assert found["catch leaf"] == 1
    assert found["catch fail"] == 1


def test_times_of_parts_are_within_the_whole() -> None:
    profile = record(lambda: branch(200))

    tops = sum(total for caller, _, _, total in profile.nodes if caller < 0)
    assert 0 < tops <= profile.wall_ns
    assert profile.cost_ns > 0
    assert all(total <= profile.wall_ns for _, _, _, total in profile.nodes)


def test_another_thread_s_calls_are_not_in_the_result() -> None:
    go, done = threading.Event(), threading.Event()
    other = threading.Thread(target=stranger, args=(go, done))
    other.start()

    def work() -> None:
        go.set()
        assert done.wait(10)
        leaf()

    profile = record(work)
    other.join()

    names = {name for name, _, _ in profile.functions}
    assert "leaf" in names
    assert not names & {"unrelated", "stranger", "sorted"}


def test_what_is_kept_is_bounded() -> None:
    profile = record(lambda: descend(200), lambda: branch(5), most_nodes=50)

    assert profile.is_cut
    assert len(profile.nodes) == 50
    assert not record(lambda: descend(10)).is_cut


def test_no_value_is_kept() -> None:
    def greet(secret: str) -> str:
        return f"{secret:>20}".upper()

    kept = json.dumps(record(lambda: greet("hunter2"), catch).as_fields())

    assert "greet" in kept
    assert "hunter2" not in kept
    assert "HUNTER2" not in kept
    assert "sëcret" not in kept


def test_files_are_told_without_where_they_lie_on_the_machine() -> None:
    profile = record(lambda: json.dumps({"a": 1}, indent=1))

    files = {file for _, file, _ in profile.functions}
    assert "json/encoder.py" in files
    assert not any(file.startswith("/") for file in files)
    assert ("dumps", "json/__init__.py") in {(name, file) for name, file, _ in profile.functions}


def test_a_profiler_that_was_there_is_there_again() -> None:
    def former(*_event: object) -> None:
        pass

    sys.setprofile(former)
    try:
        record(leaf)
        assert sys.getprofile() is former
    finally:
        sys.setprofile(None)


def test_nothing_started_is_nothing_to_stop() -> None:
    with pytest.raises(RuntimeError, match="no recording"):
        Recorder().stop()
