import subprocess
from pathlib import Path

import pytest

from ops.inventory import REPOSITORY, tool
from ops.playbook_runs import Difference, make_command, read_event
from ops.verbs.hosts import read_programs

SUPERVISOR = """\
exporter                         RUNNING   pid 310, uptime 0:01:32
web:web-blue                     RUNNING   pid 311, uptime 1 day, 2:03:04
web:web-green                    STOPPED   Nov 21 03:00 PM
started exporter 0.1.0-20261121T152843Z
started web-blue 0.1.0-20261121T152843Z
started web-green 0.0.9-20261101T000000Z
"""


def fab(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([tool("fab"), *words], cwd=REPOSITORY, capture_output=True, text=True, check=False)


def test_each_program_has_its_release_and_uptime() -> None:
    assert list(read_programs(SUPERVISOR)) == [
        ("exporter", "RUNNING", "0.1.0-20261121T152843Z", "0:01:32"),
        ("web-blue", "RUNNING", "0.1.0-20261121T152843Z", "1 day, 2:03:04"),
        # What it once ran with is no news of a program that doesn't run.
        ("web-green", "STOPPED", "-", "-"),
    ]


def test_a_change_is_told_by_host_role_and_lines() -> None:
    event = {
        "_event": "v2_runner_on_ok",
        "task": {"name": "nginx : Configure the site"},
        "hosts": {
            "web1": {"changed": True, "diff": [{"before": "a\nb\n", "after": "a\nc\n"}]},
            "web2": {"changed": False},
        },
    }

    assert list(read_event(event)) == [Difference("web1", "nginx", "Configure the site", ("- b", "+ c"))]


def test_modes_and_loops_are_told_too() -> None:
    event = {
        "_event": "v2_runner_on_ok",
        "task": {"name": "application : Make the folders"},
        "hosts": {
            "web1": {
                "changed": True,
                "results": [
                    {
                        "changed": True,
                        "diff": {
                            "before": {"path": "/a", "mode": "0644"},
                            "after": {"path": "/a", "mode": "0640"},
                        },
                    },
                    {"changed": False, "diff": {"before": {"mode": "0644"}, "after": {"mode": "0600"}}},
                ],
            }
        },
    }

    assert [found.lines for found in read_event(event)] == [("- mode: 0644", "+ mode: 0640")]


def test_handlers_are_no_differences() -> None:
    event = {
        "_event": "v2_runner_on_ok",
        "task": {"name": "nginx : Reload nginx", "path": "/ops/roles/nginx/handlers/main.yml:1"},
        "hosts": {"web1": {"changed": True}},
    }

    assert list(read_event(event)) == []


def test_other_events_are_no_differences() -> None:
    assert list(read_event({"_event": "v2_playbook_on_stats"})) == []


def test_a_playbook_is_named_with_its_inventory() -> None:
    command = make_command("site", "lab", limit="web1", tags="nginx", extra="release=1")

    assert command[1:3] == ["ops/playbooks/site.yml", "-i"]
    assert Path(command[3]).name == "lab"
    assert command[4:] == ["--limit", "web1", "--tags", "nginx", "--extra-vars", "release=1"]


def test_every_verb_is_listed_with_what_it_does() -> None:
    listed = fab("--list").stdout

    for verb in (
        *("provision", "drift", "remove", "maintenance", "status", "logs", "shell", "run", "env.new"),
        *("lab.up", "lab.down", "lab.status", "lab.reset", "lab.ssh"),
        *("lab.cut", "lab.join", "lab.kill", "lab.freeze", "lab.thaw"),
    ):
        assert f"  {verb}  " in listed


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("maintenance", "maybe"), "fab maintenance: say on or off, not 'maybe'"),
        (("provision", "--to", "mars"), "fab provision: there is no environment 'mars'"),
        (("run", "rm -rf /"), "fab run: only microblog commands"),
        (("logs", "--program", "$(reboot)"), "fab logs: '$(reboot)' is no program's name"),
        (("env.new", "Big"), "fab new: 'Big' is no name"),
        (("status", "--to", "mars"), "fab status: there is no environment 'mars'"),
    ],
)
def test_a_mistake_is_one_line_that_names_it(words: tuple[str, ...], message: str) -> None:
    done = fab(*words)

    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert len(done.stderr.splitlines()) == 1
