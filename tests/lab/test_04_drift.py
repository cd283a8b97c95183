"""Check mode tells what was changed by hand on finished hosts and nothing else; the next run undoes it."""

import re
import subprocess

import pytest

from ops.inventory import REPOSITORY, tool
from tests.lab.runs import LOGS, play_well
from tests.lab.sites import Site
from tests.lab.test_05_failures import runs_all

pytestmark = pytest.mark.lab

DIFFERENCE = re.compile(r"^\w+: \w+: .*$", re.MULTILINE)


def test_a_change_by_hand_shows_and_goes(site: Site) -> None:
    site.sudo("web2", "echo '# mine' >> /etc/nginx/nginx.conf")
    site.sudo("web2", "chmod 0644 /etc/microblog/environment")
    site.sudo("worker1", "sudo -u microblog supervisorctl stop relay")

    found = subprocess.run(
        [tool("fab"), "drift"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    (LOGS / "site-drift.log").write_text(found.stdout + found.stderr, encoding="utf-8")
    play_well("site", "--limit", "web2,worker1", log="site-after-drift")

    assert found.returncode == 1
    assert set(DIFFERENCE.findall(found.stdout)) == {
        "web2: nginx_base: Configure nginx",
        "web2: application: Write the settings",
        "worker1: supervisor: Tell of programs that a run would start again",
    }
    assert "- # mine" in found.stdout
    assert "relay is STOPPED" in found.stdout
    assert "# mine" not in site.sudo("web2", "cat /etc/nginx/nginx.conf")
    assert site.sudo("web2", "stat -c %a /etc/microblog/environment") == "640"
    assert runs_all(site, "worker1")
