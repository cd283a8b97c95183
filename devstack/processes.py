"""How the stack starts a server, drops its privileges, and waits for something to become true."""

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

#: Unix sockets' paths end at 107 bytes (sun_path of unix(7) is 108 with the closing zero).
SOCKET_PATH_BYTES = 107
#: The user that PostgreSQL, which refuses to run as root, gives way to.
UNPRIVILEGED = "nobody"

Answer = TypeVar("Answer")


class StackError(Exception):
    """Something the person at the terminal can mend; the message is what happened and the fix."""


def server_account() -> pwd.struct_passwd | None:
    """The user that a server drops to: `nobody` for root, None (stay who you are) for anybody else."""
    return pwd.getpwnam(UNPRIVILEGED) if os.geteuid() == 0 else None


def guarded(command: Sequence[str], death_signal: str, account: pwd.struct_passwd | None = None) -> list[str]:
    """The command, made to get `death_signal` when its parent dies, and to run as `account`.

    Without it an orphan would hold the data folder after a killed supervisord. Needs `setpriv` of util-linux;
    where there is none (macOS) the command stays as it is.

    Raises `StackError` when root has no `setpriv` to drop its privileges with.
    """
    if shutil.which("setpriv") is None:
        if account is not None:
            raise StackError("setpriv is missing: install util-linux, or run as a user other than root")
        return list(command)
    drop = (
        ["--reuid", str(account.pw_uid), "--regid", str(account.pw_gid), "--clear-groups"] if account else []
    )
    return ["setpriv", *drop, "--pdeathsig", death_signal, "--", *command]


def can_run(command: Sequence[str], account: pwd.struct_passwd | None) -> bool:
    """Whether `account` reaches a program well enough to run it to its end."""
    done = subprocess.run(
        guarded(command, "KILL", account), stdin=subprocess.DEVNULL, capture_output=True, check=False, cwd="/"
    )
    return done.returncode == 0


def make_folder(path: Path, mode: int = 0o755, account: pwd.struct_passwd | None = None) -> Path:
    """The folder, made where missing, with this mode and owner whatever the umask."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)
    if account is not None:
        os.chown(path, account.pw_uid, account.pw_gid)
    return path


def write_private(path: Path, text: str, account: pwd.struct_passwd | None = None) -> None:
    """Write a file that nobody but its owner ever could read."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    if account is not None:
        os.chown(path, account.pw_uid, account.pw_gid)


def wait_for(condition: Callable[[], Answer], seconds: float, failure: Callable[[], str]) -> Answer:
    """Ask until the answer is true, and give it.

    Raises `StackError` with what `failure` says once `seconds` have passed.
    """
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise StackError(failure())
        time.sleep(0.05)
    return answer


def tail(path: Path, lines: int = 12) -> str:
    """The last lines of a log, indented, for an error message."""
    if not path.exists():
        return "  (no log was written)"
    text = path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
    return "\n".join(f"  {line}" for line in text) or "  (its log is empty)"
