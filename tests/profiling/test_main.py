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

    assert run(monkeypatch, "plans", "--output", str(tmp_path / "file" / "in")) == 2
    error = capsys.readouterr().err
    assert error == f"profiling: --output {tmp_path / 'file' / 'in'}: Not a directory\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["growth", "--rounds", "1"], "give at least 2 rounds: one tells no spread"),
        (["lines", "--only"], "--only needs a --function: there would be nothing to look at"),
        (["flame", "--pid", "1", "--program", "relay"], "--pid looks at what runs already"),
        (["flame", "--pid", "1", "--scenario", "home"], "leave out --scenario and --program"),
        (["load", "--address", "127.0.0.1"], "need --to URL"),
    ],
)
def test_wrong_arguments_end_as_the_parsers_own_do(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    words: list[str],
    said: str,
) -> None:
    monkeypatch.setattr("profiling.load.find_spec", lambda _: True)

    assert run(monkeypatch, *words, "--output", str(tmp_path)) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


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
