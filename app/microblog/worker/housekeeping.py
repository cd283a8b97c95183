"""Jobs that tidy up."""

from sqlalchemy.orm import Session

from microblog.bootstrap import Resources
from microblog.services import housekeeping
from microblog.worker.base import Run


def purge(session: Session, resources: Resources, _run: Run) -> None:
    """Delete what has expired."""
    housekeeping.purge_expired(session, resources.storage)
