"""One lab, provisioned once, for all tests of this folder; what each took is told at the end."""

import os
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from devstack.mailbox import MailFolder
from devstack.processes import wait_for
from microblog.cli.visiting import VisitFailed
from ops import environments
from ops.inventory import ask_hosts, read_hosts
from ops.lab import verbs
from ops.lab.layout import MAIL
from tests.lab.deploys import former_of
from tests.lab.load import Account, make_accounts
from tests.lab.made_releases import MadeReleases
from tests.lab.receiver import Receiver, receiving
from tests.lab.runs import LOGS, Run, play, play_well
from tests.lab.sites import Site

#: Saved after provisioning: `verbs.reset(hosts, PROVISIONED)` gives it back in seconds.
PROVISIONED = "provisioned"
BOOT_SECONDS = 60
INVENTORIES = Path(__file__).parent / "inventories"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reason = (
        ""
        if sys.platform == "linux" and os.geteuid() == 0
        else "the lab needs root on Linux: sudo make test-lab"
    )
    for item in items:
        if reason and item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.skip(reason=reason))


def is_served(site: Site) -> bool:
    """Whether visitors get a page."""
    try:
        return site.visitor().ask("GET", "/").status == 200
    except (VisitFailed, OSError):
        return False


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """The lab from bare hosts to a serving site, by one playbook."""
    LOGS.mkdir(parents=True, exist_ok=True)
    if request.config.getoption("--lab-as-it-is"):
        verbs.up()
        yield Site(None, None, {host.name: host for host in read_hosts("lab")}, MailFolder(MAIL))
        return
    verbs.up(take=True)
    try:
        verbs.reset()
        environments.write_vault("lab")
        bare_check = play("site", "--check", "--diff", log="site-check-bare")
        first = play_well("site", log="site-first")
        verbs.save(PROVISIONED)
        site = Site(bare_check, first, {host.name: host for host in read_hosts("lab")}, MailFolder(MAIL))
        # Saving boots all hosts anew.
        wait_for(lambda: is_served(site), BOOT_SECONDS, lambda: "no web host serves after a boot")
        yield site
    finally:
        collect_logs()


@pytest.fixture(scope="session")
def one_host(site: Site) -> Iterator[Future[Run]]:
    """db2 becomes a whole site of its own, while tests that mostly wait use the machine's time left."""
    assert site.hosts["db2"].groups == ("spare",)
    verbs.reset("db2")
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(play, "site", inventory=INVENTORIES / "one_host", log="site-one-host")


@pytest.fixture(scope="session")
def made() -> Iterator[MadeReleases]:
    """Releases made for the tests; nothing of them is left afterwards."""
    with MadeReleases() as releases:
        yield releases


@pytest.fixture(scope="session")
def accounts(site: Site) -> list[Account]:
    """Who posts while there is a load."""
    return make_accounts(site)


@pytest.fixture(scope="session")
def receiver(site: Site) -> Iterator[Receiver]:
    """Who is told of alerts."""
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def former(site: Site) -> str:
    """The release that all hosts run before a test deploys another."""
    return former_of(site)


def collect_logs() -> None:
    """Put each host's journal and program logs beside the runs' outputs."""
    for answer in ask_hosts(
        read_hosts("lab"),
        "sudo sh -c 'journalctl -b --no-pager -q -n 2000; tail -n 500 /var/log/microblog/*.log'",
    ):
        (LOGS / f"{answer.host.name}.log").write_text(answer.output, encoding="utf-8")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A table of what was proven and how long each took."""
    reports = [
        report
        for outcome in ("passed", "failed", "error")
        for report in terminalreporter.getreports(outcome)
        # A file that can't be read has a report of another kind.
        if isinstance(report, pytest.TestReport)
        and "tests/lab/" in report.nodeid
        and (report.when == "call" or report.outcome == "failed")
    ]
    if not reports:
        return
    terminalreporter.section("the lab")
    for report in reports:
        name = report.nodeid.partition("::")[2].removeprefix("test_").replace("_", " ")
        terminalreporter.write_line(f"{report.duration:7.1f} s  {report.outcome:7}  {name}")
    terminalreporter.write_line(f"Logs of all runs and hosts: {LOGS}")
