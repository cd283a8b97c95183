"""What the server tells of itself, and the entities of OAuth: schemas as those of entities.py."""

from tests.api.contract.shapes import (
    BOOLEAN,
    COUNT,
    DATETIME,
    HTML,
    ID,
    LANGUAGE,
    NAME,
    SOCKET_URL,
    STRING,
    URL,
    Schema,
    fields,
    list_of,
    nullable,
    one_of,
    ref,
    string,
)

# --- The instance --------------------------------------------------------------------------------------

_RULE = fields({"id": ID, "text": NAME}, {"hint": STRING, "translations": {"type": "object"}})
#: A client compares it with versions of the reference; the rest is ours.
_VERSION = string(r"4\.2\.0 \(compatible; Microblog [^()]+\)")
#: A host, with its port where that is not the usual one.
_DOMAIN = string(r"[a-z0-9.\-]+(:[0-9]+)?")
_MEDIA_LIMITS: Schema = {
    "supported_mime_types": list_of(string(r"[a-z]+/[a-z0-9.+\-]+")),
    "image_size_limit": COUNT,
    "image_matrix_limit": COUNT,
    "video_size_limit": COUNT,
    "video_frame_rate_limit": COUNT,
    "video_matrix_limit": COUNT,
}
_LIMITS: Schema = {
    "statuses": fields(
        {"max_characters": COUNT, "max_media_attachments": COUNT, "characters_reserved_per_url": COUNT}
    ),
    "media_attachments": fields(_MEDIA_LIMITS, {"description_limit": COUNT}),
    "polls": fields(
        {
            "max_options": COUNT,
            "max_characters_per_option": COUNT,
            "min_expiration": COUNT,
            "max_expiration": COUNT,
        }
    ),
}
_ACCOUNT_LIMITS = fields(
    {"max_featured_tags": COUNT},
    {
        "max_pinned_statuses": COUNT,
        "max_profile_fields": COUNT,
        "profile_field_name_limit": COUNT,
        "profile_field_value_limit": COUNT,
        "max_display_name_length": COUNT,
        "max_note_length": COUNT,
    },
)
_URLS = fields(
    {"streaming": SOCKET_URL},
    {name: nullable(URL) for name in ("status", "about", "privacy_policy", "terms_of_service")},
)

_JRD_LINK = fields({"rel": NAME}, {"type": NAME, "href": URL, "template": string(r"https?://\S+")})

INSTANCES = {
    "V1Instance": fields(
        {
            "uri": _DOMAIN,
            "title": NAME,
            "short_description": STRING,
            "description": STRING,
            "email": STRING,
            "version": _VERSION,
            "urls": fields({"streaming_api": SOCKET_URL}),
            "stats": fields({"user_count": COUNT, "status_count": COUNT, "domain_count": COUNT}),
            "thumbnail": nullable(URL),
            "languages": list_of(LANGUAGE),
            "registrations": BOOLEAN,
            "approval_required": BOOLEAN,
            "invites_enabled": BOOLEAN,
            "configuration": fields({**_LIMITS, "accounts": _ACCOUNT_LIMITS}),
            "contact_account": nullable(ref("Account")),
            "rules": list_of(_RULE),
        }
    ),
    "Instance": fields(
        {
            "domain": _DOMAIN,
            "title": NAME,
            "version": _VERSION,
            "source_url": URL,
            "description": STRING,
            "usage": fields({"users": fields({"active_month": COUNT})}),
            "thumbnail": fields(
                {"url": URL},
                {"description": STRING, "blurhash": nullable(STRING), "versions": {"type": "object"}},
            ),
            "icon": list_of(fields({"src": URL, "size": string(r"[0-9]+x[0-9]+")})),
            "languages": list_of(LANGUAGE),
            "configuration": fields(
                {
                    **_LIMITS,
                    "urls": _URLS,
                    "accounts": _ACCOUNT_LIMITS,
                    "translation": fields({"enabled": BOOLEAN}),
                },
                {
                    "vapid": fields({"public_key": STRING}),
                    "timelines_access": {"type": "object"},
                    "limited_federation": BOOLEAN,
                },
            ),
            "registrations": fields(
                {"enabled": BOOLEAN, "approval_required": BOOLEAN, "message": nullable(STRING)},
                {"url": nullable(URL), "min_age": nullable(COUNT), "reason_required": nullable(BOOLEAN)},
            ),
            "contact": fields({"email": STRING, "account": nullable(ref("Account"))}),
            "rules": list_of(_RULE),
            "api_versions": fields({"mastodon": {"const": 1}}, {"microblog": COUNT}),
        }
    ),
    "Rule": _RULE,
    "ExtendedDescription": fields({"updated_at": nullable(DATETIME), "content": HTML}),
    # RFC 7033, 4.4
    "WebFinger": fields(
        {"subject": string(r"acct:[A-Za-z0-9_]+@\S+"), "aliases": list_of(URL), "links": list_of(_JRD_LINK)}
    ),
    # nodeinfo.diaspora.software/schema.html
    "NodeInfoLinks": fields({"links": list_of(fields({"rel": URL, "href": URL}))}),
    "NodeInfo": fields(
        {
            "version": {"const": "2.0"},
            "software": fields({"name": {"const": "microblog"}, "version": NAME}),
            "protocols": list_of(STRING),
            "services": fields({"inbound": list_of(STRING), "outbound": list_of(STRING)}),
            "openRegistrations": BOOLEAN,
            "usage": fields(
                {
                    "users": fields({"total": COUNT, "activeMonth": COUNT, "activeHalfyear": COUNT}),
                    "localPosts": COUNT,
                },
                {"localComments": COUNT},
            ),
            "metadata": {
                "type": "object",
                "properties": {
                    "upstream": {
                        "type": "object",
                        "properties": {"name": {"const": "mastodon"}},
                        "required": ["name"],
                    }
                },
                "required": ["upstream"],
            },
        }
    ),
}

# --- OAuth ---------------------------------------------------------------------------------------------

#: A client's own scheme is allowed, and so is the page that shows the code.
_REDIRECT = string(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+")
_APPLICATION: Schema = {
    "id": ID,
    "name": NAME,
    "website": nullable(URL),
    "scopes": list_of(NAME),
    "redirect_uri": STRING,
    "redirect_uris": list_of(_REDIRECT),
    "vapid_key": STRING,
}

OAUTH = {
    "Application": fields(_APPLICATION),
    "CredentialApplication": fields(
        {**_APPLICATION, "client_id": string(minLength=16), "client_secret": string(minLength=32)},
        {"client_secret_expires_at": {"const": 0}},
    ),
    "Token": fields(
        {
            "access_token": string(minLength=32),
            "token_type": {"const": "Bearer"},
            "scope": NAME,
            "created_at": COUNT,
        }
    ),
    # RFC 8414; neither the implicit nor the password grant, S256 alone.
    "AuthorizationServer": fields(
        {
            "issuer": URL,
            "authorization_endpoint": URL,
            "token_endpoint": URL,
            "revocation_endpoint": URL,
            "scopes_supported": list_of(NAME),
            "response_types_supported": {"const": ["code"]},
            "grant_types_supported": list_of(one_of("authorization_code", "client_credentials")),
            "code_challenge_methods_supported": {"const": ["S256"]},
            "token_endpoint_auth_methods_supported": list_of(
                one_of("client_secret_basic", "client_secret_post", "none")
            ),
        },
        {
            "app_registration_endpoint": URL,
            "service_documentation": URL,
            "response_modes_supported": list_of(NAME),
            "revocation_endpoint_auth_methods_supported": list_of(NAME),
            "authorization_response_iss_parameter_supported": BOOLEAN,
        },
    ),
}
