"""What somebody prefers (docs.joinmastodon.org/methods/preferences)."""

from microblog.api.context import ApiContext
from microblog.api.endpoints import USER, Endpoints
from microblog.api.entities.preferences import Preferences

endpoints = Endpoints("preferences")


@endpoints.get("/api/v1/preferences", access=USER, scope="read:accounts")
def show(context: ApiContext) -> Preferences:
    """How one posts by default, and reads."""
    person = context.person
    return Preferences(
        visibility=person.default_visibility,
        sensitive=person.default_sensitive,
        language=person.default_language,
    )
