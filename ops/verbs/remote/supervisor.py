"""On a host: what Supervisor says of its programs; the programs that need it take this file in.

Who holds the user microblog may answer in Supervisor's place: root takes so much of it, and waits so long.
"""

import subprocess
from collections.abc import Iterator

STATUS_SECONDS, STATUS_BYTES, STATUS_KILOBYTES_OF_MEMORY = 10, 100_000, 400_000
STATUS = f"ulimit -v {STATUS_KILOBYTES_OF_MEMORY}; supervisorctl status | head -c {STATUS_BYTES}"


def ask_status() -> str:
    """What Supervisor's own command prints of its programs; nothing where it isn't there."""
    words = ["timeout", "--kill-after=1", str(STATUS_SECONDS), "sh", "-c", STATUS]
    found = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    return found.decode(errors="replace")


def split_status(output: str) -> Iterator[list[str]]:
    """The words about each program: name, state, ..."""
    for words in map(str.split, output.splitlines()):
        # An error of supervisorctl's own has no state as its second word.
        if len(words) > 1 and words[1].isupper():
            yield words


def find_programs() -> dict[str, tuple[str, int]]:
    """Supervisor's programs: the state of each, and its process (0 where it doesn't run)."""
    found = {}
    for words in split_status(ask_status()):
        pid = int(words[words.index("pid") + 1].rstrip(",")) if "pid" in words else 0
        found[words[0].rpartition(":")[2]] = (words[1], pid)
    return found
