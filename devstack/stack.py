"""`make run`: brings the whole site up on this machine, tells where things are, and takes it down again."""

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import psycopg2

from devstack import layout as layouts
from devstack import postgres, valkey
from devstack.layout import DATABASE, DEMO_USERNAME, ROOT, Layout, Ports
from devstack.processes import StackError, guarded, make_folder, tail, wait_for
from devstack.supervisor import GIVEN_UP, RUNNING, Supervisor

PROGRAMS = ("web", "worker", "relay", "beat", "exporter")
SEED = ("seed", "--accounts", "200", "--posts", "2000", "--seed", "1")
READY_SECONDS = 90


class InterruptedByPersonError(Exception):
    """The person pressed Ctrl-C, or somebody sent TERM or HUP."""


def check_ports(ports: Ports) -> None:
    """Refuse to start where a port is taken.

    Raises `StackError` that names the port, what it is for, and the fix.
    """
    for purpose, port in ports.named().items():
        with socket.socket(socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise StackError(
                    f"port {port} ({purpose}) is in use or not allowed ({error.strerror}): "
                    f"take other ports with make run PORT={_other_port(ports.site)}"
                ) from None


def _other_port(port: int) -> int:
    return port + 1000 if port + 1003 <= layouts.HIGHEST_PORT else 9000


class Stack:
    """One checkout's stack on its ports."""

    def __init__(self, layout: Layout, ports: Ports) -> None:
        self.layout = layout
        self.ports = ports
        self.secrets = layouts.load_secrets(layout)
        self.environment = layouts.make_environment(layout, ports, self.secrets, os.environ)
        self.supervisor = Supervisor(layout.supervisor_socket)
        self.process: subprocess.Popen[bytes] | None = None
        self.own_postgres = not os.environ.get("DEVSTACK_POSTGRES_URL")
        self.own_redis = not layouts.is_url(os.environ.get("DEVSTACK_REDIS_SERVER", ""))

    def process_environment(self) -> dict[str, str]:
        """The environment of supervisord and its programs: the person's, the site's, what the conf names."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MICROBLOG_")}
        return {
            **kept,
            **self.environment,
            "DEVSTACK_USER": pwd.getpwuid(os.geteuid()).pw_name,
            "DEVSTACK_VAR": str(self.layout.var),
            "DEVSTACK_STATE": str(self.layout.state),
            "DEVSTACK_PYTHON": sys.executable,
            "DEVSTACK_BIN": str(Path(sys.executable).parent),
            "DEVSTACK_PORT": str(self.ports.site),
            "DEVSTACK_POSTGRES_AUTOSTART": str(self.own_postgres).lower(),
            "DEVSTACK_REDIS_AUTOSTART": str(self.own_redis).lower(),
            "PYTHONUNBUFFERED": "1",
        }

    def start(self) -> None:
        """Bring everything up, step by step, each told with its time.

        Raises `StackError` when a step fails; what was started has to be stopped by `stop`.
        """
        with step("PostgreSQL, Redis and the mailbox"):
            self._start_servers()
        with step("Database schema"):
            superuser = os.environ.get("DEVSTACK_POSTGRES_URL") or self._cluster().superuser_url()
            passwords = {role: self.secrets[role] for role in (postgres.OWNER_ROLE, postgres.APP_ROLE)}
            postgres.provision(superuser, passwords, DATABASE)
            self._microblog("db", "upgrade", "--contract")
        self._seed()
        with step("Site, worker, relay and beat"):
            shutil.rmtree(self.layout.metrics, ignore_errors=True)
            make_folder(self.layout.metrics)
            self.supervisor.start_group("site")
            wait_for(self._is_ready, READY_SECONDS, self._why_not_ready)

    def _cluster(self) -> postgres.Cluster:
        return postgres.Cluster(Path(), self.layout.postgres, None)

    def _start_servers(self) -> None:
        postgres.stop_orphan(self._cluster())
        log = self.layout.log / "supervisord.out"
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(ROOT / "supervisord.conf")]
        with log.open("wb") as output:
            # A session of its own: Ctrl-C reaches this process alone, which then stops the others in order.
            self.process = subprocess.Popen(
                guarded(command, "TERM"),
                cwd=ROOT,
                env=self.process_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        process = self.process
        wait_for(
            lambda: self.supervisor.is_up() or process.poll() is not None,
            30,
            lambda: f"supervisord didn't come up:\n{tail(log)}",
        )
        if process.poll() is not None:
            raise StackError(f"supervisord ended at once:\n{tail(log)}")
        if self.own_postgres:
            wait_for(
                lambda: self._cluster().password_file.exists() or self._has_given_up("postgres"),
                60,
                lambda: "PostgreSQL made no data folder",
            )
            self._refuse_given_up("postgres")
            postgres.wait_until_ready(self._cluster().superuser_url(), self.layout.log / "postgres.log")
        valkey.wait_until_ready(self.environment["MICROBLOG_BROKER_URL"], self.layout.log / "redis.log")
        wait_for(
            lambda: self.supervisor.states()["mailbox"] in (RUNNING, *GIVEN_UP),
            30,
            lambda: "the mailbox didn't come up",
        )
        self._refuse_given_up("mailbox")

    def _has_given_up(self, program: str) -> bool:
        return self.supervisor.states()[program] in GIVEN_UP

    def _refuse_given_up(self, *programs: str) -> None:
        for program in programs:
            if self._has_given_up(program):
                log = self.layout.log / f"{program}.log"
                raise StackError(f"{program} doesn't start; the end of {log}:\n{tail(log)}")

    def _microblog(self, *arguments: str) -> None:
        """Run a `microblog` command with the stack's environment; what it prints goes to the terminal."""
        command = [str(Path(sys.executable).parent / "microblog"), *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.process_environment(), check=False)
        if done.returncode != 0:
            raise StackError(
                f"microblog {' '.join(arguments[:2])} failed (exit {done.returncode}), see above"
            )

    def _seed(self) -> None:
        """Demo data and the demo account, where the database has none yet."""
        with postgres.autocommit_cursor(self.environment["MICROBLOG_DATABASE_URL"]) as cursor:
            cursor.execute(
                "SELECT count(*) FILTER (WHERE username <> %(demo)s) = 0,"
                " count(*) FILTER (WHERE username = %(demo)s) = 0 FROM accounts",
                {"demo": DEMO_USERNAME},
            )
            is_empty, has_no_demo = cursor.fetchone() or (False, False)
        if has_no_demo:
            with step("Demo account"):
                address, password = f"{DEMO_USERNAME}@example.com", self.secrets["demo_password"]
                self._microblog(
                    "account", "create", DEMO_USERNAME, "--email", address, "--password", password
                )
        if is_empty:
            with step("Demo data"):
                # With the demo account among them, so that its pages have something to show.
                self._microblog(*SEED, "--with", DEMO_USERNAME)

    def _is_ready(self) -> bool:
        self._refuse_given_up(*PROGRAMS)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports.site}/readyz", timeout=5) as answer:
                report = json.load(answer)
        except (urllib.error.URLError, OSError, ValueError):
            return False
        everything_runs = all(state == RUNNING for state in self.supervisor.states().values())
        return bool(report) and (everything_runs or not (self.own_postgres and self.own_redis))

    def _why_not_ready(self) -> str:
        states = ", ".join(f"{name} {state}" for name, state in self.supervisor.states().items())
        return (
            f"the site isn't ready after {READY_SECONDS} s ({states}); "
            f"the end of its log:\n{tail(self.layout.log / 'web.log')}"
        )

    def describe(self) -> str:
        """Where everything is, for the person at the terminal."""
        ports, layout = self.ports, self.layout
        return f"""
  Microblog runs at  http://localhost:{ports.site}

    Log in           {DEMO_USERNAME}  /  {self.secrets["demo_password"]}
    Mailbox          http://localhost:{ports.mailbox}   (files: {shown(layout.mail)})
    API              http://localhost:{ports.site}/api/docs   (docs/api.md: toot, Mastodon.py, curl)
    Metrics          http://localhost:{ports.metrics}/metrics
    Logs             {shown(layout.log)}
    Shell            set -a; . {shown(layout.environment_file)}; .venv/bin/microblog --help

    Stop             Ctrl-C (or make stop)      the data stays
    Start over       make reset
"""

    def wait(self) -> int:
        """Stay until supervisord ends; exit code 0 when it was told to (make stop), 1 when it fell down."""
        if self.process is None:
            return 1
        if self.process.wait() == 0:
            print("\nStopped from elsewhere. The data stays.")
            return 0
        print("\nsupervisord fell down; its log is", shown(self.layout.log / "supervisord.log"))
        return 1

    def stop(self) -> None:
        """Stop everything in order and wait for it; safe to call at any moment."""
        if self.process is None or self.process.poll() is not None:
            return
        started = time.monotonic()
        print("\nStopping (the worker finishes what it holds) …", flush=True)
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        print(f"Stopped in {time.monotonic() - started:.1f} s. The data stays in {shown(self.layout.state)}.")


def shown(path: Path) -> str:
    """A path as a person types it: relative where it lies in the checkout."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


@contextmanager
def step(name: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    started = time.monotonic()
    print(f"{name} …", flush=True)
    yield
    print(f"  {name}: ready in {time.monotonic() - started:.1f} s", flush=True)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise InterruptedByPersonError


def up(ports: Ports) -> int:
    """Start the stack, stay, and stop it on Ctrl-C. Exit code 0 after a wished stop."""
    layout = layouts.open_layout(layouts.home())
    if Supervisor(layout.supervisor_socket).is_up():
        raise StackError("this checkout's site runs already: stop it with Ctrl-C there, or with make stop")
    check_ports(ports)
    stack = Stack(layout, ports)
    layouts.write_environment(layout, stack.environment)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        stack.start()
        print(stack.describe(), flush=True)
        return stack.wait()
    except InterruptedByPersonError:
        return 0
    except psycopg2.OperationalError as error:
        raise StackError(f"PostgreSQL went away: {error}".strip()) from error
    finally:
        # A second Ctrl-C must not leave half of the programs behind.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        stack.stop()
