"""A process that burns time is looked at, refusals are told plainly, and requests reach a live server."""

import json
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from flask import Flask
from werkzeug.test import Client

from devstack.processes import wait_for
from profiling import flame, spied
from profiling.live import forwarded
from profiling.measuring import MeasuringError
from profiling.running import Prepared
from profiling.scenarios import SCENARIOS
from profiling.spied import Frame, Recording, Spied, add_up, explain, read_frames
from tests.profiling import cases

BURN = """
def slow():
    return sum(number * number for number in range(20_000))
def quick():
    return 1
print("ready", flush=True)
while True:
    quick(), slow()
"""


@contextmanager
def burning() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", BURN], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield process.pid
        finally:
            process.kill()


def looked_at(monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str]:
    try:
        return cases.command(monkeypatch, flame, cases.work, *words)
    except MeasuringError as error:
        if "may not look" not in str(error):
            raise
        pytest.skip(str(error))


def test_a_live_process_is_looked_at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with burning() as pid:
        words = ("--pid", str(pid), "--seconds", "1", "--output", str(tmp_path))
        code, text = looked_at(monkeypatch, *words)

    assert code == 0
    assert cases.table(text, "at work itself")[0].startswith("slow")
    [path] = tmp_path.glob("flame-*.json")
    kept = json.loads(path.read_text())
    assert kept["functions"][0]["name"].startswith("slow")
    assert kept["recording"]["samples"] >= 10
    picture = path.with_suffix(".svg").read_text()
    assert "slow" in picture
    assert f">A running program, {kept['recording']['samples']} samples<" in picture
    assert [one.name for one in tmp_path.iterdir() if one.suffix not in {".json", ".svg"}] == []


#: Draws its picture when it is interrupted, as py-spy does.
INTERRUPTED = """#!{python}
import pathlib, signal, sys
output = pathlib.Path(sys.argv[sys.argv.index("--output") + 1])
def draw(*_):
    output.write_text({svg!r})
    print("py-spy> Wrote flamegraph data. Samples: 5 Errors: 1")
    sys.exit()
signal.signal(signal.SIGINT, draw)
pathlib.Path({ready!r}).touch()
while True:
    signal.pause()
"""


def test_what_was_seen_before_ctrl_c_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ready, program = tmp_path / "ready", tmp_path / "py-spy"
    svg = block("slow (some/module.py:1)", 52, 0, 9)
    program.write_text(INTERRUPTED.format(python=sys.executable, svg=svg, ready=str(ready)))
    program.chmod(0o755)
    monkeypatch.setattr(spied, "BIN", tmp_path)

    def work() -> None:
        wait_for(ready.exists, 20, lambda: "the fake didn't start")
        raise KeyboardInterrupt

    monkeypatch.setattr(flame, "open_target", lambda *_: nullcontext(flame.Target(1, "a test", work)))
    code, text = cases.command(monkeypatch, flame, cases.work, "--output", str(tmp_path / "out"))

    assert code == 130
    assert "5 samples saw threads at work 9 times; 1 stacks could not be read" in text


def test_a_process_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with subprocess.Popen(["true"]) as ended:
        ended.wait()

    with pytest.raises(MeasuringError, match=rf"process {ended.pid}\b"):
        cases.command(monkeypatch, flame, cases.work, "--pid", str(ended.pid), "--output", str(tmp_path))

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Permission Denied: Try running again with elevated permissions", "ptrace_scope=0`; a container"),
        ("Error: Operation not permitted (os error 1)", "run this as root"),
        ("Error: Failed to get process executable name. Check that the process is running.", "no process 7"),
        ("Error: No python processes found in process 7 or any of its subprocesses", "no Python program"),
        ("py-spy> hm\nError: what nobody expected\nat some place", "it said 'Error: what nobody expected'"),
        ("", "it said 'nothing'"),
    ],
)
def test_a_refusal_says_what_to_do(said: str, meant: str) -> None:
    assert meant in explain(7, said)


def test_py_spy_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(spied, "BIN", tmp_path)

    with pytest.raises(MeasuringError, match="`make install` brings it"):
        cases.command(monkeypatch, flame, cases.work, "--pid", "1", "--output", str(tmp_path))


def block(name: str, y: int, start: int, width: int) -> str:
    return (
        f'<g><title>{name} ({width:,} samples, 10.00%)</title><rect x="1.0%" y="{y}" width="2.0%" height="15"'
        f' fill="rgb(0,0,0)" fg:x="{start}" fg:w="{width}"/></g>'
    )


def test_functions_are_read_out_of_the_picture() -> None:
    idle = "_worker (concurrent/futures/thread.py:69)"
    svg = "".join(
        (
            block("all", 52, 0, 2_000),
            block("process 7:&quot;python&quot;", 68, 0, 2_000),
            block("&lt;module&gt; (microblog/web.py:1)", 84, 0, 1_500),
            block("quick (flask/app.py:2)", 100, 0, 300),
            block("again (flask/app.py:3)", 100, 300, 1_200),
            block("again (flask/app.py:3)", 116, 300, 1_000),
            block(idle, 84, 1_500, 500),
        )
    )

    frames = read_frames(svg)

    assert frames[2] == Frame("<module> (microblog/web.py:1)", 0, 1_500, 84)
    assert add_up(frames) == [
        Spied("again (flask/app.py:3)", "flask", 1_200, 1_200),
        Spied(idle, "waiting", 500, 0),
        Spied("quick (flask/app.py:2)", "flask", 300, 300),
        Spied("<module> (microblog/web.py:1)", "microblog", 0, 1_500),
    ]
    assert add_up(frames, with_waiting=True)[1].total == 500
    [row, *_] = cases.table("\n".join(flame.describe(add_up(frames), Recording(9, 1), 3)), "at work itself")
    assert row.split()[-2:] == ["80.0%", "80.0%"]


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    protocol_version = "HTTP/1.1"
    #: Those on a Unix socket have no address.
    client_address = ("local", 0)

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = [self.command, self.path, self.headers["Authorization"], self.headers["Host"], body.decode()]
        text = json.dumps(asked).encode()
        self.send_response(201, "Made")
        self.send_header("Content-Length", str(len(text)))
        self.send_header("Set-Cookie", "one=1")
        self.send_header("Set-Cookie", "two=2")
        # It closes without a word, as a server does with a connection that rested.
        self.end_headers()
        self.wfile.write(text)
        self.close_connection = True

    do_GET = do_POST = answer  # noqa: N815 - the names that its base class calls

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_requests_of_a_test_client_go_to_the_live_server(tmp_path: Path) -> None:
    app = Flask("test")
    own = app.wsgi_app

    with socketserver.UnixStreamServer(str(tmp_path / "s"), Echo) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        try:
            with forwarded(app, tmp_path / "s") as forwarder:
                client = Client(app)
                got = client.get(
                    "/a%20b?c=d&e=%C3%BC",
                    base_url="http://blog.example",
                    headers={"Authorization": "Bearer x"},
                )
                sent = client.post("/made", json={"text": "hi"})
        finally:
            server.shutdown()
            serving.join()

    assert json.loads(got.data) == ["GET", "/a%20b?c=d&e=%C3%BC", "Bearer x", "blog.example", ""]
    assert got.status == "201 Made"
    assert got.headers.getlist("Set-Cookie") == ["one=1", "two=2"]
    assert json.loads(sent.data) == ["POST", "/made", None, "localhost", '{"text": "hi"}']
    assert forwarder.asked == 2
    assert app.wsgi_app == own


def test_a_scenario_without_requests_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    web = SimpleNamespace(process=SimpleNamespace(pid=1), socket=tmp_path / "s")
    monkeypatch.setattr(flame, "start_web", lambda _: nullcontext(web))
    world = cast("Any", SimpleNamespace(app=Flask("test"), servers=None))
    scenario = SCENARIOS["thumbnail"]

    with (
        pytest.raises(MeasuringError, match="thumbnail asks no web server: profile it by `calls`"),
        flame.open_web(Prepared(scenario, world, cases.work)),
    ):
        pytest.fail("it asks none")
