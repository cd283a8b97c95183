"""Every bar has a row, and the verdicts: on made-up measurements, so that no machine's mood decides."""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from devstack.layout import ROOT
from profiling import baselines, bench, cached, ceilings, footprints
from profiling.cached import PAGES
from profiling.footprints import Footprint
from profiling.kinds import KINDS
from profiling.measuring import MeasuringError
from profiling.nginx import NoNginxError
from profiling.pairs import Found, Pair

#: As the design has them: the row, and the start of its bar.
BARS = {
    "public timeline, JSON": "<= 2 times",
    "home timeline, JSON": "<= 2 times",
    "public timeline, HTML": "<= 2.5 times",
    "profile, HTML": "<= 2.5 times",
    "home timeline, HTML": "<= 2.5 times",
    "new post, JSON": "<= 2.5 times",
    "public timeline, HTML, nginx's cache": ">= 80 %",
    "profile, HTML, nginx's cache": ">= 80 %",
    "a post, HTML, nginx's cache": ">= 80 %",
    "public timeline, HTML, gzip, nginx's cache": ">= 80 %",
    "memory after load, largest process": "<= 70 MiB",
}


def found(*ratios: float) -> Found:
    return Found([Pair(0.001 * ratio, 0.001) for ratio in ratios], [1.0, 0.5], 100)


class Machine:
    """What is measured: all bars hold unless a test says otherwise."""

    def __init__(self) -> None:
        self.kinds = {kind.name: found(1.4, 1.5, 1.6) for kind in KINDS}
        self.pages = {page.bar.name: found(0.95, 0.9, 1.0) for page in PAGES}
        self.memory = [Footprint("worker, child", 64.2, 110, 3), Footprint("web", 57.1, 120, 0)]
        self.nginx_is_missing = False

    def ceilings(self, _servers: Any, plan: Any, _say: Any) -> dict[str, Found]:
        return {kind.name: self.kinds[kind.name] for kind in plan.kinds}

    def cached(self, _servers: Any, pages: Sequence[Any], _pairs: int, _say: Any) -> dict[str, Found]:
        if self.nginx_is_missing:
            raise NoNginxError("there is no nginx here: install it")
        return {page.bar.name: self.pages[page.bar.name] for page in pages}


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()

    @contextmanager
    def database(posts: int, *, say: Callable[[str], None]) -> Iterator[SimpleNamespace]:
        say(f"{posts} posts")
        yield SimpleNamespace()

    monkeypatch.setattr(bench, "database", database)
    monkeypatch.setattr(ceilings, "measure", machine.ceilings)
    monkeypatch.setattr(cached, "measure", machine.cached)
    monkeypatch.setattr(footprints, "measure", lambda _servers, _say: machine.memory)
    return machine


@pytest.fixture
def run(machine: Machine, tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Runs `bench` on the machine, with a baseline of the test's own; exit code and output."""

    def run(*words: str) -> tuple[int, str]:
        parser = argparse.ArgumentParser()
        bench.add_arguments(parser)
        said: list[str] = []
        own = ("--baseline", str(tmp_path / "baseline.json"), "--output", str(tmp_path))
        code = bench.run(parser.parse_args([*own, *words]), said.append)
        return code, "\n".join(said)

    return run


def row(text: str, name: str) -> str:
    (line,) = [one for one in text.splitlines() if one.startswith(f"{name}  ")]
    return line


def test_every_bar_has_a_row(run: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    code, text = run()

    assert code == 0
    printed = {name: row(text, name) for name in BARS}
    for name, bar in BARS.items():
        assert f"{bar} " in printed[name], name
        assert " holds " in printed[name], name
    assert "All bars hold" in text
    (path,) = tmp_path.glob("bench-*.json")
    kept = json.loads(path.read_text())
    assert [one["bar"]["name"] for one in kept["rows"]] == list(BARS)
    assert path.with_suffix(".png").read_bytes().startswith(b"\x89PNG")


def test_the_documentation_lists_the_same_bars() -> None:
    text = (ROOT / "docs/development.md").read_text(encoding="utf-8")
    table = text.split("### The bars\n", 1)[1].split("\n\n| row | bar |", 1)[1].split("\n\n", 1)[0]
    listed = dict(line.strip("| ").split(" | ")[:2] for line in table.splitlines()[2:])

    assert {name: bar.replace("`", "") for name, bar in listed.items()} == BARS


@pytest.mark.parametrize("name", sorted(BARS))
def test_a_missed_bar_is_told_and_fails(
    run: Callable[..., tuple[int, str]], machine: Machine, name: str
) -> None:
    if name in machine.kinds:
        machine.kinds[name] = found(2.7, 2.6, 2.8)
    elif name in machine.pages:
        machine.pages[name] = found(0.7, 0.75, 0.79)
    else:
        machine.memory[0] = replace(machine.memory[0], pss=70.4)

    code, text = run()

    assert code == 1
    assert " MISSED " in row(text, name)
    assert f"Bars missed: {name}\n" in text


def test_what_cannot_be_measured_fails_and_says_what_to_do(
    run: Callable[..., tuple[int, str]], machine: Machine
) -> None:
    machine.nginx_is_missing = True

    code, text = run()

    assert code == 1
    assert "NOT MEASURED" in row(text, "profile, HTML, nginx's cache")
    assert "there is no nginx here: install it" in text
    assert "Not measured: public timeline, HTML, nginx's cache; " in text
    # What else was measured isn't lost.
    assert " holds " in row(text, "new post, JSON")


def test_what_became_worse_than_the_baseline_is_told(
    run: Callable[..., tuple[int, str]], machine: Machine
) -> None:
    assert run("--save-baseline")[0] == 0
    machine.kinds["profile, HTML"] = found(1.8, 1.9, 2.0)
    machine.kinds["new post, JSON"] = found(1.0, 1.1, 1.2)
    # Higher, but some are as before.
    machine.kinds["home timeline, JSON"] = found(1.4, 1.7, 1.7)
    machine.pages["profile, HTML, nginx's cache"] = found(0.82, 0.83, 0.84)

    code, text = run()

    assert code == 1
    assert "+27% WORSE" in row(text, "profile, HTML")
    assert "-27% better" in row(text, "new post, JSON")
    assert "+13% same" in row(text, "home timeline, JSON")
    assert "+14% WORSE" in row(text, "profile, HTML, nginx's cache")
    assert "Worse than the baseline: profile, HTML; profile, HTML, nginx's cache\n" in text
    assert "Bars missed" not in text


def test_a_run_of_some_rows_renews_only_these(
    run: Callable[..., tuple[int, str]], machine: Machine, tmp_path: Path
) -> None:
    run("--save-baseline")
    machine.kinds["profile, HTML"] = found(1.1, 1.1, 1.1)
    machine.kinds["new post, JSON"] = found(1.1, 1.1, 1.1)

    assert run("--kind", "profile", "--save-baseline")[0] == 0

    rows = json.loads((tmp_path / "baseline.json").read_text())["rows"]
    assert rows.keys() == BARS.keys()
    assert rows["profile, HTML"]["value"] == 1.1
    assert rows["new post, JSON"]["value"] == 1.5


def test_a_baseline_of_another_size_is_refused(run: Callable[..., tuple[int, str]]) -> None:
    run("--save-baseline")
    with pytest.raises(MeasuringError, match="add --posts 100000, or name a file"):
        run("--posts", "10000")


def test_a_baseline_that_is_not_there_is_told(run: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    assert f"{tmp_path / 'baseline.json'}: there is no such file" in run("--kind", "profile")[1]
    run("--save-baseline")
    assert "there is no such file" not in run("--kind", "profile")[1]


def test_no_such_row(run: Callable[..., tuple[int, str]]) -> None:
    code, text = run("--kind", "nonsense")

    assert code == 2
    assert "memory after load" in text


def test_the_kept_baseline_has_every_row() -> None:
    kept = json.loads(baselines.FILE.read_text(encoding="utf-8"))

    assert kept["rows"].keys() == BARS.keys()
    assert kept["posts"] == 100_000
