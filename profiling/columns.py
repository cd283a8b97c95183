"""Tables of text."""

from collections.abc import Sequence

GAP = "  "


def align(header: Sequence[str], rows: Sequence[Sequence[str]], *, left: Sequence[int] = ()) -> list[str]:
    """Lines of a table: columns are right-aligned but for those in `left`; no line ends with spaces."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    return [
        GAP.join(
            cell.ljust(width) if number in left else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (header, *rows)
    ]


def clip(text: str, width: int) -> str:
    """The text, its end left out where it is too long."""
    return text if len(text) <= width else text[: width - 1] + "…"


def milliseconds(seconds: float) -> str:
    """A time as a table has it."""
    return f"{seconds * 1000:.3f}"
