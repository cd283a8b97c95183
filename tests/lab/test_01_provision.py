"""From bare hosts to a serving site, and nothing to do on a second run."""

import pytest

from tests.lab.runs import play_well
from tests.lab.sites import Site

# Who is told of alerts listens from the beginning: that nobody did would be an alert of its own.
pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("receiver")]

#: The issue's bound for the whole way from bare hosts.
FIRST_RUN_SECONDS = 600


def test_check_mode_works_on_bare_hosts(site: Site) -> None:
    if site.bare_check is None:
        pytest.skip("the lab is taken as it is")
    assert site.bare_check.code == 0, site.bare_check.failure
    assert site.bare_check.changed.keys() == site.hosts.keys()
    assert all(count > 0 for count in site.bare_check.changed.values())


def test_bare_hosts_become_a_site(site: Site) -> None:
    assert site.first is None or site.first.seconds < FIRST_RUN_SECONDS

    assert "Microblog" in site.visitor().get("/").text


def test_a_second_run_changes_nothing(site: Site) -> None:
    second = play_well("site", log="site-second")

    assert second.changed_tasks == []
    assert set(second.changed.values()) == {0}
