"""On a host: prints the lines of its programs' logs, each after its program's name (`fab logs`).

The request, JSON in the last argument: program (a name or the beginning of one, up to a dash), lines, follow,
text (only lines with it, out of all). Ends with NO_SUCH_PROGRAM and the names that there are, for an unknown
program; while it follows, with the end of standard input: whoever asked is gone.
"""

import json
import select
import subprocess
import sys
import threading
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

NO_SUCH_PROGRAM = 3
#: Folders of log files, and what comes before a file's name; PostgreSQL's has its version in it.
FOLDERS = {
    "/var/log/microblog": "{name}",
    "/var/log/nginx": "nginx-{name}",
    "/var/log/postgresql": "postgresql",
}
#: Units of systemd whose lines the journal keeps.
UNITS = (
    *("haproxy.service", "redis-server@*.service", "supervisord.service"),
    *("pgbackrest.service", "microblog-pictures.service", "microblog-backup*.service"),
)
#: How often new files are looked for while following: a slot's log comes with its first start.
LOOK_SECONDS = 2
printing = threading.Lock()


def find_sources() -> Iterator[tuple[str, list[str]]]:
    """Each log of this host: its program, and the words that name it for `read_command`."""
    for folder, form in FOLDERS.items():
        for file in sorted(Path(folder).glob("*.log")):
            yield form.format(name=file.stem), [str(file)]
    listing = ["systemctl", "list-units", "--all", "--plain", "--no-legend", *UNITS]
    for line in subprocess.run(listing, capture_output=True, text=True, check=False).stdout.splitlines():
        unit, loaded = line.split()[:2]
        if loaded == "loaded":
            yield unit.removesuffix(".service").replace("redis-server@", "redis-"), ["--unit", unit]


def matches(program: str, wanted: str) -> bool:
    """Whether the program is wanted: nginx is nginx-access and nginx-error."""
    return not wanted or fnmatchcase(program, wanted) or program.startswith(f"{wanted}-")


def read_command(place: list[str], lines: str, *, follow: bool) -> list[str]:
    """The program that reads a log: `lines` is a number or `all`."""
    if place[0] == "--unit":
        words = ["journalctl", "--quiet", "--no-pager", "--output", "cat", "--lines", lines, *place]
        return [*words, "--follow"] if follow else words
    # By name, so that it goes on through rotation.
    return ["tail", "-n", "+1" if lines == "all" else lines, *(["-F"] if follow else []), "--", *place]


def print_lines(program: str, command: list[str], text: str) -> None:
    """Print what the command says, as long as it says something."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        followed.append(process)
        for line in process.stdout:
            shown = line.decode("utf-8", "replace").rstrip("\n")
            if shown and text in shown:
                with printing:
                    print(f"{program}: {shown}", flush=True)


followed: list[subprocess.Popen[bytes]] = []


def follow_all(program: str, lines: str, text: str) -> None:
    """Print lines as they come, also of logs that come, until standard input ends."""
    known: set[str] = set()
    while True:
        for name, place in find_sources():
            if matches(name, program) and place[-1] not in known:
                command = read_command(place, lines, follow=True)
                threading.Thread(target=print_lines, args=(name, command, text), daemon=True).start()
                known.add(place[-1])
        # A log that was not there at first is news from its first line on.
        lines = "all"
        if select.select([sys.stdin], [], [], LOOK_SECONDS)[0] and not sys.stdin.read(1):
            break
    for process in followed:
        process.terminate()


def main(program: str, lines: str, text: str, *, follow: bool) -> int:
    """Do what is asked; the exit code."""
    sources = list(find_sources())
    if not any(matches(name, program) for name, _ in sources):
        if not follow:
            print(" ".join(dict.fromkeys(name for name, _ in sources)))
        return NO_SUCH_PROGRAM if program else 0
    if follow:
        follow_all(program, lines, text)
        return 0
    for name, place in sources:
        if matches(name, program):
            print_lines(name, read_command(place, "all" if text else lines, follow=False), text)
    return 0


if __name__ == "__main__":
    sys.exit(main(**json.loads(sys.argv[-1])))
