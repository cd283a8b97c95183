"""On a host: looks into the processes of a program of Supervisor's (`fab dump`, `fab memory`), prints JSON.

The request, JSON in the last argument: program, what (dump or memory), native, seconds (look again after so
many), strace (count system calls for so many). Ends with NO_SUCH_PROGRAM and the names that there are for an
unknown program, with NOT_RUNNING and its state for one that doesn't run. No variable's value is ever read.
"""

import json
import os
import pwd
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ops.verbs.remote.supervisor import find_programs
from ops.verbs.remote.waits import PROC, describe_wait, read, read_link

NO_SUCH_PROGRAM = 3
NOT_RUNNING = 4
#: Whom Supervisor and its programs run as. It answers for its processes, so root looks into no other one's.
USER = "microblog"
PY_SPY = "/opt/supervisor/venv/bin/py-spy"
PY_SPY_SECONDS = 30
#: What each process had when it was first looked at; gone with the next boot, as they are.
NOTES = Path("/run/microblog-memory.json")
MAPPING = re.compile(r"[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+ *(.*)")
SIZE = re.compile(r"^(\w+):\s+(\d+) kB", re.MULTILINE)
MAPPINGS_SHOWN = 6


def is_theirs(pid: int) -> bool:
    """Whether a process is of the user that the programs run as, and of no other one's rights."""
    try:
        return (PROC / str(pid)).stat().st_uid == pwd.getpwnam(USER).pw_uid
    except (OSError, KeyError):
        return False


def read_fields(pid: int) -> list[str]:
    """The fields of stat after the name, which may hold spaces: state, parent, ..."""
    return read(PROC / str(pid) / "stat").rpartition(")")[2].split()


def find_tree(root: int) -> list[tuple[int, int]]:
    """The process and all that descend from it, each after its parent: their ids and depths."""
    children: dict[int, list[int]] = {}
    for pid in sorted(int(folder.name) for folder in PROC.iterdir() if folder.name.isdecimal()):
        if fields := read_fields(pid):
            children.setdefault(int(fields[1]), []).append(pid)

    def walk(pid: int, depth: int) -> Iterator[tuple[int, int]]:
        yield pid, depth
        for child in children.get(pid, ()):
            yield from walk(child, depth + 1)

    return list(walk(root, 0))


def describe(pid: int, depth: int) -> dict[str, Any]:
    """A process: its command, state and seconds since its start."""
    fields = read_fields(pid) or ["gone", *["0"] * 30]
    uptime = float(read(PROC / "uptime").split()[0])
    command = read(PROC / str(pid) / "cmdline").replace("\0", " ") or read(PROC / str(pid) / "comm")
    return {
        "pid": pid,
        "depth": depth,
        "command": command.strip(),
        "state": fields[0],
        "seconds": max(0, int(uptime - int(fields[19]) / os.sysconf("SC_CLK_TCK"))),
        "started": fields[19],
    }


def dump(tree: list[tuple[int, int]], *, native: bool) -> list[dict[str, Any]]:
    """Each process with its threads: where the Python of each is, and what it waits for."""
    found = []
    for pid, depth in tree:
        # Looked at before py-spy's pause: after it, each is awake for a moment.
        process = describe(pid, depth)
        waits = {path.name: describe_wait(pid, path.name) for path in (PROC / str(pid) / "task").glob("*")}
        threads, error = ask_py_spy(pid, native=native)
        process |= {"wait": "" if threads else waits.get(str(pid), ""), "error": error}
        process["threads"] = [thread | {"wait": waits.get(str(thread["id"]), "")} for thread in threads]
        found.append(process)
    return found


def ask_py_spy(pid: int, *, native: bool) -> tuple[list[dict[str, Any]], str]:
    """The threads of a process with their frames, innermost first; or why there are none."""
    words = [PY_SPY, "dump", "--json", "--pid", str(pid), *(["--native"] if native else [])]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=PY_SPY_SECONDS)
    except FileNotFoundError:
        return [], "there is no py-spy: fab provision --tags supervisor installs it"
    except subprocess.TimeoutExpired:
        return [], f"py-spy did not end within {PY_SPY_SECONDS} s"
    if done.returncode:
        return [], done.stderr.strip().rpartition("\n")[2]
    return [
        {
            "id": thread["os_thread_id"] or pid,
            "name": thread["thread_name"] or "",
            "frames": [
                f"{frame['name']} ({frame['short_filename'] or frame['filename']}:{frame['line']})"
                for frame in thread["frames"]
            ],
        }
        for thread in json.loads(done.stdout)
    ], ""


def count_calls(pids: list[int], seconds: float) -> str:
    """What strace counts of the processes' system calls: names, numbers and times, no contents."""
    words = ["strace", "-c", "-f", *(word for pid in pids for word in ("-p", str(pid)))]
    try:
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    except FileNotFoundError:
        return "there is no strace: fab provision --tags supervisor installs it"
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    return re.sub("(?m)^strace: Process .*\n", "", said).strip("\n") or "none: they all waited in one"


def measure(tree: list[tuple[int, int]]) -> list[dict[str, Any]]:
    """Each process with its memory in bytes, its threads, and its open files and sockets."""
    notes = json.loads(read(NOTES) or "{}")
    kept, found = {}, []
    for pid, depth in tree:
        folder, process, links = PROC / str(pid), describe(pid, depth), count_files(pid)
        said = SIZE.findall(read(folder / "status") + read(folder / "smaps_rollup"))
        sizes = Counter({name: int(size) * 1024 for name, size in said})
        key = f"{pid}:{process['started']}"
        kept[key] = notes.get(key) or [time.time(), sizes["Rss"]]
        process |= {
            "rss": sizes["Rss"],
            "pss": sizes["Pss"],
            "own": sizes["Private_Clean"] + sizes["Private_Dirty"],
            "peak": sizes["VmHWM"],
            "threads": len(list((folder / "task").glob("*"))),
            "files": links["file"],
            "sockets": links["socket"],
            "first_at": kept[key][0],
            "first_rss": kept[key][1],
        }
        found.append(process)
    living = {key: note for key, note in notes.items() if (PROC / key.partition(":")[0]).exists()}
    NOTES.touch(mode=0o600)
    NOTES.write_text(json.dumps(living | kept))
    return found


def count_files(pid: int) -> Counter[str]:
    """The open files of a process: sockets and others."""
    targets = [read_link(path) for path in (PROC / str(pid) / "fd").glob("*")]
    return Counter("socket" if target.startswith("socket:") else "file" for target in targets if target)


def list_mappings(pid: int) -> list[tuple[str, int]]:
    """What the memory of a process is, by size: its share of each file's mappings, and its own."""
    sizes: Counter[str] = Counter()
    name = ""
    for line in read(PROC / str(pid) / "smaps").splitlines():
        if found := MAPPING.fullmatch(line):
            name = found[1] or "anonymous (Python's objects, threads)"
        elif line.startswith("Pss:"):
            sizes[name] += int(line.split()[1]) * 1024
    return sizes.most_common(MAPPINGS_SHOWN)


def main(program: str, what: str, *, native: bool, seconds: float, strace: float) -> int:
    """Print what is asked; the exit code."""
    state, pid = (programs := find_programs()).get(program, ("", 0))
    if not pid:
        print(state.lower() or " ".join(programs))
        return NOT_RUNNING if state else NO_SUCH_PROGRAM
    if not is_theirs(pid):
        print(f"{program} is {pid}, says Supervisor, and {USER} has no such process", file=sys.stderr)
        return 1
    looks = []
    for pause in [0, seconds] if seconds else [0]:
        time.sleep(pause)
        tree = [each for each in find_tree(pid) if is_theirs(each[0])]
        looks.append(measure(tree) if what == "memory" else dump(tree, native=native))
    answer: dict[str, Any] = {"looks": looks}
    if strace:
        answer["strace"] = count_calls([process["pid"] for process in looks[-1]], strace)
    if what == "memory":
        biggest = max(looks[-1], key=lambda process: process["pss"])
        answer |= {"biggest": biggest["pid"], "mappings": list_mappings(biggest["pid"])}
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main(**json.loads(sys.argv[-1])))
