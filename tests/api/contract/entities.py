"""What each entity of the Mastodon client API holds, as JSON Schema 2020-12.

Written from the field lists of docs.joinmastodon.org/entities (version 4.2, which `/api/v1/instance` names).
Required is what a client may rely on; optional is what later releases of the reference add. Nothing else is
allowed: an unknown field is how private data would leak.
"""

from tests.api.contract.shapes import (
    BOOLEAN,
    COUNT,
    DATE,
    DATETIME,
    EMPTY_LIST,
    HTML,
    ID,
    LANGUAGE,
    NAME,
    NULL,
    STRING,
    URL,
    USERNAME,
    VISIBILITY,
    Schema,
    fields,
    list_of,
    nullable,
    one_of,
    ref,
    string,
)

# --- Accounts ------------------------------------------------------------------------------------------

FIELD = fields({"name": NAME, "value": HTML, "verified_at": nullable(DATETIME)})
FIELD_SOURCE = fields({"name": NAME, "value": STRING, "verified_at": nullable(DATETIME)})
ROLE_SHOWN = fields({"id": STRING, "name": STRING, "color": STRING})
ROLE = fields(
    {"id": STRING, "name": STRING, "color": STRING, "permissions": string(r"[0-9]+"), "highlighted": BOOLEAN}
)

_ACCOUNT: Schema = {
    "id": ID,
    "username": USERNAME,
    "acct": USERNAME,
    "uri": URL,
    "url": nullable(URL),
    "display_name": STRING,
    "note": HTML,
    "avatar": URL,
    "avatar_static": URL,
    "header": URL,
    "header_static": URL,
    "locked": BOOLEAN,
    "bot": BOOLEAN,
    "group": BOOLEAN,
    "discoverable": nullable(BOOLEAN),
    "indexable": BOOLEAN,
    "fields": list_of(FIELD),
    "emojis": EMPTY_LIST,
    "created_at": DATETIME,
    "last_status_at": nullable(DATE),
    "statuses_count": COUNT,
    "followers_count": COUNT,
    "following_count": COUNT,
}
_ACCOUNT_LATER: Schema = {
    "noindex": nullable(BOOLEAN),
    "moved": NULL,
    "memorial": BOOLEAN,
    "suspended": BOOLEAN,
    "limited": BOOLEAN,
    "roles": list_of(ROLE_SHOWN),
    "hide_collections": nullable(BOOLEAN),
}
_SOURCE = fields(
    {
        "note": STRING,
        "fields": list_of(FIELD_SOURCE),
        # A default can't be "direct": there would be nobody to read it.
        "privacy": one_of("public", "unlisted", "private"),
        "sensitive": BOOLEAN,
        "language": nullable(LANGUAGE),
        "indexable": BOOLEAN,
        "follow_requests_count": COUNT,
    },
    {
        "discoverable": nullable(BOOLEAN),
        "hide_collections": nullable(BOOLEAN),
        "attribution_domains": EMPTY_LIST,
    },
)

_RELATIONSHIP = {
    "id": ID,
    "following": BOOLEAN,
    "showing_reblogs": BOOLEAN,
    "notifying": BOOLEAN,
    "languages": nullable(list_of(LANGUAGE)),
    "followed_by": BOOLEAN,
    "blocking": BOOLEAN,
    "blocked_by": BOOLEAN,
    "muting": BOOLEAN,
    "muting_notifications": BOOLEAN,
    "requested": BOOLEAN,
    "requested_by": BOOLEAN,
    "domain_blocking": BOOLEAN,
    "endorsed": BOOLEAN,
    "note": STRING,
}

ACCOUNTS = {
    "Account": fields(_ACCOUNT, _ACCOUNT_LATER),
    "CredentialAccount": fields({**_ACCOUNT, "source": _SOURCE, "role": ROLE}, _ACCOUNT_LATER),
    "MutedAccount": fields({**_ACCOUNT, "mute_expires_at": nullable(DATETIME)}, _ACCOUNT_LATER),
    "Suggestion": fields({"source": NAME, "account": ref("Account")}, {"sources": list_of(NAME)}),
    "Relationship": fields(_RELATIONSHIP, {"muting_expires_at": nullable(DATETIME)}),
}

# --- Statuses ------------------------------------------------------------------------------------------

_FOCUS = fields({"x": {"type": "number"}, "y": {"type": "number"}})
_SIZE = fields(
    {"width": COUNT, "height": COUNT, "size": string(r"[0-9]+x[0-9]+"), "aspect": {"type": "number"}}
)
_MENTION = fields({"id": ID, "username": USERNAME, "acct": USERNAME, "url": URL})
_TAG_USED = fields({"name": NAME, "url": URL})
_WRITTEN_WITH = fields({"name": NAME, "website": nullable(URL)})

_STATUS: Schema = {
    "id": ID,
    "uri": URL,
    "url": nullable(URL),
    "created_at": DATETIME,
    "edited_at": nullable(DATETIME),
    "account": ref("Account"),
    "content": HTML,
    "visibility": VISIBILITY,
    "sensitive": BOOLEAN,
    "spoiler_text": STRING,
    "language": nullable(LANGUAGE),
    "in_reply_to_id": nullable(ID),
    "in_reply_to_account_id": nullable(ID),
    "application": nullable(_WRITTEN_WITH),
    "media_attachments": list_of(ref("MediaAttachment")),
    "mentions": list_of(_MENTION),
    "tags": list_of(_TAG_USED),
    "emojis": EMPTY_LIST,
    "poll": NULL,
    "card": NULL,
    "reblogs_count": COUNT,
    "favourites_count": COUNT,
    "replies_count": COUNT,
}
_FOR_VIEWERS: Schema = {
    "favourited": BOOLEAN,
    "reblogged": BOOLEAN,
    "bookmarked": BOOLEAN,
    "muted": BOOLEAN,
    "filtered": EMPTY_LIST,
}
# Only of posts that the viewer could pin: their own.
_PINNED: Schema = {"pinned": BOOLEAN}


def _status(boosted: str, more: Schema, optional: Schema | None = None) -> Schema:
    """A status whose boosted one, if it is a boost, is of the same kind, and no boost itself."""
    return fields({**_STATUS, **more, "reblog": nullable(ref(boosted))}, optional)


STATUSES = {
    # To somebody who is signed in (one's own; anybody's), and to everybody else.
    "OwnStatus": _status("BoostedStatus", {**_FOR_VIEWERS, **_PINNED}),
    "Status": _status("BoostedStatus", _FOR_VIEWERS, _PINNED),
    "PublicStatus": _status("PublicBoostedStatus", {}),
    "BoostedStatus": fields({**_STATUS, **_FOR_VIEWERS, "reblog": NULL}, _PINNED),
    "PublicBoostedStatus": fields({**_STATUS, "reblog": NULL}),
    # Its text is the source, for writing it anew.
    "DeletedStatus": _status("BoostedStatus", {**_FOR_VIEWERS, "text": STRING}, _PINNED),
    "MediaAttachment": fields(
        {
            "id": ID,
            "type": one_of("image", "gifv", "video", "audio", "unknown"),
            "url": nullable(URL),
            "preview_url": nullable(URL),
            "remote_url": NULL,
            "meta": nullable(fields({}, {"original": _SIZE, "small": _SIZE, "focus": _FOCUS})),
            "description": nullable(STRING),
            "blurhash": nullable(string(r"[0-9A-Za-z#$%*+,\-.:;=?@\[\]^_{|}~]{6,}")),
        },
        {"preview_remote_url": NULL, "text_url": NULL},
    ),
    "Context": fields({"ancestors": list_of(ref("Status")), "descendants": list_of(ref("Status"))}),
    "PublicContext": fields(
        {"ancestors": list_of(ref("PublicStatus")), "descendants": list_of(ref("PublicStatus"))}
    ),
    "StatusSource": fields({"id": ID, "text": STRING, "spoiler_text": STRING}),
    "StatusEdit": fields(
        {
            "content": HTML,
            "spoiler_text": STRING,
            "sensitive": BOOLEAN,
            "created_at": DATETIME,
            "account": ref("Account"),
            "media_attachments": list_of(ref("MediaAttachment")),
            "emojis": EMPTY_LIST,
        },
        {"poll": NULL},
    ),
}

# --- Tags, search, notifications, and what one keeps ---------------------------------------------------

_DAY = fields({"day": string(r"[0-9]+"), "uses": string(r"[0-9]+"), "accounts": string(r"[0-9]+")})
_TAG: Schema = {"id": ID, "name": NAME, "url": URL, "history": list_of(_DAY)}

_NOTIFICATION: Schema = {
    "id": ID,
    "created_at": DATETIME,
    "account": ref("Account"),
    "group_key": NAME,
}
_ABOUT_A_STATUS = ("mention", "status", "reblog", "favourite", "poll", "update")
_ABOUT_SOMEBODY = ("follow", "follow_request")

OTHERS = {
    "Tag": fields(_TAG, {"following": BOOLEAN, "featuring": BOOLEAN}),
    "FollowableTag": fields({**_TAG, "following": BOOLEAN}, {"featuring": BOOLEAN}),
    "Search": fields(
        {
            "accounts": list_of(ref("Account")),
            "statuses": list_of(ref("Status")),
            "hashtags": list_of(ref("Tag")),
        }
    ),
    "PublicSearch": fields(
        {
            "accounts": list_of(ref("Account")),
            "statuses": list_of(ref("PublicStatus")),
            "hashtags": list_of(ref("Tag")),
        }
    ),
    "Notification": {
        "oneOf": [
            fields({**_NOTIFICATION, "type": one_of(*_ABOUT_A_STATUS), "status": ref("Status")}),
            fields({**_NOTIFICATION, "type": one_of(*_ABOUT_SOMEBODY)}),
        ]
    },
    "Marker": fields({"last_read_id": ID, "version": COUNT, "updated_at": DATETIME}),
    "Markers": fields({}, {"home": ref("Marker"), "notifications": ref("Marker")}),
    "Preferences": fields(
        {
            "posting:default:visibility": one_of("public", "unlisted", "private"),
            "posting:default:sensitive": BOOLEAN,
            "posting:default:language": nullable(LANGUAGE),
            "reading:expand:media": one_of("default", "show_all", "hide_all"),
            "reading:expand:spoilers": BOOLEAN,
        },
        {"reading:autoplay:gifs": BOOLEAN},
    ),
    "Report": fields(
        {
            "id": ID,
            "action_taken": BOOLEAN,
            "action_taken_at": nullable(DATETIME),
            "category": one_of("spam", "legal", "violation", "other"),
            "comment": STRING,
            "forwarded": BOOLEAN,
            "created_at": DATETIME,
            "status_ids": nullable(list_of(ID)),
            "rule_ids": nullable(list_of(ID)),
            "target_account": ref("Account"),
        }
    ),
    "Empty": fields({}),
    "Nothing": EMPTY_LIST,
    "Error": fields({"error": NAME}, {"error_description": NAME, "details": {"type": "object"}}),
}
