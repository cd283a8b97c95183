import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from microblog.cli import exporter
from microblog.cli.measuring import PROGRAM_VARIABLE, VARIABLE, mark_dead, prepare_metrics
from microblog.settings import Settings


def test_without_a_folder_nothing_happens(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)

    prepare_metrics(settings, "web")
    mark_dead(1)

    assert VARIABLE not in os.environ


def test_a_process_that_was_not_told_its_folder_starts_anew(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "/elsewhere")
    started: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _program, arguments: started.append(arguments))

    prepare_metrics(replace(settings, metrics_dir=tmp_path), "web")

    assert started == [[sys.executable, *sys.orig_argv[1:]]]
    assert os.environ[VARIABLE] == str(tmp_path / "web")


def test_supervisord_names_the_folder(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "/elsewhere")
    monkeypatch.setattr(os, "execv", lambda *_: None)
    folders = []
    for name in ("web-blue", "../odd", ""):
        monkeypatch.setenv(PROGRAM_VARIABLE, name)
        prepare_metrics(replace(settings, metrics_dir=tmp_path), "web")
        folders.append(os.environ[VARIABLE])

    assert folders == [str(tmp_path / "web-blue"), *[str(tmp_path / "web")] * 2]


def test_what_former_processes_counted_is_kept_when_a_program_starts(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count_in_process(tmp_path / "web", 2)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "web"))

    prepare_metrics(replace(settings, metrics_dir=tmp_path), "web")

    assert (tmp_path / "web" / "counter_folded-1.db").exists()
    assert not list((tmp_path / "web").glob("counter_[0-9]*"))
    assert "microblog_statuses_posted_total 2.0\n" in read(tmp_path)


def test_live_gauges_of_a_dead_child_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    live, counter = tmp_path / "gauge_livesum_42.db", tmp_path / "counter_42.db"
    live.touch()
    counter.touch()

    mark_dead(42)

    assert not live.exists()
    assert counter.exists()


def count_in_process(folder: Path, amount: int) -> None:
    folder.mkdir(parents=True)
    program = f"from microblog.observability.metrics import STATUSES_POSTED; STATUSES_POSTED.inc({amount})"
    subprocess.run([sys.executable, "-c", program], env={**os.environ, VARIABLE: str(folder)}, check=True)


def read(folder: Path) -> str:
    environ: dict[str, object] = {"PATH_INFO": "/metrics"}
    setup_testing_defaults(environ)
    return b"".join(exporter.make_app(folder)(environ, lambda *_: lambda _: None)).decode()


def test_the_programs_figures_are_added_up(tmp_path: Path) -> None:
    count_in_process(tmp_path / "web", 2)
    count_in_process(tmp_path / "worker-mail", 3)

    assert "microblog_statuses_posted_total 5.0\n" in read(tmp_path)


@pytest.mark.parametrize("times", [1, exporter.ATTEMPTS])
def test_a_file_that_goes_away_meanwhile_does_no_harm(
    times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count_in_process(tmp_path / "web", 2)
    real, failures = exporter.FolderCollector._read, [True] * times

    def read_once_more(self: exporter.FolderCollector, **options: Any) -> object:
        if failures:
            failures.pop()
            raise FileNotFoundError
        return real(self, **options)

    monkeypatch.setattr(exporter.FolderCollector, "_read", read_once_more)

    assert "microblog_statuses_posted_total 2.0\n" in read(tmp_path)
