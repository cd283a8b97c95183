"""py-spy: recording a process that runs, and reading the functions out of the flame graph it draws."""

import html
import os
import re
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from profiling.measuring import MeasuringError
from profiling.places import package_of
from profiling.running import Run
from profiling.servers import BIN

#: py-spy draws for a while after its last sample.
DRAWING_SECONDS = 60
FRAME = re.compile(
    r"<title>(?P<name>[^<]*) \([\d,]+ samples?, [\d.]+%\)</title>"
    r'<rect [^>]*?y="(?P<y>\d+)"[^>]*? fg:x="(?P<start>\d+)" fg:w="(?P<width>\d+)"'
)
PLACE = re.compile(r"\((?P<file>[^()]+?)(?::\d+)?\)$")
#: What does nothing but wait. py-spy leaves out threads that sleep, but a pause for a look wakes them.
WAITING = re.compile(
    r"_worker \(concurrent/futures/|\S*select \(selectors\.py|\S*wait_for_signals \(gunicorn/"
    r"|_wait \(microblog/data/deadlines\.py|\S*_read_from_socket \(redis/|\S*poll \(kombu/"
    r"|\S*_recv \(billiard/|\S*wait \((threading|selectors|subprocess)\.py"
)
WAITS = "waiting"
#: Blocks of the graph that are no functions.
NO_FUNCTION = re.compile(r"all$|process \d+|thread ")
SAMPLES = re.compile(r"Samples: (?P<samples>\d+) Errors: (?P<errors>\d+)")
#: What py-spy says, and what a person can do about it.
REFUSALS = (
    (
        re.compile("permission denied|operation not permitted", re.IGNORECASE),
        (
            "py-spy may not look into process {pid}: run this as root, or allow it until the next boot by"
            " `sudo sysctl kernel.yama.ptrace_scope=0`; a container needs the capability SYS_PTRACE"
        ),
    ),
    (
        re.compile("check that the process is running|no such process", re.IGNORECASE),
        "there is no process {pid}",
    ),
    (
        re.compile(
            "failed to find python version|failed to find a python interpreter|no python processes found",
            re.IGNORECASE,
        ),
        "process {pid} is no Python program, or there is none",
    ),
)


@dataclass(frozen=True)
class Spying:
    """How a process is looked at: for how many seconds, how often in each; `options`: more of py-spy's."""

    seconds: int
    rate: int
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recording:
    """How many samples py-spy took, how many stacks it could not read, and whether it took all its time."""

    samples: int
    unread: int
    is_whole: bool = True


@dataclass(frozen=True)
class Frame:
    """A function in the graph, in samples: where it begins, how many it has, how deep it stands."""

    name: str
    start: int
    samples: int
    depth: int


@dataclass(frozen=True)
class Spied:
    """A function: samples that saw it at work itself, and those that saw it anywhere in the stack."""

    name: str
    package: str
    own: int
    total: int


def record(pid: int, picture: Path, spying: Spying, work: Run | None = None) -> Recording:
    """Record a process and its children into a flame graph, doing `work` meanwhile.

    Ctrl-C ends it sooner; the graph of what was seen until then is drawn. Raises `MeasuringError` where
    py-spy can't look.
    """
    spy, is_whole = _start(pid, picture, spying), True
    try:
        try:
            while work is not None and spy.poll() is None:
                work()
            said, _ = spy.communicate()
        except KeyboardInterrupt:
            is_whole = False
            spy.send_signal(signal.SIGINT)
            said, _ = spy.communicate(timeout=DRAWING_SECONDS)
    finally:
        if spy.poll() is None:
            spy.kill()
            spy.wait()
    if spy.returncode != 0 or not picture.exists():
        raise MeasuringError(explain(pid, said))
    found = SAMPLES.search(said)
    samples, unread = (int(found["samples"]), int(found["errors"])) if found else (0, 0)
    return Recording(samples, unread, is_whole)


def _start(pid: int, picture: Path, spying: Spying) -> subprocess.Popen[str]:
    command = [
        *(str(BIN / "py-spy"), "record", "--subprocesses", "--format", "flamegraph"),
        *("--pid", str(pid), "--duration", str(spying.seconds), "--rate", str(spying.rate)),
        *("--output", str(picture), *spying.options),
    ]
    try:
        # Ctrl-C is told to it once, by us.
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env=os.environ | {"RUST_BACKTRACE": "0"},
        )
    except FileNotFoundError:
        raise MeasuringError("py-spy is missing: `make install` brings it") from None


def explain(pid: int, said: str) -> str:
    """Why py-spy refused, and what to do."""
    for pattern, reason in REFUSALS:
        if pattern.search(said):
            return reason.format(pid=pid)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    told = next((line for line in lines if line.startswith("Error:")), lines[-1] if lines else "nothing")
    return f"py-spy could not record process {pid}: it said {told!r}"


def read_frames(svg: str) -> list[Frame]:
    """The blocks of py-spy's flame graph, each before what stands on it."""
    found = [
        (int(one["start"]), abs(int(one["y"])), int(one["width"]), html.unescape(one["name"]))
        for one in FRAME.finditer(svg)
    ]
    return [Frame(name, start, width, y) for start, y, width, name in sorted(found)]


def add_up(frames: Sequence[Frame], *, with_waiting: bool = False) -> list[Spied]:
    """The functions, those with most samples of their own first; `frames` in the order of `read_frames`.

    What waits has samples of its own, but they count for no caller unless `with_waiting`.
    """
    own: dict[str, int] = {}
    total: dict[str, int] = {}
    for stack, samples in _unfold(frames):
        own[stack[-1]] = own.get(stack[-1], 0) + samples
        counted = samples if with_waiting or not WAITING.match(stack[-1]) else 0
        for name in set(stack):
            total[name] = total.get(name, 0) + counted
    functions = [
        Spied(name, find_package(name), own.get(name, 0), total[name])
        for name in total
        if not NO_FUNCTION.match(name)
    ]
    return sorted(functions, key=lambda one: (-one.own, -one.total, one.name))


def _unfold(frames: Sequence[Frame]) -> list[tuple[tuple[str, ...], int]]:
    """Each block's stack with the samples that are its own, not those of what stands on it."""
    found: list[tuple[tuple[str, ...], int]] = []
    above: list[int] = []
    for number, frame in enumerate(frames):
        while above and frames[above[-1]].depth >= frame.depth:
            above.pop()
        if above:
            stack, samples = found[above[-1]]
            found[above[-1]] = stack, samples - frame.samples
        found.append((((*found[above[-1]][0], frame.name) if above else (frame.name,)), frame.samples))
        above.append(number)
    return found


def find_package(name: str) -> str:
    """The package of a function as py-spy names it, `name (package/module.py:1)`."""
    if WAITING.match(name):
        return WAITS
    found = PLACE.search(name)
    return package_of(found["file"]) if found else "native"
