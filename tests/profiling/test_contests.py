"""Two servers compared on a small site, one that isn't installed, and what counts as an answer at a stop."""

import argparse
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from devstack.servers import Server, remove_folder, short_folder
from profiling import contests
from profiling.contenders import GUNICORN, OTHERS, OURS, Contender
from profiling.contests import KINDS, Found, Plan, describe
from profiling.pairs import Pair
from profiling.scenarios import World
from profiling.servers import Servers
from profiling.stops import Stop, is_answered

(SYNC,) = (one for one in OTHERS if one.name == "gunicorn sync")
ABSENT = Contender("absent", "no-such-distribution", lambda *_: [], "nobody has it")
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nposts"


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    contests.add_arguments(parser)
    return parser.parse_args(words)


def made_up(ratio: float) -> Found:
    kinds = [kind.name for kind in KINDS]
    pairs = [Pair(0.002 * ratio, 0.002), Pair(0.002 * ratio, 0.002)]
    return Found(
        pairs=dict.fromkeys(kinds, pairs),
        seconds=dict.fromkeys(kinds, 2.0),
        requests=dict.fromkeys(kinds, 100),
        memory=[90 * contests.MIB, 100 * contests.MIB],
        processes=3,
        stop=Stop(12, 11, 1.25),
    )


@pytest.fixture
def servers(world: World) -> Iterator[Servers]:
    """The world's servers; this process's CPU stands for theirs."""
    myself = cast("Server", SimpleNamespace(process=SimpleNamespace(pid=os.getpid())))
    folder = short_folder("mb-test-")
    yield replace(world.servers, folder=folder, postgres=myself, redis=myself)
    remove_folder(folder)


@pytest.mark.slow
def test_servers_answer_the_same_requests_and_are_compared(
    world: World, servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def given(one: Any) -> Iterator[Any]:
        yield one

    monkeypatch.setattr(contests, "database", lambda _posts, say: given(servers))
    monkeypatch.setattr(contests, "open_world", lambda _servers: given(world))
    said: list[str] = []
    words = ("--turns", "2", "--rounds", "1", "--requests", "10", "--workers", "1", "--threads", "2")

    code = contests.run(parse("--server", "sync", *words, "--output", str(tmp_path)), said.append)

    assert code == 0
    (path,) = tmp_path.glob("servers-*.json")
    kept = json.loads(path.read_text())
    assert set(kept["servers"]) == {OURS.name, SYNC.name}
    for one in kept["servers"].values():
        assert {kind: len(pairs) for kind, pairs in one["pairs"].items()} == {kind.name: 2 for kind in KINDS}
        assert all(pair["ours"] > 0 for pairs in one["pairs"].values() for pair in pairs)
        assert all(rate > 0 for rate in kept["requests per second"][OURS.name].values())
        # The first process and its worker; the application alone takes more than this.
        assert one["processes"] == 2
        assert one["memory"][0] > 30 * contests.MIB
    # Two threads have a request each and four requests wait: production's server answers them all.
    assert kept["servers"][OURS.name]["stop"]["answered"] == kept["servers"][OURS.name]["stop"]["asked"] == 6
    assert sum(line.startswith("gunicorn sync ") for line in said) == len(KINDS) + 1
    assert "<svg" in path.with_suffix(".svg").read_text()


def test_a_server_that_is_not_installed_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[str] = []

    def measure(_plan: Plan, contenders: list[Contender], _say: Any) -> dict[str, Found]:
        measured.extend(one.name for one in contenders)
        return {one.name: made_up(1.0) for one in contenders}

    monkeypatch.setattr(contests, "measure", measure)
    monkeypatch.setattr(contests, "OTHERS", (SYNC, ABSENT))
    said: list[str] = []

    assert contests.run(parse("--output", str(tmp_path)), said.append) == 0

    assert measured == [OURS.name, SYNC.name]
    assert [line.split(maxsplit=1) for line in said if line.startswith("absent")] == [
        ["absent", "not installed: make profile-servers installs it"]
    ]
    (path,) = tmp_path.glob("servers-*.json")
    assert json.loads(path.read_text())["missing"] == ["absent"]


def test_the_table_tells_how_many_times_as_much_each_takes() -> None:
    lines = describe(Plan(), [OURS, SYNC], [], {OURS.name: made_up(1.0), SYNC.name: made_up(1.5)})

    rows = [" ".join(line.split()) for line in lines if line.startswith("gunicorn sync ")]
    assert rows[0] == "gunicorn sync 3.00 ms 1.50 1.50 to 1.50 50"
    assert rows[-1] == f"gunicorn sync 100 MiB in 3 11 of 12 1.2 s {GUNICORN} {SYNC.version}"
    assert lines[0].startswith("CPU of a request, a connection for each request;")


def test_a_name_that_no_server_has_is_told() -> None:
    said: list[str] = []

    assert contests.run(parse("--server", "nonsense"), said.append) == 2
    assert said[0].startswith("No server has 'nonsense' in its name: gunicorn sync,")


@pytest.mark.parametrize(
    ("sent", "counts"),
    [(ANSWER, True), (ANSWER[:-2], False), (b"", False), (ANSWER.replace(b"200 OK", b"503 Away"), False)],
    ids=["whole", "cut short", "nothing", "an error"],
)
def test_only_a_whole_answer_counts_at_a_stop(*, sent: bytes, counts: bool) -> None:
    visitor, server = socket.socketpair()
    with server:
        server.sendall(sent)

    assert is_answered(visitor) is counts
