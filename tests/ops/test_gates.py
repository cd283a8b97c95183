"""The gate's judgement: one finding for each thing that may be wrong with a canary, and none by chance."""

import io
import json
import random
from typing import Any

import pytest

from ops import gates

R = "0.2.0-20261121T200000Z"
PAGE_MILLISECONDS = {"probe GET /": 7.0, "probe GET /explore": 19.0, "probe GET /log-in": 4.5}
EACH = 67


def figures(
    *, errors: int = 0, slower: float = 1.0, requests: int = EACH * 3, seed: int = 1, **said: Any
) -> Any:
    """A host's figures: some 200 probes of three pages, some of them slow by chance."""
    chance = random.Random(seed)
    routes = {
        route: {
            "requests": EACH,
            "errors": 0,
            "milliseconds": [usual * slower * chance.lognormvariate(0, 0.3) for _ in range(EACH)],
        }
        for route, usual in PAGE_MILLISECONDS.items()
    }
    made = {
        "release": R,
        "ready": True,
        "requests": requests,
        "probes": EACH * len(routes),
        "errors": errors,
        "hung": 0,
        "seconds": 10.1,
        "ended_early": False,
        "examples": ["probe GET / 500"] if errors else [],
        "routes": routes,
    }
    return made | said


NOTHING: Any = {"requests": 0, "probes": 0, "routes": {}, "release": "", "ready": False}


def judge(canary: Any, **others: Any) -> list[str]:
    return gates.judge(canary, others, release=R, at_least=200)


def test_an_equal_canary_goes_on() -> None:
    assert judge(figures(seed=2), web2=figures()) == []


@pytest.mark.parametrize(
    ("canary", "said"),
    [
        ({"release": "older"}, f"/readyz names older, not {R}"),
        ({"release": ""}, "/readyz names no release"),
        ({"ready": False}, "/readyz says that it isn't ready"),
        ({"requests": 199}, "only 199 requests in 10.1 s, the gate needs 200"),
        ({"errors": 4}, "4 of 201 requests failed (2.0%, 0.0% elsewhere): probe GET / 500"),
        (
            {"errors": 12, "hung": 5, "requests": 30, "ended_early": True},
            "12 of 30 requests failed, 5 of them without an answer (40.0%, 0.0% elsewhere): probe GET / 500",
        ),
        ({"routes": {}}, "too few requests of the same kinds to compare times"),
    ],
)
def test_each_fault_is_one_finding(canary: dict[str, Any], said: str) -> None:
    assert judge(figures(**canary), web2=figures()) == [said]


def test_twice_as_slow_is_a_finding_that_names_the_page() -> None:
    (found,) = judge(figures(slower=2, seed=2), web2=figures())

    assert "times slower than elsewhere" in found
    assert "most of it probe GET /explore: " in found


def test_one_page_much_slower_is_a_finding() -> None:
    canary = figures()
    canary["routes"]["probe GET /log-in"]["milliseconds"] = [150.0] * EACH

    assert "most of it probe GET /log-in: 150.0 ms against" in judge(canary, web2=figures())[0]


def test_a_few_slow_requests_are_none() -> None:
    canary = figures()
    for counts in canary["routes"].values():
        counts["milliseconds"][: EACH // 3] = [2000.0] * (EACH // 3)

    assert judge(canary, web2=figures()) == []


def test_a_burst_of_other_work_is_none() -> None:
    canary, other = figures(), figures()
    for route, usual in PAGE_MILLISECONDS.items():
        other["routes"][route]["milliseconds"] = [usual] * 50
        canary["routes"][route]["milliseconds"] = [usual] * 20 + [usual * 2] * 30

    compared = gates.compare(canary, [other])
    assert compared is not None
    assert (round(compared.canary / compared.others, 3), compared.quartiles) == (2.0, 1.0)
    assert judge(canary, web2=other) == []


def test_fast_pages_may_differ_by_less_than_anybody_sees() -> None:
    fast = {name: {**counts, "milliseconds": [0.4] * EACH} for name, counts in figures()["routes"].items()}
    twice = {name: {**counts, "milliseconds": [0.8] * EACH} for name, counts in fast.items()}

    assert judge(figures(routes=twice), web2=figures(routes=fast)) == []


def test_pages_that_the_others_were_not_asked_for_are_not_compared() -> None:
    own = figures()
    own["routes"]["POST /write"] = {"requests": 99, "errors": 0, "milliseconds": [900.0] * 99}

    assert judge(own, web2=figures()) == []


def test_what_fails_everywhere_is_not_the_canary_s_fault_but_is_told() -> None:
    canary, others = figures(errors=16), {"web2": figures(errors=12), "web3": figures()}

    assert gates.judge(canary, {"web2": others["web2"]}, release=R, at_least=200) == []
    assert any("requests fail at web2 too" in note for note in gates.draw_notes(canary, others))
    assert len(judge(figures(errors=60), web2=figures(errors=12))) == 1


def test_one_or_two_errors_are_no_verdict() -> None:
    assert judge(figures(errors=2, requests=120, seed=3), web2=figures()) == [
        "only 120 requests in 10.1 s, the gate needs 200"
    ]


def test_too_few_is_told_although_all_fail_alike() -> None:
    bad: Any = {"errors": 15, "requests": 30, "ended_early": True}

    assert judge(figures(**bad), web2=figures(**bad)) == ["only 30 requests in 10.1 s, the gate needs 200"]


def test_others_without_figures_are_left_out_and_told() -> None:
    others = {"web2": figures(**NOTHING), "web3": figures()}

    assert judge(figures(), **others) == []
    assert "no figures of web2" in [*gates.draw_notes(figures(), others)]
    assert judge(figures(), web2=others["web2"]) == ["nothing to compare with: no figures of web2"]


def test_a_canary_that_serves_nothing_has_no_second_finding() -> None:
    assert judge(figures(**NOTHING), web2=figures()) == [
        "/readyz names no release",
        "only 0 requests in 10.1 s, the gate needs 200",
    ]


def test_alone_it_is_judged_by_itself() -> None:
    assert judge(figures()) == []
    assert judge(figures(errors=4)) == ["4 of 201 requests failed (2.0%): probe GET / 500"]
    assert any(note.startswith("nobody to compare with") for note in gates.draw_notes(figures(), {}))


def run(text: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    return gates.main(["--release", R, "--at-least", "200"])


def test_the_screen_has_a_line_for_each_host_and_the_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"web1": figures(), "others": {"web2": figures(release="older")}}

    assert run(json.dumps(given), monkeypatch) == 0
    heads, canary, other, times, verdict = capsys.readouterr().out.splitlines()
    assert heads.split() == ["host", "requests", "probes", "errors", "hung", "seconds", "ready", "release"]
    assert canary.split() == ["web1", "(canary)", "201", "201", "0", "(0.0%)", "0", "10.1", "yes", R]
    assert (other.split()[0], other.split()[-1]) == ("web2", "older")
    assert times.startswith("median times: ")
    assert verdict == "The gate lets web1 go on."


def test_a_stopped_canary_is_exit_code_1_with_each_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"web1": figures(errors=40, slower=3, ended_early=True), "others": {"web2": figures()}}

    assert run(json.dumps(given), monkeypatch) == 1
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert lines[4:6] == ["it failed so many that it was watched no further", "The gate stops web1:"]
    assert [line[:4] for line in lines[6:]] == ["- 40", "- 3."]
    assert said.err == "; ".join(line.removeprefix("- ") for line in lines[6:]) + "\n"


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"others": {}}', '{"web1": {"errors": 1}, "others": {}}', '{"a": 1, "others": 2}'],
)
def test_what_are_no_figures_is_refused_in_one_line(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match=r"^gates: .*") as refused:
        run(text, monkeypatch)
    assert "\n" not in str(refused.value)
