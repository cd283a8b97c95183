"""`python -m devstack …`: what the make targets and supervisord.conf call."""

import argparse
import os
import shutil
import signal
import sys

from devstack import layout as layouts
from devstack import postgres, stack, valkey
from devstack.layout import HIGHEST_PORT, Layout, Ports
from devstack.mailbox import Mailbox
from devstack.processes import StackError, wait_for
from devstack.supervisor import Supervisor

STOP_SECONDS = 150


def run_postgres(layout: Layout) -> None:
    """Prepare the data, then become the PostgreSQL server."""
    # supervisord stops this program by INT, which is no mistake to be shown as one.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    cluster = postgres.open_cluster(layout.postgres)
    postgres.prepare(cluster)
    replace_by(postgres.server_command(cluster))


def run_redis(layout: Layout) -> None:
    """Become the Redis server."""
    program = valkey.find_server()
    replace_by(valkey.server_command(program, layout.redis_socket, layout.redis, durable=True))


def replace_by(command: list[str]) -> None:
    """Become this command, so that supervisord's signals reach it."""
    os.chdir("/")
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted


def run_mailbox(layout: Layout, ports: Ports) -> None:
    """Be the mailbox until TERM."""
    # Blocked before the mailbox's threads start, so that the signal waits for this thread to ask for it.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    with Mailbox(layout.mail, smtp_port=ports.smtp, web_port=ports.mailbox):
        print(f"mailbox: http://localhost:{ports.mailbox}, SMTP on port {ports.smtp}", flush=True)
        signal.sigwait({signal.SIGTERM})


def stop(layout: Layout) -> None:
    """Stop the stack that runs in this checkout, wherever it was started."""
    supervisor = Supervisor(layout.supervisor_socket)
    if not supervisor.is_up():
        print("Nothing runs in this checkout.")
        return
    supervisor.shut_down()
    wait_for(
        lambda: not supervisor.is_up(), STOP_SECONDS, lambda: "it doesn't stop: see var/log/supervisord.log"
    )
    print("Stopped.")


def status(layout: Layout) -> None:
    """Each program's state; raises `StackError` when nothing runs."""
    supervisor = Supervisor(layout.supervisor_socket)
    if not supervisor.is_up():
        raise StackError("nothing runs in this checkout: start it with make run")
    for name, state, description in supervisor.descriptions():
        print(f"{name:10} {state:10} {description}")


def reset(layout: Layout) -> None:
    """Delete all development data.

    Raises `StackError` while the stack runs.
    """
    if Supervisor(layout.supervisor_socket).is_up():
        raise StackError("the site runs: stop it first (Ctrl-C, or make stop), then make reset")
    for folder in {layout.var, layout.state}:
        shutil.rmtree(folder)
    print("Deleted the database, mails, pictures and logs of this checkout. make run starts afresh.")
    if os.environ.get("DEVSTACK_POSTGRES_URL"):
        print("The database on the server of DEVSTACK_POSTGRES_URL was left as it is.")


def parse_port(text: str) -> Ports:
    """The site's port and the three after it, below the range that outgoing connections take."""
    lowest = 1024
    if not text.isdecimal() or not lowest <= int(text) <= HIGHEST_PORT - 3:
        raise argparse.ArgumentTypeError(f"{text!r}: give a port from {lowest} to {HIGHEST_PORT - 3}")
    return Ports(int(text))


def run(command: str, ports: Ports) -> int:
    """Run one command; its exit code. Raises `StackError`."""
    if command == "up":
        return stack.up(ports)
    layout = layouts.open_layout(layouts.home())
    if command == "mailbox":
        run_mailbox(layout, ports)
        return 0
    commands = {"stop": stop, "status": status, "reset": reset, "postgres": run_postgres, "redis": run_redis}
    commands[command](layout)
    return 0


def main() -> int:
    """Run one command; a mistake that the person can mend is one message and exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m devstack", description="Microblog's development stack")
    parser.add_argument("command", choices=("up", "stop", "status", "reset", "postgres", "redis", "mailbox"))
    parser.add_argument(
        "--port", type=parse_port, default=parse_port(os.environ.get("DEVSTACK_PORT", "8000"))
    )
    chosen = parser.parse_args()
    try:
        code = run(chosen.command, chosen.port)
        sys.stdout.flush()
    except StackError as error:
        print(f"microblog: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Who reads it has seen enough (`make status | head -1`): Python's last flush must not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


if __name__ == "__main__":
    sys.exit(main())
