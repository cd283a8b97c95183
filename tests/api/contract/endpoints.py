"""Which entity each operation of the API answers with (entities.py), and a call of it that succeeds.

An operation is named by its verb and its address, with `{}` for each argument. A list of entities stands in
brackets.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Contract:
    """`at`: names of things in the test's world, for the arguments of the address; `by`: who asks;
    `query`, `body`: what is sent, where names of things stand in angle brackets. `to_nobody`: what somebody
    who isn't signed in is answered with; None: 401.
    """

    entity: str
    at: tuple[str, ...] = ()
    by: str = "alice"
    query: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    to_nobody: str | None = None
    status: int = 200


PUBLIC_FORMS = {
    "Status": "PublicStatus",
    "[Status]": "[PublicStatus]",
    "Context": "PublicContext",
    "Search": "PublicSearch",
}


def of(entity: str, *at: str, **more: Any) -> Contract:
    return Contract(entity, at, **more)


def also_public(entity: str, *at: str, **more: Any) -> Contract:
    """One that answers everybody, with what has nothing of a viewer in it."""
    return Contract(entity, at, to_nobody=PUBLIC_FORMS.get(entity, entity), **more)


ACCOUNTS = {
    "GET /api/v1/accounts/verify_credentials": of("CredentialAccount"),
    "PATCH /api/v1/accounts/update_credentials": of(
        "CredentialAccount",
        body={
            "display_name": "Alice",
            "fields_attributes": [{"name": "Site", "value": "https://alice.example"}],
        },
    ),
    "GET /api/v1/accounts/{}": also_public("Account", "bob"),
    "GET /api/v1/accounts/lookup": also_public("Account", query={"acct": "bob"}),
    "GET /api/v1/accounts/search": of("[Account]", query={"q": "bob"}),
    "GET /api/v1/accounts/{}/statuses": also_public("[Status]", "bob"),
    "GET /api/v1/accounts/{}/followers": also_public("[Account]", "bob"),
    "GET /api/v1/accounts/{}/following": also_public("[Account]", "alice"),
    "GET /api/v1/accounts/{}/featured_tags": also_public("Nothing", "bob"),
    "GET /api/v1/accounts/{}/lists": of("Nothing", "bob"),
    "GET /api/v1/accounts/relationships": of("[Relationship]", query={"id[]": "<bob>"}),
    "POST /api/v1/accounts/{}/follow": of("Relationship", "carol", body={"reblogs": False, "notify": True}),
    "POST /api/v1/accounts/{}/unfollow": of("Relationship", "carol"),
    "POST /api/v1/accounts/{}/block": of("Relationship", "dan"),
    "POST /api/v1/accounts/{}/unblock": of("Relationship", "erin"),
    "POST /api/v1/accounts/{}/mute": of("Relationship", "dan", body={"duration": 60}),
    "POST /api/v1/accounts/{}/unmute": of("Relationship", "erin"),
    "POST /api/v1/accounts/{}/remove_from_followers": of("Relationship", "carol"),
    "POST /api/v1/accounts/{}/note": of("Relationship", "bob", body={"comment": "Good"}),
    "GET /api/v1/follow_requests": of("[Account]"),
    "POST /api/v1/follow_requests/{}/authorize": of("Relationship", "dan", by="locked"),
    "POST /api/v1/follow_requests/{}/reject": of("Relationship", "erin", by="locked"),
    "GET /api/v1/mutes": of("[MutedAccount]"),
    "GET /api/v1/blocks": of("[Account]"),
    "GET /api/v1/suggestions": of("[Account]"),
    "GET /api/v2/suggestions": of("[Suggestion]"),
    "GET /api/v1/preferences": of("Preferences"),
    "POST /api/v1/reports": of(
        "Report", body={"account_id": "<bob>", "status_ids": ["<post>"], "comment": "So so"}
    ),
}

STATUSES = {
    "POST /api/v1/statuses": of(
        "OwnStatus", body={"status": "Hi @bob #new", "spoiler_text": "!", "language": "en"}
    ),
    "GET /api/v1/statuses/{}": also_public("Status", "post"),
    "PUT /api/v1/statuses/{}": of("OwnStatus", "own", body={"status": "Changed"}),
    "DELETE /api/v1/statuses/{}": of("DeletedStatus", "doomed"),
    "GET /api/v1/statuses/{}/context": also_public("Context", "reply"),
    "GET /api/v1/statuses/{}/source": of("StatusSource", "own"),
    "GET /api/v1/statuses/{}/history": also_public("[StatusEdit]", "edited"),
    "GET /api/v1/statuses/{}/reblogged_by": also_public("[Account]", "post"),
    "GET /api/v1/statuses/{}/favourited_by": also_public("[Account]", "post"),
    **{
        f"POST /api/v1/statuses/{{}}/{un}{action}": of("Status", "liked")
        for action in ("favourite", "reblog", "bookmark", "mute")
        for un in ("", "un")
    },
    "POST /api/v1/statuses/{}/pin": of("OwnStatus", "own"),
    "POST /api/v1/statuses/{}/unpin": of("OwnStatus", "own"),
    "GET /api/v1/timelines/home": of("[Status]"),
    "GET /api/v1/timelines/public": also_public("[Status]"),
    "GET /api/v1/timelines/tag/{}": also_public("[Status]", "tag"),
    "GET /api/v1/favourites": of("[Status]"),
    "GET /api/v1/bookmarks": of("[Status]"),
}  # fmt: skip

OTHERS = {
    "GET /api/v1/notifications": of("[Notification]"),
    "GET /api/v1/notifications/{}": of("Notification", "notification_of_alice"),
    "POST /api/v1/notifications/{}/dismiss": of("Empty", "notification_of_bob", by="bob"),
    "POST /api/v1/notifications/clear": of("Empty", by="bob"),
    "GET /api/v2/search": also_public("Search", query={"q": "contract"}),
    "GET /api/v1/tags/{}": of("FollowableTag", "tag", to_nobody="Tag"),
    "POST /api/v1/tags/{}/follow": of("FollowableTag", "other_tag"),
    "POST /api/v1/tags/{}/unfollow": of("FollowableTag", "other_tag"),
    "GET /api/v1/followed_tags": of("[FollowableTag]"),
    "GET /api/v1/markers": of("Markers", query={"timeline[]": "home"}),
    "POST /api/v1/markers": of("Markers", body={"home": {"last_read_id": "<post>"}}),
    **{
        f"GET /api/{name}": of("Nothing")
        for name in (
            "v1/lists",
            "v1/filters",
            "v2/filters",
            "v1/announcements",
            "v1/featured_tags",
            "v1/conversations",
            "v1/featured_tags/suggestions",
            "v1/scheduled_statuses",
            "v1/domain_blocks",
            "v1/endorsements",
        )
    },
    **{
        f"GET /api/v1/{name}": also_public("Nothing")
        for name in (
            "custom_emojis",
            "trends",
            "trends/tags",
            "trends/links",
            "trends/statuses",
            "instance/peers",
            "instance/activity",
            "instance/domain_blocks",
        )
    },
    "GET /api/v1/instance/translation_languages": also_public("Empty"),
    "GET /api/v1/instance/extended_description": also_public("ExtendedDescription"),
    "POST /api/v1/apps": of(
        "CredentialApplication",
        body={"client_name": "A client", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob", "scopes": "read"},
        to_nobody="CredentialApplication",
    ),
    "GET /api/v1/apps/verify_credentials": of("Application"),
    "GET /api/v1/instance": also_public("V1Instance"),
    "GET /api/v2/instance": also_public("Instance"),
    "GET /api/v1/instance/rules": also_public("[Rule]"),
}

#: What stands at addresses that the whole web knows.
WELL_KNOWN = {
    "GET /.well-known/nodeinfo": also_public("NodeInfoLinks"),
    "GET /nodeinfo/2.0": also_public("NodeInfo"),
    "GET /.well-known/webfinger": also_public("WebFinger", query={"resource": "acct:bob@localhost"}),
}
#: Served by the authorization server, and so outside the API's own description.
ELSEWHERE = {"GET /.well-known/oauth-authorization-server": also_public("AuthorizationServer")}

ENTITY_OF: dict[str, Contract] = {**ACCOUNTS, **STATUSES, **OTHERS, **WELL_KNOWN, **ELSEWHERE}
