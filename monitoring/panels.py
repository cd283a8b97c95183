"""What a dashboard is made of. One definition becomes Grafana's JSON and Prometheus' console templates.

A query is written once, for both: so plain ranges (`[2m]`, eight scrapes of 15 seconds) and no variables of
Grafana. A query about what happens rarely ends in a zero (`or_zero`): an empty panel always means that
something is broken.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

# How far rates look back.
RANGE: Final = "2m"


class Unit(StrEnum):
    """What a panel's numbers mean. Ratios are 0 to 1; timestamps are seconds since 1970."""

    COUNT = "count"
    RATIO = "ratio"
    SECONDS = "seconds"
    BYTES = "bytes"
    BYTES_PER_SECOND = "bytes_per_second"
    PER_SECOND = "per_second"
    PER_MINUTE = "per_minute"
    TIMESTAMP = "timestamp"


class Kind(StrEnum):
    """How a panel is drawn: lines over time, one number of now, or a row for each series of now."""

    GRAPH = "graph"
    STAT = "stat"
    TABLE = "table"


# In a row: numbers first, then lines, then tables.
DRAWING_ORDER: Final = (Kind.STAT, Kind.GRAPH, Kind.TABLE)


@dataclass(frozen=True)
class Query:
    """A PromQL expression and the name of its series: `[[label]]` stands for a label's value."""

    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Thresholds:
    """From where on a number needs a look, and is bad. With `bad` below `warn`, small numbers are bad."""

    warn: float
    bad: float

    @property
    def high_is_bad(self) -> bool:
        """Whether large numbers are the bad ones."""
        return self.bad >= self.warn


@dataclass(frozen=True)
class Panel:
    """One question and its answer.

    `help` says in one sentence what to look for. `columns` are the labels that a table shows; the number
    comes last, under `value_name`. `top` is a graph's full scale where it is known (1 for 100 %).
    """

    title: str
    queries: tuple[Query, ...]
    unit: Unit
    help: str
    kind: Kind = Kind.GRAPH
    thresholds: Thresholds | None = None
    columns: tuple[str, ...] = ()
    value_name: str = "value"
    top: float | None = None


@dataclass(frozen=True)
class Row:
    """Panels that belong together, under a title."""

    title: str
    panels: tuple[Panel, ...]

    def of_kind(self, kind: Kind) -> tuple[Panel, ...]:
        """The row's panels that are drawn this way, in order."""
        return tuple(panel for panel in self.panels if panel.kind is kind)


@dataclass(frozen=True)
class Board:
    """A page of panels. Its `uid` is the name of its file and its address."""

    uid: str
    title: str
    description: str
    rows: tuple[Row, ...] = field(default=())

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All panels, in order."""
        return tuple(panel for row in self.rows for panel in row.panels)


def graph(
    title: str,
    unit: Unit,
    help: str,  # noqa: A002 - the field's name
    *queries: tuple[str, str],
    top: float | None = None,
) -> Panel:
    """Lines over time; each query is (expression, legend)."""
    pairs = tuple(Query(expr, legend) for expr, legend in queries)
    return Panel(title, pairs, unit, help, Kind.GRAPH, top=top)


def stat(
    title: str,
    unit: Unit,
    help: str,  # noqa: A002 - the field's name
    expr: str,
    thresholds: Thresholds | None = None,
) -> Panel:
    """One number of now."""
    return Panel(title, (Query(expr, title),), unit, help, Kind.STAT, thresholds)


def table(
    title: str,
    unit: Unit,
    help: str,  # noqa: A002 - the field's name
    expr: str,
    columns: tuple[str, ...],
    value_name: str = "value",
    thresholds: Thresholds | None = None,
) -> Panel:
    """A row for each series of now, with the labels `columns` and the number."""
    query = (Query(expr, ""),)
    return Panel(title, query, unit, help, Kind.TABLE, thresholds, columns, value_name)


def rate(selector: str, by: str = "") -> str:
    """How fast a counter grows, added up by the labels `by`."""
    return f"sum{f' by ({by})' if by else ''} (rate({selector}[{RANGE}]))"


def quantile(share: float, histogram: str, by: str = "", *, selector: str = "") -> str:
    """The value that `share` of a histogram's observations stayed below; nothing where none was observed."""
    labels = f"le, {by}" if by else "le"
    rates = f"sum by ({labels}) (rate({histogram}_bucket{selector}[{RANGE}]))"
    # A histogram without observations answers NaN, which no comparison lets through.
    return f"histogram_quantile({share}, {rates}) >= 0"


def or_zero(expr: str) -> str:
    """The query, or one 0 where it finds nothing at all."""
    return f"({expr}) or on () vector(0)"
