"""What the host that keeps the backups tells Prometheus of them."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.host_facts import backups
from ops.host_facts.backups import Backups
from ops.host_facts.series import Series
from tests.ops.test_host_facts import at, make

DAY = 86400
ALARMS = {"full_days": 8, "any_hours": 26, "archive_seconds": 120, "verified_days": 35, "pictures_hours": 26}


def described(**changed: Any) -> dict[str, Any]:
    backup = {
        "type": "full",
        "error": False,
        "timestamp": {"stop": 1000},
        "database": {"id": 1},
        "archive": {"start": "000000010000000000000001"},
    }
    return {"status": {"code": 0}, "archive": [], "backup": [backup], **changed}


@pytest.fixture
def keeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host that keeps backups, whose programs say what a test writes into said.json."""
    make(tmp_path, "etc/microblog/backup-alarms.json", json.dumps(ALARMS))
    (tmp_path / "var/lib/pgbackrest/backup").mkdir(parents=True)
    (tmp_path / "var/lib/microblog-pictures/snapshots").mkdir(parents=True)

    def ask(*_command: str, user: str) -> str:
        try:
            return (tmp_path / f"{user}.json").read_text()
        except FileNotFoundError:
            raise subprocess.CalledProcessError(1, user) from None

    monkeypatch.setattr(backups, "ask", ask)
    return tmp_path


def told(found: Iterator[Series]) -> dict[tuple[str, str], float]:
    """Values by the name's middle and the kind."""
    short = {"microblog_backup_last_timestamp_seconds": "last", "microblog_backup_limit_seconds": "limit"}
    return {(short.get(each.name, "broken"), each.labels[0][1]): each.value for each in found}


def test_backups_of_the_database_and_how_old_they_may_be(keeper: Path) -> None:
    last = {**described()["backup"][0], "type": "diff", "timestamp": {"stop": 2000}}
    make(keeper, "postgres.json", json.dumps([described(backup=[described()["backup"][0], last])]))
    make(keeper, "var/lib/pgbackrest/verified.json", json.dumps({"at": 1500.5, "equal": True}))

    assert told(Backups().read_database(keeper, 0)) == {
        ("broken", "repository"): 0,
        ("broken", "pages"): 0,
        ("broken", "log"): 0,
        ("broken", "verification"): 0,
        ("last", "full"): 1000,
        ("limit", "full"): 8 * DAY,
        ("last", "any"): 2000,
        ("limit", "any"): 26 * 3600,
        ("last", "verification"): 1500.5,
        ("limit", "verification"): 35 * DAY,
    }


def test_what_was_never_restored_counts_from_the_set_up_on(keeper: Path) -> None:
    make(keeper, "postgres.json", json.dumps([described(backup=[])]))

    found = told(Backups().read_database(keeper, 0))

    assert found["last", "full"] == found["last", "any"] == 0
    assert found["last", "verification"] == pytest.approx(time.time(), abs=60)


@pytest.mark.parametrize(
    ("kind", "info"),
    [
        ("repository", [described(status={"code": 3})]),
        ("repository", []),
        ("pages", [described(backup=[{**described()["backup"][0], "error": True}])]),
    ],
    ids=["it says so", "it is empty", "damaged pages"],
)
def test_what_is_wrong_with_the_repository(keeper: Path, kind: str, info: list[Any]) -> None:
    make(keeper, "postgres.json", json.dumps(info))

    assert told(Backups().read_database(keeper, 0))["broken", kind] == 1


def test_a_repository_that_can_not_be_read_is_broken(keeper: Path) -> None:
    assert told(Backups().read_database(keeper, 0)) == {("broken", "repository"): 1}
    assert told(Backups().read_pictures(keeper)) == {("broken", "pictures"): 1}


def test_a_different_restore_is_broken(keeper: Path) -> None:
    make(keeper, "postgres.json", json.dumps([described()]))
    make(keeper, "var/lib/pgbackrest/verified.json", json.dumps({"at": 1500, "equal": False}))

    assert told(Backups().read_database(keeper, 0))["broken", "verification"] == 1


def test_gaps_in_the_log_are_looked_for_each_ten_minutes(
    keeper: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(keeper, "postgres.json", json.dumps([described()]))
    found: list[str] = []
    monkeypatch.setattr(backups, "find_all_gaps", lambda *_: list(found))
    kept = Backups()

    assert told(kept.read_database(keeper, 50))["broken", "log"] == 0
    found.append("000000010000000000000002 is missing")
    assert told(kept.read_database(keeper, 649))["broken", "log"] == 0
    assert told(kept.read_database(keeper, 650))["broken", "log"] == 1


def test_backups_of_pictures_are_listed_when_there_are_others(keeper: Path) -> None:
    pictures = Backups()
    make(keeper, "var/lib/microblog-pictures/snapshots/abc")
    said = [{"time": "2026-11-21T16:00:00.123456789Z"}, {"time": "2026-11-21T15:00:00Z"}]
    make(keeper, "microblog-pictures.json", json.dumps(said))
    first = told(pictures.read_pictures(keeper))
    assert first["last", "pictures"] == pytest.approx(at("2026-11-21T16:00:00"), abs=1)
    assert first["limit", "pictures"] == 26 * 3600

    (keeper / "microblog-pictures.json").unlink()
    assert told(pictures.read_pictures(keeper)) == first

    make(keeper, "var/lib/microblog-pictures/snapshots/def")
    assert told(pictures.read_pictures(keeper)) == {("broken", "pictures"): 1}


def test_failed_units_are_told_where_there_are_any(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backups, "find_failed_units", lambda: ["microblog-backup@full.service"])
    assert told(backups.read_units(tmp_path)) == {}

    make(tmp_path, "etc/systemd/system/microblog-backup@.service")

    assert told(backups.read_units(tmp_path)) == {("broken", "units"): 1}
