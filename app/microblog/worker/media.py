"""Jobs about pictures."""

from sqlalchemy.orm import Session

from microblog.bootstrap import Resources
from microblog.services import media, media_repair
from microblog.worker.base import Run


def process_avatar(session: Session, resources: Resources, _run: Run, *, media_id: int) -> None:
    """Make an uploaded avatar's sizes."""
    media.process_avatar(session, resources.storage, media_id=media_id)


def conceal_avatar(session: Session, resources: Resources, _run: Run, *, account_id: int) -> None:
    """Take a suspended person's avatar away from where it was seen."""
    media.conceal_avatar(session, resources.storage, account_id=account_id)


def process_header(session: Session, resources: Resources, _run: Run, *, media_id: int) -> None:
    """Make an uploaded header picture's sizes."""
    media.process_header(session, resources.storage, media_id=media_id)


def conceal_header(session: Session, resources: Resources, _run: Run, *, account_id: int) -> None:
    """Take a suspended person's header picture away from where it was seen."""
    media.conceal_header(session, resources.storage, account_id=account_id)


def delete_files(session: Session, resources: Resources, _run: Run, *, key: str) -> None:
    """Delete a discarded picture's files."""
    media.delete_files(session, resources.storage, key=key)


def repair(session: Session, resources: Resources, run: Run, *, after: str) -> None:
    """Make the media hosts alike again, from the key behind `after` on."""
    media_repair.repair_hosts(session, resources.storage, after=after, job_id=run.job_id)
