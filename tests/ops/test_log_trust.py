"""Whom a sender of logs believes: files of the programs' user, and the journal, where anybody may write."""

import json
import os
import re
from pathlib import Path

import pytest

from devstack.processes import wait_for
from tests.ops.log_rig import DENIES, ROLES, Rig, load, make_sender, needs_rsyslog

HAS_JSON = any(Path("/usr/lib").glob("*/rsyslog/mmjsonparse.so"))


def test_files_of_the_sites_programs_are_believed_and_no_others() -> None:
    known = load("log_shipping/vars/main.yml")["log_shipping_programs"]
    workers = (ROLES / "worker/vars/main.yml").read_text(encoding="utf-8")
    groups = [f"worker-{group['name']}" for group in load("worker/defaults/main.yml")["worker_groups"]]
    programs = [program["name"] for program in load("web/vars/main.yml")["web_programs"]]
    programs += [*re.findall("'name': '([a-z-]+)',", workers), *groups, "exporter"]

    assert {"web-blue", "web-boot", "relay", "beat", "worker-next", "worker-mail"} <= set(programs)
    assert [name for name in programs if not re.search(known, name)] == []
    others = [*load("log_store/defaults/main.yml")["log_store_programs"], "web-blue.x", "x-relay", "worker-"]
    believed = [name for name in others if re.search(known, name)]
    assert [name for name in believed if not name.startswith(("web-", "worker-"))] == [
        *("streaming", "relay", "beat", "exporter")
    ]


def test_the_sender_is_nobody_who_may_do_anything() -> None:
    unit = (ROLES / "log_shipping/files/rsyslog-unit.conf").read_text(encoding="utf-8").splitlines()

    for line in ("User=microblog-shipping", "CapabilityBoundingSet=", "NoNewPrivileges=true"):
        assert line in unit, line
    # Root's are the change of owner and the note in /run alone.
    privileged = [line for line in unit if line.startswith("ExecStartPre=+")]
    assert [line.split("/bin/")[1].split()[0] for line in privileged] == ["chown", "sh"]


def test_where_the_programs_user_writes_linux_follows_no_link() -> None:
    folder = "/var/log/microblog"
    unit = (ROLES / "log_shipping/files/rsyslog-unit.conf").read_text(encoding="utf-8")
    name = f"{folder.strip('/').replace('/', '-')}.mount"
    mount = (ROLES / "log_shipping/files" / name).read_text(encoding="utf-8")

    assert f"What={folder}\nWhere={folder}\n" in mount
    assert "nosymfollow" in mount
    assert f"Wants={name}\nAfter={name}\n" in unit
    # Another mount is another for a sender that runs: what it notes is what is compared.
    noted = re.search(r"""sh -c "(\(cat(?:.|\n)*\)) > /run/rsyslog-started""", unit)
    assert noted
    run = (ROLES / "log_shipping/tasks/run.yml").read_text(encoding="utf-8")
    assert " ".join(noted[1].replace("\\\n", "").split()) in run
    assert folder in load("log_shipping/vars/main.yml")["log_shipping_folders"]


@needs_rsyslog
@pytest.mark.slow
def test_a_made_up_program_is_nobodys(rig: Rig) -> None:
    rig.start_store()
    rig.start_sender()
    for program in ("sudo", "haproxy", "postgresql", "relay"):
        rig.write(program, f"says {program}")

    wait_for(lambda: len(rig.kept("other")) == 3 and rig.kept("relay"), 20, rig.tell)
    assert {line.split(" ", 2)[2] for line in rig.kept("other")} == {
        f"unknown-file says {program}" for program in ("sudo", "haproxy", "postgresql")
    }
    assert not any(rig.kept(program) for program in ("sudo", "haproxy", "postgresql"))


@needs_rsyslog
@pytest.mark.skipif(not DENIES, reason="system calls have other numbers here")
@pytest.mark.slow
def test_no_link_is_followed_and_no_pipe_waited_for(rig: Rig) -> None:
    (rig.folder / "secret").write_text("secret\n", encoding="utf-8")
    os.mkfifo(rig.folder / "pipe")
    os.mkfifo(rig.folder / "logs/beat.log")
    (rig.folder / "logs/worker-mail.log").symlink_to(rig.folder / "secret")
    rig.start_store()
    rig.start_sender()
    rig.write("web-blue", "first")
    wait_for(lambda: len(rig.kept("web-blue")) == 1, 20, rig.tell)

    for number, name in enumerate(("secret", "pipe"), start=2):
        (rig.folder / f"logs/worker-{name}.log").symlink_to(rig.folder / name)
        rig.write("web-blue", f"after {name}")
        wait_for(lambda: len(rig.kept("web-blue")) == number, 20, rig.tell)  # noqa: B023

    rig.write("web-green", "a file that came later")
    wait_for(lambda: rig.kept("web-green"), 20, rig.tell)
    assert "secret" not in "".join(path.read_text() for path in rig.folder.glob("kept/*/*")).replace(
        "after secret", ""
    )


#: Of the journal: who a line says that it is of, what is known of who wrote it, how its program is called.
WRITERS = [
    ("kernel", {"_TRANSPORT": "kernel"}, "kernel"),
    ("sshd", {"_UID": "0", "_COMM": "sshd", "_SYSTEMD_UNIT": "ssh.service"}, "sshd"),
    ("sshd", {"_UID": "1000", "_COMM": "sshd", "_SYSTEMD_UNIT": "session-3.scope"}, "sshd"),
    ("sudo", {"_UID": "1000", "_COMM": "sudo", "_SYSTEMD_UNIT": "session-3.scope"}, "sudo"),
    ("sudo", {"_UID": "1000", "_COMM": "sudo", "_SYSTEMD_UNIT": "ssh.service"}, "sudo"),
    ("sudo", {"_UID": "0", "_COMM": "sudo"}, "sudo"),
    # Ended before the journal looked.
    ("sudo", {"_UID": "1000"}, "sudo"),
    ("sudo", {"_UID": "999"}, "user-sudo"),
    ("sudo", {"_UID": "61184"}, "user-sudo"),
    ("sudo", {"_TRANSPORT": "syslog"}, "user-sudo"),
    ("sudo", {"_UID": "1000", "_COMM": "logger", "_SYSTEMD_UNIT": "session-3.scope"}, "user-sudo"),
    ("sudo", {"_UID": "999", "_COMM": "logger", "_SYSTEMD_UNIT": "supervisord.service"}, "supervisord"),
    # A process may end as another program before the journal looks what it is called.
    ("sudo", {"_UID": "999", "_COMM": "sudo", "_SYSTEMD_UNIT": "supervisord.service"}, "supervisord"),
    ("kernel", {"_UID": "999", "_SYSTEMD_UNIT": "supervisord.service"}, "supervisord"),
    ("haproxy", {"_UID": "999", "_SYSTEMD_UNIT": "user@999.service"}, "user-haproxy"),
    ("haproxy", {"_UID": "999"}, "user-haproxy"),
    ("haproxy", {"_UID": "113", "_SYSTEMD_UNIT": "haproxy.service"}, "haproxy"),
    ("redis", {"_UID": "114", "_SYSTEMD_UNIT": "redis-server@broker.service"}, "redis-broker"),
    ("CRON", {"_UID": "0", "_SYSTEMD_UNIT": "cron.service"}, "CRON"),
    ("rsyslogd", {"_UID": "999", "_SYSTEMD_UNIT": "supervisord.service"}, "supervisord"),
]


def read_journal_from(path: Path) -> str:
    """Takes lines of JSON out of a file, as imjournal would have them."""
    return f"""
module(load="mmjsonparse")
input(type="imfile" file="{path}" tag="journal")
action(type="mmjsonparse" cookie="")
"""


@needs_rsyslog
@pytest.mark.skipif(not HAS_JSON, reason="rsyslog has no mmjsonparse")
@pytest.mark.slow
def test_the_journals_lines_are_of_who_wrote_them(rig: Rig) -> None:
    journal = rig.folder / "journal"
    own = ("rsyslogd", {"_UID": "998", "_SYSTEMD_UNIT": "rsyslog.service"}, "")
    with journal.open("w", encoding="utf-8") as file:
        for number, (said, known, _) in enumerate([own, *WRITERS]):
            fields = {"SYSLOG_IDENTIFIER": said, "_TRANSPORT": "syslog", "n": number, **known}
            file.write(json.dumps(fields) + "\n")
    before, after = "# The journal, which", read_journal_from(journal)
    rig.start_store()

    assert before in make_sender()
    rig.start_sender(
        change=lambda told: told.replace(before, f"{after}\n{before}").replace(
            "$programname", "$!SYSLOG_IDENTIFIER"
        )
    )

    def came() -> dict[int, str]:
        found = "".join(path.read_text() for path in rig.folder.glob("kept/*/*"))
        lines = [line.split(" ", 3) for line in found.splitlines()]
        return {json.loads(line[3])["n"]: line[2] for line in lines}

    wait_for(lambda: len(came()) >= len(WRITERS), 20, rig.tell)
    assert came() == {number: called for number, (*_, called) in enumerate(WRITERS, start=1)}
