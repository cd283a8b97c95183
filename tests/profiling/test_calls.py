"""That the slow function is on top, and stacks out of who called whom."""

import json
from pathlib import Path

import pytest

from profiling import calls
from profiling.stacks import Label, Stats, own_by_package, unfold
from tests.profiling import cases


@pytest.mark.parametrize("clock", ["wall", "cpu"])
def test_a_slow_function_is_on_top(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clock: str) -> None:
    words = ("--runs", "5", "--clock", clock, "--output", str(tmp_path))
    code, text = cases.command(monkeypatch, calls, cases.work, *words)

    assert code == 0
    assert cases.table(text, "by own time")[0].startswith("burn  tests/profiling/cases.py")
    assert [row.split()[0] for row in cases.table(text, "with what they call")][:2] == ["work", "burn"] or [
        row.split()[0] for row in cases.table(text, "with what they call")
    ][:3] == ["work", "slow", "burn"]
    assert cases.table(text, "by package")[0].startswith("tests ")
    [path] = tmp_path.glob("calls-*.json")
    kept = json.loads(path.read_text())
    assert {one["name"]: one["calls"] for one in kept["functions"]}["quick"] == 10
    assert "burn (tests/profiling" in path.with_suffix(".svg").read_text()
    assert "5 runs of public-timeline" in path.with_suffix(".html").read_text()


def label(name: str, path: str = "/lib/site-packages/some/module.py") -> Label:
    return path, 1, name


TOP, QUICK, SLOW, SHARED = map(label, ("top", "quick", "slow", "shared"))
POLL = label("<method 'poll' of 'select.poll' objects>", "~")
LEN = label("<built-in method builtins.len>", "~")
STATS: Stats = {
    TOP: (1, 1, 1.0, 10.0, {}),
    QUICK: (1, 1, 1.0, 2.0, {TOP: (1, 1, 1.0, 2.0)}),
    SLOW: (1, 1, 1.0, 7.0, {TOP: (1, 1, 1.0, 7.0)}),
    SHARED: (5, 5, 2.0, 7.0, {QUICK: (1, 1, 0.5, 1.0), SLOW: (4, 4, 1.5, 6.0), SHARED: (1, 1, 0.5, 0.5)}),
    POLL: (1, 1, 4.0, 4.0, {SHARED: (1, 1, 4.0, 4.0)}),
    LEN: (1, 1, 1.0, 1.0, {SHARED: (1, 1, 1.0, 1.0)}),
}


def test_what_is_called_is_shared_out_among_the_callers() -> None:
    blocks = {tuple(part[2] for part in block.path): block for block in unfold(STATS, TOP)}

    assert blocks["top",].seconds == 10
    assert blocks["top", "slow", "shared"].seconds == pytest.approx(6)
    assert blocks["top", "slow", "shared", POLL[2]].seconds == pytest.approx(4 * 6 / 7)
    assert blocks["top", "quick", "shared", POLL[2]].seconds == pytest.approx(4 * 1 / 7)
    # A function within itself is counted once.
    assert not [path for path in blocks if path.count("shared") > 1]
    assert sum(block.own for block in blocks.values()) == pytest.approx(10)


def test_blocks_lie_within_those_below_them() -> None:
    blocks = unfold(STATS, TOP)

    whole = {block.path: (block.start, block.start + block.seconds) for block in blocks}
    for path, (start, end) in whole.items():
        if len(path) > 1:
            assert whole[path[:-1]][0] <= start < end <= whole[path[:-1]][1] + 1e-9


def test_little_things_are_part_of_their_callers() -> None:
    blocks = {block.path[-1]: block for block in unfold(STATS, TOP, least=0.5)}

    assert set(blocks) == {TOP, SLOW, SHARED}
    assert blocks[TOP].own == 3


def test_what_is_written_in_c_counts_as_its_callers_but_waiting_as_itself() -> None:
    assert own_by_package(STATS) == {"some": 6, "waiting": 4}
