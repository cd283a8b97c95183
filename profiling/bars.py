"""What a bench measures against a bar: rows of a table, each with its verdict."""

from dataclasses import dataclass

TIMES, PERCENT, MEGABYTES = "times", "%", "MiB"


@dataclass(frozen=True)
class Bar:
    """A limit for what has this name: the most that is allowed, or with `at_least` the least."""

    name: str
    limit: float
    unit: str = TIMES
    at_least: bool = False

    @property
    def text(self) -> str:
        """The bar as the table has it."""
        return f"{'>=' if self.at_least else '<='} {self.limit:g} {self.unit}"

    def share(self, value: float) -> float:
        """How much of what is allowed a value takes: up to 1 holds."""
        return self.limit / value if self.at_least else value / self.limit


@dataclass(frozen=True)
class Measured:
    """A row's value, and between which two the middle half of all its measurements lies."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Row:
    """A bar, what was measured (None: `note` says why not), and in a few words of what that is made."""

    bar: Bar
    measured: Measured | None
    note: str

    @property
    def holds(self) -> bool:
        """Whether it was measured and is within the bar."""
        return self.measured is not None and self.bar.share(self.measured.value) <= 1

    @property
    def verdict(self) -> str:
        """The same in words."""
        if self.measured is None:
            return "NOT MEASURED"
        return "holds" if self.holds else "MISSED"
