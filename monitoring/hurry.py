"""The rules as an environment gets them: with shorter times where nobody can wait, and links to its runbook.

Ranges, offsets and what stands in `for` are divided; what a query compares with is not: a threshold of 120 s
stays one, and so does the horizon of predict_linear. Names of records stay, though `rate5m` is shorter then.
"""

import re
from pathlib import Path
from typing import Any, Final

import yaml

RULES: Final = Path(__file__).parent / "rules"
#: Milliseconds of each unit; a year has 365 days (https://prometheus.io/docs/prometheus/latest/querying/basics/).
UNITS: Final = {
    "y": 31_536_000_000,
    "w": 604_800_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1000,
    "ms": 1,
}
#: A rate of fewer samples than this is a guess, and of one none at all.
SCRAPES_OF_A_RANGE: Final = 4
_DURATION: Final = r"(?:[0-9]+(?:ms|[ywdhms]))+"
_PART: Final = re.compile(r"([0-9]+)(ms|[ywdhms])")
#: What a query is made of, as far as times go. Strings, comments and names are taken whole, nobody looks in.
_TOKEN: Final = re.compile(
    rf"""
      (?P<kept> "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | `[^`]*` | \#[^\n]* )
    | (?P<offset> \b(?i:offset)\s+-?\s* ) (?P<back> {_DURATION} )
    | \[ \s* (?P<range> {_DURATION} ) \s* (?P<sub> : \s* (?P<step> {_DURATION} )? \s* )? \]
    | [A-Za-z_:][A-Za-z0-9_:]*
    | (?P<wrong> ["'`\[] )
    | .
    """,
    re.VERBOSE | re.DOTALL,
)


class HurryError(ValueError):
    """A query or a time that can't be read."""


def read_duration(text: str) -> int:
    """A duration as Prometheus writes it (`1h30m`), in milliseconds. Raises `HurryError` for another text."""
    if text == "0":
        return 0
    if not re.fullmatch(_DURATION, text):
        raise HurryError(f"{text!r} is no duration; write one such as 5m")
    return sum(int(number) * UNITS[unit] for number, unit in _PART.findall(text))


def show_duration(milliseconds: int) -> str:
    """The shortest way to write a duration in one unit, without years and weeks: `90s`, `6h`."""
    for unit in ("d", "h", "m", "s"):
        if milliseconds % UNITS[unit] == 0:
            return f"{milliseconds // UNITS[unit]}{unit}" if milliseconds else "0s"
    return f"{milliseconds}ms"


def hurry_duration(text: str, hurry: float, least_seconds: float) -> str:
    """A duration divided by `hurry`, but not below `least_seconds`; none stays none."""
    before = read_duration(text)
    after = max(round(before / hurry), round(least_seconds * 1000), 1)
    return show_duration(after) if before and after != before else text


def hurry_query(query: str, hurry: float, scrape_seconds: float) -> str:
    """A PromQL query with its ranges, subqueries' steps and offsets divided.

    Raises `HurryError` where a string or a range has no end.
    """

    def replace(found: re.Match[str]) -> str:
        if found["wrong"]:
            raise HurryError(f"what begins at {query[found.start() :][:40]!r} has no end: {query}")
        if found["back"]:
            # It may be shorter than a scrape: it compares with what is recorded more often.
            return found["offset"] + hurry_duration(found["back"], hurry, 0)
        if not found["range"]:
            return found[0]
        span = hurry_duration(found["range"], hurry, SCRAPES_OF_A_RANGE * scrape_seconds)
        if found["sub"] is None:
            return f"[{span}]"
        step = hurry_duration(found["step"], hurry, scrape_seconds) if found["step"] else ""
        return f"[{span}:{step}]"

    return _TOKEN.sub(replace, query)


def hurry_rules(rules: dict[str, Any], hurry: float, scrape_seconds: float) -> dict[str, Any]:
    """A file of rules, as YAML reads it, with all times divided. Raises `HurryError` that names the rule."""
    return {
        **rules,
        "groups": [_hurry_group(group, hurry, scrape_seconds) for group in rules["groups"]],
    }


def _hurry_group(group: dict[str, Any], hurry: float, scrape_seconds: float) -> dict[str, Any]:
    changed = {**group, "rules": [_hurry_rule(rule, hurry, scrape_seconds) for rule in group["rules"]]}
    if "interval" in group:
        changed["interval"] = hurry_duration(str(group["interval"]), hurry, scrape_seconds)
    return changed


def _hurry_rule(rule: dict[str, Any], hurry: float, scrape_seconds: float) -> dict[str, Any]:
    changed = dict(rule)
    try:
        changed["expr"] = hurry_query(str(rule["expr"]), hurry, scrape_seconds)
        for key in ("for", "keep_firing_for"):
            if key in rule:
                changed[key] = hurry_duration(str(rule[key]), hurry, scrape_seconds)
    except HurryError as error:
        raise HurryError(f"{rule.get('alert', rule.get('record'))}: {error}") from error
    return changed


def link_runbook(rules: dict[str, Any], address: str) -> dict[str, Any]:
    """A file of rules, as YAML reads it, whose alerts lead to the runbook below that address.

    They name it as the repository has it, which leads nowhere on a phone; an empty address leaves it so.
    """
    start = address.rstrip("/") + "/" if address else ""
    groups = [
        {**group, "rules": [_link_rule(rule, start) for rule in group["rules"]]} for group in rules["groups"]
    ]
    return {**rules, "groups": groups}


def _link_rule(rule: dict[str, Any], start: str) -> dict[str, Any]:
    notes = rule.get("annotations", {})
    if "runbook" not in notes:
        return rule
    return {**rule, "annotations": {**notes, "runbook": start + notes["runbook"]}}


def write_rules(folder: Path, *, hurry: float, scrape_seconds: float, runbook_url: str = "") -> list[Path]:
    """Writes all rules into a folder, which may exist, and returns the files. Raises `HurryError`."""
    if hurry < 1 or scrape_seconds <= 0:
        raise HurryError(f"hurry is at least 1 and a scrape takes time: not {hurry} and {scrape_seconds} s")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for path in sorted(RULES.glob("*.yml")):
        rules = hurry_rules(yaml.safe_load(path.read_text(encoding="utf-8")), hurry, scrape_seconds)
        rules = link_runbook(rules, runbook_url)
        text = yaml.safe_dump(rules, sort_keys=False, allow_unicode=True, width=120)
        written.append(folder / path.name)
        written[-1].write_text(f"# Made from monitoring/rules/{path.name}.\n{text}", encoding="utf-8")
    return written
