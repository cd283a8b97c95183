"""Input by declaration: a msgspec.Struct says what an endpoint takes, and clients' ways of saying it are met.

Text stands for numbers and booleans (forms have nothing else), a lone value for a list, empty text for
nothing where a text isn't what is wanted. Unknown names are passed over. The first thing that is wrong is
told by its name.
"""

import math
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec
from msgspec import inspect

from microblog.api.bodies import Repeated
from microblog.api.types import read_custom
from microblog.domain.errors import Message, ValidationError

Normaliser = Callable[[Any], Any]

BOOLEANS = {"on": True, "t": True, "yes": True, "off": False, "f": False, "no": False}
# What this returns is left out, so that the field's default takes its place.
MISSING = object()
PLACE = re.compile(r"^(.*) - at `\$\.?([^`]*)`$", re.DOTALL)
EXPECTED = re.compile(r"^Expected `([a-z]+)[^`]*`(?: of length (<=|>=) (\d+)| (<=|>=|<|>) (\S+))?")
KINDS = {
    "int": "must be a whole number",
    "float": "must be a number",
    "bool": "must be true or false",
    "str": "must be text",
    "array": "must be a list",
    "object": "must be an object",
}
LARGEST = 2**63 - 1
_normalisers: dict[type[Any], Normaliser] = {}


def convert(values: Mapping[str, Any], kind: type[Any]) -> Any:
    """An instance of the struct `kind`. Raises ValidationError by field."""
    try:
        return msgspec.convert(_normaliser(kind)(values), kind, strict=False, dec_hook=read_custom)
    except msgspec.ValidationError as error:
        field, what = explain(str(error))
        raise ValidationError({field: Message(what)}) from None


def explain(text: str) -> tuple[str, str]:
    """The field's name and what is wrong with it, of msgspec's message."""
    if missing := re.match(r"Object missing required field `([^`]+)`", text):
        place = PLACE.match(text)
        parent = f"{place[2]}." if place and place[2] else ""
        return parent + missing[1], "can't be blank"
    match = PLACE.match(text)
    what, field = (match[1], match[2]) if match else (text, "request")
    field = field.replace("[...]", "").strip(".") or "request"
    if what.startswith("Invalid enum value"):
        return field, "is not included in the list"
    expected = EXPECTED.match(what)
    if "matching regex" in what:
        return field, "is invalid"
    return field, _explain_expected(expected) if expected else what


def _explain_expected(expected: re.Match[str]) -> str:
    kind, sign, length, bound_sign, bound = expected.groups()
    unit = "items" if kind == "array" else "characters"
    if sign:
        return f"is too {'long' if sign == '<=' else 'short'} ({sign} {length} {unit})"
    if bound_sign:
        return f"must be {bound_sign} {bound}"
    return KINDS.get(kind, "is invalid")


def _normaliser(kind: type[Any]) -> Normaliser:
    if kind not in _normalisers:
        _normalisers[kind] = _make(inspect.type_info(kind))
    return _normalisers[kind]


def _make(kind: inspect.Type) -> Normaliser:
    kind = _bare(kind)
    kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    parts = [_bare(part) for part in kinds if not isinstance(part, inspect.NoneType)]
    return partial(
        _read_field,
        _make_plain(parts[0]) if len(parts) == 1 else _check_text,
        is_nullable=len(parts) < len(kinds),
        is_text=any(isinstance(part, inspect.StrType) for part in parts),
        is_list=any(isinstance(part, inspect.ListType) for part in parts),
    )


def _bare(kind: inspect.Type) -> inspect.Type:
    return kind.type if isinstance(kind, inspect.Metadata) else kind


def _make_plain(kind: inspect.Type) -> Normaliser:
    match kind:
        case inspect.StructType():
            return partial(_read_struct, {field.encode_name: _make(field.type) for field in kind.fields})
        case inspect.ListType():
            return partial(_read_list, _make(kind.item_type))
        case inspect.BoolType():
            return _read_boolean
        case inspect.IntType():
            return _read_number
        case inspect.FloatType():
            return _read_fraction
    return _check_text


def _read_field(inner: Normaliser, value: Any, *, is_nullable: bool, is_text: bool, is_list: bool) -> Any:
    if isinstance(value, Repeated) and not is_list:
        # As Rails does, on whose forms a ticked box comes after the value of an empty one.
        value = value[-1]
    if value is None or (value == "" and not is_text):
        return None if is_nullable else MISSING
    return inner(value)


def _read_struct(names: Mapping[str, Normaliser], value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    read = {name: normalise(value[name]) for name, normalise in names.items() if name in value}
    return {name: found for name, found in read.items() if found is not MISSING}


def _read_list(item: Normaliser, value: Any) -> Any:
    if isinstance(value, Mapping) and all(str(key).isdecimal() for key in value):
        # Rails' hash of items by number.
        value = [value[key] for key in sorted(value, key=lambda key: (len(key), key))]
    elif not isinstance(value, list):
        value = [value]
    return [found for one in value if (found := item(one)) is not MISSING]


def _read_boolean(value: Any) -> Any:
    return BOOLEANS.get(value.lower(), value) if isinstance(value, str) else value


def _read_number(value: Any) -> Any:
    # Python refuses to read thousands of digits; nothing that we count is that large.
    if isinstance(value, str) and len(value) > 19:
        return LARGEST if value.isascii() and value.isdecimal() else "too long"
    return max(-LARGEST, min(value, LARGEST)) if type(value) is int else value


def _read_fraction(value: Any) -> Any:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return value
    return number if math.isfinite(number) else "no number"


def _check_text(value: Any) -> Any:
    # PostgreSQL keeps no such character, and nobody types one.
    return value.replace("\0", "") if isinstance(value, str) else value
