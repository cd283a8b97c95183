"""nginx as our roles set it up, by their own templates, with all of its files in a folder of the bench."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from devstack.layout import ROOT
from devstack.processes import guarded, tail, wait_for
from devstack.servers import Server
from ops.rendering import render
from profiling.client import HOST, Client
from profiling.measuring import MeasuringError
from profiling.results import RESULTS
from profiling.servers import PLENTY, READY_SECONDS, Web

#: Where Debian's program is kept, once fetched.
FOLDER = RESULTS / "nginx"
PACKAGES = ("nginx", "nginx-common")
FILES = ("usr/sbin/nginx", "etc/nginx/mime.types")
INSTALLED = f"{os.defpath}:/usr/sbin:/usr/local/sbin"
MISSING = "there is no nginx here ({}): install it (as root: apt-get install nginx) and run this again"
#: What Debian has compiled in, and only root may write to.
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
ROLES = ROOT / "ops/roles"


class NoNginxError(MeasuringError):
    """There is no nginx, and none can be fetched; the message says what to do."""


@dataclass(frozen=True)
class Program:
    """nginx, and its list of types by files' names."""

    path: Path
    types: Path


def find_program(folder: Path = FOLDER) -> Program:
    """The machine's nginx, or Debian's, fetched into `folder` without root. Raises `NoNginxError`."""
    found, types = (
        shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:{INSTALLED}"),
        Path("/") / FILES[1],
    )
    if found and types.is_file():
        return Program(Path(found), types)
    fetched = Program(folder / "nginx", folder / "mime.types")
    if not (fetched.path.is_file() and fetched.types.is_file()):
        command = [str(ROOT / ".ci/debian-files"), str(folder), *PACKAGES, "--", *FILES]
        _run(command)
    _run([str(fetched.path), "-v"])
    return fetched


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise NoNginxError(MISSING.format(error)) from error
    if done.returncode != 0:
        raise NoNginxError(MISSING.format(done.stderr.strip().splitlines()[-1:] or done.returncode))


@contextmanager
def start_nginx(program: Program, folder: Path, application: Path) -> Iterator[Web]:
    """Nginx before the application on this socket; it serves `folder`/static as /static/. Ready for visitors.

    Raises `StackError` where it doesn't start.
    """
    configure(program, folder, application)
    socket, log = folder / "nginx.sock", folder / "start.log"
    words = [program.path, "-p", folder, "-c", folder / "nginx.conf", "-g", "daemon off;"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            guarded([str(word) for word in words], "TERM"),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    with Server(process, signal.SIGQUIT):

        def is_ready() -> bool:
            if process.poll() is not None:
                raise MeasuringError(f"nginx ended at once:\n{tail(log)}")
            try:
                with Client(socket) as client:
                    return socket.exists() and client.get("/privacy").status == 200
            except OSError:
                return False

        wait_for(is_ready, READY_SECONDS, lambda: f"nginx does not get ready:\n{tail(log)}")
        yield Web(process, socket, log)


def configure(program: Program, folder: Path, application: Path) -> None:
    """Write what the roles install on a web host, with this folder's places for the host's."""
    for name in ("sites", "cache", "static", "log", "run", "errors"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "run/current.sock").symlink_to(application)
    shutil.copy(program.types, folder / "mime.types")
    _write(folder, "nginx.conf", render("nginx_base", "nginx.conf.j2"))
    _write(folder, "sites/microblog.conf", render("nginx", "site.conf.j2", **make_values(folder)))
    temporary = "".join(f"{name}_temp_path {folder}/{name};\n" for name in TEMPORARY)
    _write(folder, "sites/temporary.conf", temporary)


def make_values(folder: Path) -> dict[str, object]:
    """The variables of the role `nginx` for a host behind an edge; a socket instead of address and port."""
    pages = yaml.safe_load((ROLES / "error_pages/vars/main.yml").read_text(encoding="utf-8"))
    plenty = int(PLENTY.split()[0])
    return {
        "error_pages_texts": pages["error_pages_texts"],
        "error_pages_headers": {"Content-Security-Policy": "default-src 'none'"},
        "private_address": "127.0.0.1",
        "private_host": "unix",
        "nginx_port": folder / "nginx.sock",
        "nginx_names": [HOST],
        "nginx_edge_addresses": ["127.0.0.1"],
        "nginx_health_addresses": [],
        "nginx_media_hosts": [],
        "nginx_body_max_bytes": 16_777_216,
        # One client asks all: no bench is to meet a limit.
        "nginx_rate_per_second": plenty,
        "nginx_rate_burst": plenty,
    }


def _write(folder: Path, name: str, text: str) -> None:
    for host, here in (
        ("user www-data;", "user root;" if os.geteuid() == 0 else ""),
        ("/run/nginx.pid", f"{folder}/nginx.pid"),
        ("127.0.0.1:8091", f"unix:{folder}/status.sock"),
        ("/var/log/nginx/", f"{folder}/log/"),
        ("/var/cache/nginx/", f"{folder}/cache/"),
        ("/var/lib/microblog/", f"{folder}/"),
        ("/opt/microblog/static/", f"{folder}/static/"),
        ("/etc/nginx/errors", f"{folder}/errors"),
    ):
        text = text.replace(host, here)
    (folder / name).write_text(text, encoding="utf-8")
