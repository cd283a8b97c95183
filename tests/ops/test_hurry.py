"""The rules with shorter times: what is divided, and what has to stay as it is."""

import subprocess
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from monitoring.__main__ import main
from monitoring.check import find_tool
from monitoring.hurry import (
    RULES,
    UNITS,
    HurryError,
    hurry_duration,
    hurry_query,
    hurry_rules,
    read_duration,
    show_duration,
)
from ops.inventory import REPOSITORY


@pytest.mark.parametrize(
    ("query", "hurried"),
    [
        ("rate(x_total[5m])", "rate(x_total[25s])"),
        ("rate(x_total[1h30m])", "rate(x_total[450s])"),
        ("rate(x_total[ 1d ])", "rate(x_total[2h])"),
        # Four scrapes of five seconds at least.
        ("rate(x_total[1m])", "rate(x_total[20s])"),
        ("rate(x_total[50ms])", "rate(x_total[20s])"),
        # Subqueries: with a step, and with the one that is usual.
        ("max_over_time(rate(x[5m])[1h:1m])", "max_over_time(rate(x[25s])[5m:5s])"),
        ("max_over_time(rate(x[5m])[1h:])", "max_over_time(rate(x[25s])[5m:])"),
        ("max_over_time(x[1h : 2m])", "max_over_time(x[5m:10s])"),
        ("x offset 1h", "x offset 5m"),
        ("x OFFSET   -1w", "x OFFSET   -14h"),
        ("x[1h] offset 1d > 3", "x[5m] offset 2h > 3"),
        # Offsets may be shorter than a scrape: records are made as often as rules are evaluated.
        ("x offset 30s", "x offset 2500ms"),
        # What is compared with, a horizon and a moment stay.
        ("time() - x > 120", "time() - x > 120"),
        ("predict_linear(x[6h], 4 * 3600) < 0", "predict_linear(x[30m], 4 * 3600) < 0"),
        ("x @ 1609746000 + 5", "x @ 1609746000 + 5"),
        # Names, labels, strings and comments.
        ("job:x:rate5m / my_offset", "job:x:rate5m / my_offset"),
        ("sum by (offset) (x)", "sum by (offset) (x)"),
        ('x{y="[5m] offset 5m"}', 'x{y="[5m] offset 5m"}'),
        ("x{y='a [5m]'}", "x{y='a [5m]'}"),
        (r'x{y="a\" [5m] \\"}[5m]', r'x{y="a\" [5m] \\"}[25s]'),
        ('x{y=~`[0-9]"[5m]`}[5m]', 'x{y=~`[0-9]"[5m]`}[25s]'),
        ("x[5m] # not [5m], nor offset 5m\n > y[5m]", "x[25s] # not [5m], nor offset 5m\n > y[25s]"),
        ('x{y=~"a#b"}[5m]', 'x{y=~"a#b"}[25s]'),
    ],
)
def test_times_of_a_query_are_divided(query: str, hurried: str) -> None:
    assert hurry_query(query, 12, 5) == hurried


@pytest.mark.parametrize(
    "query", ['x{y="z', "x{y='z\\'", "x{y=`z", "rate(x[5m)", "rate(x[])", "rate(x[5])", "x[5m:z]"]
)
def test_what_has_no_end_is_refused(query: str) -> None:
    with pytest.raises(HurryError, match="has no end"):
        hurry_query(query, 12, 5)


@pytest.mark.parametrize("text", ["", "5", "m", "5 m", "-5m", "5m ", "1.5h", "5M"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(HurryError, match="is no duration"):
        read_duration(text)


durations = st.lists(
    st.tuples(st.integers(0, 400), st.sampled_from(sorted(UNITS))).map(lambda part: f"{part[0]}{part[1]}"),
    min_size=1,
    max_size=4,
).map("".join)
texts = st.text(alphabet="[]5mh:\"'`\\# offset{}=~x_", max_size=20)
spans = durations.map(lambda span: f"[{span}]")


@given(st.integers(0, 10**12))
def test_a_duration_is_written_as_it_is_read(milliseconds: int) -> None:
    assert read_duration(show_duration(milliseconds)) == milliseconds


@given(durations, st.floats(1, 1000), st.floats(0, 60))
def test_a_divided_time_is_a_fraction_or_the_least_there_is(text: str, hurry: float, least: float) -> None:
    before, after = read_duration(text), read_duration(hurry_duration(text, hurry, least))

    assert (after == 0) == (before == 0)
    if before:
        assert after in {round(before / hurry), round(least * 1000), 1}
        assert after >= min(before, least * 1000) - 1


@given(durations, st.floats(0.5, 60))
def test_without_hurry_long_times_stay_letter_by_letter(text: str, scrape: float) -> None:
    if read_duration(text) >= 4 * scrape * 1000:
        assert hurry_query(f"rate(x[{text}])", 1, scrape) == f"rate(x[{text}])"


@given(texts, spans)
def test_a_string_stays_and_what_follows_does_not(text: str, span: str) -> None:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    hurried = hurry_query(f'x{{y="{quoted}"}}{span} offset 1h', 12, 5)

    assert hurried == f'x{{y="{quoted}"}}{hurry_query(span, 12, 5)} offset 5m'


@given(st.lists(st.one_of(spans, st.sampled_from(["x", " + ", "(", ")", '"[5m]"', "`[5m]`", " offset 5m"]))))
def test_the_parts_of_a_query_are_divided_one_by_one(parts: list[str]) -> None:
    # Apart from each other: two names beside each other are one.
    assert hurry_query("\n".join(parts), 12, 5) == "\n".join(hurry_query(part, 12, 5) for part in parts)


def test_all_times_of_a_rule_are_divided_and_nothing_else() -> None:
    rule = {
        "alert": "Late",
        "expr": "x[5m] > 5",
        "for": "1h",
        "keep_firing_for": "30s",
        "labels": {"severity": "page"},
        "annotations": {"summary": "in 5m [5m]"},
    }
    other = {"record": "a:b:rate5m", "expr": "rate(b[5m])"}
    rules = {"groups": [{"name": "g", "interval": "1m", "rules": [rule, other]}]}

    (group,) = hurry_rules(rules, 12, 5)["groups"]

    assert group["interval"] == "5s"
    # Never below a scrape.
    assert group["rules"][0] == rule | {"expr": "x[25s] > 5", "for": "5m", "keep_firing_for": "5s"}
    assert group["rules"][1] == other | {"expr": "rate(b[25s])"}
    assert rule["for"] == "1h"


def test_an_error_names_the_rule() -> None:
    rules = {"groups": [{"name": "g", "rules": [{"alert": "Late", "expr": "x[5m"}]}]}

    with pytest.raises(HurryError, match=r"^Late: "):
        hurry_rules(rules, 12, 5)


def test_the_command_writes_all_files_and_the_same_each_time(tmp_path: Path) -> None:
    arguments = ["rules", "--hurry", "12", "--scrape-seconds", "5", "--output"]
    for name in ("first", "second"):
        assert main([*arguments, str(tmp_path / name)]) == 0

    first, second = (
        {path.name: path.read_text() for path in (tmp_path / name).iterdir()} for name in ("first", "second")
    )
    assert first == second
    assert sorted(first) == sorted(path.name for path in RULES.glob("*.yml"))
    hosts = yaml.safe_load(first["hosts.yml"])["groups"][0]["rules"]
    assert {rule["alert"]: rule.get("for") for rule in hosts}["HostDown"] == "10s"


def test_without_hurry_the_rules_are_what_they_were(tmp_path: Path) -> None:
    assert main(["rules", "--output", str(tmp_path)]) == 0

    for path in RULES.glob("*.yml"):
        assert yaml.safe_load((tmp_path / path.name).read_text()) == yaml.safe_load(path.read_text())


def test_a_hurry_below_one_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "--hurry", "0.5", "--output", str(tmp_path)]) == 1
    assert "hurry is at least 1" in capsys.readouterr().err


@pytest.mark.skipif(not find_tool("promtool"), reason="there is no promtool: .ci/monitoring-tools")
@pytest.mark.parametrize(("hurry", "scrape"), [(1, 15), (12, 5), (1000, 0.5)])
def test_prometheus_reads_what_is_written(tmp_path: Path, hurry: float, scrape: float) -> None:
    main(["rules", "--hurry", str(hurry), "--scrape-seconds", str(scrape), "--output", str(tmp_path)])

    promtool = find_tool("promtool")
    assert promtool
    done = subprocess.run(
        [promtool, "check", "rules", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "address", ["https://git.example.org/blob/main", "https://git.example.org/blob/main/"]
)
def test_alerts_lead_to_the_runbook_where_it_is_read(tmp_path: Path, address: str) -> None:
    assert main(["rules", f"--runbook-url={address}", "--output", str(tmp_path / "linked")]) == 0
    assert main(["rules", "--runbook-url=", "--output", str(tmp_path / "bare")]) == 0

    for path in (tmp_path / "bare").iterdir():
        rules = [
            [rule for group in yaml.safe_load(text.read_text())["groups"] for rule in group["rules"]]
            for text in (path, tmp_path / "linked" / path.name)
        ]
        for bare, linked in zip(*rules, strict=True):
            if "alert" in bare:
                assert bare["annotations"]["runbook"] == f"docs/runbook.md#{bare['alert'].lower()}"
                bare["annotations"]["runbook"] = (
                    f"https://git.example.org/blob/main/{bare['annotations']['runbook']}"
                )
            assert linked == bare


def test_the_role_says_where_the_runbook_is_read() -> None:
    tasks = REPOSITORY / "ops/roles/prometheus/tasks/made.yml"
    (made,) = yaml.safe_load(tasks.read_text(encoding="utf-8"))
    (command,) = [
        task["ansible.builtin.command"]["argv"] for task in made["block"] if task["name"] == "Make the rules"
    ]

    assert "--runbook-url={{ prometheus_runbook_url }}" in command
