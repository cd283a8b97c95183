"""On a monitoring host: finds a request's lines, or an account's last requests, in its store (`fab trace`).

The request, JSON in the last argument: `identity` (a request's or a job's id) or `account` (an account's id)
with `count`, and `days` to look back. Prints JSON: `lines`, each as it is stored (`TIMESTAMP HOST PROGRAM
MESSAGE`), `since` (the first day that was looked at), `seen` (when each host's last line came), `cut`
(whether there were more lines than LINES, or than PROGRAM_LINES of one program).

`fab trace` follows requests by the same functions where there is no store.
"""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

STORE = Path("/var/log/microblog-store")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: As many lines are enough for anybody's eyes; what one host writes must not fill another's memory.
LINES = 5000
#: And of one program so many: nothing that one says keeps the others' lines out.
PROGRAM_LINES = 1000
#: Fields that hold an id. Others hold what visitors choose, as a path, or tell of another request.
ID_FIELDS = ("request_id", "task_id", "job_id", "jobs", "message")
#: Jobs of one request that are followed.
JOBS = 100
#: PostgreSQL notes when it writes; the request's line when it has ended.
SLACK = timedelta(milliseconds=20)
POSTGRESQL = re.compile(r"(?P<time>[0-9]{4}-[0-9-]{5} [0-9:]{8}\.[0-9]+) UTC \[(?P<pid>[0-9]+)\] ")
TAIL_BYTES = 200_000


@dataclass(frozen=True)
class Line:
    """A program's line: when it came, from which host."""

    stamp: str
    host: str
    program: str
    message: str

    @cached_property
    def fields(self) -> dict[str, Any]:
        """Its fields, where it is an object of JSON; empty where it is none."""
        try:
            found = json.loads(self.message) if self.message.startswith("{") else {}
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    @cached_property
    def end(self) -> datetime:
        """When it was written, by its program's clock where it says so."""
        native = POSTGRESQL.match(self.message) if self.program == "postgresql" else None
        said = f"{native['time']}+00:00" if native else self.fields.get("timestamp")
        return read_time(said) or read_time(self.stamp) or datetime.fromtimestamp(0, UTC)

    @cached_property
    def begin(self) -> datetime:
        """When the work began that it tells the end of."""
        found = duration_ms(self.fields)
        return self.end - timedelta(milliseconds=found) if found else self.end


def read_time(said: object) -> datetime | None:
    """A moment as ISO 8601 spells it, in UTC; None where it is none."""
    try:
        found = datetime.fromisoformat(said) if isinstance(said, str) else None
        return found.astimezone(UTC) if found and found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def duration_ms(fields: dict[str, Any]) -> float:
    """How long the work took, in milliseconds, at most a day; 0 where the line tells nothing of the kind."""
    for key, factor in (("duration_ms", 1.0), ("duration_s", 1000.0)):
        value = fields.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return min(max(value * factor, 0.0), 86_400_000.0)
    return 0.0


def read_line(text: str) -> Line | None:
    """A line of the store; None where it is none."""
    parts = text.rstrip("\n").split(" ", 3)
    return Line(*parts) if len(parts) == 4 else None


def is_about(line: Line, identity: str) -> bool:
    """Whether a line is of the request or job: by its fields, or by its words where it is no JSON."""
    if not line.fields:
        whole = rf"(?<![A-Za-z0-9_-]){re.escape(identity)}(?![A-Za-z0-9_-])"
        return bool(re.search(whole, line.message))
    values = [line.fields.get(name) for name in ID_FIELDS]
    # A mail's Message-ID is JOB.REQUEST, of hosts JOB alone.
    return any(
        identity in str(value).split(".")
        for each in values
        for value in (each if isinstance(each, list) else [each])
    )


#: Finds lines with any of some texts, in the files of programs that begin so.
Search = Callable[[Iterable[str], str], Iterable[Line]]


@dataclass
class Trace:
    """One request's lines as they are found: by its id, its jobs' ids, then PostgreSQL's of its moments."""

    search: Search
    lines: dict[Line, None] = field(default_factory=dict)
    #: Whether there were more than are kept.
    cut: bool = False

    def follow(self, identity: str) -> None:
        """Find all lines of a request's id, or of a job's."""
        self._add(line for line in self.search([identity], "") if is_about(line, identity))
        if identity.isdecimal():
            # A job's lines name the request that it is of.
            requests = self._values("request_id", str) - {identity}
            self._add(self._find(requests, "request_id"))
        self._add(self._find(sorted(self._values("job_id", int))[:JOBS], "job_id"))
        self._add(self._find_statements())

    def _add(self, lines: Iterable[Line]) -> None:
        # What is no JSON is counted apart: of that, visitors can make more.
        counts: Counter[tuple[str, bool]] = Counter()
        for line in lines:
            if line in self.lines:
                continue
            if len(self.lines) >= LINES:
                self.cut = True
                break
            kind = line.program, bool(line.fields)
            counts[kind] += 1
            if counts[kind] > PROGRAM_LINES:
                self.cut = True
            else:
                self.lines[line] = None

    def _values(self, name: str, kind: type) -> set[Any]:
        found = (line.fields.get(name) for line in self.lines)
        return {value for value in found if isinstance(value, kind) and value}

    def _find(self, values: Iterable[Any], name: str) -> Iterator[Line]:
        """Lines whose field has one of the values."""
        wanted = set(values)
        if wanted:
            for line in self.search([str(value) for value in wanted], ""):
                value = line.fields.get(name)
                if isinstance(value, int | str) and value in wanted:
                    yield line

    def _find_statements(self) -> Iterator[Line]:
        """What PostgreSQL wrote of the connections that the lines name, while their work was done."""
        spans: dict[str, list[tuple[datetime, datetime]]] = {}
        for line in self.lines:
            pid = line.fields.get("db_pid")
            if isinstance(pid, int):
                spans.setdefault(str(pid), []).append((line.begin - SLACK, line.end + SLACK))
        if not spans:
            return
        for line in self.search([f"[{pid}]" for pid in spans], "postgresql"):
            found = POSTGRESQL.match(line.message)
            if found and any(begin <= line.end <= end for begin, end in spans.get(found["pid"], [])):
                yield line


def find_days(days: int) -> list[Path]:
    """The folders of the last days, the oldest first."""
    first = (datetime.now(UTC).date() - timedelta(days=days - 1)).isoformat()
    return sorted(path for path in STORE.glob("*") if DAY.fullmatch(path.name) and path.name >= first)


def search_days(folders: list[Path], texts: Iterable[str], program: str) -> Iterator[Line]:
    """Lines with any of the texts, out of files of a program; all programs where it is empty."""
    words = [word for text in texts for word in ("-e", text)]
    for folder in folders:
        plain = sorted(map(str, folder.glob(f"{program}*.log")))
        packed = sorted(map(str, folder.glob(f"{program}*.log.zst")))
        if plain:
            yield from run_grep([*words, "--", *plain], None)
        if packed:
            with subprocess.Popen(["zstd", "-dcq", "--", *packed], stdout=subprocess.PIPE) as unpacked:
                yield from run_grep(words, unpacked)


def run_grep(words: list[str], unpacked: "subprocess.Popen[bytes] | None") -> Iterator[Line]:
    """The lines that grep finds, by texts and not by patterns."""
    command = ["grep", "--text", "--fixed-strings", "--no-filename", *words]
    source = unpacked.stdout if unpacked else subprocess.DEVNULL
    with subprocess.Popen(command, stdin=source, stdout=subprocess.PIPE) as grep:
        assert grep.stdout is not None
        for text in grep.stdout:
            line = read_line(text.decode("utf-8", "replace"))
            if line:
                yield line


def find_requests(folders: list[Path], account: int, count: int) -> list[Line]:
    """The last requests of an account, the latest last."""
    found: dict[Line, None] = {}
    for folder in reversed(folders):
        for line in search_days([folder], [f'"account_id":{account}'], "web"):
            if line.fields.get("account_id") == account and line.fields.get("event") == "http.request":
                found.setdefault(line)
        if len(found) >= count:
            break
    return sorted(found, key=lambda line: line.end)[-count:]


def find_seen(folders: list[Path]) -> dict[str, str]:
    """When each host's last line came, out of the ends of the last days' files."""
    seen: dict[str, str] = {}
    for path in [path for folder in folders[-2:] for path in folder.glob("*.log")]:
        with path.open("rb") as file:
            file.seek(max(path.stat().st_size - TAIL_BYTES, 0))
            for text in file.read().decode("utf-8", "replace").splitlines():
                line = read_line(text)
                if line and read_time(line.stamp):
                    seen[line.host] = max(line.stamp, seen.get(line.host, ""))
    return seen


def main(days: int, identity: str = "", account: int = 0, count: int = 20) -> int:
    """Do what is asked; the exit code."""
    folders = find_days(days)
    trace = Trace(lambda texts, program: search_days(folders, texts, program))
    if account:
        lines = find_requests(folders, account, count)
    else:
        trace.follow(identity)
        lines = list(trace.lines)
    answer = {
        "lines": [f"{line.stamp} {line.host} {line.program} {line.message}" for line in lines],
        "since": folders[0].name if folders else "",
        "seen": {} if lines else find_seen(folders),
        "cut": trace.cut,
    }
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main(**json.loads(sys.argv[-1])))
