"""What somebody changed by hand on a host shows, and is gone after the next run."""

import subprocess

import pytest

from ops.inventory import REPOSITORY, tool
from tests.lab.conftest import Site
from tests.lab.runs import play_well

pytestmark = pytest.mark.lab


def drift(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [tool("fab"), "drift", *options], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )


def test_a_change_by_hand_shows_and_goes(site: Site) -> None:
    site.sudo("web2", "echo '# mine' >> /etc/nginx/nginx.conf")
    site.sudo("web2", "chmod 0644 /etc/microblog/environment")

    found = drift("--limit", "web2")
    play_well("site", "--limit", "web2", log="site-after-drift")
    after = drift("--limit", "web2")

    assert found.returncode == 1
    assert "web2: nginx:" in found.stdout
    assert "web2: application:" in found.stdout
    assert "- # mine" in found.stdout
    assert after.returncode == 0, after.stdout
    assert "Nothing differs" in after.stdout
