"""Time-ordered ids: 63 bits, milliseconds since 1970 shifted left by 16, then a sequence.

PostgreSQL's function `microblog_id()` makes them (data/migrations); here is the same layout for
cursors and seeds.
"""

from datetime import UTC, datetime, timedelta

SEQUENCE_BITS = 16
MAX_ID = 2**63 - 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def make_id(moment: datetime, sequence: int = 0) -> int:
    """The id of `moment` (timezone-aware) with a sequence number, taken modulo 2**16."""
    return ((moment - EPOCH) // MILLISECOND << SEQUENCE_BITS) | (sequence & (1 << SEQUENCE_BITS) - 1)


def time_of_id(identifier: int) -> datetime:
    """The UTC moment, to the millisecond, at which an id was made."""
    return EPOCH + (identifier >> SEQUENCE_BITS) * MILLISECOND


def parse_id(text: str | None) -> int | None:
    """An id from untrusted text, bounded to what the database can compare; None where it is no id at all."""
    # isdecimal() alone admits other scripts' digits, and int() of a very long string is refused by Python.
    if not text or not text.isascii() or not text.isdecimal():
        return None
    return int(text) if len(text) <= 19 and int(text) <= MAX_ID else MAX_ID
