"""`make test-full` lets Lighthouse judge the public pages: all but speed, which is measured elsewhere."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from devstack.layout import ROOT
from tests.browser.content import Content
from tests.browser.live_site import LiveSite
from tests.browser.visits import FLAGS
from tests.conftest import find_chromium

CATEGORIES = ("accessibility", "best-practices", "seo")
LEAST = 0.95
# Over plain HTTP on one's own machine these say nothing.
BESIDE_THE_POINT = "is-on-https,redirects-http"


@pytest.fixture(scope="module")
def lighthouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, installed from its lock by npm."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("Lighthouse needs Node.js: apt-get install npm")
    home = tmp_path_factory.mktemp("lighthouse")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / "requirements" / "lighthouse" / name, home)
    install = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"]
    subprocess.run(install, cwd=home, check=True)
    return home / "node_modules" / ".bin" / "lighthouse"


def judge(lighthouse: Path, url: str) -> dict[str, Any]:
    """Lighthouse's report on a page."""
    command = [
        str(lighthouse),
        url,
        "--quiet",
        "--output=json",
        f"--only-categories={','.join(CATEGORIES)}",
        f"--skip-audits={BESIDE_THE_POINT}",
        f"--chrome-flags={' '.join(['--headless', *FLAGS])}",
    ]
    environment = os.environ | {"CHROME_PATH": find_chromium() or ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.mark.full
@pytest.mark.parametrize(
    "path", ["/", "/@member", "/@reader/{post}", "/tags/gardens", "/statistics", "/sign-up"]
)
def test_lighthouse(path: str, lighthouse: Path, content: Content, live_site: LiveSite) -> None:
    report = judge(lighthouse, live_site.url + path.format(post=content.post))
    failed = {
        name: [
            audit["id"]
            for one in category["auditRefs"]
            if (audit := report["audits"][one["id"]])["score"] is not None and audit["score"] < 1
        ]
        for name, category in report["categories"].items()
        if category["score"] < LEAST
    }
    assert failed == {}
