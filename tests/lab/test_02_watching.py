"""Seen from outside under load: all hosts scraped, all panels with data, no alert, no line of a log lost."""

import re
import secrets
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from devstack.processes import wait_for
from monitoring.boards import all_queries
from ops.inventory import REPOSITORY, tool
from ops.lab import verbs
from tests.conftest import find_chromium
from tests.lab.load import Account, Load
from tests.lab.receiver import Receiver
from tests.lab.runs import LOGS
from tests.lab.sites import Site
from tests.lab.watchers import HOST, Prometheus

pytestmark = pytest.mark.lab

HEALTHY_SECONDS = 120
#: After a host was away, windows of the lab's rules (minutes) may still hold it.
QUIET_SECONDS = 400
SCRAPED_SECONDS = 60
MARKED_LINES = 5000
#: Of each host's journal.
MARKED_ENTRIES = 500
MARKED_LOG = "/var/log/microblog/drill.log"
SHIPPED_SECONDS = 120
STORE = "/var/log/microblog-store"
PICTURES = LOGS / "dashboards"


@pytest.fixture(scope="module")
def prometheus(site: Site) -> Prometheus:
    return Prometheus(site)


@pytest.fixture(scope="module", autouse=True)
def load(site: Site, accounts: list[Account], receiver: Receiver) -> Iterator[Load]:
    with Load.of(site, accounts, readers_per_second=8, posters_per_second=0.5) as load:
        yield load


def is_quiet(prometheus: Prometheus) -> bool:
    """Whether no alert waits or fires."""
    return not prometheus.firing()


def test_every_host_of_the_inventory_is_scraped(site: Site, prometheus: Prometheus) -> None:
    def missing() -> set[str]:
        found = prometheus.ask('up{job="node"} == 1')
        return site.hosts.keys() - {each["metric"]["instance"] for each in found}

    wait_for(lambda: not missing(), SCRAPED_SECONDS, lambda: f"not scraped: {missing()}")
    wait_for(lambda: not prometheus.ask("up == 0"), SCRAPED_SECONDS, lambda: f"{prometheus.ask('up == 0')}")


def test_nothing_fires_while_all_is_well_and_every_panel_has_data(
    prometheus: Prometheus, receiver: Receiver
) -> None:
    wait_for(lambda: is_quiet(prometheus), QUIET_SECONDS, lambda: f"{prometheus.firing()}")
    begun = time.monotonic()
    queries = all_queries()

    def empty() -> list[str]:
        results = prometheus.ask_all([expression for _, _, expression in queries])
        return [
            f"{board.title}: {panel.title}: {expression}: {result}"
            for (board, panel, expression), result in zip(queries, results, strict=True)
            if not isinstance(result, list) or not result
        ]

    wait_for(lambda: not empty(), HEALTHY_SECONDS, lambda: "\n".join(empty()))
    wait_for(
        lambda: receiver.fired_since(begun) or time.monotonic() - begun > HEALTHY_SECONDS,
        HEALTHY_SECONDS + 10,
        lambda: "the clock stands still",
    )
    assert [str(each) for each in receiver.fired_since(begun)] == []


@pytest.mark.skipif(find_chromium() is None, reason="Chromium is missing: apt-get install chromium")
def test_dashboards_open_in_a_browser_behind_a_log_in(site: Site) -> None:
    """Looked at by a person too: the pictures are kept among the logs."""
    address = f"https://{site.hosts[HOST].address}:9443"
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        stranger = browser.new_context(ignore_https_errors=True).request
        assert stranger.get(f"{address}/prometheus/api/v1/query?query=up").status == 401
        context = browser.new_context(
            ignore_https_errors=True,
            viewport={"width": 1400, "height": 1000},
            http_credentials={"username": "oncall", "password": site.secret("dashboards_password")},
        )
        page = context.new_page()
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{address}/")
        boards = sorted(
            {
                str(link.get_attribute("href")).partition("?")[0]
                for link in page.locator("a[href*='.html']").all()
            }
        )
        assert len(boards) >= 7
        for board in boards:
            page.goto(f"{address}/prometheus/consoles/{Path(board).name}", wait_until="networkidle")
            page.screenshot(path=PICTURES / f"{Path(board).stem}.png", full_page=True)
            assert page.locator(".prom_graph_error").count() == 0, board
            # What a number or a table shows that has no data.
            assert page.locator("p.none, td.none").count() == 0, board
        browser.close()
    assert errors == []


def test_a_request_is_followed_through_all_hosts(site: Site, accounts: list[Account]) -> None:
    visitor = site.visitor()
    visitor.cookies.update(accounts[0].cookies)
    marker = f"trace{secrets.token_hex(4)}"
    visitor.submit("/home", "/write", text=f"{marker} dear @{accounts[0].mentions}")
    request_id = find_post(site, accounts[0].name)

    def trace() -> str:
        done = subprocess.run(
            [tool("fab"), "trace", request_id], cwd=REPOSITORY, capture_output=True, text=True, check=False
        )
        return done.stdout + done.stderr

    wait_for(lambda: "mail.sent" in trace(), 60, trace)
    shown = trace()
    (LOGS / "fab-trace.log").write_text(shown, encoding="utf-8")
    order = [shown.index(word) for word in ("haproxy", "nginx", "http.request", "relay.handed", "mail.sent")]
    assert order == sorted(order), shown
    tiers = {name.rstrip("0123456789") for name in re.findall(r"\b(?:lb|web|worker)\d\b", shown)}
    assert tiers == {"lb", "web", "worker"}, shown


def find_post(site: Site, name: str) -> str:
    """The id of the last post's request of an account, as `fab trace` tells it."""
    done = subprocess.run(
        [tool("fab"), "trace", f"@{name}"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    posts = [line.split() for line in done.stdout.splitlines() if " POST " in line and " /write " in line]
    assert posts, done.stdout + done.stderr
    _date, _time, request_id, *_ = posts[-1]
    return request_id


def test_no_line_is_lost_while_the_log_store_is_off(site: Site) -> None:
    marker = f"marker{secrets.token_hex(4)}"
    others = site.hosts.keys() - {HOST}
    verbs.kill(HOST)
    try:
        for host in sorted(others):
            site.sudo(host, f"seq {MARKED_ENTRIES} | sed s/^/{marker}-{host}journal-/ | logger -t drill")
        for host in ("web1", "worker1"):
            site.sudo(
                host,
                f"for n in $(seq {MARKED_LINES}); do echo {marker}-{host}-$n; done >> {MARKED_LOG}",
            )
    finally:
        verbs.up()

    def stored() -> int:
        command = f"grep -rhoE '{marker}-[a-z0-9]+-[0-9]+' {STORE} | sort -u | wc -l"
        return int(site.sudo(HOST, command))

    wanted = 2 * MARKED_LINES + len(others) * MARKED_ENTRIES
    wait_for(lambda: stored() == wanted, SHIPPED_SECONDS, lambda: f"{stored()} lines of {wanted} are there")
    for host in ("web1", "worker1"):
        site.sudo(host, f"rm {MARKED_LOG}")
