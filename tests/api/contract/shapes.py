"""The building blocks of the contract: JSON Schema 2020-12 of what a field may hold."""

from typing import Any

Schema = dict[str, Any]

# `$` also matches before a line break at the end, in Python; (?!\n) forbids that one.
END = r"$(?!\n)"


def string(pattern: str | None = None, **more: Any) -> Schema:
    """A string of this form."""
    return {"type": "string", **({"pattern": f"^{pattern}{END}"} if pattern else {}), **more}


def nullable(schema: Schema) -> Schema:
    """The same, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def list_of(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def one_of(*values: str) -> Schema:
    return {"type": "string", "enum": list(values)}


def ref(entity: str) -> Schema:
    """Another entity (entities.py)."""
    return {"$ref": f"#/$defs/{entity}"}


def fields(required: Schema, optional: Schema | None = None) -> Schema:
    """An object that has all these fields, maybe some of the optional ones, and no others."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


STRING = string()
#: Said by somebody: never empty.
NAME = string(minLength=1)
BOOLEAN: Schema = {"type": "boolean"}
NULL: Schema = {"type": "null"}
COUNT: Schema = {"type": "integer", "minimum": 0}
#: Ids of 64 bits lose digits as JavaScript's numbers.
ID = string(r"[1-9][0-9]{0,18}")
DATETIME = string(r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z")
DATE = string(r"[0-9]{4}-[01][0-9]-[0-3][0-9]")
URL = string(r"https?://[^\s/?#<>\"]+([/?#][^\s<>\"]*)?")
SOCKET_URL = string(r"wss?://[^\s/?#<>\"]+([/?#][^\s<>\"]*)?")
LANGUAGE = string(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*")
#: A name of this server's; one of another's would carry its domain.
USERNAME = string(r"[A-Za-z0-9_]{1,30}")
#: Sanitised: no other elements.
HTML = string(r"([^<]|</?(p|br|span|a)( [^<>]*)?/?>)*")
EMPTY_LIST: Schema = {"type": "array", "maxItems": 0}
VISIBILITY = one_of("public", "unlisted", "private", "direct")
