"""The same playbook for other shapes: a third web host that comes and goes, and everything on one host."""

from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from devstack.processes import wait_for
from microblog.cli.visiting import VisitFailed
from ops.lab import verbs
from ops.lab.layout import LAYERS
from tests.lab.conftest import INVENTORIES
from tests.lab.runs import Run, play_well
from tests.lab.sites import Site
from tests.lab.test_02_visitors import sign_up
from tests.lab.test_05_failures import BACK_SECONDS, NOTICED_SECONDS, serves, state_of
from tests.lab.test_06_secrets import values

pytestmark = pytest.mark.lab

ONE_HOST = "10.77.0.42"
#: That host with nobody on it, for those who restore backups there.
ONE_HOST_LAYER = "one-host"
GROWN = ("-i", str(INVENTORIES / "third_web_host.yml"))


@pytest.fixture
def _bare_db2() -> Iterator[None]:
    yield
    verbs.reset("db2")


def keep_one_host() -> None:
    """Save the host as it is, once."""
    if not (LAYERS / ONE_HOST_LAYER / "db2").exists():
        verbs.save(ONE_HOST_LAYER, "db2")


def is_served(site: Site) -> bool:
    """Whether the site on one host answers."""
    try:
        return site.visitor(ONE_HOST).get("/").status == 200
    except VisitFailed:
        return False


@pytest.mark.usefixtures("_bare_db2")
def test_everything_on_one_host(site: Site, one_host: Future[Run]) -> None:
    run = one_host.result()

    assert run.code == 0, run.failure
    keep_one_host()
    wait_for(lambda: is_served(site), BACK_SECONDS, lambda: "db2 serves no page")
    sign_up(site, "solo", ONE_HOST)


@pytest.mark.usefixtures("_bare_db2")
def test_a_host_line_scales_out_and_leaves_again(site: Site) -> None:
    play_well("site", *GROWN, "--limit", "db2,edge,database,media", log="site-grown")
    wait_for(lambda: state_of(site, "db2") == "UP", NOTICED_SECONDS, lambda: "the edge does not take db2 in")
    verbs.kill("web1,web2")
    wait_for(lambda: state_of(site, "web2") == "DOWN", NOTICED_SECONDS, lambda: "the edge does not notice")
    assert serves(site)
    verbs.up()

    play_well("remove", *GROWN, "-e", "leaving=db2")
    assert site.sudo("db2", "pgrep -u microblog || true") == ""
    # Nobody asks it, and it sends nothing.
    units = "rsyslog microblog-host-facts prometheus-node-exporter prometheus-process-exporter"
    assert "active" not in site.sudo("db2", f"systemctl is-active {units} || true").split()
    assert '"db2"' not in site.sudo("mon1", "cat /etc/prometheus/targets/*.yml")
    assert (
        site.grep(
            site.hosts["db2"],
            "find /etc /opt/microblog /var/lib -type f -print0 | xargs -0 cat",
            "\n".join(values(site)),
        )
        == 0
    )

    options = (
        *("--limit", "edge,database,worker,monitoring"),
        *("--tags", "firewall,postgresql,media,haproxy,prometheus"),
    )
    play_well("site", *options, log="site-shrunk")
    assert serves(site)
    # Not the name alone: a certificate's hash stands there too.
    assert "server db2 " not in site.sudo("lb1", "cat /etc/haproxy/haproxy.cfg")
