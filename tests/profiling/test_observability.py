"""The verdict, on made-up measurements; and that the variant without observing really observes nothing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from devstack.layout import ROOT
from profiling import observability
from profiling.__main__ import main
from profiling.observability import Plan, describe, holds, judge
from profiling.pairs import Pair
from profiling.results import write_result

UNOBSERVED = """
import json
from profiling.unobserved import NoMetric, leave_out_observing
replaced = leave_out_observing()
from microblog import factory
from microblog.data import session
from microblog.observability import metrics, statements
metrics.HTTP_REQUESTS.labels("/", "GET", "200").inc()
metrics.HTTP_REQUEST_SECONDS.labels("/", "GET").observe(1)
modules = (metrics, statements, session, factory)
left = [name for one in modules for name, value in vars(one).items() if hasattr(value, "_metrics")]
print(json.dumps([replaced, left, session.statements.watch("engine")]))
"""


def pairs(*ratios: float) -> list[Pair]:
    return [Pair(0.003 * ratio, 0.003) for ratio in ratios]


def test_what_costs_little_is_within_the_bar() -> None:
    found = judge({"page": pairs(1.02, 1.05, 1.30), "json": pairs(1.06, 1.07, 1.01)})

    assert holds(found)
    assert describe(found)[-1] == "Observing: all within the bar of 107%"
    assert found["all"].ratio == pytest.approx(1.06)


def test_what_costs_much_is_caught_and_named() -> None:
    found = judge({"page": pairs(1.02, 1.05, 1.03), "json": pairs(1.20, 1.25, 1.01)})

    assert not holds(found)
    # Together they are above it too.
    assert describe(found)[-1] == "Observing: above the bar of 107%: json, all"
    assert "json  3.600 ms  3.000 ms  120.0%  110.5% to 122.5%      3" in describe(found)


def test_all_that_was_measured_is_kept(tmp_path: Path) -> None:
    measured = {"page": pairs(1.5, 1.6)}

    whole = observability.describe_all(Plan(pairs=2), measured, judge(measured))

    kept = json.loads(write_result(tmp_path / "new", "observability", whole).read_text())
    assert kept["holds"] is False
    assert kept["pairs"]["page"][1] == {"ours": pytest.approx(0.0048), "base": 0.003}
    assert kept["plan"]["size"] == {"accounts": 200, "posts": 5_000}


def test_the_picture_shows_each_kind_with_and_without(tmp_path: Path) -> None:
    picture = observability.draw(judge({"page": pairs(1.5, 1.5)}), tmp_path / "found.svg").read_text()

    assert all(name in picture for name in ("page, observed", "page, without", "4.500", "3.000"))


def test_pairs_are_shared_out_to_rounds() -> None:
    plan = Plan(pairs=7, rounds=3)

    assert [plan.pairs_of(number) for number in range(3)] == [3, 2, 2]


def test_without_observing_no_metric_is_left() -> None:
    done = subprocess.run(
        [sys.executable, "-c", UNOBSERVED], cwd=ROOT, capture_output=True, text=True, check=True
    )

    replaced, left, watched = json.loads(done.stdout)
    assert (left, watched) == ([], None)
    assert {"HTTP_REQUESTS", "watch", "bind_context"} <= set(replaced)


def test_a_bad_number_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["profiling", "observability", "--pairs", "1"])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith("argument --pairs: '1': give a number from 2 on\n")
