"""On a host: what a thread waits for, out of /proc; the programs that tell it take this file in.

Of a process's memory only the list of files that it polls is read.
"""

import platform
import re
import struct
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

PROC = Path("/proc")
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
