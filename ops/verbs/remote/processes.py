"""On a host: looks into the processes of a program of Supervisor's (`fab dump`, `fab memory`), prints JSON.

The request, JSON in the last argument: program, what (dump or memory), native, seconds (look again after so
many), strace (count system calls for so many). Ends with NO_SUCH_PROGRAM and the names that there are for an
unknown program, with NOT_RUNNING and its state for one that doesn't run. No variable's value is ever read.
"""

import json
import os
import platform
import re
import signal
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

NO_SUCH_PROGRAM = 3
NOT_RUNNING = 4
PY_SPY = "/opt/supervisor/venv/bin/py-spy"
PY_SPY_SECONDS = 30
PROC = Path("/proc")
#: What each process had when it was first looked at; gone with the next boot, as they are.
NOTES = Path("/run/microblog-memory.json")
#: System calls that wait, by their numbers on x86_64 and aarch64: those on the file that they name first ...
ON_FILE = """read 0 63 write 1 64 connect 42 203 accept 43 202 accept4 288 242 sendto 44 206 recvfrom 45 207
 sendmsg 46 211 recvmsg 47 212 flock 73 32 fsync 74 82 fdatasync 75 83"""
#: ... and others; those without a number there are not on aarch64.
OTHERS = """poll 7 - ppoll 271 73 select 23 - pselect6 270 72 epoll_wait 232 - epoll_pwait 281 22 futex 202 98
 wait4 61 260 pause 34 - nanosleep 35 101 clock_nanosleep 230 115 rt_sigtimedwait 128 137"""
WORDS = f"{ON_FILE} {OTHERS}".split()
#: What goes on after a pause of py-spy's or strace's, by where the kernel sleeps; it keeps its arguments.
RESTARTED = {"poll_": "poll", "hrtimer": "clock_nanosleep", "futex": "futex"}
CALLS = dict(zip(WORDS[1 + (platform.machine() == "aarch64") :: 3], WORDS[::3], strict=True))
MOST_TARGETS = 4
SOCKET = re.compile(r"socket:\[(\d+)\]")
MAPPING = re.compile(r"[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+ *(.*)")
SIZE = re.compile(r"^(\w+):\s+(\d+) kB", re.MULTILINE)
MAPPINGS_SHOWN = 6


def read(path: Path) -> str:
    """A file of /proc; nothing where the process is gone."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def read_link(path: Path) -> str:
    """What a link of /proc leads to; nothing where it is gone."""
    try:
        return str(path.readlink())
    except OSError:
        return ""


def find_programs() -> dict[str, tuple[str, int]]:
    """Supervisor's programs: the state of each, and its process (0 where it doesn't run)."""
    listing = subprocess.run(
        ["sh", "-c", "supervisorctl status"], capture_output=True, text=True, check=False
    ).stdout
    found = {}
    for words in (line.split() for line in listing.splitlines()):
        # An error of supervisorctl's own has no state as its second word.
        if len(words) > 1 and words[1].isupper():
            pid = int(words[words.index("pid") + 1].rstrip(",")) if "pid" in words else 0
            found[words[0].rpartition(":")[2]] = (words[1], pid)
    return found


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


def describe_wait(pid: int, thread: str) -> str:
    """The system call that a thread is in, and the file or connection that it waits for."""
    folder = PROC / str(pid) / "task" / thread
    words = read(folder / "syscall").split()
    if not words or words[0] in {"running", "-1"}:
        return "runs" if words else ""
    channel = read(folder / "wchan").strip("0\n")
    restarted = (call for sleep, call in RESTARTED.items() if channel.startswith(sleep))
    name = CALLS.get(words[0]) or next(restarted, None)
    if name is None:
        return f"system call {words[0]}" + (f" ({channel})" if channel else "")
    arguments = [int(word, 16) for word in words[1:3]]
    targets = [describe_file(pid, file) for file in find_files(pid, name, arguments)]
    more = ["..."] if len(targets) > MOST_TARGETS else []
    shown = ", ".join([*dict.fromkeys(targets[:MOST_TARGETS]), *more])
    return f"{name} on {shown}" if shown else name


def find_files(pid: int, call: str, arguments: list[int]) -> list[int]:
    """The file descriptors that a system call is about."""
    if call.startswith("epoll"):
        watched = read(PROC / str(pid) / "fdinfo" / str(arguments[0]))
        return [int(number) for number in re.findall(r"tfd: +(\d+)", watched)]
    if call in {"poll", "ppoll"}:
        return read_poll(pid, *arguments)
    return arguments[:1] if call in ON_FILE.split() else []


def read_poll(pid: int, address: int, count: int) -> list[int]:
    """The descriptors of a poll: they stand in the process's memory, and nothing else of it is read."""
    size = struct.calcsize("ihh") * min(count, MOST_TARGETS + 1)
    try:
        with (PROC / str(pid) / "mem").open("rb", buffering=0) as memory:
            memory.seek(address)
            return [found[0] for found in struct.iter_unpack("ihh", memory.read(size))]
    except (OSError, ValueError, struct.error):
        return []


def describe_file(pid: int, number: int) -> str:
    """What an open file is: a path, a pipe, or a connection with its other end."""
    target = read_link(PROC / str(pid) / "fd" / str(number))
    found = SOCKET.fullmatch(target)
    return describe_socket(pid, found[1]) if found else target or f"file {number}"


def describe_socket(pid: int, inode: str) -> str:
    """Both ends of a socket, or the path that it listens on."""
    for name in ("tcp", "tcp6"):
        for words in (line.split() for line in read(PROC / str(pid) / "net" / name).splitlines()[1:]):
            if words[9] == inode:
                local, other = (describe_address(word) for word in words[1:3])
                return f"{local} (listens)" if words[3] == "0A" else f"connection {local} to {other}"
    for words in (line.split() for line in read(PROC / str(pid) / "net" / "unix").splitlines()[1:]):
        if words[6] == inode:
            return f"unix socket {words[7]}" if len(words) > 7 else "unix socket"
    return "socket"


def describe_address(text: str) -> str:
    """An address of /proc/net/tcp: groups of four bytes in the machine's order."""
    address, port = text.split(":")
    packed = b"".join(bytes.fromhex(address[at : at + 8])[::-1] for at in range(0, len(address), 8))
    if len(packed) == 4:
        return f"{IPv4Address(packed)}:{int(port, 16)}"
    whole = IPv6Address(packed)
    return f"{whole.ipv4_mapped or f'[{whole}]'}:{int(port, 16)}"


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
    looks = []
    for pause in [0, seconds] if seconds else [0]:
        time.sleep(pause)
        tree = find_tree(pid)
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
