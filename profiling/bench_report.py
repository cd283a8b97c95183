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
    figure = Figure(figsize=(11, 1.9 + 0.42 * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    for place, row in enumerate(rows):
        if row.measured is None:
            continue
        ends = sorted(row.bar.share(value) for value in (row.measured.low, row.measured.high))
        axes.barh(place, row.bar.share(row.measured.value), color=GOOD if row.holds else BAD, alpha=0.8)
        axes.plot(ends, [place, place], color=BASELINE, linewidth=1.2)
        former = baseline.rows.get(row.bar.name) if baseline else None
        if former:
            axes.plot([row.bar.share(former.value)], [place], marker="|", color=BASELINE, markersize=14)
    axes.axvline(1, color=BAD, linestyle="--", linewidth=1)
    places = range(len(rows))
    axes.set_yticks(places, [f"{row.bar.name}  ({row.bar.text})" for row in rows], fontsize=8)
    # Beside the frame no stroke crosses a figure.
    figures = axes.secondary_yaxis("right")
    figures.set_yticks(places, [_figure(row) for row in rows], fontsize=8)
    figures.tick_params(length=0)
    for label, row in zip(figures.get_yticklabels(), rows, strict=True):
        label.set_color(BASELINE if row.holds else BAD)
    axes.set_xlim(0, max(1.1, axes.get_xlim()[1]))
    axes.invert_yaxis()
    axes.set_xlabel(
        "how much is taken of what is allowed: the less the better, right of the dashed line is a miss\n"
        "level stroke: the middle half of all measurements; upright stroke: the baseline"
    )
    figure.suptitle("Bars of performance", fontsize=11)
    figure.savefig(path, dpi=110)


def _figure(row: Row) -> str:
    if row.measured is None:
        return "not measured"
    return f"{row.measured.value:.3g} {row.bar.unit}" + ("" if row.holds else ", MISSED")
