"""fab profile: where the time of one request or job went, told by the program that did it."""

import getpass
import json as json_text
import re
import sys
from pathlib import Path
from typing import Any

from fabric import Connection

from ops.inventory import REPOSITORY, Answer, Host, ask_hosts, read_hosts
from ops.profiles import describe, draw, list_rows, make_pstats
from ops.verbs.ask import microblog_command
from ops.verbs.logs import make_harmless
from ops.verbs.terminal import TO, VerbError, print_table, verb

#: The active slot, past nginx, which takes the header away that has a request profiled.
SOCKET = "unix:/var/lib/microblog/run/current.sock"
FOLDER = REPOSITORY / "var" / "profiling"
READING = ("GET", "HEAD")
GROUPS = ("web", "worker")
ANSWER_SECONDS = 120
MOST = 20
#: Ids between commas, or a kind of job.
NAME = re.compile(r"[\w,.-]+")
#: What ssh itself ends with where it can't reach a host.
UNREACHABLE = 255


@verb(
    positional=["what"],
    help=TO
    | {
        "what": "the id of a request or job that was profiled, several between commas; or an /address, to "
        "ask a web host for it and have just that request profiled; or a kind of job, such as mail.mention, "
        "to have its next run profiled",
        "host": "the web host that is asked; the first one where none is named",
        "method": "how it is asked: GET, HEAD, POST, PUT, PATCH or DELETE",
        "data": "a form's fields to send, such as status=Hello: the site does it!",
        "times": "ask so often, up to 20, and show the quickest: on a busy host pauses stand anywhere",
        "header": "ask for a header to send, such as Authorization: Bearer …; it is read unseen",
        "again": "of a job's id: have its next run profiled",
        "most": "how many functions to print, the dearest ones",
    },
)
def profile(
    _context: Connection,
    what: str,
    to: str = "lab",
    host: str = "",
    method: str = "GET",
    data: str = "",
    times: str = "1",
    header: bool = False,  # noqa: FBT001, FBT002 - fabric makes it --header
    again: bool = False,  # noqa: FBT001, FBT002 - fabric makes it --again
    most: str = str(MOST),
) -> None:
    """Show where the time of one request or job went, and write the picture, pstats and JSON of it."""
    if not what.startswith("/") and not NAME.fullmatch(what):
        raise VerbError(f"give an id, an /address or a kind of job such as mail.mention, not {what!r}")
    if not most.isdecimal() or int(most) < 1:
        raise VerbError(f"--most takes a number of functions, not {most!r}")
    if not times.isdecimal():
        raise VerbError(f"--times takes a number, not {times!r}")
    hosts = read_hosts(to, host) if host else [one for one in read_hosts(to) if {*one.groups} & {*GROUPS}]
    if again or "." in what.partition("/")[0]:
        print(make_harmless(ask(hosts, "jobs", "profile", what).output))
        return
    if what.startswith("/"):
        # What changes something must not be done twice because the first host's answer was lost.
        hosts = [one for one in hosts if "web" in one.groups][: None if method.upper() in READING else 1]
        given = read_header() if header else ""
        found = [ask(hosts, *make_request(what, method, data, int(times), is_header=header), stdin=given)]
    else:
        found = [ask(hosts, "profiles", "show", "--json", one) for one in what.split(",")]
    for answer in found:
        tell(read_profile(answer), int(most), FOLDER)


def make_request(path: str, method: str, data: str, times: int, *, is_header: bool) -> list[str]:
    """The words after `microblog` that have a request profiled."""
    words = ["profiles", "request", path, "--method", method.upper(), "--bind", SOCKET, "--json"]
    words += ["--data", data] if data else []
    words += ["--times", str(times)] if times > 1 else []
    words += ["--header-stdin"] if is_header else []
    return words


def read_header() -> str:
    """A header, from the terminal unseen, or the first line of standard input."""
    if sys.stdin.isatty():
        return getpass.getpass("Header, such as Authorization: Bearer …: ") + "\n"
    return sys.stdin.readline()


def ask(hosts: list[Host], *words: str, stdin: str = "") -> Answer:
    """What `microblog` with these words says on the first host that can be reached.

    Raises `VerbError` where none can, or where it says no.
    """
    said = "there is no host to ask: fab profile needs one of the groups web or worker, an address one of web"
    for host in hosts:
        command, text = microblog_command(*words)
        (answer,) = ask_hosts([host], command, seconds=ANSWER_SECONDS, stdin=text + stdin)
        if not answer.failed:
            return answer
        said = f"{host.name}: {answer.last_line or 'no answer'}"
        if answer.code not in {UNREACHABLE, None}:
            break
    raise VerbError(said)


def read_profile(answer: Answer) -> dict[str, Any]:
    """The profile that a host answered with. Raises `VerbError` for another thing."""
    try:
        found = json_text.loads(answer.output)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not found.keys() >= {"id", "kind", "sums", "nodes", "functions"}:
        name, said = answer.host.name, answer.output[:200]
        raise VerbError(f"{name} answers something else than a profile: {said!r}")
    return found


def tell(found: dict[str, Any], most: int, folder: Path) -> None:
    """Print the dearest functions, and write all of it into files."""
    for line in describe(found):
        print(make_harmless(line))
    heads = ("own ms", "share", "with calls", "calls", "function", "where")
    print_table(heads, [[make_harmless(cell) for cell in row] for row in list_rows(found, most)])
    for path in write_files(found, folder):
        print(path)


def write_files(found: dict[str, Any], folder: Path) -> list[Path]:
    """The profile as a picture, for pstats, and as it is; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    # A host that someone else has may answer anything.
    stem = folder / re.sub(r"[^\w-]", "_", f"{found['kind']}-{found['id']}")
    paths = [stem.with_suffix(suffix) for suffix in (".svg", ".pstats", ".json")]
    paths[0].write_text(draw(found), encoding="utf-8")
    paths[1].write_bytes(make_pstats(found))
    paths[2].write_text(json_text.dumps(found) + "\n", encoding="utf-8")
    return paths
