"""A bench's rows as a table and as a picture."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from profiling.bars import Row
from profiling.baselines import Baseline, compare
from profiling.columns import align

GOOD, BAD, BASELINE = "#3b6fb6", "#b3261e", "#222222"
UNKNOWN = "-"


def describe(rows: Sequence[Row], baseline: Baseline | None) -> list[str]:
    """The table, and the verdict as the last lines."""
    header = ["", "measured", "middle half", "bar", "", "vs. baseline", "of which"]
    lines = align(header, [_cells(row, baseline) for row in rows], left=(0, 3, 4, 5, 6))
    missed = [row.bar.name for row in rows if row.measured and not row.holds]
    unknown = [row.bar.name for row in rows if not row.measured]
    changes = {row.bar.name: compare(row, baseline) for row in rows}
    worse = [name for name, change in changes.items() if change and change.is_worse]
    problems = (("Bars missed", missed), ("Not measured", unknown), ("Worse than the baseline", worse))
    verdicts = [f"{title}: {'; '.join(names)}" for title, names in problems if names]
    return [*lines, "", *(verdicts or ["All bars hold"])]


def _cells(row: Row, baseline: Baseline | None) -> list[str]:
    change = compare(row, baseline)
    measured, spread = UNKNOWN, ""
    if row.measured:
        digits = 2 if row.measured.value < 10 else 0
        measured = f"{row.measured.value:.{digits}f}"
        if row.measured.low < row.measured.high:
            spread = f"{row.measured.low:.{digits}f} to {row.measured.high:.{digits}f}"
    told = change.text if change else UNKNOWN
    return [row.bar.name, measured, spread, row.bar.text, row.verdict, told, row.note]


def draw(rows: Sequence[Row], baseline: Baseline | None, path: Path) -> None:
    """A PNG: how much of its bar each row takes, with its middle half and the baseline's value."""
    figure = Figure(figsize=(11, 1.6 + 0.42 * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    for place, row in enumerate(rows):
        if row.measured is None:
            axes.text(0.01, place, "not measured", va="center", color=BAD, fontsize=8)
            continue
        share = row.bar.share(row.measured.value)
        ends = sorted(row.bar.share(value) for value in (row.measured.low, row.measured.high))
        axes.barh(place, share, color=GOOD if row.holds else BAD, alpha=0.8)
        axes.plot(ends, [place, place], color=BASELINE, linewidth=1.2)
        axes.text(
            max(share, ends[1]), place, f"  {row.measured.value:.3g} {row.bar.unit}", va="center", fontsize=8
        )
        former = baseline.rows.get(row.bar.name) if baseline else None
        if former:
            axes.plot([row.bar.share(former.value)], [place], marker="|", color=BASELINE, markersize=14)
    axes.axvline(1, color=BAD, linestyle="--", linewidth=1)
    axes.set_yticks(range(len(rows)), [f"{row.bar.name}  ({row.bar.text})" for row in rows], fontsize=8)
    axes.set_xlim(0, max(1.25, axes.get_xlim()[1]))
    axes.invert_yaxis()
    axes.set_xlabel("part of the bar that is taken; line: middle half; upright stroke: baseline")
    figure.suptitle("Bars of performance", fontsize=11)
    figure.savefig(path, dpi=110)
