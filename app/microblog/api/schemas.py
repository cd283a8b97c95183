"""JSON Schemas of entities and of input, from the same structs that encode and validate them."""

from collections.abc import Iterable
from types import NoneType
from typing import Any, get_args, get_origin

import msgspec

from microblog.api.answers import Paged, Reply
from microblog.api.types import describe_custom

Schema = dict[str, Any]
REFERENCE = "#/components/schemas/{name}"
NULL: Schema = {"type": "null"}


def bare(returns: Any) -> Any:
    """What is encoded of a handler's annotation: of `Paged[T]` a list of T, of `Reply[T]` T."""
    if get_origin(returns) is Paged:
        return list[get_args(returns)[0]]  # type: ignore[misc]
    return get_args(returns)[0] if get_origin(returns) is Reply else returns


def describe_entities(kinds: Iterable[Any]) -> tuple[tuple[Schema, ...], dict[str, Schema]]:
    """A schema for each annotation, and those of the entities that they are made of.

    Every field is always there, also where it has a default, but those that are left out where UNSET.
    """
    schemas, entities = _describe(kinds)
    for entity in entities.values():
        fields = entity.get("properties", {})
        entity["required"] = [
            name for name in fields if name in entity["required"] or "default" in fields[name]
        ]
        for field in fields.values():
            field.pop("default", None)
    return schemas, entities


def describe_input(kinds: Iterable[Any]) -> dict[str, Schema]:
    """The schemas of structs that declare parameters, and of what they hold."""
    return _describe(kinds)[1]


def _describe(kinds: Iterable[Any]) -> tuple[tuple[Schema, ...], dict[str, Schema]]:
    schemas, components = msgspec.json.schema_components(
        [NoneType if kind is None else kind for kind in kinds],
        schema_hook=describe_custom,
        ref_template=REFERENCE,
    )
    for component in components.values():
        for name, field in component.get("properties", {}).items():
            component["properties"][name] = _tidy(field)
    return schemas, components


def _tidy(schema: Schema) -> Schema:
    """Name the type of enumerations, which msgspec leaves to be guessed."""
    tidy = {
        key: [_tidy(one) for one in value] if key == "anyOf" else _tidy(value) if key == "items" else value
        for key, value in schema.items()
    }
    if "enum" in tidy and "type" not in tidy:
        tidy["type"] = "string"
    return tidy


def without_null(schema: Schema) -> Schema:
    """The schema of a parameter that is left out rather than null."""
    rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
    if schema.get("default") is not None:
        rest["default"] = schema["default"]
    if "anyOf" not in schema or "type" in schema:
        return rest
    kinds = [kind for kind in schema["anyOf"] if kind != NULL]
    return {**kinds[0], **rest} if len(kinds) == 1 else {"anyOf": kinds, **rest}
