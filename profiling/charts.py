"""Pictures of what the harnesses find, drawn by matplotlib without a screen."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from profiling.stacks import Block

Colour = tuple[float, float, float]
PALETTE: tuple[Colour, ...] = tuple(mpl.colormaps["tab20"].colors)  # type: ignore[attr-defined]
OTHERS = "others"
OTHERS_COLOUR: Colour = (0.82, 0.82, 0.82)
BAR_INCHES = 0.26
FRAME_INCHES = 0.2
FLAME_WIDTH = 18.0
#: Characters of the small font to an inch.
CHARACTERS = 15


@dataclass(frozen=True)
class Bar:
    """A bar of a chart; bars of a `group` have the same colour."""

    label: str
    length: float
    group: str


@dataclass(frozen=True)
class Curve:
    """A named line of a plot, a value for each place of the axis."""

    name: str
    values: Sequence[float]


@dataclass(frozen=True)
class Panel:
    """Curves of the same unit."""

    unit: str
    curves: Sequence[Curve]


def pick_colours(groups: Sequence[str]) -> dict[str, Colour]:
    """A colour for each of the first groups, one and the same for all others."""
    names = list(dict.fromkeys(groups))
    return {
        name: PALETTE[number] if number < len(PALETTE) else OTHERS_COLOUR for number, name in enumerate(names)
    }


def draw_bars(bars: Sequence[Bar], path: Path, *, title: str, unit: str) -> Path:
    """Bars below each other, the first one on top, with their figures."""
    figure = Figure(figsize=(14, 1.4 + BAR_INCHES * max(len(bars), 3)), layout="constrained")
    axes = figure.add_subplot()
    colours = pick_colours([bar.group for bar in bars])
    places = range(len(bars))
    axes.barh(places, [bar.length for bar in bars], color=[colours[bar.group] for bar in bars])
    axes.set_yticks(
        places, [_plain(bar.label) for bar in bars], fontfamily="monospace", fontsize=8, parse_math=False
    )
    for place, bar in zip(places, bars, strict=True):
        axes.text(bar.length, place, f" {bar.length:.3f}", va="center", fontsize=7)
    axes.invert_yaxis()
    axes.set_xlabel(unit)
    _add_legend(axes, colours)
    return _save(figure, path, title)


def draw_curves(
    places: Sequence[float],
    panels: Sequence[Panel],
    path: Path,
    *,
    title: str,
    unit: str,
    is_logarithmic: bool = False,
) -> Path:
    """Plots above each other over the same axis."""
    figure = Figure(figsize=(10, 3.2 * len(panels)), layout="constrained")
    for number, panel in enumerate(panels, 1):
        axes = figure.add_subplot(len(panels), 1, number)
        for curve in panel.curves:
            axes.plot(places, curve.values, marker=".", label=_plain(curve.name))
        axes.set_ylabel(panel.unit)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
        axes.set_xlabel(unit)
        if is_logarithmic:
            axes.set_xscale("log")
            axes.set_yscale("log")
    return _save(figure, path, title)


def draw_flame(blocks: Sequence[Block], path: Path, *, title: str) -> Path:
    """A flame graph, callers on top: the wider a block, the longer it took; colours are packages."""
    depth = 1 + max((block.depth for block in blocks), default=0)
    whole = max((block.seconds for block in blocks), default=1.0)
    figure = Figure(figsize=(FLAME_WIDTH, 1.6 + FRAME_INCHES * depth), layout="constrained")
    axes = figure.add_subplot()
    taken: dict[str, float] = {}
    for block in blocks:
        taken[block.package] = taken.get(block.package, 0.0) + block.own
    colours = pick_colours(sorted(taken, key=lambda name: -taken[name]))
    for block in blocks:
        axes.broken_barh(
            [(block.start, block.seconds)],
            (block.depth, 0.96),
            facecolor=colours[block.package],
            edgecolor="white",
            linewidth=0.2,
        )
        room = int(block.seconds / whole * FLAME_WIDTH * CHARACTERS)
        if room >= 4:
            label = _plain(block.label[:room])
            axes.text(block.start, block.depth + 0.5, label, va="center", fontsize=6, parse_math=False)
    axes.set_xlim(0, whole)
    axes.set_ylim(depth, 0)
    axes.set_yticks([])
    axes.set_xlabel("ms of one run, profiled")
    _add_legend(axes, colours)
    return _save(figure, path, title)


def _add_legend(axes: Axes, colours: dict[str, Colour]) -> None:
    shown = {name: colour for name, colour in colours.items() if colour != OTHERS_COLOUR}
    if len(shown) < len(colours):
        shown[OTHERS] = OTHERS_COLOUR
    patches = [Patch(color=colour, label=_plain(name)) for name, colour in shown.items()]
    # Beside the frame it hides no bar.
    axes.figure.legend(handles=patches, fontsize=7, loc="outside lower right", ncols=4)


def _plain(text: str) -> str:
    """Fonts lack some letters; matplotlib would warn of each."""
    return text.replace("…", "...").encode("ascii", "replace").decode()


def _save(figure: Figure, path: Path, title: str) -> Path:
    figure.suptitle(title, fontsize=11, parse_math=False)
    # Text stays text: it can be searched, and the file is small.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "microblog"}):
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    return path
