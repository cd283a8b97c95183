"""What a person asks for reaches the hosts' programs, and no command line that sudo writes down."""

import ast
import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

from ops.inventory import REPOSITORY, Host, ask_hosts
from ops.verbs import ask, hosts
from ops.verbs.ask import REMOTE, make_command, microblog_command, read_program, remote_program
from tests.ops.remote_programs import read_request

ADDRESS = "ada@example.org"
#: Says what it was asked and what comes after, and that it is over when nothing more does.
PROGRAM = """
import sys
print(sys.argv[-1], flush=True)
for line in sys.stdin:
    print("more", line, end="")
print("over")
"""
HOST = Host("worker1", ("worker",), {})


@pytest.fixture
def noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This machine as the host: what sudo would write down, and a `microblog` that says how it was called."""
    (tmp_path / "sudo").write_text(
        f'#!/bin/sh\necho "COMMAND=$*" >> {tmp_path}/noted\nshift 3\nexec "$@"\n', encoding="utf-8"
    )
    (tmp_path / "microblog-run").write_text(
        '#!/bin/sh\nfor word; do echo "<$word>"; done\ntest -t 0 && echo terminal\nhead -n 1\nexit 7\n',
        encoding="utf-8",
    )
    for name in ("sudo", "microblog-run"):
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    text = (REMOTE / "microblog.py").read_text(encoding="ascii")
    (tmp_path / "remote").mkdir()
    (tmp_path / "remote" / "microblog.py").write_text(
        text.replace("/opt/microblog/bin/microblog-run", str(tmp_path / "microblog-run")), encoding="ascii"
    )
    monkeypatch.setattr(Host, "ssh_command", lambda *_, **__: ["sh", "-c"])
    return tmp_path / "noted"


def test_a_request_comes_with_the_program_and_what_follows_is_the_programs(noted: Path) -> None:
    command, sent = make_command("logs", PROGRAM, {"text": f"{ADDRESS} ä"})
    (answer,) = ask_hosts([HOST], command, stdin=f"{sent}line\n")

    assert answer.output == '{"text": "ada@example.org \\u00e4"}\nmore line\nover'
    assert noted.read_text().startswith("COMMAND=-n -u root python3 -c ")
    assert noted.read_text().endswith(" fab-logs\n")
    assert ADDRESS not in noted.read_text()


def test_the_program_works_while_whoever_asked_is_there(noted: Path) -> None:
    command, sent = make_command("logs", PROGRAM, {})
    with subprocess.Popen(
        ["sh", "-c", command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(sent)
        process.stdin.flush()
        assert process.stdout.readline() == "{}\n"
        process.stdin.close()
        assert process.stdout.read() == "over\n"


@pytest.mark.parametrize("name", sorted(path.stem for path in REMOTE.glob("[!_]*.py")))
def test_programs_for_hosts_are_whole_and_ascii(name: str) -> None:
    command, sent = remote_program(name, program="it's")

    assert sent.isascii()
    assert read_request(command, sent) == {"program": "it's"}
    imports = [node for node in ast.walk(ast.parse(read_program(name))) if isinstance(node, ast.ImportFrom)]
    assert not [node.module for node in imports if (node.module or "").startswith("ops")]


def run_microblog(monkeypatch: pytest.MonkeyPatch, remote: Path, command: str) -> None:
    monkeypatch.setattr(ask, "REMOTE", remote)
    monkeypatch.setattr(hosts, "read_hosts", lambda *_, **__: [HOST])
    hosts.run.body.__wrapped__(None, command)


def test_a_command_gets_its_words_and_what_comes_on_standard_input(
    noted: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"secret\n")
    before = os.dup(0)
    os.dup2(reading, 0)
    try:
        # Its other end stays open: nobody waits for more than the command takes.
        with pytest.raises(SystemExit) as ended:
            run_microblog(
                monkeypatch, noted.parent / "remote", f"microblog account create anna --email '{ADDRESS} $x'"
            )
    finally:
        os.dup2(before, 0)
        for each in (reading, writing, before):
            os.close(each)

    assert ended.value.code == 7
    words = ["current", "account", "create", "anna", "--email", f"{ADDRESS} $x"]
    assert capfd.readouterr().out.splitlines() == [*(f"<{word}>" for word in words), "secret"]
    assert ADDRESS not in noted.read_text()
    assert noted.read_text().startswith("COMMAND=-n -u microblog python3 -c ")


def test_on_a_terminal_a_command_may_ask(noted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask, "REMOTE", noted.parent / "remote")
    command, sent = microblog_command("account", "create", f"it's {ADDRESS}", terminal=True)
    assert sent == ""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp("sh", ["sh", "-c", command])
    os.write(terminal, b"typed\n")
    said = b""
    # The end of a terminal is an error.
    while part := read_terminal(terminal):
        said += part
    os.close(terminal)
    os.waitpid(pid, 0)

    lines = said.decode().splitlines()
    assert f"<it's {ADDRESS}>" in lines
    assert lines[lines.index("terminal") + 1 :] in (["typed"], ["typed", "typed"])
    assert ADDRESS not in noted.read_text()


def read_terminal(terminal: int) -> bytes:
    try:
        return os.read(terminal, 10_000)
    except OSError:
        return b""


def test_no_verb_makes_a_sudo_of_its_own_with_what_it_is_given() -> None:
    found = {
        line.strip()
        for path in (REPOSITORY / "ops" / "verbs").rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if path.name != "ask.py" and re.search("""["']sudo\\b""", line)
    }
    assert found == {
        'hosts if not limit else _named(hosts, limit), "sudo -n true", seconds=ANSWER_SECONDS',
        'commands = {"on": f"sudo -n touch {MAINTENANCE}", "off": f"sudo -n rm -f {MAINTENANCE}"}',
    }
