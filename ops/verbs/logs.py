"""fab logs: what all programs of all hosts say."""

import re
import subprocess
import sys
import threading

from fabric import Connection

from ops.inventory import Host, ask_hosts, read_hosts
from ops.verbs.ask import remote_program
from ops.verbs.remote.logs import NO_SUCH_PROGRAM
from ops.verbs.terminal import TO, VerbError, verb

PROGRAM = re.compile(r"[\w*@.-]*")
READ_SECONDS = 120
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


@verb(
    help=TO
    | {
        "host": "only these hosts, between commas",
        "program": "only this program: web-blue, worker-mail, nginx, haproxy, postgresql, redis…",
        "lines": "how many of each log",
        "grep": "only lines with this text, such as a request's id, out of the whole logs",
        "follow": "go on as lines come, until Ctrl-C",
    }
)
def logs(
    _context: Connection,
    to: str = "lab",
    host: str = "",
    program: str = "",
    lines: str = "20",
    grep: str = "",
    follow: bool = False,  # noqa: FBT001, FBT002 - fabric makes it --follow
) -> None:
    """Show the programs' logs of all hosts, each line with its host and program."""
    if not PROGRAM.fullmatch(program):
        raise VerbError(f"{program!r} is no program's name; fab status lists them")
    if not lines.isdecimal():
        raise VerbError(f"--lines takes a number, not {lines!r}")
    hosts = read_hosts(to, host)
    command, text = remote_program("logs", program=program, lines=lines, text=grep, follow=follow)
    if follow:
        _require_program(hosts, program)
        follow_logs(hosts, command, text)
        return
    print_logs(hosts, command, text, program, grep)


def print_logs(hosts: list[Host], command: str, text: str, program: str, grep: str) -> None:
    """Print the hosts' lines. Raises `VerbError` where no host has the program, or one did not answer."""
    answers = ask_hosts(hosts, command, seconds=READ_SECONDS, stdin=text)
    without = [answer for answer in answers if answer.code == NO_SUCH_PROGRAM]
    found = [answer for answer in answers if not answer.failed]
    if without and not found:
        raise no_such_program(program, [answer.output for answer in without])
    for answer in found:
        for line in answer.output.split("\n") if answer.output else ():
            print(f"{answer.host.name} {make_harmless(line)}")
    if grep and not any(answer.output for answer in found):
        print(f"No line of {len(found)} hosts has {grep!r}", file=sys.stderr)
    silent = [answer for answer in answers if answer.failed and answer not in without]
    if silent:
        raise VerbError("; ".join(f"{answer.host.name}: {answer.output}" for answer in silent))


def make_harmless(line: str) -> str:
    """The line without what a terminal would obey: who holds a program writes its log."""
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), line.rstrip("\n"))


def no_such_program(program: str, lists: list[str]) -> VerbError:
    """The error that lists what programs there are; `lists` is what the hosts said."""
    names = sorted({name for names in lists for name in names.split()})
    return VerbError(f"no program {program!r} has logs there; there are {', '.join(names) or 'none'}")


def _require_program(hosts: list[Host], program: str) -> None:
    if program:
        command, text = remote_program("logs", program=program, lines="0", text="", follow=False)
        answers = ask_hosts(hosts, command, stdin=text)
        if all(answer.code == NO_SUCH_PROGRAM for answer in answers):
            raise no_such_program(program, [answer.output for answer in answers])


def follow_logs(hosts: list[Host], command: str, text: str) -> None:
    """Print what the command says on all hosts, until Ctrl-C or until all have ended."""
    processes = [
        subprocess.Popen(
            [*host.ssh_command(), command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for host in hosts
    ]
    threads = [
        threading.Thread(target=_print_lines, args=(host, process), daemon=True)
        for host, process in zip(hosts, processes, strict=True)
    ]
    for process, thread in zip(processes, threads, strict=True):
        assert process.stdin is not None
        # Left open: its end would end the command.
        process.stdin.write(text)
        process.stdin.flush()
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except KeyboardInterrupt:
        pass
    finally:
        for process in processes:
            process.terminate()


def _print_lines(host: Host, process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        print(f"{host.name} {make_harmless(line)}", flush=True)
    code = process.wait()
    if code not in {0, NO_SUCH_PROGRAM}:
        print(f"{host.name} no longer answers", file=sys.stderr, flush=True)
