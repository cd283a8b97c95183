"""Jobs about statistics."""

from datetime import date

from sqlalchemy.orm import Session

from microblog.bootstrap import Resources
from microblog.services import statistics
from microblog.worker.base import Run


def daily(session: Session, _resources: Resources, _run: Run, *, day: str) -> None:
    """Compute the figures of a UTC day, such as `2026-11-21`."""
    statistics.compute_day(session, day=date.fromisoformat(day))
