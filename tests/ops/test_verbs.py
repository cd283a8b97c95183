import os
import re
import subprocess
from pathlib import Path

import pytest

from ops.inventory import REPOSITORY, tool
from ops.playbook_runs import (
    Difference,
    PlaybookFailed,
    find_differences,
    make_command,
    read_event,
    run_playbook,
)


def fab(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [tool("fab"), *words],
        cwd=REPOSITORY,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


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


def test_what_a_task_only_tells_is_told() -> None:
    told = [{"changed": True, "msg": "relay is STOPPED", "_ansible_verbose_always": True}]
    event = {
        "_event": "v2_runner_on_ok",
        "task": {"name": "supervisor : Tell of programs"},
        "hosts": {
            "worker1": {"changed": True, "msg": "All items completed", "results": told},
            "web1": {"changed": True, "msg": "stale", "_ansible_verbose_always": True},
            "web2": {"changed": True, "msg": "Command would have run"},
        },
    }

    assert [found.lines for found in read_event(event)] == [("relay is STOPPED",), ("stale",), ()]


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
        *(
            "provision",
            "operators",
            "drift",
            "deploy",
            "rollback",
            "contract",
            "drain",
            "undrain",
            "remove",
            "maintenance",
            "status",
            "logs",
            "shell",
            "run",
            "env.new",
            "restore",
        ),
        *("alerts", "silence", "silences", "unsilence", "dashboards"),
        *("trace", "queries", "dump", "memory"),
        *("backup.backup (backup)", "backup.status", "backup.verify"),
        *("lab.up", "lab.down", "lab.status", "lab.reset", "lab.ssh"),
        *("lab.cut", "lab.join", "lab.kill", "lab.freeze", "lab.thaw"),
    ):
        assert f"  {verb}  " in listed


def test_fab_alone_lists_the_verbs() -> None:
    assert "  provision  " in fab().stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("maintenance", "maybe"), "fab maintenance: say on or off, not 'maybe'"),
        (("provision", "--to", "mars"), "fab provision: there is no environment 'mars'"),
        (("run", "rm -rf /"), "fab run: only microblog commands"),
        (("logs", "--program", "$(reboot)"), "fab logs: '$(reboot)' is no program's name"),
        (("logs", "--lines", "ten"), "fab logs: --lines takes a number, not 'ten'"),
        (("run", 'microblog jobs "dead'), 'fab run: microblog jobs "dead: no closing quotation'),
        (
            ("provision", "--tags", "ngnix"),
            "fab provision: no role is called 'ngnix'; there are alertmanager",
        ),
        (("remove", "lb1"), "fab remove: lb1 is in edge: only web and worker hosts leave"),
        (("deploy", "--to", "mars"), "fab deploy: there is no environment 'mars'"),
        (("deploy", "--release", "1", "--ref", "v1"), "fab deploy: --release names one that is built, --ref"),
        (("deploy", "--ref", "v1", "--dirty"), "fab deploy: --release names one that is built, --ref"),
        (("drain", "worker1"), "fab drain: worker1 is in media and worker: only web hosts have visitors"),
        (("remove", "mars"), "fab remove: lab has no host 'mars'; it has db1"),
        (("env.new", "Big"), "fab env.new: 'Big' is no name"),
        (("restore", "--host", "db2"), "fab restore: say which moment: --to '2026-"),
        (("restore", "--host", "db2,mon1", "--to", "latest"), "fab restore: name one host, not db2,mon1"),
        (("restore", "--host", "mars", "--to", "latest"), "fab restore: lab has no host 'mars'; it has db1"),
        (
            ("restore", "--host", "db2", "--to", "latest", "--what", "cake"),
            "fab restore: --what is database, pictures, all, not 'cake'",
        ),
        (("backup.verify", "--host", "web1"), "fab backup.verify: lab has no host web1 in the group `spare`"),
        (("backup", "--to", "mars"), "fab backup: there is no environment 'mars'"),
        (("status", "--to", "mars"), "fab status: there is no environment 'mars'"),
        (("lab.cut", "web1", "--peer", "web1"), "fab lab.cut: "),
    ],
)
def test_a_mistake_is_one_line_that_names_it(words: tuple[str, ...], message: str) -> None:
    done = fab(*words)

    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert len(done.stderr.splitlines()) == 1


def test_a_missing_vault_password_is_one_line_with_the_fix(tmp_path: Path) -> None:
    environment = tmp_path / "closed"
    (environment / "group_vars" / "all").mkdir(parents=True)
    (environment / "hosts.yml").write_text("all: {hosts: {web1: {}}}")
    (environment / "group_vars" / "all" / "vault.yml").write_text("$ANSIBLE_VAULT;1.1;AES256\n3131\n")

    done = fab("provision", "--to", str(environment), MICROBLOG_VAULT_PASSWORD_FILE=str(tmp_path / "none"))

    assert done.returncode == 1
    assert done.stderr.startswith(f"fab provision: there is no vault password in {tmp_path / 'none'}: copy")
    assert len(done.stderr.splitlines()) == 1


PLAYBOOK = """\
- name: Try it
  hosts: all
  gather_facts: false
  tasks:
    - {name: Stay, ansible.builtin.command: "true", changed_when: false}
    - {name: Change, ansible.builtin.command: "true", changed_when: true, check_mode: false}
    - {name: Speak, ansible.builtin.debug: {msg: Hello}}
    - {name: Fail, ansible.builtin.fail: {msg: Oh dear}, when: inventory_hostname == 'bad'}
"""


@pytest.fixture
def playbook(tmp_path: Path) -> list[str]:
    """A run on two hosts, of which the second is lost in the end."""
    (tmp_path / "try.yml").write_text(PLAYBOOK)
    hosts = "all: {vars: {ansible_connection: local}, hosts: {good: {}, bad: {}}}"
    (tmp_path / "hosts.yml").write_text(hosts)
    return [tool("ansible-playbook"), str(tmp_path / "try.yml"), "-i", str(tmp_path / "hosts.yml")]


def test_a_run_tells_changes_failures_and_figures(
    playbook: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(PlaybookFailed, match="ended with 2: the last errors above say why"):
        run_playbook(playbook)

    shown = capfd.readouterr().out
    assert "TASK [Change]" in shown
    assert "changed: [good]" in shown
    assert "good: Hello" in shown
    assert "Oh dear" in shown
    assert "Stay" not in shown
    assert re.search(r"^0:0\d  Try it$", shown, re.MULTILINE)
    assert re.search(r"After \d+ min \d+ s: changed: good \(1\); FAILED: bad\n\Z", shown)


def test_a_verbose_run_tells_all(playbook: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    run_playbook([*playbook, "--limit", "good"], verbose=True)

    shown = capfd.readouterr().out
    assert "TASK [Stay]" in shown
    assert "PLAY RECAP" in shown


def test_a_comparison_tells_its_plays_and_whom_it_lost(playbook: list[str]) -> None:
    plays: list[str] = []

    with pytest.raises(PlaybookFailed, match="did not come to its end: bad: Fail: Oh dear"):
        list(find_differences(playbook, plays.append))

    assert plays == ["Try it"]


def test_help_of_a_verb_is_no_run_of_it() -> None:
    said = fab("help", "drift")

    assert said.returncode == 0
    assert said.stdout.startswith("Usage: fab [--core-opts] drift")
    assert said.stderr == ""


def test_help_is_no_name_that_a_verb_is_given() -> None:
    said = fab("trace", "--help")

    assert said.returncode == 1
    assert said.stderr == "fab trace: its help: fab --help trace\n"
