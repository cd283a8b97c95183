"""What `fab backup.status` says of what hosts tell."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ops import backups
from ops.inventory import Host, InventoryError
from ops.rendering import render
from ops.verbs.remote.backups import find_gaps

NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC).timestamp()
HOUR, DAY = 3600, 86400
ALARMS: dict[str, float] = {
    "full_days": 8,
    "any_hours": 26,
    "archive_seconds": 120,
    "verified_days": 35,
    "pictures_hours": 26,
}


def backup(kind: str, age: float, *, error: bool = False) -> dict[str, Any]:
    """A backup as `pgbackrest info --output=json` has it, that ended so many seconds ago."""
    return {
        "label": "20261121-190000F",
        "type": kind,
        "error": error,
        "timestamp": {"start": NOW - age - 4, "stop": NOW - age},
        "info": {"size": 32_050_033, "repository": {"delta": 3_874_016}},
    }


def repository(*made: dict[str, Any], **values: Any) -> dict[str, Any]:
    """A repository in order with these backups, but for `values`."""
    info = [{"backup": list(made), "status": {"code": 0, "message": "ok"}}]
    verified = {"at": NOW - DAY, "equal": True, "message": "18 tables with 385 rows are equal"}
    return {"error": "", "info": info, "check": "", "gaps": [], "verified": verified} | values


GOOD = (backup("full", 3 * DAY), backup("diff", HOUR))


def test_a_repository_in_order_is_not_spoken_of() -> None:
    assert list(backups.judge_repository(repository(*GOOD), ALARMS, NOW)) == []


@pytest.mark.parametrize(
    ("found", "remark"),
    [
        (repository(*GOOD, error="no such host", info=[]), "the repository can't be used: no such host"),
        (
            repository(*GOOD, check="[082] not archived"),
            "does not get into the repository: [082] not archived",
        ),
        (repository(*GOOD, gaps=["0A is missing"]), "the log in the repository has a gap: 0A is missing"),
        (repository(GOOD[0], backup("diff", HOUR, error=True)), "found damaged pages"),
        (
            repository(backup("full", 9 * DAY), GOOD[1]),
            "the last full backup is 9 days old: fab backup --full",
        ),
        (repository(GOOD[0]), "the last backup is 3 days old: fab backup"),
        (repository(), "there is no full backup yet: fab backup --full"),
        (repository(*GOOD, verified=None), "there is no verification yet: fab backup.verify"),
        (
            repository(*GOOD, verified={"at": NOW - 40 * DAY, "equal": True, "message": ""}),
            "the last verification is 40 days old",
        ),
        (
            repository(*GOOD, verified={"at": NOW, "equal": False, "message": "not equal: public.users"}),
            "the last verification found differences: not equal: public.users",
        ),
    ],
)
def test_what_is_wrong_with_a_repository_is_one_line(found: dict[str, Any], remark: str) -> None:
    (said,) = backups.judge_repository(found, ALARMS, NOW)

    assert remark in said


def database(**values: Any) -> dict[str, Any]:
    """What a database tells that hands its log over, but for `values`."""
    told = {"error": "", "mode": "on", "at": NOW - 30, "failed_at": None, "waits": 0, "waits_since": None}
    return told | values


@pytest.mark.parametrize(
    ("found", "remark"),
    [
        (database(), None),
        # An idle database has nothing to hand over.
        (database(at=NOW - DAY), None),
        # Of a failure that is over nothing waits.
        (database(failed_at=NOW - 10), None),
        (database(error="connection refused"), "PostgreSQL does not answer: connection refused"),
        (database(mode="off"), "PostgreSQL hands no log over"),
        (database(waits=3, waits_since=NOW - 300), "3 files of the log wait, the oldest for 5 min"),
        (
            database(waits=1, waits_since=NOW - 5, failed_at=NOW),
            "handing the log over failed at 2026-11-21",
        ),
    ],
)
def test_what_is_wrong_with_the_logs_way_is_one_line(found: dict[str, Any], remark: str | None) -> None:
    said = list(backups.judge_database(found, ALARMS, NOW))

    assert len(said) == (remark is not None)
    assert not remark or remark in said[0]


@pytest.mark.parametrize(
    ("found", "remark"),
    [
        ({"error": "wrong password", "snapshots": []}, "can't be read: wrong password"),
        ({"error": "", "snapshots": []}, "there is no backup of pictures yet"),
        ({"error": "", "snapshots": [{"time": "2026-11-19T20:00:00.123456789Z"}]}, "pictures is 48 h old"),
    ],
)
def test_what_is_wrong_with_pictures_backups_is_one_line(found: dict[str, Any], remark: str) -> None:
    (said,) = backups.judge_snapshots(found, ALARMS, NOW)

    assert remark in said


def segments(*numbers: str) -> list[str]:
    """Files of the log as the repository names them, and others that lie beside them."""
    names = [f"00000001{number[:8]}000000{number[8:]}-{'a' * 40}.zst" for number in numbers]
    return [*names, "000000010000000000000003.00000028.backup"]


FIRST = "000000010000000000000003"


@pytest.mark.parametrize(
    ("there", "missing"),
    [
        (segments("0000000003", "0000000004", "0000000005"), []),
        # What is older than the oldest backup goes with the one that it was for.
        (segments("0000000001", "0000000003", "0000000004"), []),
        (segments("0000000004", "0000000005"), ["000000010000000000000003 is missing"]),
        (segments("0000000003", "0000000006"), ["000000010000000000000004 is missing, and 1 more"]),
        (segments(*(f"00000000{each:02X}" for each in range(3, 256)), "0000000100", "0000000101"), []),
        # Another timeline begins where the database was put back to.
        ([*segments("0000000003"), f"000000020000000000000009-{'b' * 40}.zst"], []),
    ],
)
def test_gaps_of_the_log_are_found(there: list[str], missing: list[str]) -> None:
    assert find_gaps(there, FIRST) == missing


def test_hosts_are_judged_by_what_the_backup_host_calls_too_old() -> None:
    keeper = {"now": NOW, "alarms": ALARMS, "repository": repository(*GOOD), "snapshots": {"error": "locked"}}
    said: dict[str, dict[str, Any]] = {
        "db1": {"now": NOW, "alarms": None, "database": database(mode="off")},
        "backup1": keeper,
    }

    assert list(backups.judge_hosts(said, "backup1")) == [
        "backup1: the pictures' backups can't be read: locked",
        "db1: PostgreSQL hands no log over (archive_mode): fab provision",
    ]
    (remark,) = backups.judge_hosts(said | {"backup1": keeper | {"alarms": None}}, "backup1")
    assert remark.startswith("backup1: it does not know from when on")


def test_each_host_is_asked_what_it_knows() -> None:
    def asked(*groups: str, **variables: Any) -> list[str]:
        return backups.parts_of(Host("h", groups, variables))

    assert asked("backup", "monitoring") == ["snapshots", "repository"]
    assert asked("database") == ["database"]
    assert asked("backup", microblog_database_url="x") == ["snapshots"]
    assert asked("web") == []


def test_an_environment_without_backups_says_so() -> None:
    with pytest.raises(InventoryError, match="tiny has no backups: put a host into the group `backup`"):
        backups.backup_host("tiny", [Host("web1", ("web", "database"), {})])


def render_configuration(host: str) -> str:
    """pgBackRest's file on a host of an environment with db1, backup1 and spare1."""
    is_repository = host == "backup1"
    return render(
        "pgbackrest",
        "pgbackrest.conf.j2",
        private_address="10.0.0.9",
        pgbackrest_port=8432,
        postgresql_port=5432,
        backup_password="the passphrase",
        pgbackrest_stanza="microblog",
        pgbackrest_data="/var/lib/postgresql/15/main",
        pgbackrest_repository="backup1",
        pgbackrest_database="db1",
        pgbackrest_is_repository=is_repository,
        pgbackrest_serves=host != "spare1",
        pgbackrest_clients=["db1", "spare1"] if is_repository else ["backup1"],
    )


def test_the_passphrase_is_on_the_backup_host_alone() -> None:
    assert "\nrepo1-cipher-pass=the passphrase\n" in render_configuration("backup1")
    assert "the passphrase" not in render_configuration("db1") + render_configuration("spare1")


def test_a_server_answers_whom_it_is_told_and_a_host_that_only_restores_nobody() -> None:
    def clients(host: str) -> list[str]:
        lines = render_configuration(host).splitlines()
        return [line for line in lines if line.startswith("tls-server-auth=")]

    assert clients("backup1") == ["tls-server-auth=db1=microblog", "tls-server-auth=spare1=microblog"]
    assert clients("db1") == ["tls-server-auth=backup1=microblog"]
    assert clients("spare1") == []
    assert "\nrepo1-host=backup1\n" in render_configuration("spare1")


def test_locks_that_were_left_go_before_the_deletion_and_when_the_server_starts() -> None:
    values = {"restic_folder": "/f", "restic_password_file": "/p", "private_host": "h", "restic_port": 1}
    deletion = render("restic", "microblog-backup-prune.service.j2", **values)
    server = render("restic", "microblog-pictures.service.j2", **values)

    assert deletion.index("restic --no-cache unlock") < deletion.index("restic --no-cache forget")
    # A server that can't remove them still serves.
    assert "\nExecStartPre=-/usr/bin/restic --no-cache unlock\n" in server


def test_the_log_goes_on_after_a_number_that_ends_with_ff() -> None:
    there = segments("00000000FE", "0000000100")

    assert find_gaps(there, "0000000100000000000000FE") == ["0000000100000000000000FF is missing"]


def test_a_timeline_that_ended_before_the_oldest_backup_has_no_gaps() -> None:
    former = segments("0000000001", "0000000003")

    assert find_gaps([*former, f"000000020000000000000005-{'b' * 40}.zst"], "000000020000000000000005") == []
