"""The OpenAPI document as a page shows it: endpoints by noun, with what goes in and out, and the entities."""

from dataclasses import dataclass, field
from typing import Any

from microblog.api.schemas import Schema

NAMES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "null": "null",
    "object": "object",
}
TITLES = {"apps": "Applications", "empty": "Not on this site", "nodeinfo": "NodeInfo and WebFinger"}
FORMATS = {"date-time": "moment", "date": "day", "uri": "address", "binary": "file"}


@dataclass(frozen=True, slots=True)
class Kind:
    """A type in words; `entity`: the one that the word `name` leads to."""

    before: str = ""
    name: str = ""
    entity: str | None = None
    after: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A parameter, or a field of an entity."""

    name: str
    kind: Kind
    description: str
    note: str


@dataclass(frozen=True, slots=True)
class Operation:
    """An endpoint."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    access: str
    scope: str | None
    rows: list[Row]
    answer: Kind


@dataclass(frozen=True, slots=True)
class Noun:
    """A group of endpoints."""

    name: str
    title: str
    operations: list[Operation] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity."""

    name: str
    description: str
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Document:
    """The whole page."""

    title: str
    version: str
    description: str
    nouns: list[Noun]
    entities: list[Entity]
    scopes: dict[str, str]


def present_document(document: dict[str, Any]) -> Document:
    """The OpenAPI document, ready for the template."""
    nouns = {tag["name"]: Noun(tag["name"], _title(tag["name"])) for tag in document["tags"]}
    schemas = document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            nouns[operation["tags"][0]].operations.append(_present(path, method, operation, schemas))
    flows = document["components"]["securitySchemes"]["oauth2"]["flows"]
    return Document(
        title=document["info"]["title"],
        version=document["info"]["version"],
        description=document["info"]["description"],
        nouns=list(nouns.values()),
        entities=[_present_entity(name, schema) for name, schema in sorted(schemas.items())],
        scopes=flows["clientCredentials"]["scopes"],
    )


def _title(name: str) -> str:
    return TITLES.get(name, name.replace("_", " ").capitalize())


def _present(path: str, method: str, operation: dict[str, Any], schemas: dict[str, Schema]) -> Operation:
    security = operation["security"]
    scopes = [scope for one in security for scope in one.get("oauth2", ())]
    answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        description=operation.get("description", ""),
        access="public" if {} in security else "token",
        scope=scopes[0] if scopes else None,
        rows=[*_present_parameters(operation), *_present_body(operation, schemas)],
        answer=describe_kind(answer),
    )


def _present_parameters(operation: dict[str, Any]) -> list[Row]:
    return [
        Row(
            name=one["name"],
            kind=describe_kind(one["schema"]),
            description=one.get("description", ""),
            note="in the address" if one["in"] == "path" else "required" if one["required"] else "",
        )
        for one in operation["parameters"]
    ]


def _present_body(operation: dict[str, Any], schemas: dict[str, Schema]) -> list[Row]:
    if "requestBody" not in operation:
        return []
    # The multipart form is the one that holds everything, files included.
    name = operation["requestBody"]["content"]["multipart/form-data"]["schema"]["$ref"].rpartition("/")[2]
    return _present_fields(schemas[name], required="required", optional="")


def _present_entity(name: str, schema: Schema) -> Entity:
    return Entity(
        name, schema.get("description", ""), _present_fields(schema, required="", optional="not always")
    )


def _present_fields(schema: Schema, *, required: str, optional: str) -> list[Row]:
    return [
        Row(
            name=name,
            kind=describe_kind(one),
            description=one.get("description", ""),
            note=required if name in schema["required"] else optional,
        )
        for name, one in schema.get("properties", {}).items()
    ]


def describe_kind(schema: Schema) -> Kind:
    """A schema in words."""
    if "anyOf" in schema and "type" not in schema:
        kinds = [describe_kind(one) for one in schema["anyOf"] if one != {"type": "null"}]
        first = kinds[0]
        others = "".join(f" or {other.before}{other.name}{other.after}" for other in kinds[1:])
        null = " or null" if len(kinds) < len(schema["anyOf"]) else ""
        return Kind(first.before, first.name, first.entity, f"{first.after}{others}{null}")
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return Kind(name=name, entity=name)
    if "enum" in schema:
        return Kind(name=" · ".join(str(value) for value in schema["enum"]))
    if schema.get("type") == "array":
        inner = describe_kind(schema.get("items", {}))
        if inner.name == "null":
            return Kind(name="empty list")
        return Kind(f"list of {inner.before}", inner.name, inner.entity, inner.after)
    return Kind(name=FORMATS.get(schema.get("format", ""), NAMES.get(schema.get("type", ""), "anything")))
