"""Backups are restored, to a chosen second, with pictures, and compared; a broken archive is noticed."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from devstack.processes import wait_for
from microblog.cli.visiting import VisitFailed, Visitor
from ops.inventory import REPOSITORY, tool
from ops.lab import verbs
from ops.lab.layout import LAYERS
from tests.lab.conftest import INVENTORIES
from tests.lab.runs import LOGS, play_well
from tests.lab.sites import Site
from tests.lab.test_02_visitors import MAIL_SECONDS, PASSWORD, sign_up
from tests.lab.test_05_failures import BACK_SECONDS
from tests.lab.test_08_topologies import ONE_HOST, ONE_HOST_LAYER, is_served, keep_one_host
from tests.services.pictures import make_picture

pytestmark = pytest.mark.lab

CLOCK_SECONDS = 10
STATUS_SECONDS = 60


def fab(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a verb; what it says is kept among the logs."""
    done = subprocess.run([tool("fab"), *words], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    (LOGS / f"fab-{words[0]}.log").write_text(done.stdout + done.stderr, encoding="utf-8")
    return done


def fab_well(*words: str) -> str:
    """As `fab`, for a verb that has to end well; what it prints."""
    done = fab(*words)
    assert done.returncode == 0, (done.stdout + done.stderr)[-2500:]
    return done.stdout


@pytest.fixture
def _one_host_site(site: Site) -> Iterator[None]:
    """db2 is a whole site of its own, with the lab's secrets."""
    if (LAYERS / ONE_HOST_LAYER / "db2").exists():
        verbs.reset("db2", ONE_HOST_LAYER)
    else:
        verbs.reset("db2")
        play_well("site", inventory=INVENTORIES / "one_host", log="site-one-host")
        keep_one_host()
    wait_for(lambda: is_served(site), BACK_SECONDS, lambda: "db2 serves no page")
    yield
    verbs.reset("db2")


def show_avatar(visitor: Visitor, name: str) -> bytes:
    """The large picture of somebody's profile, once it is there."""
    found: list[str] = []

    def is_there() -> bool:
        # Not the small one beside the log-out button, which may come a page later.
        found[:] = re.findall(r'src="(/media/[^"]+)" width="96"', visitor.ask("GET", f"/@{name}").text)
        return bool(found)

    wait_for(is_there, MAIL_SECONDS, lambda: "the avatar does not appear")
    return visitor.get(found[0]).body


def logs_in(visitor: Visitor, name: str) -> bool:
    """Whether somebody can log in."""
    # Each process learns by an error that its connections lead to the former database.
    try:
        visitor.submit("/log-in", identifier=name, password=PASSWORD)
    except VisitFailed:
        return False
    return True


def time_of(site: Site) -> str:
    """The database's clock, to the second, as `fab restore --to` takes it."""
    return site.sudo("db1", "date -u '+%Y-%m-%d %H:%M:%S+00'")


def pass_second(site: Site) -> str:
    """A second that begins after all that was written before this call, and is over at its end."""
    begun = time_of(site)
    wait_for(lambda: time_of(site) > begun, CLOCK_SECONDS, lambda: "the clock stands still")
    chosen = time_of(site)
    wait_for(lambda: time_of(site) > chosen, CLOCK_SECONDS, lambda: "the clock stands still")
    return chosen


@pytest.mark.usefixtures("_one_host_site")
def test_a_chosen_second_is_restored_with_log_in_and_pictures(site: Site) -> None:
    name, visitor = sign_up(site, "vera")
    visitor.submit("/settings/profile", avatar=("me.png", make_picture()))
    picture = show_avatar(visitor, name)
    fab_well("backup")
    visitor.submit("/home", "/write", text="Before that second")
    chosen = pass_second(site)
    visitor.submit("/home", "/write", text="After that second")

    refused = fab("restore", "--host", "db2", "--to", chosen)
    assert refused.returncode == 1
    assert "Name the host twice" in " ".join(refused.stdout.split())
    fab_well("restore", "--host", "db2", "--again", "db2", "--to", chosen, "--what", "all")

    restored = site.visitor(ONE_HOST)
    wait_for(lambda: logs_in(restored, name), BACK_SECONDS, lambda: f"{name} can't log in")
    assert show_avatar(restored, name) == picture
    pages: list[str] = []

    def shows_posts() -> bool:
        pages.append(restored.ask("GET", f"/@{name}").text)
        return "Before that second" in pages[-1]

    wait_for(shows_posts, BACK_SECONDS, lambda: "what was written before is missing")
    assert "After that second" not in pages[-1]


def test_every_table_of_a_restored_backup_is_equal(site: Site) -> None:
    name, visitor = sign_up(site, "ruth")
    visitor.submit("/home", "/write", text="In every table")

    fab_well("backup.verify")

    assert re.search(
        r"verified: .* \d+ tables with \d+ rows are equal; restored from", fab_well("backup.status")
    )
    assert "verification" not in site.sudo("db2", "ls -A /var/lib/postgresql")
    assert name in site.visitor().get(f"/@{name}").text


@contextmanager
def broken(site: Site, breaking: str, mending: str) -> Iterator[None]:
    site.sudo("mon1", breaking)
    try:
        yield
    finally:
        site.sudo("mon1", mending)


@pytest.mark.drill
def test_a_backup_is_made_once_the_cause_of_a_failed_one_is_mended(site: Site) -> None:
    def labels() -> list[str]:
        return re.findall(r"^\d{8}-\d{6}F\S*", fab("backup.status").stdout, re.MULTILINE)

    program = "runuser -u postgres -- pgbackrest --stanza=microblog"
    with broken(site, f"{program} stop", f"{program} start"):
        failed = fab("backup")
    assert failed.returncode == 1
    assert "stop file exists" in failed.stdout

    former = labels()
    fab_well("backup")
    assert len(labels()) == len(former) + 1


def test_a_broken_archive_is_noticed(site: Site) -> None:
    fab_well("backup.status")

    with broken(site, "systemctl stop pgbackrest", "systemctl start pgbackrest"):
        unreachable = fab("backup.status")
    assert unreachable.returncode == 1
    assert "mon1: the database's log does not get into the repository" in unreachable.stdout

    folder = "/var/lib/pgbackrest/archive/microblog"
    # Neither the first nor the last: those the repository itself would miss.
    segment = site.sudo("mon1", f"find {folder} -name '*.zst' | sort | tail -n 2 | head -n 1")
    with broken(site, f"mv {segment} /root/", f"mv /root/{segment.rpartition('/')[2]} {segment}"):
        incomplete = fab("backup.status")
    assert incomplete.returncode == 1
    assert f"{segment.rpartition('/')[2][:24]} is missing" in incomplete.stdout

    wait_for(
        lambda: fab("backup.status").returncode == 0, STATUS_SECONDS, lambda: "the archive does not recover"
    )
