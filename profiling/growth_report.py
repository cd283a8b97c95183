"""Curves as a table and as a picture."""

import math
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from profiling.curves import Bar, Curve, Found

COLUMNS = 3
PARTS = {"python": "#3b6fb6", "postgresql": "#7a9e3f", "redis": "#c05746"}
SHADE = 0.35
BAD, GOOD = "#b3261e", "#222222"


def describe(found: Found, *, is_whole: bool = True) -> list[str]:
    """A table for each curve, one of the bars, and as the last line the verdict."""
    lines = [line for curve in found.curves for line in [*_describe_curve(curve), ""]]
    lines += _describe_bars(found.bars)
    problems = found.problems
    fine = "Growth: nothing grows that must not" + ("" if is_whole else ", so far: it ended early")
    return lines + ([f"Growth: {one}" for one in problems] or [fine])


def _describe_curve(curve: Curve) -> list[str]:
    lines = [
        f"{curve.name}: {name_class(curve)}",
        f"{curve.axis:>11}  ms of CPU    python  postgresql  redis  statements",
    ]
    for point in curve.points:
        parts = [1000 * point.middle(part) for part in PARTS]
        lines.append(
            f"{point.size:>11,}  {1000 * point.cost:9.3f}  {parts[0]:8.3f}  {parts[1]:10.3f}  {parts[2]:5.3f}"
            f"  {point.statements:10}"
        )
    return lines


def name_class(curve: Curve) -> str:
    """The class, how well it fits, and how much dearer the largest size is."""
    fitted = curve.fit
    if fitted is None:
        return f"{curve.factor:.2f}-fold; too few sizes to tell a class"
    if not curve.is_smooth:
        return f"no class fits ({fitted.growth} ±{fitted.error:.0%}), {curve.factor:.2f}-fold"
    quality = f"±{fitted.error:.1%}"
    if fitted.slope:
        quality += f", R² {fitted.r_squared:.3f}"
    return f"{fitted.growth} ({quality}), {curve.factor:.2f}-fold"


def _describe_bars(bars: list[Bar]) -> list[str]:
    if not bars:
        return []
    width = max(len(bar.name) for bar in bars)
    lines = [f"{'':{width}}  measured  middle half       bar"]
    for bar in bars:
        verdict = "holds" if bar.holds else "MISSED"
        lines.append(
            f"{bar.name:{width}}  {bar.measured:8.2f}  {bar.low:5.2f} to {bar.high:5.2f}"
            f"  {bar.limit:5g} {bar.unit}  {verdict}"
        )
    return [*lines, ""]


def draw(found: Found, path: Path) -> None:
    """A PNG with a panel for each curve: points of all rounds, their parts, and the fitted curve."""
    columns = min(COLUMNS, len(found.curves))
    rows = math.ceil(len(found.curves) / columns)
    figure = Figure(figsize=(5.2 * columns, 0.6 + 3.8 * rows), layout="constrained")
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for panel, curve in zip(panels, found.curves, strict=False):
        _draw_curve(panel, curve)
    for panel in panels[len(found.curves) :]:
        panel.set_axis_off()
    figure.legend(
        handles=[Patch(color=colour, alpha=SHADE, label=part) for part, colour in PARTS.items()],
        loc="outside lower center",
        ncols=len(PARTS),
    )
    figure.suptitle("CPU of a run. Dots: all rounds; dashed: the fitted curve")
    figure.savefig(path, dpi=100)


def _draw_curve(panel: Axes, curve: Curve) -> None:
    sizes = [point.size for point in curve.points]
    bottom = [0.0] * len(sizes)
    for part, colour in PARTS.items():
        top = [low + 1000 * point.middle(part) for low, point in zip(bottom, curve.points, strict=True)]
        panel.fill_between(sizes, bottom, top, color=colour, alpha=SHADE, linewidth=0)
        bottom = top
    for point in curve.points:
        panel.plot([point.size] * len(point.rounds), [1000 * one.total for one in point.rounds], ".k", ms=3)
    fitted = curve.fit
    if fitted:
        steps = [sizes[0] * (sizes[-1] / sizes[0]) ** (step / 60) for step in range(61)]
        panel.plot(steps, [1000 * fitted.cost_at(size) for size in steps], "--k", linewidth=1)
    panel.set_xscale("linear" if curve.axis == "page" else "log")
    panel.set_ylim(bottom=0)
    panel.set_xlabel(curve.axis)
    panel.set_ylabel("ms")
    panel.set_title(f"{curve.name}\n{name_class(curve)}", fontsize=10, color=BAD if curve.problems else GOOD)
