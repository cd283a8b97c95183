"""`fab flame`: what py-spy draws of a real program, and how it says no."""

import getpass
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ops.flame_graphs import name_graph
from ops.inventory import Answer, Host
from ops.verbs import flame, processes
from ops.verbs.remote.flame import NO_SUCH_PROGRAM, NOT_OURS, NOT_RUNNING, USER
from ops.verbs.terminal import VerbError
from tests.ops.remote_programs import PY_SPY, PY_SPY_HERE, Ask, Asked, read_request

# A child that works; its parent waits.
WORK = """
def spin(secret):
    while True: sum(range(100))

print("up", flush=True)
spin("sword" + "fish")
"""
GRAPH = '<svg><text id="title" x="50%">{}</text></svg>'
WAIT = "import subprocess, sys; subprocess.run([sys.executable, sys.argv[1]])"


@pytest.fixture
def program(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    path = tmp_path / "worker.py"
    path.write_text(WORK)
    words = [sys.executable, "-c", WAIT, str(path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        yield process
        os.killpg(process.pid, 9)


@pytest.fixture
def ask(program: "subprocess.Popen[bytes]", tmp_path: Path) -> Ask:
    """Runs the host's program; `user` is whom it takes for the site's own."""
    asked = Asked("flame", tmp_path, program.pid)

    def run(name: str, user: str = "", **options: Any) -> subprocess.CompletedProcess[str]:
        changed = {PY_SPY: PY_SPY_HERE, f'USER = "{USER}"': f"USER = {user or getpass.getuser()!r}"}
        return asked.run({"program": name, "seconds": 1, "native": False, "idle": False} | options, changed)

    return run


@pytest.mark.slow
def test_the_picture_tells_where_children_spend_their_time(ask: Ask, tmp_path: Path) -> None:
    done = ask("web-blue")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    if not found["picture"]:
        pytest.skip(f"py-spy may not look here: {found['said']}")

    assert "spin (worker.py:3)" in found["picture"]
    assert "swordfish" not in found["picture"]
    named = name_graph(found["picture"], "web-blue <here>")
    assert 'id="title"' in named
    assert ">web-blue &lt;here&gt;<" in named
    assert "py-spy record" not in named
    drawn, dumped = flame.write_files(tmp_path / "new", "web1-web-blue", found["picture"], [[]])
    assert ET.parse(drawn).getroot().tag.endswith("svg")
    assert (drawn.stem, dumped.suffix) == (dumped.stem, ".txt")
    assert drawn.name.startswith("flame-web1-web-blue-20")


def test_only_the_site_s_own_running_programs(ask: Ask) -> None:
    unknown, resting, foreign = ask("web-bleu"), ask("web-green"), ask("web-blue", user="nobody")

    assert (unknown.returncode, unknown.stdout) == (NO_SUCH_PROGRAM, "web-blue web-green\n")
    assert (resting.returncode, resting.stdout) == (NOT_RUNNING, "stopped\n")
    assert (foreign.returncode, foreign.stdout) == (NOT_OURS, f"{getpass.getuser()}\n")


@pytest.mark.parametrize(
    ("code", "output", "message"),
    [
        (NO_SUCH_PROGRAM, "beat relay", "web1 has no program 'web-blue'; it has beat, relay"),
        (NOT_RUNNING, "stopped", "web-blue is stopped on web1"),
        (NOT_OURS, "root", "web-blue on web1 is run by root: only those of microblog are looked into"),
        (255, "ssh: connect: No route to host", "web1: ssh: connect: No route to host"),
        (0, '{"picture": "", "said": "Permission\\ndenied"}', "web1: py-spy drew nothing: Permission denied"),
    ],
)
def test_a_host_that_can_not_tell_is_one_line(code: int, output: str, message: str) -> None:
    answer = Answer(Host("web1", ("web",), {}), failed=code != 0, output=output, code=code)

    with pytest.raises(VerbError, match=message):
        flame.read_flame(answer, "web-blue")


def test_picture_and_dump_lie_beside_each_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    host = Host("web1", ("web",), {})
    process = {"pid": 7, "depth": 0, "seconds": 9, "state": "S", "command": "microblog web", "error": "none"}
    looks = [[process | {"wait": "", "threads": []}]]
    asked: list[dict[str, Any]] = []

    def answer(hosts: list[Host], command: str, seconds: float, stdin: str) -> list[Answer]:
        asked.append(read_request(command, stdin))
        drawn = {"picture": GRAPH.format("py-spy record"), "said": ""}
        found = {"looks": looks} if "what" in asked[-1] else drawn
        return [Answer(host, failed=False, output=json.dumps(found), code=0)]

    for module in (flame, processes):
        monkeypatch.setattr(module, "ask_hosts", answer)
    monkeypatch.setattr(processes, "read_hosts", lambda _environment, _names: [host])
    monkeypatch.setattr(flame, "FOLDER", tmp_path)
    flame.flame.body(None, "web1", "web-blue", seconds="20", idle=True)
    first, *paths = capsys.readouterr().out.splitlines()

    assert asked[0] == {"program": "web-blue", "seconds": 20, "native": False, "idle": True}
    assert first == "Looking at web-blue on web1 for 20 s…"
    picture, dump = (Path(path) for path in paths)
    assert picture.read_text() == GRAPH.format("web-blue on web1, 20 s")
    assert dump.read_text().startswith("7  microblog web  (up 0:00:09, sleeps)\n")


def test_seconds_are_limited() -> None:
    with pytest.raises(VerbError, match="--seconds takes a number of seconds up to 60, not '61'"):
        flame.read_span("61")
    for given in ("0", "ten"):
        with pytest.raises(VerbError, match="--seconds"):
            flame.read_span(given)
    assert flame.read_span("60") == 60
