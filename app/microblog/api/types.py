"""Types that declare input: ids, uploads, and how both look in the OpenAPI document."""

from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import FileStorage

from microblog.domain.ids import MAX_ID, parse_id


class Id(int):
    """An id as clients write it: digits, mostly as text. Larger ones than can exist become the largest."""

    __slots__ = ()


class Upload:
    """A file of a multipart body."""

    __slots__ = ("file",)

    def __init__(self, file: FileStorage) -> None:
        self.file = file

    def read(self) -> bytes:
        """The whole content; its size was bounded with the body's."""
        return self.file.stream.read()


def read_custom(kind: type, value: object) -> object:
    """Read an `Id` or an `Upload` (the `dec_hook` of msgspec).

    Raises ValueError, whose text is told after the field's name.
    """
    if kind is Id:
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return Id(min(value, MAX_ID))
        number = parse_id(value) if isinstance(value, str) else None
        if number is None:
            raise ValueError("is not an id")
        return Id(number)
    if kind is Upload and isinstance(value, Upload):
        return value
    raise ValueError("is not a file")


SCHEMAS: Mapping[type, dict[str, Any]] = {
    Id: {"type": "string", "pattern": "^[0-9]+$", "examples": ["103254962155278888"]},
    Upload: {"type": "string", "format": "binary"},
}


ANYTHING: dict[str, Any] = {"title": "anything"}


def describe_custom(kind: type) -> dict[str, Any]:
    """The schema of an `Id` or an `Upload` (the `schema_hook` of msgspec)."""
    return dict(SCHEMAS.get(kind, ANYTHING))
