"""A former run's rows, kept in a file, and what a new run's are against them.

Kept are ratios and sizes, not times: these differ from machine to machine.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from profiling.bars import Measured, Row
from profiling.measuring import UsageError

FILE = Path(__file__).parent / "baseline.json"
#: Two sets of processes of the same program differ by so much.
TOLERANCE = 0.05


@dataclass(frozen=True)
class Baseline:
    """What was measured of each row by name, on a database of so many posts."""

    posts: int
    rows: Mapping[str, Measured]


@dataclass(frozen=True)
class Change:
    """What became of a row: `by`: so much more of what its bar allows is taken (0.1: a tenth)."""

    by: float
    is_beyond_spread: bool

    @property
    def is_worse(self) -> bool:
        """Whether it is a regression."""
        return self.is_beyond_spread and self.by > 0

    @property
    def text(self) -> str:
        """The change as the table has it."""
        if not self.is_beyond_spread:
            return f"{self.by:+.0%} same"
        return f"{self.by:+.0%} {'WORSE' if self.is_worse else 'better'}"


def compare(row: Row, baseline: Baseline | None) -> Change | None:
    """A row against its former self; None where either was not measured.

    It has changed where the middle halves of both don't meet, and more than by TOLERANCE.
    """
    former = baseline.rows.get(row.bar.name) if baseline else None
    if former is None or row.measured is None:
        return None
    by = row.bar.share(row.measured.value) / row.bar.share(former.value) - 1
    is_apart = row.measured.low > former.high or row.measured.high < former.low
    return Change(by, is_apart and abs(by) > TOLERANCE)


def load(path: Path, posts: int) -> Baseline | None:
    """The kept baseline; None where there is none.

    Raises `UsageError` where it is of another size of database, or no baseline at all.
    """
    if not path.exists():
        return None
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        rows = {name: Measured(**measured) for name, measured in kept["rows"].items()}
        baseline = Baseline(int(kept["posts"]), rows)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UsageError(f"{path} holds no baseline: {error}") from error
    if baseline.posts != posts:
        raise UsageError(
            f"{path} was measured with {baseline.posts} posts: add --posts {baseline.posts}, or name a file"
            " of your own by --baseline"
        )
    return baseline


def save(path: Path, posts: int, rows: Iterable[Row], former: Baseline | None) -> None:
    """Keep what was measured; rows that this run left out stay as they were."""
    measured = {row.bar.name: row.measured for row in rows if row.measured}
    merged = {**(former.rows if former else {}), **measured}
    kept = {
        "posts": posts,
        "rows": {
            name: {key: round(value, 3) for key, value in asdict(one).items()} for name, one in merged.items()
        },
    }
    path.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
