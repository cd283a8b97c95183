"""On a host: draws where a program of Supervisor's spends its time (`fab flame`), prints JSON with it.

The request, JSON in the last argument: program, seconds, native, idle. Only programs of the user microblog
are looked into. Ends as remote/processes.py does for a program that isn't there or doesn't run, and with
NOT_OURS for another user's. py-spy's picture holds names of functions, files and lines, no values.
"""

import json
import pwd
import subprocess
import sys
import tempfile
from pathlib import Path

from ops.verbs.remote.supervisor import find_programs

NO_SUCH_PROGRAM = 3
NOT_RUNNING = 4
NOT_OURS = 5
PY_SPY = "/opt/supervisor/venv/bin/py-spy"
USER = "microblog"
#: Samples a second of each thread; the program is paused for each, for less than a millisecond.
RATE = 100
#: Besides the seconds that were asked for.
END_SECONDS = 60


def find_user(pid: int) -> str:
    """The name of the user that a process runs as; nothing where it is gone."""
    try:
        return pwd.getpwuid(Path(f"/proc/{pid}").stat().st_uid).pw_name
    except (OSError, KeyError):
        return ""


def record(pid: int, seconds: int, options: list[str]) -> tuple[str, str]:
    """py-spy's picture of a process and its children, and what it said."""
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "flame.svg"
        words = [PY_SPY, "record", "--pid", str(pid), "--subprocesses", "--duration", f"{seconds}"]
        words += ["--rate", str(RATE), "--output", str(picture), *options]
        try:
            done = subprocess.run(
                words, capture_output=True, text=True, check=False, timeout=seconds + END_SECONDS
            )
        except FileNotFoundError:
            return "", "there is no py-spy: fab provision --tags supervisor installs it"
        except subprocess.TimeoutExpired:
            return "", f"py-spy did not end within {seconds + END_SECONDS} s"
        said = done.stderr.strip() or done.stdout.strip()
        return picture.read_text(encoding="utf-8") if picture.exists() else "", said[-1000:]


def main(program: str, *, seconds: int, native: bool, idle: bool) -> int:
    """Print the picture; the exit code."""
    state, pid = (programs := find_programs()).get(program, ("", 0))
    if not pid:
        print(state.lower() or " ".join(programs))
        return NOT_RUNNING if state else NO_SUCH_PROGRAM
    if (user := find_user(pid)) != USER:
        print(user or "nobody, it has just ended")
        return NOT_OURS
    options = [*(["--native"] if native else []), *(["--idle"] if idle else [])]
    picture, said = record(pid, seconds, options)
    print(json.dumps({"picture": picture, "said": said}))
    return 0


if __name__ == "__main__":
    sys.exit(main(**json.loads(sys.argv[-1])))
