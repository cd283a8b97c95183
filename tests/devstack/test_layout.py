"""Where the stack puts its things, and what it says when it can't."""

import argparse
import os
import pwd
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devstack import layout as layouts
from devstack import postgres, stack
from devstack.__main__ import parse_port
from devstack.layout import Layout, Ports
from devstack.processes import SOCKET_PATH_BYTES, StackError, server_account
from devstack.servers import remove_folder, short_folder


@pytest.fixture
def checkout() -> Iterator[Path]:
    """A short path that every user reaches."""
    folder = short_folder("mb-layout-")
    yield folder
    remove_folder(folder)


@pytest.fixture
def fallbacks() -> Iterator[list[Path]]:
    """State folders outside of the checkout, to be removed."""
    made: list[Path] = []
    yield made
    for folder in made:
        remove_folder(folder)


def test_sockets_lie_in_the_checkout_where_they_can(checkout: Path) -> None:
    layout = layouts.open_layout(checkout)
    assert layout.state == layout.var == checkout / "var"


def test_a_shell_with_the_environment_finds_the_supervisor(checkout: Path) -> None:
    layout = layouts.open_layout(checkout)
    layouts.write_environment(layout, {"MICROBLOG_SITE_NAME": "It's here"})
    command = '. "$0"; exec "$1" -m supervisor.supervisorctl -c supervisord.conf status'
    done = subprocess.run(
        ["sh", "-ac", command, str(layout.environment_file), sys.executable],
        cwd=layouts.ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    # Nothing runs, and it says where.
    assert f"unix://{layout.supervisor_socket} no such file" in done.stdout, done.stdout + done.stderr


def test_a_reader_that_has_seen_enough_is_no_mistake(checkout: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "devstack", "stop"],
        cwd=layouts.ROOT,
        env=os.environ | {"DEVSTACK_HOME": str(checkout)},
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_long_path_gets_a_short_folder_of_its_own(checkout: Path, fallbacks: list[Path]) -> None:
    deep = checkout / ("a-long-name-" * 10)
    deep.mkdir()
    layout = layouts.open_layout(deep)
    fallbacks.append(layout.state)
    assert layout.var == deep / "var"
    assert layout.state == layouts.fallback_state(layout.var)
    assert len(os.fsencode(f"{layout.state}{layouts.LONGEST_SOCKET}")) <= SOCKET_PATH_BYTES
    assert layouts.fallback_state(checkout / "var") != layout.state


def test_a_folder_that_the_servers_user_cannot_reach_gets_one_that_it_can(
    checkout: Path, fallbacks: list[Path]
) -> None:
    """A checkout under /root: only root has another user for its servers."""
    closed = checkout / "closed"
    closed.mkdir(mode=0o700)
    layout = layouts.open_layout(closed)
    if server_account():
        fallbacks.append(layout.state)
    assert layout.state == (layouts.fallback_state(layout.var) if server_account() else layout.var)


def test_a_folder_of_somebody_else_is_refused(checkout: Path) -> None:
    elsewhere = checkout / "elsewhere"
    elsewhere.mkdir()
    (checkout / "var").symlink_to(elsewhere)
    with pytest.raises(StackError, match=f"belongs to {pwd.getpwuid(os.geteuid()).pw_name}.*make reset"):
        layouts.open_layout(checkout)


@pytest.fixture
def layout(checkout: Path) -> Layout:
    for name in ("var", "state"):
        (checkout / name).mkdir()
    return Layout(checkout / "var", checkout / "state")


def test_secrets_are_made_once_and_readable_by_their_owner_alone(layout: Layout) -> None:
    first = layouts.load_secrets(layout)
    assert layouts.load_secrets(layout) == first
    assert stat.S_IMODE(layout.secrets_file.stat().st_mode) == 0o600
    assert len(first["secret_key"]) >= 32
    assert len(set(first.values())) == len(first)


def test_a_database_that_lies_about_in_the_shell_is_never_the_stacks(layout: Layout) -> None:
    shell = {
        "MICROBLOG_DATABASE_URL": "postgresql://live.example/microblog",
        "MICROBLOG_ENV": "production",
        "MICROBLOG_SITE_NAME": "Mine",
        "OTHER": "x",
    }
    made = layouts.make_environment(layout, Ports(9000), layouts.load_secrets(layout), shell)
    assert made["MICROBLOG_DATABASE_URL"].startswith("postgresql+psycopg2://microblog_app:")
    assert made["MICROBLOG_ENV"] == "development"
    assert made["MICROBLOG_SITE_NAME"] == "Mine"
    assert made["MICROBLOG_BASE_URL"] == "http://localhost:9000"
    assert "OTHER" not in made


def test_servers_that_run_already_are_taken_by_their_urls(layout: Layout) -> None:
    servers = {
        "DEVSTACK_POSTGRES_URL": "postgresql://admin:secret@db.example:5433/postgres?sslmode=require",
        "DEVSTACK_REDIS_SERVER": "redis://cache.example:6380",
    }
    known = dict.fromkeys(("secret_key", postgres.OWNER_ROLE, postgres.APP_ROLE), "p/w")
    made = layouts.make_environment(layout, Ports(9000), known, servers)
    assert (
        made["MICROBLOG_OWNER_DATABASE_URL"]
        == "postgresql+psycopg2://microblog_owner:p%2Fw@db.example:5433/microblog?sslmode=require"
    )
    assert made["MICROBLOG_BROKER_URL"] == "redis://cache.example:6380/0"
    assert made["MICROBLOG_CACHE_URL"] == "redis://cache.example:6380/1"


def test_a_taken_port_is_named_with_the_fix() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        # The first that is looked at: its neighbours may be taken by anybody.
        with pytest.raises(StackError, match=rf"port {port} \(site\) is in use.*make run PORT=\d+"):
            stack.check_ports(Ports(port))


@pytest.mark.parametrize("text", ["80", "32766", "nine", "-1", ""])
def test_ports_that_cannot_be_taken_are_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="give a port from 1024 to 32764"):
        parse_port(text)


def test_a_missing_program_is_named_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="DEVSTACK_POSTGRES_BIN"):
        postgres.open_cluster(tmp_path / "home", {"DEVSTACK_POSTGRES_BIN": "/nonexistent"})
