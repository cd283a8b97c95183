"""fab flame: a picture of where a running program spends its time."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fabric import Connection

from ops.flame_graphs import name_graph
from ops.inventory import REPOSITORY, Answer, ask_hosts
from ops.verbs.ask import remote_program
from ops.verbs.logs import make_harmless
from ops.verbs.processes import (
    ANSWER_SECONDS,
    HELP,
    ask_program,
    choose_program,
    describe_dump,
    read_answer,
)
from ops.verbs.remote.flame import NOT_OURS, USER
from ops.verbs.terminal import VerbError, verb

FOLDER = REPOSITORY / "var" / "profiling"
MOST_SECONDS = 60
#: Of each thread in the dump beside the picture.
FRAMES = 100


@verb(
    positional=["host", "program"],
    help=HELP
    | {
        "seconds": "for how long to look",
        "native": "also the frames of libraries written in C",
        "idle": "also threads that only wait: what they wait for, by where they stand",
    },
)
def flame(
    _context: Connection,
    host: str,
    program: str,
    to: str = "lab",
    seconds: str = "10",
    native: bool = False,  # noqa: FBT001, FBT002 - fabric makes it --native
    idle: bool = False,  # noqa: FBT001, FBT002 - fabric makes it --idle
) -> None:
    """Draw where a program and its children spend their time (py-spy), with a dump beside the picture."""
    span = read_span(seconds)
    chosen = choose_program(to, host, program)
    print(f"Looking at {program} on {chosen.name} for {span} s…", flush=True)
    command, text = remote_program("flame", program=program, seconds=span, native=native, idle=idle)
    (answer,) = ask_hosts([chosen], command, seconds=span + 2 * ANSWER_SECONDS, stdin=text)
    found = read_flame(answer, program)
    looks = ask_program(to, host, program, "dump", native=native)["looks"]
    picture = name_graph(found["picture"], f"{program} on {chosen.name}, {span} s")
    for path in write_files(FOLDER, f"{host}-{program}", picture, looks):
        print(path)


def read_span(given: str) -> int:
    """A number of seconds, one at least. Raises `VerbError` for another thing, and for too many."""
    if not given.isdecimal() or not 1 <= int(given) <= MOST_SECONDS:
        raise VerbError(f"--seconds takes a number of seconds up to {MOST_SECONDS}, not {given!r}")
    return int(given)


def read_flame(answer: Answer, program: str) -> dict[str, Any]:
    """The picture that a host drew. Raises `VerbError` where it drew none, in one line."""
    if answer.code == NOT_OURS:
        raise VerbError(
            f"{program} on {answer.host.name} is run by {answer.output}: only those of {USER} are looked into"
        )
    found = read_answer(answer, program)
    if not found["picture"]:
        said = make_harmless(" ".join(found["said"].split()))
        raise VerbError(f"{answer.host.name}: py-spy drew nothing: {said or 'it said nothing'}")
    return found


def write_files(
    folder: Path, name: str, picture: str, looks: list[list[dict[str, Any]]]
) -> tuple[Path, Path]:
    """The picture, and the dump as text; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    stem = f"flame-{name}-{now:%Y%m%dT%H%M%SZ}"
    drawn, dumped = folder / f"{stem}.svg", folder / f"{stem}.txt"
    drawn.write_text(picture, encoding="utf-8")
    lines = (make_harmless(line) for line in describe_dump(looks, 0, FRAMES))
    dumped.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return drawn, dumped
