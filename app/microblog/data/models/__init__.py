"""All tables, one module a noun. Importing this package fills `Base.metadata`."""

from microblog.data.models.accounts import Account, User
from microblog.data.models.jobs import DeadJob, Job
from microblog.data.models.mails import Mail
from microblog.data.models.media import MediaFile
from microblog.data.models.notifications import Marker, Notification
from microblog.data.models.rate_limits import RateLimitWindow
from microblog.data.models.relationships import Follow
from microblog.data.models.sessions import LogInSession
from microblog.data.models.statistics import DailyStatistic
from microblog.data.models.statuses import Mention, Status, StatusTag, Tag
from microblog.data.models.tokens import OneTimeToken

__all__ = [
    "Account",
    "DailyStatistic",
    "DeadJob",
    "Follow",
    "Job",
    "LogInSession",
    "Mail",
    "Marker",
    "MediaFile",
    "Mention",
    "Notification",
    "OneTimeToken",
    "RateLimitWindow",
    "Status",
    "StatusTag",
    "Tag",
    "User",
]
