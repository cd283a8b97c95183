"""The alerts: each can fire, says what is wrong with a number or a name, and leads to what to do."""

import ast
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from invoke.parser.argument import Argument
from prometheus_client.metrics import MetricWrapperBase

from fabfile import namespace
from microblog.cli import main as site
from microblog.observability import metrics
from monitoring.__main__ import main
from monitoring.boards import BOARDS
from monitoring.check import RULE_TESTS, TOOLS, find_tool
from monitoring.hurry import RULES
from ops.inventory import REPOSITORY
from ops.verbs.silences import read_matchers
from tests.ops.series import EXPORTED

RUNBOOK = REPOSITORY / "docs/runbook.md"
FILES = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(RULES.glob("*.yml"))}
ALL = [rule for rules in FILES.values() for group in rules["groups"] for rule in group["rules"]]
ALERTS: dict[str, dict[str, Any]] = {rule["alert"]: rule for rule in ALL if "alert" in rule}
RECORDS: dict[str, dict[str, Any]] = {rule["record"]: rule for rule in ALL if "record" in rule}
CASES = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(RULE_TESTS.glob("*.yml"))
}
#: What each series has beside its own labels, from the scrape.
SCRAPED = {"instance", "job", "probe", "server"}
#: Words of PromQL that no `(` follows.
KEYWORDS = {
    "and",
    "or",
    "unless",
    "on",
    "by",
    "ignoring",
    "without",
    "group_left",
    "group_right",
    "offset",
    "bool",
}


def needs(tool: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not find_tool(tool), reason=f"there is no {tool}: .ci/monitoring-tools")


def expectations() -> dict[str, list[dict[str, Any]]]:
    """Of each alert, what its cases expect at which time."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in ALERTS}
    for cases in CASES.values():
        for case in cases["tests"]:
            for check in case["alert_rule_test"]:
                found[check["alertname"]].append(check)
    return found


def series_of(query: str) -> dict[str, set[str]]:
    """The series that a query reads, each with the labels that it is chosen by."""
    bare = re.sub(r"\b(?:by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)|\[[^]]*\]", " ", query)
    # Labels' names that a function is given.
    bare = re.sub(r',\s*"[^"]*"', " ", bare)
    found: dict[str, set[str]] = {}
    for name, braces, call in re.findall(
        r"(?<![\w:.])([A-Za-z_:][\w:]*)(?![\w:])\s*(\{[^{}]*\})?\s*(\(?)", bare
    ):
        if not call and name not in KEYWORDS:
            found.setdefault(name, set()).update(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", braces))
    return found


def own_series() -> dict[str, set[str]]:
    """The application's series as Prometheus names them, each with its labels."""
    found: dict[str, set[str]] = {}
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            name, labels = metric._name, set(metric._labelnames)
            if metric._type == "histogram":
                found |= {f"{name}_sum": labels, f"{name}_count": labels, f"{name}_bucket": labels | {"le"}}
            else:
                found[name + ("_total" if metric._type == "counter" else "")] = labels
    return found


def sections() -> dict[str, str]:
    """The runbook's sections of the third level, with their texts."""
    parts = re.split(r"^### (.+)$", RUNBOOK.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_names_are_given_once() -> None:
    assert len(ALERTS) + len(RECORDS) == len(ALL)
    groups = [group["name"] for rules in FILES.values() for group in rules["groups"]]
    assert len(groups) == len(set(groups))


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_how_bad_it_is_what_is_wrong_and_where_to_read_on(name: str) -> None:
    alert = ALERTS[name]

    assert re.fullmatch(r"([A-Z][a-z]+)+", name)
    # One that depends on a label is a template.
    severities = set(re.findall(r"(?:^|}})(\w+)(?:{{|$)", alert["labels"]["severity"]))
    assert severities
    assert severities <= ({"none"} if name == "Watchdog" else {"page", "ticket"})
    assert re.search(r"\$value|\$labels", alert["annotations"]["summary"])
    assert alert["annotations"]["runbook"] == f"docs/runbook.md#{name.lower()}"


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not(name: str) -> None:
    checks = expectations()[name]

    assert any(check.get("exp_alerts") for check in checks)
    assert any(not check.get("exp_alerts") for check in checks) or name == "Watchdog"


@needs("promtool")
@pytest.mark.parametrize("name", CASES)
def test_the_cases_are_as_they_say(name: str) -> None:
    promtool = find_tool("promtool")
    assert promtool
    done = subprocess.run(
        [promtool, "test", "rules", str(RULE_TESTS / f"{name}.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@needs("promtool")
def test_a_case_that_is_not_as_it_says_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "redis.yml").write_text(
        (RULE_TESTS / "redis.yml").read_text().replace("../rules", str(RULES)).replace("85%", "86%")
    )
    monkeypatch.setattr("monitoring.check.RULE_TESTS", tmp_path)

    assert main(["check"]) == 1


def test_without_promtool_checking_is_left_out_aloud(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("monitoring.check.find_tool", lambda _name: None)

    assert main(["check"]) == 0
    assert "LEFT OUT" in capsys.readouterr().err


def test_the_tools_are_found_where_they_were_put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitoring.check.TOOLS", tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    assert find_tool("promtool") is None

    (tmp_path / "promtool").touch(mode=0o755)
    assert find_tool("promtool") == str(tmp_path / "promtool")
    assert TOOLS.parent.name == "monitoring-tools"


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: str(rule.get("alert", rule.get("record"))))
def test_a_rule_reads_series_that_there_are(rule: dict[str, Any]) -> None:
    own = own_series()
    known = own | EXPORTED | {name: set() for name in RECORDS}

    for name, labels in series_of(rule["expr"]).items():
        assert name in known, f"nobody gives {name}"
        assert labels <= known[name] | SCRAPED, f"{name} has no label {labels - known[name] - SCRAPED}"


def test_the_series_of_a_query_are_found() -> None:
    query = (
        'sum by (a) (rate(b_total{c="d e=f",f=~"g|h"}[5m])) / on (i) j > 1e6'
        " and k offset 5m or absent(l > 0) unless (m:n)"
    )

    assert series_of(query) == {"b_total": {"c", "f"}, "j": set(), "k": set(), "l": set(), "m:n": set()}


def test_the_objectives_lie_on_buckets() -> None:
    """A bound between two buckets would find no series, and the alert would never fire."""
    assert 0.3 in metrics.REQUEST_BUCKETS
    assert 60.0 in metrics.MAIL_HANDOVER_SECONDS._upper_bounds
    used = {bound for rule in ALL for bound in re.findall(r'le="([^"]+)"', rule["expr"])}
    assert used == {"0.3", "60.0"}


def test_every_alert_has_a_section_in_the_runbook_and_every_section_an_alert() -> None:
    assert sorted(sections()) == sorted(ALERTS)


@pytest.mark.parametrize("name", ALERTS)
def test_a_section_says_what_it_means_what_to_type_and_how_to_know_it_is_over(name: str) -> None:
    section = sections()[name]

    found = re.findall(r"^\*\*(\w+)\*\*", section, flags=re.MULTILINE)
    assert found == ["Means", "Users", "Look", "Mend", "Proof"]
    look = section.partition("```\n")[2].partition("```")[0]
    assert len(look.splitlines()) == 3


def typed(text: str) -> list[list[str]]:
    """The words of each `fab` command in a text's blocks and lines."""
    parts = text.split("```")
    blocks = [line for block in parts[1::2] for line in block.splitlines()]
    inline = re.findall(r"`([^`]+)`", " ".join(parts[::2]))
    return [shlex.split(code.split(" | ")[0]) for code in [*blocks, *inline] if code.startswith("fab ")]


def test_the_verbs_that_the_runbook_names_are_there_with_their_options() -> None:
    wrong = []
    for words in typed(RUNBOOK.read_text(encoding="utf-8")):
        try:
            task = namespace[words[1]]
        except KeyError:
            wrong.append(words)
            continue
        known = {flag for argument in task.get_arguments() for flag in flags_of(argument)}
        wrong += [[*words[:2], word] for word in words[2:] if word.startswith("--") and word not in known]
    assert not wrong


def test_a_command_of_the_runbook_says_where_as_the_lab_is_meant_otherwise() -> None:
    commands = [words for words in typed(RUNBOOK.read_text(encoding="utf-8")) if len(words) > 2]

    assert len(commands) > 100
    assert [words for words in commands if not {"--to", "--env"} & set(words)] == []
    for words in commands:
        if words[1] == "silence":
            assert read_matchers(words[2])


def flags_of(argument: Argument) -> list[str]:
    return [f"--{name.strip('_').replace('_', '-')}" for name in argument.names]


def test_the_commands_of_the_site_that_the_runbook_names_are_there() -> None:
    named = set(re.findall(r'"microblog (\w+) (\w+)', RUNBOOK.read_text(encoding="utf-8")))
    assert named
    for group, command in named:
        found = site.get_command(click.Context(site), group)
        assert isinstance(found, click.Group)
        assert command in found.commands


def test_the_boards_and_panels_that_the_runbook_names_are_there() -> None:
    text = " ".join(RUNBOOK.read_text(encoding="utf-8").split())
    boards = {board.title: {panel.title for panel in board.panels} for board in BOARDS}
    named = re.findall(r"\*([^*]+)\*(?: and \*([^*]+)\*)? on the board (Workers and queues|\w+)", text)
    assert len(named) > 10
    for panel, other, board in named:
        assert {panel, other} - {""} <= boards[board]


def test_what_watches_the_hosts_knows_nothing_of_the_site_and_its_tools() -> None:
    names = {
        name
        for path in (REPOSITORY / "monitoring").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert not {name.partition(".")[0] for name in names} & {
        "microblog",
        "ops",
        "devstack",
        "tests",
        "profiling",
    }
