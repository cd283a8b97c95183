"""The command line: what a person can mend is told in one line, before minutes are spent."""

from pathlib import Path

import pytest

from profiling import __main__ as program
from profiling import plans


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.argv", ["profiling", *words])
    monkeypatch.setattr(program, "end_softly", lambda: None)
    return program.main()


def test_a_folder_that_takes_no_results_is_told_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(plans, "run", lambda *_: pytest.fail("it was measured"))

    assert run(monkeypatch, "plans", "--output", str(tmp_path / "file" / "in")) == 1
    error = capsys.readouterr().err
    assert error == f"profiling: --output {tmp_path / 'file' / 'in'}: Not a directory\n"


def test_a_full_disk_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def fill(*_: object) -> int:
        with Path("/dev/full").open("w") as disk:
            disk.write("more")
        return 0

    monkeypatch.setattr(plans, "run", fill)

    assert run(monkeypatch, "plans", "--output", str(tmp_path)) == 1
    assert capsys.readouterr().err == "profiling: [Errno 28] No space left on device\n"
