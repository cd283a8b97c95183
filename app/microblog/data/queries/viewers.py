"""What a request needs to know of its viewer, be it by a log-in or by a token."""

from microblog.data.models import Account, User

_accounts, _users = Account.__table__, User.__table__
VIEWER_COLUMNS = (
    _accounts.c.username,
    _accounts.c.display_name,
    _accounts.c.avatar_key,
    _accounts.c.role,
    _accounts.c.feed_version,
    _accounts.c.following_count,
    _users.c.confirmed_at,
    _users.c.time_zone,
    _users.c.locale,
    _users.c.default_visibility,
    _users.c.default_sensitive,
    _users.c.default_language,
)
