"""A tag goes by itself from staging, which is one host here, to production, which is the lab."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from ops.deployments import FOLDER
from ops.inventory import REPOSITORY, tool
from ops.lab import verbs
from ops.sources import git
from tests.lab.conftest import INVENTORIES
from tests.lab.deploys import all_run
from tests.lab.made_releases import MadeReleases
from tests.lab.runs import LOGS, Run, play_well
from tests.lab.sites import Site

pytestmark = [pytest.mark.lab, pytest.mark.drill]

TAG = "drill-of-a-tag"
STAGING = INVENTORIES / "one_host"


@pytest.fixture
def tag(made: MadeReleases) -> Iterator[str]:
    """A tag of this checkout's git, on a commit that no host has a release of."""
    commit = made.commit("plain", edition=8)
    git(REPOSITORY, "fetch", "--quiet", "--no-tags", str(made.source), f"+{commit}:refs/tags/{TAG}")
    yield commit
    git(REPOSITORY, "tag", "--delete", TAG)
    for record in (REPOSITORY / FOLDER).glob("*.json"):
        if json.loads(record.read_text(encoding="utf-8"))["tag"] == TAG:
            shutil.rmtree(REPOSITORY / "var" / "releases" / record.stem)
            record.unlink()


@pytest.fixture
def _former_again(site: Site, former: str) -> Iterator[None]:
    yield
    verbs.reset("db2")
    if not all_run(site, former):
        play_well("rollback", "-e", f"release={former}", log="rollback-auto")


@pytest.mark.usefixtures("_former_again")
def test_a_tag_is_proven_on_staging_and_goes_to_production(
    site: Site, one_host: Future[Run], tag: str
) -> None:
    assert one_host.result().code == 0, one_host.result().failure

    done = subprocess.run(
        [tool("fab"), "deploy", "--auto", TAG, "--staging", str(STAGING), "--to", "lab"],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    (LOGS / "fab-deploy-auto.log").write_text(done.stdout, encoding="utf-8")

    assert done.returncode == 0, done.stdout[-2500:]
    (record,) = [
        story
        for path in (REPOSITORY / FOLDER).glob("*.json")
        if (story := json.loads(path.read_text(encoding="utf-8")))["tag"] == TAG
    ]
    release = record["release"]
    assert (record["commit"], record["outcome"]) == (tag, "deployed")
    assert [step["outcome"] for step in record["steps"]] == ["done"] * 6
    first, smoke, *_, second, _ = record["steps"]
    assert smoke["lines"][-1].startswith("smoke: ")
    assert first["gate"]
    assert second["gate"]
    assert all_run(site, release)
    assert site.sudo("db2", "readlink /opt/microblog/current").strip().endswith(release)
    log = site.sudo("web1", "tail -n 1 /opt/microblog/revisions.log")
    assert f" deployed {release} {tag} {TAG}: smoke: " in log
