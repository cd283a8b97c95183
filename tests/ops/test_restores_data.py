"""What a restore does with the data that a host had before, and which backups of pictures it reads."""

import os
import runpy
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ops.inventory import REPOSITORY

ROLES = REPOSITORY / "ops/roles"


class Cluster:
    """A folder with a database, and `former-data`."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "main"
        self.note = folder / "restoring"
        self.write("the former")

    def write(self, whose: str, *, half: bool = False, recovering: bool = False) -> None:
        """A database in the folder; `half` of a backup, or one that is still `recovering`."""
        (self.data / "global").mkdir(parents=True, exist_ok=True)
        (self.data / "PG_VERSION").write_text(whose, encoding="utf-8")
        if not half:
            (self.data / "global/pg_control").touch()
        if half or recovering:
            (self.data / "recovery.signal").touch()

    def call(self, word: str) -> str:
        command = ["sh", str(ROLES / "pgbackrest/files/former-data"), word, str(self.data)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    @property
    def whose(self) -> str:
        return (self.data / "PG_VERSION").read_text(encoding="utf-8")

    @property
    def aside(self) -> list[Path]:
        return sorted(self.data.parent.glob("main.before-*"))


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    return Cluster(tmp_path)


def test_former_data_are_aside_after_a_restore_and_back_after_one_that_failed(cluster: Cluster) -> None:
    said = cluster.call("put-aside")
    assert [str(path) for path in cluster.aside] == [said]
    assert list(cluster.data.iterdir()) == []

    cluster.write("the backup", recovering=True)
    assert cluster.call("put-back") == "has the data that it had before."
    assert (cluster.whose, cluster.aside, cluster.note.exists()) == ("the former", [], False)

    cluster.call("put-aside")
    cluster.write("the backup")
    cluster.call("keep")
    assert (cluster.whose, len(cluster.aside), cluster.note.exists()) == ("the backup", 1, False)
    cluster.call("forget")
    assert (cluster.whose, cluster.aside) == ("the backup", [])


@pytest.mark.parametrize("moment", ["noted", "aside", "room", "half", "recovering", "removing"])
def test_a_restore_that_was_cut_off_is_done_again_and_its_failure_gives_the_former_data_back(
    cluster: Cluster, moment: str
) -> None:
    aside = cluster.data.with_name("main.before-20260101T000000Z")
    cluster.note.write_text(f"{aside}\n", encoding="utf-8")
    if moment != "noted":
        cluster.data.rename(aside)
    if moment == "room":
        cluster.data.mkdir()
    if moment in {"half", "recovering"}:
        cluster.write("half a backup", half=moment == "half", recovering=True)
    if moment == "removing":
        cluster.data.mkdir()
        (cluster.data / "PG_VERSION").write_text("half a backup", encoding="utf-8")

    said = cluster.call("put-aside")
    assert [str(path) for path in cluster.aside] == [said]
    cluster.write("the backup", half=True)

    assert cluster.call("put-back") == "has the data that it had before."
    assert (cluster.whose, cluster.aside) == ("the former", [])


def test_what_cant_be_put_aside_is_not_removed(cluster: Cluster, tmp_path: Path) -> None:
    # A broken database looks like a backup that was brought half.
    (cluster.data / "global/pg_control").unlink()
    failing = tmp_path / "bin"
    failing.mkdir()
    (failing / "mv").write_text("#!/bin/sh\necho device is busy >&2\nexit 1\n", encoding="utf-8")
    (failing / "mv").chmod(0o755)
    former = os.environ["PATH"]
    os.environ["PATH"] = f"{failing}:{former}"
    try:
        with pytest.raises(subprocess.CalledProcessError):
            cluster.call("put-aside")
        assert cluster.call("put-back") == "has the data that it had before."
    finally:
        os.environ["PATH"] = former
    assert cluster.whose == "the former"


def test_data_that_a_server_may_have_written_to_are_never_removed(cluster: Cluster) -> None:
    first = cluster.call("put-aside")
    aside = Path(first).rename(f"{cluster.data}.before-20260101T000000Z")
    cluster.note.write_text(f"{aside}\n", encoding="utf-8")
    # It went through, and its playbook was cut off before it could say so.
    cluster.write("in use since")

    assert cluster.call("put-back").endswith(f"what it had before is in {aside}.")
    assert cluster.whose == "in use since"

    cluster.call("put-aside")
    cluster.write("the second backup", half=True)
    cluster.call("put-back")
    assert cluster.whose == "in use since"
    assert cluster.aside == [aside]


def test_the_only_data_are_not_forgotten(cluster: Cluster) -> None:
    cluster.call("put-aside")
    cluster.write("half a backup", half=True)

    with pytest.raises(subprocess.CalledProcessError) as refused:
        cluster.call("forget")
    assert "a restore was cut off" in refused.value.stderr
    assert len(cluster.aside) == 1


def snapshot(host: str, time: str, tree: str = "", files: int | None = 7) -> dict[str, Any]:
    """A backup of pictures as restic lists it."""
    tags = {} if files is None else {"tags": [f"files={files}"]}
    when = f"2026-11-21T{time}:03.123456789Z"
    return {"hostname": host, "time": when, "id": f"{host} {time}", "tree": tree or f"{host}{time}"} | tags


def chosen(snapshots: list[dict[str, Any]], moment: str, *, latest: bool = False) -> list[str]:
    choose = runpy.run_path(str(ROLES / "restic/files/choose-snapshots"))["choose"]
    return sorted(each["id"] for each in choose(snapshots, f"2026-11-21T{moment}+00:00", latest=latest))


def test_pictures_of_a_moment_are_in_the_backups_around_it() -> None:
    made = [snapshot(host, f"{hour}:25") for host in ("w1", "w2") for hour in (18, 19, 20, 21)]

    # An account that is deleted at 20:15 isn't in that of 20:25 any more.
    assert chosen(made, "20:14:59") == ["w1 19:25", "w1 20:25", "w2 19:25", "w2 20:25"]
    assert chosen(made, "22:00:00", latest=True) == ["w1 21:25", "w2 21:25"]
    assert chosen(made[:4], "17:00:00") == ["w1 18:25"]


def test_the_last_pictures_are_not_those_of_a_host_that_was_made_anew() -> None:
    made = [
        *(
            snapshot("w1", "18:25", files=90),
            snapshot("w1", "19:25", files=95),
            snapshot("w1", "20:25", files=0),
        ),
        *(
            snapshot("w2", "18:25", files=95),
            snapshot("w2", "19:25", files=95),
            snapshot("w2", "20:25", files=3),
        ),
    ]

    assert chosen(made, "22:00:00", latest=True) == ["w1 19:25", "w2 19:25", "w2 20:25"]


def test_backups_that_nobody_counted_may_have_all_pictures() -> None:
    made = [
        snapshot("w1", "17:25", files=9),
        snapshot("w1", "18:25", files=None),
        snapshot("w1", "19:25", files=0),
    ]

    assert chosen(made, "22:00:00", latest=True) == ["w1 17:25", "w1 18:25"]


def test_equal_backups_of_pictures_are_read_once() -> None:
    made = [snapshot("w1", f"{hour}:25", tree="same") for hour in (18, 19, 20)]

    assert len(chosen(made, "19:00:00")) == 1
    assert chosen([], "19:00:00", latest=True) == []
