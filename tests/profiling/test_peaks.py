"""The line that takes most memory is named, at the highest moment and after the last run."""

import json
from pathlib import Path

import pytest

from profiling import peaks
from tests.profiling import cases

WORDS = ("--runs", "20")
SIZE = 5_000_000


class Peak:
    """Takes much at once and gives it back; of each run it keeps a little."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []

    def __call__(self) -> None:
        self.kept.append(bytes(10_000))
        assert len(bytearray(SIZE)) == SIZE


def look(monkeypatch: pytest.MonkeyPatch, folder: Path, *words: str) -> tuple[list[str], float, str]:
    """The first line of the table, the bytes in use and the picture."""
    code, text = cases.command(monkeypatch, peaks, Peak(), *WORDS, *words, "--output", str(folder))
    assert code == 0
    [path] = folder.glob("peaks-*.json")
    first = cases.table(text, "asked by")[0]
    return first.split(), json.loads(path.read_text())["bytes"], path.with_suffix(".html").read_text()


def test_the_line_of_the_highest_moment_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first, size, page = look(monkeypatch, tmp_path)

    assert SIZE < size < 1.3 * SIZE
    assert first[-1].startswith("tests/profiling/test_peaks.py:")
    assert float(first[-4].replace(",", "")) * 1024 == pytest.approx(SIZE, rel=0.01)
    assert "test_peaks.py" in page
    assert 'src="http' not in page


def test_what_is_kept_is_told_by_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first, size, _ = look(monkeypatch, tmp_path, "--kept")

    assert 200_000 < size < SIZE / 5
    assert first[-2:] == ["20", first[-1]]
    assert first[-1].startswith("tests/profiling/test_peaks.py:")
