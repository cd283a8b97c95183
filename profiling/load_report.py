"""What many people met: a table of all steps, and pictures."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from profiling.charts import Bar, Curve, Panel, draw_bars, draw_curves
from profiling.columns import align

HEADER = ["step", "", "requests", "failures", "put off", "p50", "p95", "p99", "most"]
Seen = dict[str, Any]


def failed_share(seen: Seen) -> float:
    """Which part of all answers was a failure."""
    total = seen["total"]
    return float(total["failures"] / total["requests"]) if total["requests"] else 0.0


def describe(seen: Seen) -> list[str]:
    """The table, and below it what went wrong."""
    total = {**seen["total"], "step": "all", "method": ""}
    rows = [_row(one) for one in (*seen["steps"], total)]
    lines = ["", *align(HEADER, rows, left=(0, 1)), "", "Times in ms. Put off: by a limit of the site (429)."]
    if seen["total"]["put_off"]:
        lines.append("Who was put off waited as long as the site said, and asked again.")
    lines += [f"FAILED {one['count']} times: {one['step']}: {one['error']}" for one in seen["errors"]]
    for error in seen["exceptions"]:
        lines += [f"A journey itself went wrong {error['count']} times:", *error["traceback"].splitlines()]
    if seen["was_too_busy"]:
        lines.append("This machine was too busy for so many people: times are longer than the site's own.")
    return lines


def _row(step: Seen) -> list[str]:
    figures = ("requests", "failures", "put_off", "p50", "p95", "p99", "most")
    return [step["step"], step["method"], *(f"{step[name] or 0:.0f}" for name in figures)]


def draw(seen: Seen, path: Path, title: str) -> list[Path]:
    """How it went over time (`path`), and how long each step took (its name with `-steps`)."""
    pictures = []
    moments = seen["history"]
    if len(moments) > 1:
        pictures.append(_draw_time(moments, path, title))
    bars = [
        Bar(f"{one['step']} ({one['method']})", one["p95"] / 1000, one["step"].partition(":")[0])
        for one in seen["steps"]
        if one["requests"]
    ]
    steps = path.with_stem(f"{path.stem}-steps")
    return [*pictures, draw_bars(bars, steps, title=title, unit="seconds (p95)")]


def _draw_time(moments: Sequence[Seen], path: Path, title: str) -> Path:
    times = [datetime.fromisoformat(one["time"]) for one in moments]
    seconds = [(time - times[0]).total_seconds() for time in times]
    panels = [
        Panel("people", [_curve(moments, "people", "user_count")]),
        Panel(
            "each second",
            [
                _curve(moments, "requests", "current_rps"),
                _curve(moments, "failures", "current_fail_per_sec"),
            ],
        ),
        Panel(
            "ms",
            [
                _curve(moments, name, f"response_time_percentile_{share}")
                for name, share in (("p50", 0.5), ("p95", 0.95))
            ],
        ),
    ]
    return draw_curves(seconds, panels, path, title=title, unit="seconds")


def _curve(moments: Sequence[Seen], name: str, key: str) -> Curve:
    return Curve(name, [one[key][1] for one in moments])
