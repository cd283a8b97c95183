"""Where the time of a request, a job and a program goes, asked of the lab's hosts; and who may not ask."""

import re
import subprocess
import time
from pathlib import Path

import pytest

from devstack.processes import wait_for
from microblog.cli.visiting import VisitFailed
from microblog.domain.profile_tickets import make_target, sign
from microblog.http.profiling import HEADER
from ops.inventory import REPOSITORY, tool
from tests.lab.load import Account
from tests.lab.sites import Site

pytestmark = pytest.mark.lab

FOLDER = REPOSITORY / "var" / "profiling"
JOB_SECONDS = 60
PROFILED_JOB = re.compile(r"^(\d+) +job +statuses\.fan_out ", re.MULTILINE)
KEY = "eval $(grep ^MICROBLOG_PROFILE_KEY= /etc/microblog/environment); echo $MICROBLOG_PROFILE_KEY"


def fab(*words: str) -> str:
    done = subprocess.run([tool("fab"), *words], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def written(said: str) -> list[Path]:
    """The files that a verb says it wrote."""
    return [Path(line) for line in said.splitlines() if line.startswith(str(FOLDER))]


def test_one_request_is_profiled_and_fetched_again(site: Site) -> None:
    said = fab("profile", "/explore", "--host", "web2")
    profile_id = said.split()[1].rstrip(":")
    again = fab("profile", profile_id)

    assert ": GET /explore, 200" in said
    assert said.splitlines()[1].startswith("on web2, ")
    assert again == said
    assert sorted(path.suffix for path in written(said)) == [".json", ".pstats", ".svg"]
    assert "<svg" in FOLDER.joinpath(f"request-{profile_id}.svg").read_text(encoding="utf-8")


def test_neither_edge_nor_nginx_lets_a_ticket_through(site: Site) -> None:
    key = site.sudo("web1", KEY)
    assert len(key) == 64
    domain = site.hosts["lb1"].variables["microblog_domain"]
    ticket = sign(key, "GET", make_target("/about"), time.time())
    header, host = f"-H '{HEADER}: {ticket}'", f"-H 'Host: {domain}'"
    curl = f"curl -s -D - -o /dev/null {header} {host}"

    try:
        edge = site.visitor().ask("GET", "/about", headers={HEADER: ticket})
    except VisitFailed as error:
        pytest.fail(str(error))
    nginx = site.sudo("lb1", f"{curl} http://{site.hosts['web1'].address}:8080/about")
    socket = site.sudo("web1", f"{curl} --unix-socket /var/lib/microblog/run/current.sock http://x/about")
    twice = site.sudo("web1", f"{curl} --unix-socket /var/lib/microblog/run/current.sock http://x/about")

    assert edge.status == 200
    assert HEADER.lower() not in edge.headers
    assert " 200" in nginx.splitlines()[0]
    assert HEADER.lower() not in nginx.lower()
    # It was good all the time: for who is on the host, once.
    assert f"{HEADER}: profiled".lower() in socket.lower()
    assert HEADER.lower() not in twice.lower()


def test_one_job_is_profiled(site: Site, accounts: list[Account]) -> None:
    fab("profile", "statuses.fan_out")
    visitor = site.visitor()
    visitor.cookies = dict(accounts[0].cookies)
    visitor.submit("/home", "/write", text="Where does the time go?")

    def find() -> str:
        found = re.search(
            r"^(\d+) +job +statuses\.fan_out ", fab("run", "microblog profiles list"), re.MULTILINE
        )
        return found[1] if found else ""

    job_id = wait_for(find, JOB_SECONDS, lambda: "no job was profiled")
    said = fab("profile", job_id, "--most", "500")
    assert f"job {job_id}: statuses.fan_out, done" in said
    assert "fan_out " in said


@pytest.mark.parametrize(
    ("host", "program"), [("web1", "blue|green"), ("worker1", "worker-feeds"), ("worker1", "relay")]
)
def test_a_running_program_is_drawn(site: Site, host: str, program: str) -> None:
    if program == "blue|green":
        program = f"web-{Path(site.sudo(host, 'readlink /var/lib/microblog/run/current.sock')).stem}"
    picture, dump = written(fab("flame", host, program, "--seconds", "3", "--idle"))

    assert "<svg" in picture.read_text(encoding="utf-8")
    assert "MainThread" in dump.read_text(encoding="utf-8")
