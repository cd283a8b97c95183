"""All tables, one module a noun. Importing this package fills `Base.metadata`."""

from microblog.data.models.accounts import Account, User
from microblog.data.models.applications import AccessToken, Application, AuthorizationCode
from microblog.data.models.jobs import DeadJob, Job
from microblog.data.models.mails import Mail
from microblog.data.models.media import MediaFile
from microblog.data.models.notifications import Marker, Notification
from microblog.data.models.rate_limits import RateLimitWindow
from microblog.data.models.reactions import Bookmark, ConversationMute, Favourite, Pin
from microblog.data.models.relationships import AccountNote, Block, Follow, FollowRequest, Mute
from microblog.data.models.reports import Report
from microblog.data.models.sessions import LogInSession
from microblog.data.models.statistics import DailyStatistic
from microblog.data.models.statuses import IdempotencyKey, Mention, Status, StatusEdit
from microblog.data.models.tags import StatusTag, Tag, TagFollow
from microblog.data.models.tokens import OneTimeToken

__all__ = [
    "AccessToken",
    "Account",
    "AccountNote",
    "Application",
    "AuthorizationCode",
    "Block",
    "Bookmark",
    "ConversationMute",
    "DailyStatistic",
    "DeadJob",
    "Favourite",
    "Follow",
    "FollowRequest",
    "IdempotencyKey",
    "Job",
    "LogInSession",
    "Mail",
    "Marker",
    "MediaFile",
    "Mention",
    "Mute",
    "Notification",
    "OneTimeToken",
    "Pin",
    "RateLimitWindow",
    "Report",
    "Status",
    "StatusEdit",
    "StatusTag",
    "Tag",
    "TagFollow",
    "User",
]
