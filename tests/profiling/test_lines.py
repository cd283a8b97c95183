"""That the slow line is on top, and that a name which is none is told."""

import json
from pathlib import Path

import pytest

from profiling import lines
from profiling.hot import find_hottest
from profiling.measuring import MeasuringError
from tests.profiling import cases

CASES = cases.__name__


def test_a_slow_line_is_on_top(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    words = ("--runs", "5", "--function", f"{CASES}.slow", "--output", str(tmp_path))
    code, text = cases.command(monkeypatch, lines, cases.work, *words)

    assert code == 0
    first, second, *_ = cases.table(text, "hottest lines")
    assert {first.split()[-1], second.split("  ")[-1]} == {"slow()", "return burn(20_000)"}
    [path] = tmp_path.glob("lines-*.json")
    kept = json.loads(path.read_text())
    [work, slow] = sorted(kept["functions"], key=lambda one: one["name"], reverse=True)
    shares = {line["source"]: line["share"] for line in work["lines"]}
    assert max(shares, key=shares.__getitem__) == "slow()"
    assert [line["hits"] for line in slow["lines"]] == [5]
    assert "return burn(20_000)" in path.with_suffix(".svg").read_text()


def test_a_function_that_is_never_called_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    words = ("--only", "--function", f"{CASES}.table", "--runs", "2", "--output", str(tmp_path))
    _, text = cases.command(monkeypatch, lines, cases.work, *words)

    assert "the scenario never calls it" in text


def test_the_hottest_functions_are_found_by_themselves() -> None:
    found = find_hottest(cases.work, 2, package="tests")

    assert next(iter(found)) == f"{CASES}.burn"
    assert len(found) == 2
    assert find_hottest(cases.work, 0, package="tests") == {}


def test_functions_are_found_below_their_decorators() -> None:
    found = lines.find_function("microblog.data.session.Database.unit_of_work")

    assert found.__code__.co_filename.endswith("session.py")
    assert found.__code__.co_name == "unit_of_work"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nowhere.at_all", "there is no module 'nowhere'"),
        (f"{CASES}.slwo", "near are slow"),
        ("json.JSONEncoder.encodes", "near are encode"),
        ("math.sqrt", "is no function written in Python"),
        (f"{CASES}.CASES", "has no 'CASES'"),
    ],
)
def test_a_name_that_is_no_function_is_refused(name: str, reason: str) -> None:
    with pytest.raises(MeasuringError, match=reason):
        lines.find_function(name)


def test_nothing_to_look_at_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MeasuringError, match="--only needs a --function"):
        cases.command(monkeypatch, lines, cases.work, "--only")


def test_a_misspelt_scenario_is_refused_with_those_there_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        cases.command(monkeypatch, lines, cases.work, "--scenario", "hmoe")

    assert "'hmoe': use one of public-timeline, home" in capsys.readouterr().err
