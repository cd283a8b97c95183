"""The wheel: what is in it, that it is the same whoever builds it, and that the site runs from it alone."""

import secrets
import shutil
import socket
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devstack.layout import ROOT
from devstack.processes import wait_for
from devstack.servers import Server
from tests.addresses import DatabaseUrls, unmeasured_environment
from tests.packaging.pythons import find_pythons

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]

PYTHONS = find_pythons()
BUILT_FROM = ("app", "requirements", "setup.py", "pyproject.toml", "MANIFEST.in", "LICENSE", "README.md")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a checkout holds, as it is now: somebody may be writing in it."""
    target = tmp_path_factory.mktemp("source") / "checkout"
    target.mkdir()
    left_out = shutil.ignore_patterns("__pycache__", "*.egg-info", "*.pyc")
    for name in BUILT_FROM:
        origin = ROOT / name
        if origin.is_dir():
            shutil.copytree(origin, target / name, ignore=left_out)
        elif origin.exists():
            shutil.copy(origin, target / name)
    return target


def build(source: Path, target: Path, umask: int) -> Path:
    """A wheel from a copy of the source whose file modes and times are those of another checkout."""
    copy = shutil.copytree(source, target / "checkout", copy_function=shutil.copyfile)
    for path in copy.rglob("*"):
        path.chmod((0o777 if path.is_dir() else 0o666) & ~umask)
    dist = target / "dist"
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(dist), str(copy)]
    environment = {
        name: value for name, value in unmeasured_environment().items() if name != "SOURCE_DATE_EPOCH"
    }
    done = subprocess.run(
        command, umask=umask, env=environment, capture_output=True, text=True, check=False, cwd=copy
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = dist.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(source, tmp_path_factory.mktemp("wheel"), 0o022)


def test_the_same_source_gives_the_same_bytes(source: Path, wheel: Path, tmp_path: Path) -> None:
    again = build(source, tmp_path / "another place", 0o077)
    assert again.name == wheel.name
    assert again.read_bytes() == wheel.read_bytes()


def test_it_installs_one_package_with_all_its_files(source: Path, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"microblog"}
    package = source / "app" / "microblog"
    expected = {
        f"microblog/{path.relative_to(package).as_posix()}" for path in package.rglob("*") if path.is_file()
    }
    assert {name for name in names if name.startswith("microblog/")} == expected
    assert any(name.startswith("microblog/web/templates/") for name in names)
    assert any(name.startswith("microblog/web/static/") for name in names)
    assert "microblog/data/migrations/script.py.mako" in names


def test_each_folder_of_modules_is_a_package() -> None:
    """Else find_packages would leave it out."""
    package = ROOT / "app" / "microblog"
    folders = {path.parent for path in package.rglob("*.py")} - {package / "data" / "migrations" / "versions"}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


@pytest.fixture(scope="module", params=sorted(PYTHONS))
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """The programs' folder of an environment that holds the run-time lock and the wheel, and nothing else.

    One for each supported Python that is here.
    """
    home = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([PYTHONS[request.param], "-m", "venv", "--without-pip", str(home)], check=True)
    uv = [
        str(Path(sys.executable).parent / "uv"),
        "pip",
        "install",
        "--quiet",
        "--python",
        str(home / "bin" / "python"),
    ]
    lock = str(ROOT / "requirements" / "runtime.txt")
    subprocess.run([*uv, "--require-hashes", "--requirement", lock], check=True, cwd="/")
    subprocess.run([*uv, "--no-deps", str(wheel)], check=True, cwd="/")
    subprocess.run([*uv[:2], "check", "--quiet", *uv[4:]], check=True, cwd="/")
    return home / "bin"


def test_the_command_names_its_parts(installed: Path) -> None:
    done = subprocess.run(
        [str(installed / "microblog"), "--help"], capture_output=True, text=True, check=False, env={}, cwd="/"
    )
    assert done.returncode == 0, done.stderr
    for name in (
        "web",
        "worker",
        "beat",
        "relay",
        "exporter",
        "db",
        "seed",
        "account",
        "stats",
        "jobs",
        "config",
    ):
        assert name in done.stdout


@pytest.fixture
def site(
    installed: Path,
    make_database: Callable[..., DatabaseUrls],
    environment: dict[str, str],
    worker_name: str,
    process_logs: Path,
) -> Iterator[str]:
    """The site's address, started from the wheel on an empty database that its own command migrated."""
    database = make_database(f"wheel_{worker_name}_{secrets.token_hex(4)}", migrated=False)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = environment | {
        "MICROBLOG_ENV": "development",
        "MICROBLOG_BASE_URL": f"http://localhost:{port}",
        "MICROBLOG_DATABASE_URL": database.app,
        "MICROBLOG_OWNER_DATABASE_URL": database.owner,
        "MICROBLOG_WEB_BIND": f"127.0.0.1:{port}",
        "MICROBLOG_WEB_WORKERS": "1",
    }
    program = str(installed / "microblog")
    subprocess.run([program, "db", "upgrade"], env=own, check=True, cwd="/")
    log = process_logs / f"wheel-{worker_name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen([program, "web"], env=own, cwd="/", stdout=output, stderr=output)
    with Server(process):
        address = f"http://127.0.0.1:{port}"

        def answers() -> bool:
            assert process.poll() is None, log.read_text()
            try:
                with urllib.request.urlopen(f"{address}/readyz", timeout=5):
                    return True
            except OSError:
                return False

        wait_for(answers, 60, log.read_text)
        yield address


def test_the_site_runs_from_it(site: str) -> None:
    with urllib.request.urlopen(site, timeout=10) as page:
        markup = page.read().decode()
    assert page.status == 200
    assert "</html>" in markup
    stylesheet = markup.partition('rel="stylesheet" href="')[2].partition('"')[0]
    with urllib.request.urlopen(site + stylesheet, timeout=10) as sheet:
        assert sheet.headers.get_content_type() == "text/css"
