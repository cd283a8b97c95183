"""`microblog assets export`: what a web server gets to serve."""

import stat
from pathlib import Path

import pytest

from microblog.cli.assets import FOLDER
from microblog.web.assets import read_static_files
from tests.cli.conftest import Run


def test_the_files_lie_where_pages_look_for_them(run: Run, tmp_path: Path) -> None:
    result = run("assets", "export", str(tmp_path / "static"))

    assert result.exit_code == 0, result.output
    files = read_static_files(FOLDER)
    assert files.contents
    for name, content in files.contents.items():
        path = tmp_path / files.url(name).removeprefix("/")
        assert path.read_bytes() == content
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o755
    assert result.stdout.startswith(f"Wrote {len(files.contents)} files to ")


def test_again_changes_nothing_and_other_releases_files_stay(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "0123456789ab"
    other.mkdir()
    run("assets", "export", str(tmp_path))

    result = run("assets", "export", str(tmp_path))

    assert result.stdout.strip().endswith("is there already")
    assert len(list(tmp_path.iterdir())) == 2
    assert other.is_dir()


def test_it_needs_no_settings(run: Run, tmp_path: Path) -> None:
    result = run("assets", "export", str(tmp_path), changes={"MICROBLOG_SECRET_KEY": None})

    assert result.exit_code == 0


def test_a_broken_export_leaves_nothing(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_path: Path, _content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    result = run("assets", "export", str(tmp_path))

    assert result.exit_code == 1
    assert "No space left on device" in result.stderr
    assert list(tmp_path.iterdir()) == []
