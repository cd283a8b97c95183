"""Hosts without power, cables that are cut: the site serves, and what comes back serves again by itself."""

from collections.abc import Iterator

import pytest

from devstack.processes import wait_for
from ops.inventory import ask_hosts
from ops.lab import cgroups, mailbox, verbs
from ops.lab.layout import SMTP_PORT
from tests.lab.sites import Site
from tests.lab.test_02_visitors import sign_up

# The other tests of this folder but the last need db2 no more.
pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("one_host")]

#: Health checks ask each second and believe two answers.
NOTICED_SECONDS = 10
BACK_SECONDS = 90
#: A killed worker's job is handed over again after 120 s, and the broker's own visibility of 90 s is over.
JOB_SECONDS = 240


@pytest.fixture(autouse=True)
def _everything_is_mended() -> Iterator[None]:
    yield
    verbs.up()


def serves(site: Site, times: int = 20) -> bool:
    """Whether so many new connections in a row all get the front page."""
    return all(site.visitor().ask("GET", "/").status == 200 for _ in range(times))


def state_of(site: Site, server: str) -> str:
    """What the edge thinks of a web host: UP, DOWN…"""
    lines = site.sudo("lb1", "echo 'show stat' | socat - /run/haproxy/admin.sock").splitlines()
    return next(line.split(",")[17] for line in lines if line.split(",")[1] == server)


def test_a_web_host_loses_power(site: Site) -> None:
    verbs.kill("web2")
    wait_for(lambda: state_of(site, "web2") == "DOWN", NOTICED_SECONDS, lambda: "the edge does not notice")
    assert serves(site)

    verbs.up()

    wait_for(
        lambda: state_of(site, "web2") == "UP", BACK_SECONDS, lambda: "web2 does not come back by itself"
    )
    verbs.kill("web1")
    wait_for(lambda: state_of(site, "web1") == "DOWN", NOTICED_SECONDS, lambda: "the edge does not notice")
    assert serves(site)


def test_a_cable_between_edge_and_web_host_is_cut(site: Site) -> None:
    # It may just be starting, after the test before.
    wait_for(lambda: state_of(site, "web1") == "UP", BACK_SECONDS, lambda: "web1 is not up")
    verbs.cut("lb1", "web1")
    wait_for(lambda: state_of(site, "web1") == "DOWN", NOTICED_SECONDS, lambda: "the edge does not notice")
    assert serves(site)

    verbs.join("lb1", "web1")

    wait_for(lambda: state_of(site, "web1") == "UP", NOTICED_SECONDS, lambda: "web1 does not come back")


def test_a_worker_host_loses_power(site: Site) -> None:
    name, visitor = sign_up(site, "hedy")
    other, _ = sign_up(site, "ada")
    verbs.kill("worker1")
    # A second long Redis may still give a job to the dead: it would come again, but only after two minutes.
    wait_for(lambda: not waits_for_jobs(site, "worker1"), 10, lambda: "the broker does not notice")

    visitor.submit("/home", "/write", text=f"Still here, with @{other}")
    wait_for(lambda: len(mails_about(site, other, name)) == 1, JOB_SECONDS, lambda: "no mail came")

    verbs.up()
    wait_for(lambda: runs_all(site, "worker1"), BACK_SECONDS, lambda: "worker1's programs do not come back")


def test_a_worker_reboots_with_a_job_in_hand(site: Site) -> None:
    """The mail server stands still while worker1 alone talks to it; then worker1 reboots."""
    name, visitor = sign_up(site, "joan")
    other, _ = sign_up(site, "ada")
    site.sudo("worker2", "sudo -u microblog supervisorctl stop worker-mail")
    cgroups.freeze(mailbox.NAME, frozen=True)
    try:
        visitor.submit("/home", "/write", text=f"In hand, dear @{other}")
        wait_for(lambda: talks_to_mail_server(site, "worker1"), 30, lambda: "worker1 takes no mail in hand")
        before = site.sudo(
            "worker1", "cat /proc/sys/kernel/random/boot_id; systemctl show -P UserspaceTimestamp"
        )
        site.sudo("worker1", "systemctl --no-block reboot")
        wait_for(
            lambda: has_rebooted(site, "worker1", before), BACK_SECONDS, lambda: "worker1 does not come back"
        )
    finally:
        cgroups.freeze(mailbox.NAME, frozen=False)

    wait_for(lambda: bool(mails_about(site, other, name)), JOB_SECONDS, lambda: "the mail is lost")
    wait_for(lambda: not has_unfinished_mail(site), JOB_SECONDS, lambda: "the job is never done")
    assert len(mails_about(site, other, name)) == 1
    site.sudo("worker2", "sudo -u microblog supervisorctl start worker-mail")


def mails_about(site: Site, recipient: str, author: str) -> list[str]:
    """The Message-IDs of the mails to somebody about an author, one for each mail."""
    return [
        message["Message-ID"]
        for message in site.mails.messages()
        if recipient in message["To"] and author in message["Subject"]
    ]


def waits_for_jobs(site: Site, host: str) -> bool:
    """Whether a connection of the host waits at the broker to be given a job (flag b: blocked)."""
    clients = site.sudo("db1", "redis-operator broker client list").splitlines()
    return any(f" addr={site.hosts[host].address}:" in line and " flags=b " in line for line in clients)


def talks_to_mail_server(site: Site, host: str) -> bool:
    """Whether a connection to the mail server is open."""
    return f":{SMTP_PORT}" in site.sudo(host, "ss -H -t -n state established")


def has_unfinished_mail(site: Site) -> bool:
    """Whether any mail is still to be sent."""
    lines = site.sudo("worker2", "sudo -u microblog /opt/microblog/bin/microblog-run current jobs queues")
    mail = next(line.split() for line in lines.splitlines() if line.startswith("mail "))
    return mail[1:3] != ["0", "0"]


def has_rebooted(site: Site, host: str, before: str) -> bool:
    """Whether the host is another boot's, with all its programs running."""
    (answer,) = ask_hosts(
        [site.hosts[host]], "cat /proc/sys/kernel/random/boot_id; systemctl show -P UserspaceTimestamp"
    )
    return not answer.failed and answer.output != before and runs_all(site, host)


def runs_all(site: Site, host: str) -> bool:
    """Whether every program of the host runs."""
    (answer,) = ask_hosts([site.hosts[host]], "sudo -u microblog supervisorctl status")
    programs = [line.split() for line in answer.output.splitlines() if len(line.split()) > 1]
    # That one runs during deploys alone; supervisorctl's own exit code tells of it.
    states = {state for name, state, *_ in programs if name != "worker-next"}
    return states == {"RUNNING"}
