"""What `fab status` makes of the hosts' answers, and the program that runs on them."""

import json
from typing import Any

from ops.inventory import Answer, Host
from ops.verbs.remote.state import program_of, read_programs, read_units
from ops.verbs.status import Row, find_mixture, read_answer

NEW, OLD = "0.1.0-20261121T152843Z", "0.0.9-20261101T000000Z"
SUPERVISOR = """\
exporter                         RUNNING   pid 310, uptime 0:01:32
web:web-blue                     RUNNING   pid 311, uptime 1 day, 2:03:04
web:web-green                    STOPPED   Nov 21 03:00 PM
unix:///run/supervisor/supervisor.sock no such file
"""
SYSTEMD = """\
Id=nginx.service
LoadState=loaded
ActiveState=active
SubState=running
ActiveEnterTimestampMonotonic=8000000

Id=haproxy.service
LoadState=not-found
ActiveState=inactive
SubState=dead
ActiveEnterTimestampMonotonic=0

Id=redis-server@broker.service
LoadState=loaded
ActiveState=failed
SubState=failed
ActiveEnterTimestampMonotonic=0
"""


def answer(group: str, **said: Any) -> Answer:
    nothing = {
        "units": [],
        "programs": [],
        "slot": "",
        "uptime": "1:00:00",
        "maintenance": False,
        "reboot": False,
    }
    return Answer(Host("host", (group,), {}), failed=False, output=json.dumps(nothing | said))


def unit(name: str, state: str = "running") -> dict[str, str]:
    return {"name": name, "unit": name, "state": state, "version": "1", "uptime": "1:00:00"}


def remarks(given: Answer) -> list[str]:
    return [row.remark for row in read_answer(given) if row.remark]


def test_each_program_has_its_release_and_uptime() -> None:
    releases = {"exporter": NEW, "web-blue": NEW, "web-green": OLD}

    assert [tuple(program.values()) for program in read_programs(SUPERVISOR, releases)] == [
        ("exporter", "running", NEW, "0:01:32"),
        ("web-blue", "running", NEW, "1 day, 2:03:04"),
        # What it once ran with is no news of a program that doesn't run.
        ("web-green", "stopped", "-", "-"),
    ]


def test_units_that_are_there_have_state_and_uptime() -> None:
    assert [tuple(found.values()) for found in read_units(SYSTEMD, 100.0)] == [
        ("nginx", "nginx", "running", "0:01:32"),
        ("redis-broker", "redis-server@broker", "failed", "-"),
    ]
    assert program_of("postgresql@15-main") == "postgresql"


def test_a_dead_host_is_a_row_with_the_reason() -> None:
    dead = Answer(
        Host("web2", ("web",), {}), failed=True, output="Warning: x\nssh: connect: No route to host"
    )

    assert list(read_answer(dead)) == [Row("web2", "-", "no answer", remark="ssh: connect: No route to host")]


def test_what_a_tier_needs_and_has_not_is_missed() -> None:
    assert remarks(answer("edge")) == ["haproxy is not there: fab provision --limit host"]
    assert remarks(answer("edge", units=[unit("haproxy", "failed")])) == [
        "haproxy is failed: journalctl -u haproxy there says why"
    ]
    assert remarks(answer("edge", units=[unit("haproxy")])) == []
    # Not this host's task: as it likes.
    assert remarks(answer("edge", units=[unit("haproxy"), unit("nginx", "inactive")])) == []


def test_an_external_database_is_not_missed() -> None:
    units = [unit("redis-broker"), unit("redis-cache")]
    own = answer("database", units=units)
    external = Answer(
        Host("host", ("database",), {"microblog_database_url": "x"}), failed=False, output=own.output
    )

    assert remarks(own) == ["postgresql is not there: fab provision --limit host"]
    assert remarks(external) == []


def test_one_slot_serves_and_the_other_may_rest() -> None:
    programs = [
        {"name": "web-blue", "state": "stopped", "version": "-", "uptime": "-"},
        {"name": "web-green", "state": "running", "version": NEW, "uptime": "0:00:01"},
        {"name": "web-boot", "state": "exited", "version": "-", "uptime": "-"},
        {"name": "worker-next", "state": "exited", "version": "-", "uptime": "-"},
    ]

    assert remarks(answer("x", programs=programs, slot="green")) == []
    assert remarks(answer("x", programs=programs, slot="blue")) == [
        "web-blue is stopped: fab logs --host host --program web-blue may say why"
    ]


def test_maintenance_and_a_wanted_reboot_are_told() -> None:
    told = remarks(answer("x", maintenance=True, reboot=True))

    assert [words.split()[0] for words in told] == ["visitors", "an"]


def test_a_host_without_programs_is_up() -> None:
    assert list(read_answer(answer("spare"))) == [Row("host", "-", "up", uptime="1:00:00")]


def test_old_code_that_still_runs_is_named() -> None:
    rows = [Row("a", "beat", "running", release=NEW), Row("a", "relay", "running", release=NEW)]

    assert list(find_mixture(rows)) == []
    assert list(find_mixture([*rows, Row("b", "beat", "running", release=OLD)])) == [
        f"b: beat runs release {OLD}, most run {NEW}: a deploy is under way, or was cut off"
    ]
