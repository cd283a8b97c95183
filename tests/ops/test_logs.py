"""The program that `fab logs` runs on hosts, and how it gets there."""

import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from devstack.processes import wait_for
from ops.inventory import Answer, Host
from ops.verbs import logs as verb_logs
from ops.verbs.ask import make_command, read_program
from ops.verbs.remote import logs
from ops.verbs.terminal import VerbError
from tests.ops.remote_programs import words_here


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host's /var/log: two programs' logs, one of nginx's; no units."""
    monkeypatch.setattr(logs, "FOLDERS", {str(tmp_path / "m"): "{name}", str(tmp_path / "n"): "nginx-{name}"})
    monkeypatch.setattr(logs, "UNITS", ("none-such.service",))
    (tmp_path / "m").mkdir()
    (tmp_path / "n").mkdir()
    (tmp_path / "m" / "beat.log").write_text("".join(f"beat {number}\n" for number in range(100)))
    (tmp_path / "m" / "worker-mail.log").write_text("mail id.7\nmail idx7\n")
    (tmp_path / "n" / "access.log").write_text("GET id.7\n")
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    # Only the lab has systemd; here it knows no unit.
    (bin_folder / "systemctl").write_text("#!/bin/sh\n")
    (bin_folder / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_folder}:{os.environ['PATH']}")
    return tmp_path


def lines_of(
    capsys: pytest.CaptureFixture[str], program: str = "", text: str = "", lines: str = "1"
) -> list[str]:
    assert logs.main(program, lines, text, follow=False) == 0
    return capsys.readouterr().out.splitlines()


@pytest.mark.usefixtures("folder")
def test_each_line_has_its_program(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines_of(capsys) == ["beat: beat 99", "worker-mail: mail idx7", "nginx-access: GET id.7"]


@pytest.mark.usefixtures("folder")
def test_a_program_is_named_wholly_by_its_beginning_or_a_pattern(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines_of(capsys, "nginx") == ["nginx-access: GET id.7"]
    assert lines_of(capsys, "beat") == ["beat: beat 99"]
    assert lines_of(capsys, "*-mail") == ["worker-mail: mail idx7"]


@pytest.mark.usefixtures("folder")
def test_a_text_is_looked_for_as_it_is_in_whole_logs(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines_of(capsys, text="id.7") == ["worker-mail: mail id.7", "nginx-access: GET id.7"]
    assert lines_of(capsys, text="beat 0") == ["beat: beat 0"]


@pytest.mark.usefixtures("folder")
def test_an_unknown_program_ends_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert logs.main("bat", "1", "", follow=False) == logs.NO_SUCH_PROGRAM
    assert capsys.readouterr().out == "beat worker-mail nginx-access\n"


def test_an_unknown_program_is_an_error_with_all_hosts_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [
        Answer(Host("a", (), {}), failed=True, output="beat relay", code=logs.NO_SUCH_PROGRAM),
        Answer(Host("b", (), {}), failed=True, output="haproxy", code=logs.NO_SUCH_PROGRAM),
        Answer(Host("c", (), {}), failed=True, output="No route to host", code=255),
    ]
    monkeypatch.setattr(verb_logs, "ask_hosts", lambda *_, **__: answers)

    with pytest.raises(VerbError, match="no program 'bat' has logs there; there are beat, haproxy, relay"):
        verb_logs.print_logs([], "", "", "bat", "")


def test_a_host_that_is_away_hides_no_others_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = [
        Answer(Host("a", (), {}), failed=True, output="No route to host", code=255),
        Answer(Host("b", (), {}), failed=False, output="beat: x\nbeat: y", code=0),
    ]
    monkeypatch.setattr(verb_logs, "ask_hosts", lambda *_, **__: answers)

    with pytest.raises(VerbError, match="a: No route to host"):
        verb_logs.print_logs([], "", "", "", "")

    assert capsys.readouterr().out == "b beat: x\nb beat: y\n"


@pytest.fixture
def following(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """The program on its host, following all logs from now on, as a process of its own."""
    text = read_program("logs")
    for name in ("m", "n"):
        old = {"m": "/var/log/microblog", "n": "/var/log/nginx"}[name]
        text = text.replace(f'"{old}"', repr(str(folder / name)))
    request = {"program": "", "lines": "0", "text": "", "follow": True}
    command, sent = make_command("logs", text, request)
    words = words_here(command)
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        process.stdin.write(sent)
        process.stdin.flush()
        yield process
        process.kill()


def _keep(process: "subprocess.Popen[str]", shown: list[str]) -> None:
    # Each line is in the list as soon as it comes.
    shown.extend(line.strip() for line in process.stdout or ())


def test_it_follows_logs_that_come_and_ends_with_whoever_asked(
    following: "subprocess.Popen[str]", folder: Path
) -> None:
    assert following.stdin is not None
    (folder / "m" / "web-green.log").write_text("")
    shown: list[str] = []
    reader = threading.Thread(target=lambda: _keep(following, shown))
    reader.start()

    def has_both() -> bool:
        for name in ("beat", "web-green"):
            with (folder / "m" / f"{name}.log").open("a") as log:
                log.write("news\n")
        return {"beat: news", "web-green: news"} <= set(shown)

    wait_for(has_both, 20, lambda: f"only {shown}")
    following.stdin.close()

    assert following.wait(20) == 0
    reader.join()


def test_what_a_terminal_would_obey_is_shown_instead() -> None:
    assert verb_logs.make_harmless("a\tb \x1b[2J\x07\x0c ä\n") == "a\tb \\x1b[2J\\x07\\x0c ä"
