"""A tag goes to production only when staging has proven its release; the record tells what, and how far."""

import json
from pathlib import Path

import pytest

from ops import continuous
from ops.continuous import ContinuousRefused, Stage
from ops.deployments import Record
from ops.releases import MANIFEST, REQUIREMENTS
from ops.wheelhouses import hash_file
from tests.ops.continuous_world import RELEASE, STEPS, TAG, World, make_world
from tests.ops.test_releases import git

OTHER = "1.2.2-20260101T000000Z"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return make_world(tmp_path, monkeypatch)


def test_a_proven_release_goes_to_production(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    world.go()

    kinds = [each[0] for each in world.asked]
    assert kinds[:4] == ["deploy", "smoke", "releases", "sums"]
    assert kinds[4] == "deploy"
    assert sorted(kinds[5:]) == ["releases", "releases", "sums", "sums"]
    assert world.deploys == ["staging", "production"]
    first, second = (each for each in world.asked if each[0] == "deploy")
    assert first[1] == second[1] == "ops/playbooks/deploy.yml"
    assert first[3]["release"] == second[3]["release"] == RELEASE
    manifest = hash_file(world.release / MANIFEST)
    assert second[3]["deploy_proof"] == f"{TAG}: {STEPS[-1]} on {world.staging}, manifest {manifest}"
    assert f"{STEPS[0]}\n{STEPS[1]}\n" in capfd.readouterr().out


def test_the_record_tells_what_was_proven(world: World) -> None:
    world.go()

    story = world.story
    assert story["tag"] == TAG
    assert story["commit"] == git(world.root, "rev-parse", TAG).strip()
    assert story["manifest"] == hash_file(world.release / MANIFEST)
    assert story["who"]
    assert story["outcome"] == "deployed"
    assert [step for step, _ in world.steps] == [
        f"deploy to {world.staging}",
        f"smoke test on {world.staging}",
        f"proof on {world.staging}",
        "compare the release with the one that staging got",
        f"deploy to {world.production}",
        f"proof on {world.production}",
    ]
    assert {outcome for _, outcome in world.steps} == {"done"}
    assert all(step["seconds"] >= 0 for step in story["steps"])
    assert story["steps"][0]["gate"] == ["web1  200 requests"]
    assert story["steps"][1]["lines"] == list(STEPS)
    assert story["steps"][5]["hosts"] == ["web1", "worker1"]


def test_a_record_tells_how_far_it_came_while_it_goes(world: World) -> None:
    world.go()

    seen = json.loads((world.here / "record-at-production").read_text())
    assert seen["outcome"] == "under way"
    assert [step["outcome"] for step in seen["steps"]] == ["done"] * 4 + ["under way"]


def test_former_attempts_are_kept(world: World) -> None:
    (world.here / "smoke").write_text("FAILED")
    for _ in range(2):
        with pytest.raises(ContinuousRefused):
            world.go()
    (world.here / "smoke").write_text("\n".join(STEPS))
    world.go()

    assert world.story["outcome"] == "deployed"
    assert [each["outcome"][:7] for each in world.story["earlier"]] == ["stopped", "stopped"]


def test_a_step_that_is_broken_off_is_told_so(tmp_path: Path) -> None:
    record = Record.begin(tmp_path, RELEASE)
    with pytest.raises(KeyboardInterrupt), record.step("wait"):
        raise KeyboardInterrupt

    assert json.loads(record.path.read_text())["steps"][0]["outcome"] == "failed: KeyboardInterrupt"


def test_a_failed_smoke_test_leaves_production_alone(world: World) -> None:
    (world.here / "smoke").write_text("log in: 12 ms\nsmoke: write a post: FAILED")

    with pytest.raises(ContinuousRefused) as refused:
        world.go()

    assert str(refused.value) == (
        f"the smoke test fails on {world.staging}: smoke: write a post: FAILED. "
        f"{world.production} was not touched; {world.staging} still runs {RELEASE} "
        f"(fab rollback --to {world.staging})"
    )
    assert world.deploys == ["staging"]
    assert world.story["outcome"] == f"stopped: {refused.value}"
    assert world.story["steps"][1]["lines"] == ["log in: 12 ms", "smoke: write a post: FAILED"]


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ("staging", "production was not touched. What runs now: fab status --to "),
        ("production", "staging runs it. What runs now: fab status --to "),
    ],
)
def test_a_failed_deploy_says_what_runs_where(world: World, environment: str, message: str) -> None:
    (world.here / f"playbook-{environment}").write_text("2")

    with pytest.raises(ContinuousRefused, match="ansible-playbook ended with 2") as refused:
        world.go()

    assert message in str(refused.value).replace(str(world.here.parent) + "/", "")
    assert world.deploys[-1] == environment
    assert world.story["steps"][-1]["outcome"].startswith("failed: ansible-playbook")
    assert world.story["steps"][-1]["gate"] == ["web1  200 requests"]


@pytest.mark.parametrize(
    ("answer", "text", "message"),
    [
        (
            "releases",
            json.dumps({"running": [{"release": OTHER}], "current": RELEASE, "serving": ""}),
            f"one runs {OTHER} and {RELEASE}",
        ),
        ("releases", json.dumps({"running": [], "current": "", "serving": ""}), "one runs nothing"),
        ("releases", "FAILED", "one does not answer: FAILED"),
        ("sums", f"{'0' * 64}  a\n{'1' * 64}  b", f"one has a {RELEASE} of other files"),
    ],
)
def test_staging_that_runs_something_else_proves_nothing(
    world: World, answer: str, text: str, message: str
) -> None:
    (world.here / answer).write_text(text)

    with pytest.raises(ContinuousRefused, match=message):
        world.go()

    assert world.deploys == ["staging"]


def test_other_files_on_one_host_of_production_are_told(world: World) -> None:
    (world.here / "sums-deploy@192.0.2.12").write_text(f"{'0' * 64}  a")

    with pytest.raises(ContinuousRefused, match="worker1 has a"):
        world.go()

    assert world.steps[-1][1].startswith("failed: worker1 has a")


@pytest.mark.parametrize("name", [REQUIREMENTS, MANIFEST])
def test_only_what_staging_ran_goes_on(world: World, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Somebody makes it anew while staging proves it."""
    path = world.release / name
    confirm = continuous.Journey.confirm

    def meddle(journey: continuous.Journey, stage: Stage) -> None:
        confirm(journey, stage)
        path.write_text(path.read_text() + "\n")

    monkeypatch.setattr(continuous.Journey, "confirm", meddle)

    with pytest.raises(ContinuousRefused, match=r"made anew|what the manifest says"):
        world.go()

    assert world.deploys == ["staging"]
