"""The budgets of the API."""

from typing import Any

from tests.budgets.asking import NOBODY, Ask

# The token with its account; a list's rows; of posts also whom they mention and which tags they use.
TOKEN, ROWS, PARTS = 1, 1, 1
STATUSES = ROWS + PARTS
#: One post, read as a list of one is.
STATUS = STATUSES


def member(statements: int, **options: Any) -> Ask:
    """Asked by somebody's token."""
    return Ask(TOKEN + statements, **options)


def visitor(statements: int, **options: Any) -> Ask:
    """Asked without a token."""
    return Ask(statements, by=NOBODY, **options)


def both(statements: int, **options: Any) -> tuple[Ask, ...]:
    """What is for everybody, asked with a token and without."""
    return member(statements, **options), visitor(statements, **options)


READING: dict[str, tuple[Ask, ...]] = {
    # --- Lists of posts
    "GET /api/v1/timelines/home": (member(STATUSES), member(STATUSES, query="max_id={root}")),
    "GET /api/v1/timelines/public": both(STATUSES),
    "GET /api/v1/timelines/tag/<name>": (
        *both(STATUSES),
        *both(STATUSES, query="any[]=dogs&all[]=dogs&none[]=tag7"),
    ),
    "GET /api/v1/accounts/<id:account_id>/statuses": (
        *both(STATUSES),
        member(STATUSES, at={"account_id": "alice"}, query="exclude_reblogs=1"),
        member(STATUSES, at={"account_id": "alice"}, query="exclude_replies=1"),
        member(STATUSES, at={"account_id": "alice"}, query="pinned=1"),
        member(STATUSES, query="tagged=cats"),
    ),
    "GET /api/v1/favourites": (member(STATUSES),),
    "GET /api/v1/bookmarks": (member(STATUSES),),
    # The post, and what stands above and below it.
    "GET /api/v1/statuses/<id:status_id>/context": both(1 + STATUSES, at={"status_id": "root"}),
    # Their notifications, and the posts of these.
    "GET /api/v1/notifications": (member(ROWS + STATUSES), member(ROWS + STATUSES, query="types[]=mention")),
    # People, tags with their use, posts.
    "GET /api/v2/search": (member(ROWS + 2 * ROWS + STATUSES, query="q=cats"),),
    # --- Single posts
    "GET /api/v1/statuses/<id:status_id>": both(STATUS),
    "GET /api/v1/statuses/<id:status_id>/source": (member(1, at={"status_id": "own"}),),
    "GET /api/v1/statuses/<id:status_id>/history": both(1 + ROWS, at={"status_id": "root"}),
    "GET /api/v1/notifications/<id:notification_id>": (member(1 + STATUS),),
    # --- Lists of people and tags
    "GET /api/v1/accounts/<id:account_id>/followers": both(ROWS),
    "GET /api/v1/accounts/<id:account_id>/following": both(ROWS, at={"account_id": "alice"}),
    "GET /api/v1/blocks": (member(ROWS),),
    "GET /api/v1/mutes": (member(ROWS),),
    "GET /api/v1/follow_requests": (member(ROWS),),
    "GET /api/v1/accounts/search": (member(ROWS, query="q=person_7"),),
    "GET /api/v1/accounts/relationships": (member(ROWS, query="id[]={bob}&id[]={stranger}"),),
    "GET /api/v1/statuses/<id:status_id>/favourited_by": both(1 + ROWS, at={"status_id": "root"}),
    "GET /api/v1/statuses/<id:status_id>/reblogged_by": both(1 + ROWS, at={"status_id": "root"}),
    "GET /api/v1/suggestions": (member(ROWS),),
    "GET /api/v2/suggestions": (member(ROWS),),
    # The tags, and how they were used.
    "GET /api/v1/followed_tags": (member(ROWS + 1),),
    "GET /api/v1/tags/<name>": both(2),
    # --- Accounts
    "GET /api/v1/accounts/verify_credentials": (member(1),),
    "GET /api/v1/accounts/<id:account_id>": both(1),
    "GET /api/v1/accounts/lookup": both(1, query="acct=bob"),
    "GET /api/v1/preferences": (member(0),),
    "GET /api/v1/markers": (member(1, query="timeline[]=home&timeline[]=notifications"),),
    "POST /api/v1/markers": (
        # Each of the two, and both as they are then.
        member(3, body={"home": {"last_read_id": "{root}"}, "notifications": {"last_read_id": "1"}}),
    ),
    # --- What the server tells of itself
    "GET /.well-known/host-meta": (visitor(0),),
    "GET /.well-known/nodeinfo": (visitor(0),),
    "GET /.well-known/webfinger": (visitor(1, query="resource=acct:bob@localhost"),),
    "GET /nodeinfo/2.0": (visitor(1),),
    "GET /api/docs": (visitor(0),),
    "GET /api/openapi.json": (visitor(0),),
    "GET /api/v1/instance": both(1),
    "GET /api/v2/instance": both(1),
    **{
        f"GET /api/v1/{name}": both(0)
        for name in (
            "custom_emojis",
            "instance/activity",
            "instance/domain_blocks",
            "instance/extended_description",
            "instance/peers",
            "instance/rules",
            "instance/translation_languages",
            "trends",
            "trends/links",
            "trends/statuses",
            "trends/tags",
        )
    },
    # --- What is always empty
    "GET /api/v1/accounts/<id:account_id>/featured_tags": both(1),
    "GET /api/v1/accounts/<id:account_id>/lists": (member(1),),
    **{
        f"GET /api/{name}": (member(0),)
        for name in (
            "v1/announcements",
            "v1/conversations",
            "v1/domain_blocks",
            "v1/endorsements",
            "v1/featured_tags",
            "v1/featured_tags/suggestions",
            "v1/filters",
            "v2/filters",
            "v1/lists",
            "v1/scheduled_statuses",
        )
    },
}


def _post(statements: int, text: str, **more: Any) -> Ask:
    """The post with the counters, the jobs, and the post as it is shown; `statements` more."""
    headers = more.pop("headers", {})
    return member(2 + STATUS + statements, body={"status": text, **more}, headers=headers)


# Finding whom a post names; reading what it answers; writing its tags, mentions and notifications at once.
FIND, ANSWERED, WRITE = 1, 1, 1
WRITING: dict[str, tuple[Ask, ...]] = {
    "POST /api/v1/statuses": (
        _post(0, "plain"),
        _post(WRITE, "about #cats, #dogs and #something_new"),
        _post(FIND + WRITE, "to @bob and @carol"),
        _post(ANSWERED + FIND + WRITE, "an answer", in_reply_to_id="{post}"),
        _post(ANSWERED, "going on", in_reply_to_id="{root}"),
        _post(ANSWERED + FIND + WRITE, "to @bob and @dan about #cats", in_reply_to_id="{post}"),
        # Taking the key, and binding it to the post.
        _post(2, "plain", headers={"Idempotency-Key": "a key"}),
    ),
    # Twice what it was, then version, tags, mentions, notifications, jobs, and how it is shown.
    "PUT /api/v1/statuses/<id:status_id>": (
        member(12 + STATUS, at={"status_id": "own"}, body={"status": "Changed, #cats and @carol"}),
    ),
    "DELETE /api/v1/statuses/<id:status_id>": (member(4 + STATUS, at={"status_id": "doomed"}),),
    # The post as it was and as it is then, and what is done; some also count and tell.
    **{
        f"POST /api/v1/statuses/<id:status_id>/{action}": (
            member(1 + statements + STATUS, at={"status_id": "liked"}),
        )
        for action, statements in (
            ("favourite", 4),
            ("unfavourite", 3),
            ("bookmark", 1),
            ("unbookmark", 1),
            ("reblog", 5),
            ("unreblog", 5),
            ("mute", 1),
            ("unmute", 1),
        )
    },
    "POST /api/v1/statuses/<id:status_id>/pin": (member(1 + 3 + STATUS, at={"status_id": "own"}),),
    "POST /api/v1/statuses/<id:status_id>/unpin": (member(1 + 1 + STATUS, at={"status_id": "own"}),),
    # Locking both, what is done and counted on both sides, and what is between them then.
    **{
        f"POST /api/v1/accounts/<id:account_id>/{action}": (member(statements, at={"account_id": whom}),)
        for action, whom, statements in (
            ("follow", "stranger", 9),
            ("unfollow", "stranger", 6),
            ("block", "foe", 6),
            ("unblock", "foe", 3),
            ("mute", "loud", 3),
            ("unmute", "loud", 3),
            ("remove_from_followers", "follower", 5),
        )
    },
    "POST /api/v1/accounts/<id:account_id>/note": (member(3, body={"comment": "Good"}),),
    "POST /api/v1/follow_requests/<id:account_id>/authorize": (member(10, at={"account_id": "asking"}),),
    "POST /api/v1/follow_requests/<id:account_id>/reject": (member(4, at={"account_id": "asking_too"}),),
    "POST /api/v1/tags/<name>/follow": (member(6),),
    "POST /api/v1/tags/<name>/unfollow": (member(4),),
    "PATCH /api/v1/accounts/update_credentials": (
        member(3, body={"display_name": "Alice", "note": "Likes #cats and @bob"}),
    ),
    "POST /api/v1/reports": (
        member(3, body={"account_id": "{bob}", "status_ids": ["{post}"], "comment": "So so"}),
    ),
    "POST /api/v1/apps": (
        visitor(1, body={"client_name": "A client", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob"}),
    ),
    "GET /api/v1/apps/verify_credentials": (member(1),),
    "POST /api/v1/notifications/<id:notification_id>/dismiss": (member(1),),
    "POST /api/v1/notifications/clear": (member(1, by="grace"),),
}
