"""Jobs about statuses."""

from sqlalchemy.orm import Session

from microblog.bootstrap import Resources
from microblog.services import feeds
from microblog.worker.base import Run


def fan_out(session: Session, resources: Resources, _run: Run, *, status_id: int) -> None:
    """Put a post into the followers' feeds."""
    feeds.fan_out(session, resources.feeds, status_id=status_id)
