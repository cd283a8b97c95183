"""Every job by name: its queue and its arguments' names (JSON: ids, keys and days, never personal data)."""

from dataclasses import dataclass
from typing import Final

FEEDS: Final = "feeds"
MAIL: Final = "mail"
MEDIA: Final = "media"
MAINTENANCE: Final = "maintenance"
QUEUES: Final = (FEEDS, MAIL, MEDIA, MAINTENANCE)


@dataclass(frozen=True)
class JobType:
    """A kind of job: its name (the Celery task's name too), its queue, the names of its arguments."""

    name: str
    queue: str
    parameters: frozenset[str] = frozenset()


FAN_OUT: Final = JobType("statuses.fan_out", FEEDS, frozenset({"status_id"}))
MENTION_MAIL: Final = JobType("mail.mention", MAIL, frozenset({"status_id", "account_id"}))
FOLLOW_MAIL: Final = JobType("mail.follow", MAIL, frozenset({"account_id", "from_account_id"}))
CONFIRMATION_MAIL: Final = JobType("mail.confirmation", MAIL, frozenset({"token_id"}))
ADDRESS_CHANGE_MAIL: Final = JobType("mail.address_change", MAIL, frozenset({"token_id"}))
PASSWORD_CHANGED_MAIL: Final = JobType("mail.password_changed", MAIL, frozenset({"account_id"}))
RESET_MAIL: Final = JobType("mail.reset_password", MAIL, frozenset({"token_id"}))
PROCESS_AVATAR: Final = JobType("media.process_avatar", MEDIA, frozenset({"media_id"}))
CONCEAL_AVATAR: Final = JobType("media.conceal_avatar", MEDIA, frozenset({"account_id"}))
PROCESS_HEADER: Final = JobType("media.process_header", MEDIA, frozenset({"media_id"}))
CONCEAL_HEADER: Final = JobType("media.conceal_header", MEDIA, frozenset({"account_id"}))
DELETE_FILES: Final = JobType("media.delete_files", MEDIA, frozenset({"key"}))
REPAIR_MEDIA: Final = JobType("media.repair", MAINTENANCE, frozenset({"after"}))
DAILY_STATISTICS: Final = JobType("statistics.daily", MAINTENANCE, frozenset({"day"}))
PURGE: Final = JobType("housekeeping.purge", MAINTENANCE)

ALL: Final = (
    FAN_OUT,
    MENTION_MAIL,
    FOLLOW_MAIL,
    CONFIRMATION_MAIL,
    ADDRESS_CHANGE_MAIL,
    PASSWORD_CHANGED_MAIL,
    RESET_MAIL,
    PROCESS_AVATAR,
    CONCEAL_AVATAR,
    PROCESS_HEADER,
    CONCEAL_HEADER,
    DELETE_FILES,
    REPAIR_MEDIA,
    DAILY_STATISTICS,
    PURGE,
)
#: Names that this release has work for; a job of another one waits for a release that knows it.
KNOWN: Final = tuple(job.name for job in ALL)
