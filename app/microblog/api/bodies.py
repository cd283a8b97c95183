"""From a request to one mapping of what it says: path, body and query, whatever their form.

Names with brackets are read as Rails does: `ids[]=1&ids[]=2`, `source[privacy]=…`,
`fields_attributes[0][name]=…`, `fields_attributes[][name]=…`. All is bounded, and what can't be read is
refused: nothing is guessed.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from flask import request
from werkzeug.datastructures import ImmutableMultiDict

from microblog.api.types import Upload
from microblog.domain.errors import DomainError, TooLarge, UnsupportedMedia

Values = dict[str, Any]
Pairs = Iterable[tuple[str, Any]]

FIELDS = 1_000
NAME_CHARACTERS = 200
DEPTH = 5
NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
PART = re.compile(r"\[([^\[\]]*)\]")
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
CHARSETS = ("utf-8", "utf8", "us-ascii")
REPLACEMENT = "\ufffd"


class Unreadable(DomainError):
    """A request that can't be taken apart (400)."""


class Repeated(list[Any]):
    """The values of a name that came several times without brackets: a list, or the last one counts."""

    __slots__ = ()


class InOrder(ImmutableMultiDict[str, Any]):
    """A form's fields in their order: werkzeug's own puts those of one name together."""

    def __init__(self, pairs: Pairs = ()) -> None:
        self.pairs = list(pairs)
        super().__init__(self.pairs)

    def items(self, multi: bool = False) -> Iterator[tuple[str, Any]]:  # type: ignore[override]  # noqa: FBT001, FBT002
        """The fields; `multi` as in werkzeug."""
        return iter(self.pairs) if multi else iter(dict(reversed(self.pairs)).items())


def read_values() -> Values:
    """What query and body say; the body wins."""
    # RFC 3986: a query's bytes are UTF-8 here, or nobody knows what they are.
    return merge(_read_pairs(request.query_string), _read_body())


def merge(first: Values, second: Values) -> Values:
    """Both, the second before the first."""
    return {**first, **second}


def _read_body() -> Values:
    mimetype = request.mimetype
    if request.method in ("GET", "HEAD"):
        # Caches know it by its address alone: a body must not change the answer (RFC 9110, 9.3.1).
        return {}
    if request.mimetype_params.get("charset", "utf-8").strip("\"'").lower() not in CHARSETS:
        raise Unreadable("The body's charset must be UTF-8")
    if mimetype == "application/json" or mimetype.endswith("+json"):
        return _read_json(request.get_data(cache=False))
    if mimetype == FORM:
        return _read_pairs(request.get_data(cache=False))
    if mimetype == MULTIPART:
        return _read_multipart()
    if request.get_data(cache=False):
        raise UnsupportedMedia("The body must be JSON or a form")
    return {}


def _read_json(data: bytes) -> Values:
    if not data.strip():
        return {}
    try:
        values = msgspec.json.decode(data)
    except (ValueError, RecursionError):
        raise Unreadable("The body is not valid JSON") from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise Unreadable("The body must be a JSON object")
    return values


def _read_pairs(data: bytes) -> Values:
    try:
        pairs = parse_qsl(data.decode(), keep_blank_values=True, errors="strict", max_num_fields=FIELDS)
    except UnicodeDecodeError:
        raise Unreadable("The parameters are not valid UTF-8") from None
    except ValueError:
        raise TooLarge("There are too many parameters") from None
    return nest(pairs)


def _read_multipart() -> Values:
    if not request.mimetype_params.get("boundary"):
        raise Unreadable("The body has no boundary")
    request.parameter_storage_class = InOrder
    # A part without a name is nobody's.
    pairs = [(name, value) for name, value in request.form.items(multi=True) if name]
    if any(REPLACEMENT in value or REPLACEMENT in name for name, value in pairs):
        # It stands where werkzeug met bytes that are no UTF-8.
        raise Unreadable("The body is not valid UTF-8")
    files = [(name, Upload(file)) for name, file in request.files.items(multi=True) if name and file.filename]
    return nest([*pairs, *files])


def nest(pairs: Pairs) -> Values:
    """Put values where their names' brackets say; see Repeated."""
    root: Values = {}
    for name, value in pairs:
        match = NAME.fullmatch(name) if len(name) <= NAME_CHARACTERS else None
        if match is None:
            # Rails would make something of such a name; no parameter of ours is called so.
            continue
        path = [match[1], *PART.findall(match[2])]
        if len(path) > DEPTH:
            raise Unreadable("The parameters are nested too deeply")
        _put(root, path, value)
    return root


def _put(target: Values, path: list[str], value: Any) -> None:
    name, rest = path[0], path[1:]
    if not rest:
        known = target.setdefault(name, value)
        if isinstance(known, list):
            known.append(value)
        elif known is not value:
            target[name] = Repeated((known, value))
        return
    if rest[0]:
        _put(_folder(target, name), rest, value)
        return
    items = target.setdefault(name, [])
    if not isinstance(items, list):
        items = target[name] = [items]
    _append(items, rest[1:], value)


def _append(items: list[Any], rest: list[str], value: Any) -> None:
    if not rest:
        items.append(value)
        return
    # `a[][b]=1&a[][b]=2`: a name that is there already begins the next item.
    if not items or not isinstance(items[-1], dict) or _is_there(items[-1], rest):
        items.append({})
    _put(items[-1], rest, value)


def _is_there(item: Values, rest: list[str]) -> bool:
    return rest[0] in item and len(rest) == 1


def _folder(target: Values, name: str) -> Values:
    folder = target.get(name)
    if not isinstance(folder, dict):
        folder = target[name] = {}
    return folder
