"""Which moment `fab restore` takes, in which history, and from which backup on."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ops.restores import RestoreRefused, Target, describe_loss, find_target
from ops.verbs.remote.backups import read_point

NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC).timestamp()
MINUTE, HOUR, DAY = 60, 3600, 86400


def backup(label: str, age: float, *, timeline: int = 1, place: str = "0/2000100") -> dict[str, Any]:
    """A backup as `pgbackrest info --output=json` has it, that ended so many seconds ago."""
    return {
        "label": label,
        "error": False,
        "timestamp": {"stop": NOW - age},
        "archive": {"stop": f"{timeline:08X}0000000000000002"},
        "lsn": {"stop": place},
    }


def found(*made: dict[str, Any], **values: Any) -> dict[str, Any]:
    """What the backup host tells of these backups, but for `values`."""
    return {"error": "", "info": [{"backup": list(made)}], "points": {}, "timelines": []} | values


GOOD = (backup("full", 3 * DAY), backup("diff", HOUR, place="0/6000000"))
POINTS = {"before-1.2.3": ["0/6000090", "2026-11-21 19:30:00.5+00", 1]}


@pytest.mark.parametrize(
    ("to", "target"),
    [
        ("latest", Target("default", "", NOW, 1, "diff")),
        ("2026-11-21 19:15:03+00", Target("time", "2026-11-21 19:15:03+00:00", NOW - 2697, 1, "diff")),
        ("2026-11-21T20:15:03+01:00", Target("time", "2026-11-21 19:15:03+00:00", NOW - 2697, 1, "diff")),
        ("2026-11-21 18:59:59+00", Target("time", "2026-11-21 18:59:59+00:00", NOW - 3601, 1, "full")),
        ("before-1.2.3", Target("lsn", "0/6000090", NOW - 1799.5, 1, "diff")),
    ],
)
def test_a_moment_has_several_names(to: str, target: Target) -> None:
    assert find_target(to, found(*GOOD, points=POINTS), NOW) == target


@pytest.mark.parametrize(
    ("to", "message"),
    [
        ("yesterday", "'yesterday' is neither a time such as .* nor latest; restore points: before-1.2.3"),
        ("2026-11-21 19:15:03", r"names no zone: '2026-11-21 19:15:03\+00' is that time in UTC"),
        ("2026-11-21 20:00:01+00", "has not come yet"),
        ("2026-11-18 19:59:59+00", r"is before the oldest backup, which ended at 2026-11-18 20:00:00\+00"),
        # pgBackRest tells whole seconds: the backup may have ended within this one.
        ("2026-11-18 20:00:00.5+00", "is before the oldest backup"),
    ],
)
def test_what_is_no_moment_of_the_backups_is_refused(to: str, message: str) -> None:
    with pytest.raises(RestoreRefused, match=message):
        find_target(to, found(*GOOD, points=POINTS), NOW)


def test_without_a_backup_there_are_pictures_alone() -> None:
    with pytest.raises(RestoreRefused, match="there is no backup of the database"):
        find_target("latest", found(), NOW)
    alone = find_target("2026-11-01 00:00:00+00", found(), NOW, database=False)
    assert alone.kind == "time"
    assert "restore_set" not in alone.variables


#: At 10:30 the database was put back to 09:59, at 12:00 to 10:10, which had been undone; it is 20:00.
RESTORES = [
    {"number": 2, "since": NOW - 9.5 * HOUR, "parents": [[1, "0/5000000"]]},
    {"number": 3, "since": NOW - 8 * HOUR, "parents": [[1, "0/6000000"]]},
]
UNDONE = found(
    backup("0200F", 18 * HOUR),
    backup("1015D", 9.75 * HOUR, place="0/6800000"),
    backup("1031F", 9.45 * HOUR, timeline=2, place="0/5800000"),
    timelines=RESTORES,
    points={"P": ["0/5900000", "2026-11-21 10:00:00+00", 1], "Q": ["0/5900000", "2026-11-21 11:00:00+00", 2]},
)


@pytest.mark.parametrize(
    ("to", "timeline", "begins"),
    [
        # The same place in the log, and not the same moment.
        ("P", 1, "0200F"),
        ("Q", 2, "1031F"),
        ("2026-11-21 09:00:00+00", 1, "0200F"),
        ("2026-11-21 10:20:00+00", 1, "1015D"),
        ("2026-11-21 10:30:30+00", 2, "0200F"),
        ("2026-11-21 11:00:00+00", 2, "1031F"),
        # The third history has no backup yet, and doesn't go on from the last ones.
        ("2026-11-21 13:00:00+00", 3, "0200F"),
        ("latest", 3, "0200F"),
    ],
)
def test_a_moment_is_in_the_history_that_the_database_had_then(to: str, timeline: int, begins: str) -> None:
    target = find_target(to, UNDONE, NOW)

    assert (target.timeline, target.backup) == (timeline, begins)
    assert target.variables["restore_timeline"] == str(timeline)
    assert target.variables["restore_set"] == begins


def test_a_history_to_which_no_backup_leads_is_refused() -> None:
    with pytest.raises(RestoreRefused, match="P is in the history 1, to which none of the backups leads"):
        find_target("P", found(backup("1031F", 9 * HOUR, timeline=2), points=UNDONE["points"]), NOW)


def test_restore_points_of_former_releases_name_no_history() -> None:
    assert read_point("p 0/61002E8 2026-11-22 00:50:16.37+00")[1] == [
        "0/61002E8",
        "2026-11-22 00:50:16.37+00",
        0,
    ]
    assert read_point("p 0/61002E8 2026-11-22 00:50:16.37+00 0000001A")[1][-1] == 26
    old = {"P": ["0/5900000", "2026-11-21 10:00:00+00", 0]}
    assert find_target("P", UNDONE | {"points": old}, NOW).timeline == 1


def test_what_will_be_lost_is_said() -> None:
    said = describe_loss(Target("time", "", NOW - 300), "db1", NOW)
    assert said.endswith("2026-11-21 19:55:00+00: what was written in the 5 min since then will not be in it")

    undone = describe_loss(find_target("P", UNDONE, NOW), "db1", NOW)
    assert (
        "at 2026-11-21 10:00:00+00, in the history that a restore ended at 2026-11-21 10:30:00+00:" in undone
    )
