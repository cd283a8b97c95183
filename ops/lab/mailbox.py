"""The lab's mail server: takes what the hosts send, keeps it as files and shows it in the browser."""

import os
import signal
import subprocess
import sys

from devstack.mailbox import Mailbox
from ops.lab import cgroups
from ops.lab.commands import wait_for
from ops.lab.layout import CONTROLLER, MAIL, MAILBOX_PORT, REPOSITORY, SMTP_PORT, STATE

NAME = "mailbox"
LOG = STATE / "mailbox.log"
URL = f"http://{CONTROLLER.ip}:{MAILBOX_PORT}"


def start() -> None:
    """Start the server in the background; nothing where it runs."""
    if cgroups.is_alive(NAME):
        return
    cgroups.make(NAME)
    with LOG.open("ab") as log:
        subprocess.run(
            ["setsid", "--fork", sys.executable, "-m", "ops.lab.mailbox"],
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=True,
        )
    wait_for(lambda: cgroups.is_alive(NAME), 10, lambda: f"the lab's mailbox does not start: see {LOG}")


def stop() -> None:
    """Stop the server; the mails stay."""
    if cgroups.is_alive(NAME):
        cgroups.kill(NAME)
        wait_for(lambda: not cgroups.is_alive(NAME), 10, lambda: "the lab's mailbox does not end")
    cgroups.remove(NAME)


def serve() -> None:
    """Be the server until TERM."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    address = str(CONTROLLER.ip)
    with Mailbox(MAIL, smtp_port=SMTP_PORT, web_port=MAILBOX_PORT, address=address):
        # Counted as alive from here: it listens.
        (cgroups.group(NAME) / "cgroup.procs").write_text(str(os.getpid()))
        signal.sigwait({signal.SIGTERM})


if __name__ == "__main__":
    serve()
