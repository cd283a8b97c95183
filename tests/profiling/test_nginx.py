"""The bench's nginx has our roles' configuration, in a folder of its own; without any, it says what to do."""

import re
import shutil
from pathlib import Path

import pytest

from profiling import cached, nginx
from profiling.measuring import MeasuringError
from profiling.nginx import NoNginxError, Program, configure, find_program

#: Places of a real host.
OUTSIDE = re.compile(r"/etc/|/var/|/opt/|/run/nginx|www-data|listen \d")


@pytest.fixture
def configuration(tmp_path: Path) -> str:
    types = tmp_path / "types"
    types.write_text("types {}")
    configure(Program(Path("nginx"), types), tmp_path / "bench", tmp_path / "web.sock")
    return "".join(path.read_text() for path in (tmp_path / "bench").rglob("*.conf"))


def test_all_is_in_the_folder(configuration: str, tmp_path: Path) -> None:
    assert OUTSIDE.findall(configuration.replace(str(tmp_path), "")) == []
    assert configuration.count(f"listen unix:{tmp_path}/bench/nginx.sock") == 2
    assert (tmp_path / "bench/run/current.sock").readlink() == tmp_path / "web.sock"


def test_the_cache_is_that_of_the_role(configuration: str) -> None:
    assert "proxy_cache_key $host$request_uri|$page_theme|$page_language;" in configuration
    assert "proxy_cache_use_stale updating" in configuration
    assert "rate=1000000r/s" in configuration


def test_without_nginx_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_names, **_options: None)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(NoNginxError, match=r"there is no nginx here .*apt-get install nginx"):
        find_program(tmp_path / "kept")


def test_what_was_fetched_before_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_names, **_options: None)
    monkeypatch.setattr(nginx, "ROOT", tmp_path / "nowhere")
    (tmp_path / "mime.types").touch()
    (tmp_path / "nginx").symlink_to("/bin/true")

    assert find_program(tmp_path) == Program(tmp_path / "nginx", tmp_path / "mime.types")


@pytest.mark.parametrize("passed_on", [0, 300])
def test_pages_that_are_no_cached_ones_end_the_bench(tmp_path: Path, passed_on: int) -> None:
    log = tmp_path / "web.log"
    log.write_text('{"event":"http.request"}\n' * passed_on)

    with pytest.raises(MeasuringError, match=f"{passed_on} of 4000 requests"):
        cached.check_log(log, 4_000)
    log.write_text('{"event":"http.request"}\n' * 50)
    cached.check_log(log, 4_000)
