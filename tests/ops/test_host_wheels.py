"""Which files of a new release a host has already."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from ops.verbs.remote.wheels import link_known

SAME, NEW = "wheelhouse/same-1-py3-none-any.whl", "wheelhouse/new-2-py3-none-any.whl"


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


WANTED = {SAME: digest(b"same"), NEW: digest(b"new")}


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """An empty folder beside a release that has one of two wheels."""
    former = tmp_path / "former"
    (former / "wheelhouse").mkdir(parents=True)
    (former / SAME).write_bytes(b"same")
    (former / "manifest.json").write_text(
        json.dumps({"files": {SAME: digest(b"same"), NEW: digest(b"older")}})
    )
    (tmp_path / "new" / "wheelhouse").mkdir(parents=True)
    return tmp_path / "new"


def test_what_another_release_has_is_linked_and_the_rest_is_told(release: Path) -> None:
    assert link_known(release, WANTED) == [NEW]

    assert (release / SAME).samefile(release.parent / "former" / SAME)
    (release / NEW).write_bytes(b"new")
    assert link_known(release, WANTED) == []


def test_what_an_interrupted_run_left_of_other_bytes_gives_way(release: Path) -> None:
    for name in WANTED:
        (release / name).write_bytes(b"of another build")

    assert link_known(release, WANTED) == [NEW]

    assert (release / SAME).read_bytes() == b"same"
    assert not (release / NEW).exists()


def test_a_file_that_isnt_what_its_manifest_says_is_not_taken(release: Path) -> None:
    (release.parent / "former" / SAME).write_bytes(b"changed on the host")

    assert link_known(release, WANTED) == [SAME, NEW]
