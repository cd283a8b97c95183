"""The OpenAPI 3.1 document, put together from the declarations that validate input and encode answers."""

import re
from collections.abc import Sequence
from typing import Any

from microblog.api import versions
from microblog.api.declarations import Access, Endpoint
from microblog.api.schemas import REFERENCE, Schema, bare, describe_entities, describe_input, without_null
from microblog.domain.scopes import COVERED
from microblog.settings import Settings

PLACE = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>")
PLACES: dict[str | None, Schema] = {
    "id": {"type": "string", "pattern": "^[0-9]{1,19}$"},
    "username": {"type": "string", "pattern": "^[A-Za-z0-9_]{1,30}$"},
    None: {"type": "string", "minLength": 1},
}
JSON, FORM, MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"
LIMITS = {
    "X-RateLimit-Limit": ("How many requests are answered in a window.", {"type": "integer"}),
    "X-RateLimit-Remaining": ("How many are left.", {"type": "integer"}),
    "X-RateLimit-Reset": ("When the next window begins.", {"type": "string", "format": "date-time"}),
}
LINK = 'The pages around this one: `rel="next"` is older, `rel="prev"` newer.'
ERRORS = {
    "400": "The request can't be read.",
    "401": "A valid access token is needed.",
    "403": "The token's scopes or the viewer's rights don't reach so far.",
    "404": "There is no such thing, or the viewer may not know of it.",
    "413": "The request is too large.",
    "415": "The body or the file is of a kind that isn't taken.",
    "422": "What was sent breaks a rule; the text names the field.",
    "429": "Too many requests; `Retry-After` says when to come back.",
    "503": "A part of the site is away for a moment.",
}
INTRODUCTION = (
    "The Mastodon client API for all that this site has. Tokens come from the OAuth 2 server (its addresses: "
    "`/.well-known/oauth-authorization-server`) and go into the header `Authorization: Bearer …`. Parameters "
    "are taken as JSON, form, multipart or query alike; lists as `name[]` or by repeating the name. Ids are "
    "text. Entities may gain fields within a version."
)


def build_document(endpoints: Sequence[Endpoint], settings: Settings) -> dict[str, Any]:
    """The whole document, ready to be encoded."""
    listed = [endpoint for endpoint in endpoints if endpoint.is_listed]
    answers, entities = describe_entities([bare(endpoint.returns) for endpoint in listed])
    inputs = describe_input([endpoint.params for endpoint in listed if endpoint.params is not None])
    paths: dict[str, dict[str, Any]] = {}
    for endpoint, answer in zip(listed, answers, strict=True):
        operations = paths.setdefault(PLACE.sub(r"{\g<name>}", endpoint.rule), {})
        operations[endpoint.method.lower()] = _describe(endpoint, answer, inputs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"The API of {settings.site_name}",
            "version": versions.API,
            "summary": f"Mastodon {versions.MASTODON}, without federation.",
            "description": INTRODUCTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": settings.base_url}],
        "tags": [{"name": noun} for noun in dict.fromkeys(endpoint.noun for endpoint in listed)],
        "paths": paths,
        "components": {
            "schemas": {**inputs, **entities},
            "responses": {f"Error{status}": _describe_error(status) for status in ERRORS},
            "headers": _describe_headers(),
            "securitySchemes": _describe_security(settings),
        },
    }


def _describe(endpoint: Endpoint, answer: Schema, inputs: dict[str, Schema]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{endpoint.noun}_{endpoint.name}",
        "tags": [endpoint.noun],
        "summary": endpoint.summary,
        "parameters": [_describe_place(match) for match in PLACE.finditer(endpoint.rule)],
        "responses": _describe_responses(endpoint, answer),
        "security": _describe_access(endpoint),
    }
    if endpoint.description:
        operation["description"] = endpoint.description
    if endpoint.params is not None:
        fields = inputs[endpoint.params.__name__]
        if endpoint.method == "GET":
            operation["parameters"] += [
                _describe_query(name, field, is_required=name in fields["required"])
                for name, field in fields["properties"].items()
            ]
        else:
            operation["requestBody"] = _describe_body(endpoint, fields)
    return operation


def _describe_place(match: re.Match[str]) -> dict[str, Any]:
    return {"name": match["name"], "in": "path", "required": True, "schema": PLACES[match["kind"]]}


def _describe_query(name: str, field: Schema, *, is_required: bool) -> dict[str, Any]:
    schema = without_null(field)
    described = {"in": "query", "required": is_required, "schema": schema}
    if "description" in schema:
        described["description"] = schema.pop("description")
    if schema.get("type") == "array":
        return {"name": f"{name}[]", "style": "form", "explode": True, **described}
    return {"name": name, **described}


def _describe_body(endpoint: Endpoint, fields: Schema) -> dict[str, Any]:
    files = [name for name, field in fields["properties"].items() if _is_file(field)]
    whole = {"$ref": REFERENCE.format(name=endpoint.params.__name__ if endpoint.params else "")}
    text: Schema = whole
    if files:
        text = {
            **fields,
            "properties": {name: field for name, field in fields["properties"].items() if name not in files},
        }
    nested = {
        name: {"style": "deepObject", "explode": True}
        for name, field in fields["properties"].items()
        if _is_object(field)
    }
    form = {"schema": text, **({"encoding": nested} if nested else {})}
    return {
        "required": bool(fields["required"]),
        "content": {JSON: {"schema": text}, FORM: form, MULTIPART: {"schema": whole}},
    }


def _kinds(field: Schema) -> list[Schema]:
    kinds: list[Schema] = field.get("anyOf", [field])
    return kinds


def _is_file(field: Schema) -> bool:
    return any(kind.get("format") == "binary" for kind in _kinds(field))


def _is_object(field: Schema) -> bool:
    return any("$ref" in kind for kind in _kinds(field))


def _describe_responses(endpoint: Endpoint, answer: Schema) -> dict[str, Any]:
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in LIMITS}
    if "Paged" in str(endpoint.returns):
        headers["Link"] = {"$ref": "#/components/headers/Link"}
    told: dict[str, Any] = {
        "200": {
            "description": "It is done." if endpoint.method != "GET" else "What was asked for.",
            "headers": headers,
            "content": {JSON: {"schema": answer}},
        }
    }
    refusals = ["401", "429", "503"]
    if endpoint.access is not Access.PUBLIC:
        refusals.append("403")
    if "<" in endpoint.rule or endpoint.params is not None:
        refusals.append("404")
    if endpoint.params is not None:
        refusals += ["400", "413", "415", "422"]
    elif endpoint.access is Access.USER:
        refusals.append("422")
    told |= {status: {"$ref": f"#/components/responses/Error{status}"} for status in sorted(refusals)}
    return told


def _describe_access(endpoint: Endpoint) -> list[dict[str, list[str]]]:
    scopes = [endpoint.scope] if endpoint.scope else []
    known: list[dict[str, list[str]]] = [{"oauth2": scopes}, {"bearer": []}]
    return [{}, *known] if endpoint.access is Access.PUBLIC else known


def _describe_error(status: str) -> dict[str, Any]:
    headers: dict[str, Any] = {name: {"$ref": f"#/components/headers/{name}"} for name in LIMITS}
    if status in ("429", "503"):
        headers["Retry-After"] = {"$ref": "#/components/headers/Retry-After"}
    schema = {
        "type": "object",
        "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
        "required": ["error"],
    }
    return {"description": ERRORS[status], "headers": headers, "content": {JSON: {"schema": schema}}}


def _describe_headers() -> dict[str, Any]:
    limits = {name: {"description": text, "schema": schema} for name, (text, schema) in LIMITS.items()}
    return {
        **limits,
        "Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}},
        "Link": {"description": LINK, "schema": {"type": "string"}},
    }


def _describe_security(settings: Settings) -> dict[str, Any]:
    scopes = {name: _describe_scope(name) for name in COVERED}
    token = f"{settings.base_url}/oauth/token"
    return {
        "oauth2": {
            "type": "oauth2",
            "flows": {
                "authorizationCode": {
                    "authorizationUrl": f"{settings.base_url}/oauth/authorize",
                    "tokenUrl": token,
                    "scopes": scopes,
                },
                "clientCredentials": {"tokenUrl": token, "scopes": scopes},
            },
        },
        "bearer": {"type": "http", "scheme": "bearer", "description": "A token of whichever origin."},
    }


def _describe_scope(name: str) -> str:
    covered = sorted(COVERED[name])
    return f"Covers {', '.join(covered)}." if covered else name.replace(":", " ").capitalize() + "."
