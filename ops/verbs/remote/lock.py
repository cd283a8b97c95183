"""On a host: holds the lock of deploys for as long as the caller speaks, or prints who else holds it."""

import fcntl
import json
import os
import select
import sys

PATH = "/run/microblog-deploy.lock"
#: A caller whose cable was cut says nothing any more: the next one need not wait for long.
SILENCE_SECONDS = 15


def main() -> None:
    """Print `held` and hold it until the caller ends or falls silent; exit code 1 where another one does."""
    opened = os.open(PATH, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("taken by", os.read(opened, 1000).decode(errors="replace"))
        sys.exit(1)
    os.ftruncate(opened, 0)
    os.write(opened, json.loads(sys.argv[-1])["holder"].encode())
    print("held", flush=True)
    while select.select([0], [], [], SILENCE_SECONDS)[0] and os.read(0, 100):
        pass


if __name__ == "__main__":
    main()
