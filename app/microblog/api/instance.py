"""What the site is and what it allows, for programs (docs.joinmastodon.org/methods/instance)."""

from microblog.api import versions
from microblog.api.context import ApiContext
from microblog.api.endpoints import PUBLIC, Endpoints
from microblog.api.entities.instance import (
    AccountLimits,
    Configuration,
    Contact,
    ExtendedDescription,
    FullConfiguration,
    Instance,
    MediaLimits,
    Registrations,
    Rule,
    Stats,
    StatusLimits,
    Thumbnail,
    Urls,
    Usage,
    Users,
    V1Instance,
    V1Urls,
)
from microblog.domain import limits, rules
from microblog.domain.pictures import PLAIN_HEADER
from microblog.services import pictures, statistics
from microblog.settings import Settings

DESCRIPTION = "Short posts, newest first. No advertisements and no tracking."
LANGUAGES = ["en"]

endpoints = Endpoints("instance")


@endpoints.get("/api/v1/instance", access=PUBLIC)
def show_first(context: ApiContext) -> V1Instance:
    """The site, in the first form."""
    settings = context.resources.settings
    size = statistics.read_size(context.session)
    return V1Instance(
        uri=settings.host,
        title=settings.site_name,
        short_description=DESCRIPTION,
        description=DESCRIPTION,
        email="",
        version=versions.tell_version(settings.release),
        urls=V1Urls(streaming_api=_streaming(settings)),
        stats=Stats(user_count=size.users, status_count=size.statuses),
        thumbnail=context.urls.absolute(PLAIN_HEADER),
        languages=LANGUAGES,
        registrations=True,
        configuration=Configuration(
            accounts=_account_limits(), statuses=_status_limits(), media_attachments=_media_limits(settings)
        ),
        rules=list_rules(context),
    )


@endpoints.get("/api/v2/instance", access=PUBLIC)
def show(context: ApiContext) -> Instance:
    """The site."""
    settings = context.resources.settings
    size = statistics.read_size(context.session)
    return Instance(
        domain=settings.host,
        title=settings.site_name,
        version=versions.tell_version(settings.release),
        source_url=context.urls.absolute("/about"),
        description=DESCRIPTION,
        usage=Usage(users=Users(active_month=size.active_month)),
        thumbnail=Thumbnail(url=context.urls.absolute(PLAIN_HEADER)),
        icon=[],
        languages=LANGUAGES,
        configuration=FullConfiguration(
            urls=Urls(streaming=_streaming(settings)),
            accounts=_account_limits(),
            statuses=_status_limits(),
            media_attachments=_media_limits(settings),
        ),
        registrations=Registrations(enabled=True, url=context.urls.absolute("/sign-up")),
        contact=Contact(email=""),
        rules=list_rules(context),
        api_versions={"mastodon": 1},
    )


@endpoints.get("/api/v1/instance/rules", access=PUBLIC)
def list_rules(_context: ApiContext) -> list[Rule]:
    """The site's rules."""
    return [Rule(id=str(rule.id), text=rule.text, hint=rule.hint) for rule in rules.RULES]


@endpoints.get("/api/v1/instance/extended_description", access=PUBLIC)
def describe(_context: ApiContext) -> ExtendedDescription:
    """What the site tells about itself."""
    return ExtendedDescription(updated_at=None, content=f"<p>{DESCRIPTION}</p>")


@endpoints.get("/api/v1/instance/peers", access=PUBLIC)
def list_peers(_context: ApiContext) -> list[str]:
    """Nothing: there are no other sites."""
    return []


@endpoints.get("/api/v1/instance/activity", access=PUBLIC)
def list_activity(_context: ApiContext) -> list[None]:
    """Nothing: the site's statistics are a page."""
    return []


@endpoints.get("/api/v1/instance/domain_blocks", access=PUBLIC)
def list_domain_blocks(_context: ApiContext) -> list[None]:
    """Nothing: there are no other sites."""
    return []


@endpoints.get("/api/v1/instance/translation_languages", access=PUBLIC)
def list_translation_languages(_context: ApiContext) -> dict[str, list[str]]:
    """Nothing: posts aren't translated."""
    return {}


def _streaming(settings: Settings) -> str:
    return "ws" + settings.base_url.removeprefix("http")


def _account_limits() -> AccountLimits:
    return AccountLimits(
        max_pinned_statuses=limits.PINS,
        max_profile_fields=limits.PROFILE_FIELDS,
        profile_field_name_limit=limits.FIELD_CHARACTERS,
        profile_field_value_limit=limits.FIELD_CHARACTERS,
    )


def _status_limits() -> StatusLimits:
    return StatusLimits(
        max_characters=limits.STATUS_CHARACTERS,
        # Pictures come with a later release.
        max_media_attachments=0,
        characters_reserved_per_url=limits.URL_CHARACTERS,
    )


def _media_limits(settings: Settings) -> MediaLimits:
    return MediaLimits(
        supported_mime_types=sorted(set(pictures.MIME_TYPES.values())),
        image_size_limit=settings.upload_max_bytes,
        image_matrix_limit=settings.upload_max_pixels,
        description_limit=0,
    )
