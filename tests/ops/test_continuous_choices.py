"""What `fab deploy --auto` refuses before anything is done, and how it finds its way on staging."""

from pathlib import Path
from typing import Any

import pytest

from ops import continuous
from ops.continuous import ContinuousRefused, Stage, choose_machines, deploy_tag, find_commit, smoke_command
from ops.inventory import Host, InventoryError
from ops.wheelhouses import ReleaseRefused
from tests.ops.continuous_world import RELEASE, TAG, World, make_inventory, make_world
from tests.ops.test_releases import git
from tests.ops.test_verbs import fab


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return make_world(tmp_path, monkeypatch)


@pytest.mark.parametrize("tag", ["v9", f"{TAG}~0", "main", "--all", ""])
def test_only_tags_are_deployed(world: World, tag: str) -> None:
    with pytest.raises(ContinuousRefused, match=f"git knows no tag {tag!r} here, the newest are {TAG}"):
        find_commit(tag, world.root)


def test_a_signed_tag_is_its_commit(world: World) -> None:
    git(world.root, "tag", "--annotate", "--message", "Two", "v2")

    assert find_commit("v2", world.root) == git(world.root, "rev-parse", "HEAD").strip()


def test_an_environment_proves_nothing_for_itself(world: World, tmp_path: Path) -> None:
    alias = tmp_path / "alias"
    alias.symlink_to(world.production)
    with pytest.raises(ContinuousRefused, match="name two environments"):
        deploy_tag(TAG, str(alias), world.production, root=world.root)

    copied = make_inventory(tmp_path / "copied", {name: {"web1": "192.0.2.11"} for name in ("web", "worker")})
    with pytest.raises(ContinuousRefused, match=r"web1 \(192.0.2.11\) is in both"):
        deploy_tag(TAG, copied, world.production, root=world.root)

    assert world.asked == []


def test_what_is_no_site_is_refused(world: World, tmp_path: Path) -> None:
    bare = make_inventory(tmp_path / "bare", {"web": {"web9": "192.0.2.9"}})

    with pytest.raises(InventoryError, match="bare has no worker host"):
        deploy_tag(TAG, bare, world.production, root=world.root)


def test_a_release_that_cannot_be_built_goes_nowhere(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_values: object, **_named: object) -> str:
        raise ReleaseRefused("the wheel: no")

    monkeypatch.setattr(continuous, "build", refuse)

    with pytest.raises(ReleaseRefused, match="the wheel: no"):
        world.go()

    assert world.asked == []


def stage(**variables: object) -> Stage:
    """Two hosts behind an edge."""
    values: dict[str, Any] = {"microblog_domain": "site.example"} | variables
    return Stage(
        "staging",
        [
            Host("worker1", ("worker",), {"ansible_host": "192.0.2.3"}),
            Host("web1", ("web",), values | {"ansible_host": "192.0.2.2"}),
            Host("lb1", ("edge",), values | {"ansible_host": "192.0.2.1"}),
        ],
    )


def test_the_smoke_test_goes_through_the_edge() -> None:
    host, words = smoke_command(RELEASE, stage(private_address="10.0.0.1"))

    assert host.name == "worker1"
    assert words == [
        *("sudo", "-n", "-u", "microblog", "/opt/microblog/bin/microblog-run", RELEASE, "smoke"),
        *("--url", "https://site.example", "--address", "10.0.0.1", "--ca", "/etc/microblog/tls/ca.pem"),
    ]


def test_a_given_certificate_is_believed_as_browsers_do() -> None:
    _, words = smoke_command(RELEASE, stage(edge_certificate="/home/ada/site.pem"))

    assert words[-2:] == ["--address", "192.0.2.1"]


def test_without_an_edge_the_web_host_is_visited() -> None:
    whole = stage()

    _, words = smoke_command(RELEASE, Stage("one", [host for host in whole.hosts if host.name != "lb1"]))

    assert words[words.index("--address") + 1] == "192.0.2.2"


@pytest.mark.parametrize("domain", ["{{ name }}.example", ""])
def test_a_domain_that_only_ansible_knows_is_refused(domain: str) -> None:
    with pytest.raises(InventoryError, match="lb1: microblog_domain must be plain text"):
        smoke_command(RELEASE, stage(microblog_domain=domain))


def test_the_release_is_for_the_machines_of_all_hosts() -> None:
    assert choose_machines([stage()]) == ["x86_64"]
    assert choose_machines([stage(release_machines=["aarch64"])]) == ["aarch64", "x86_64"]


@pytest.mark.parametrize("machines", ["{{ mine }}", ["vax"], []])
def test_machines_that_nobody_knows_are_refused(machines: object) -> None:
    with pytest.raises(InventoryError, match="web1: release_machines must be a list of x86_64, aarch64"):
        choose_machines([stage(release_machines=machines)])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--auto", "v9", "--release", "1"), "fab deploy: --auto TAG builds the tag's release"),
        (("--auto", "v9", "--ref", "v8", "--plan"), "fab deploy: --auto TAG builds the tag's release"),
        (("--auto", "v9", "--limit", "web1"), "fab deploy: --auto TAG builds the tag's release"),
        (("--staging", "lab"), "fab deploy: --staging is where --auto TAG proves"),
        (("--auto", "no-such-tag"), "fab deploy: git knows no tag 'no-such-tag' here"),
        (("--auto", ""), "fab deploy: git knows no tag '' here"),
    ],
)
def test_a_mistake_is_one_line_that_names_it(words: tuple[str, ...], message: str) -> None:
    done = fab("deploy", *words)

    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert len(done.stderr.splitlines()) == 1
