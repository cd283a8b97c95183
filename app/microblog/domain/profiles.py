"""The rules of what people tell of themselves: display name, note, and the fields below it."""

from collections.abc import Sequence

from microblog.domain.errors import N_, Message
from microblog.domain.limits import (
    DISPLAY_NAME_CHARACTERS,
    FIELD_CHARACTERS,
    NOTE_CHARACTERS,
    PROFILE_FIELDS,
)
from microblog.domain.text import clean_line, count_characters
from microblog.domain.usernames import is_seen

#: Name and value, as typed.
Field = tuple[str, str]


def find_display_name_problem(display_name: str) -> Message | None:
    """What is wrong with a cleaned display name."""
    if len(display_name) > DISPLAY_NAME_CHARACTERS:
        return _too_long(DISPLAY_NAME_CHARACTERS)
    if display_name and not is_seen(display_name):
        return Message(N_("Nobody would see this name. Use letters that show, or leave it empty."))
    return None


def find_note_problem(note: str) -> Message | None:
    """What is wrong with a cleaned note."""
    return _too_long(NOTE_CHARACTERS) if count_characters(note) > NOTE_CHARACTERS else None


def clean_fields(fields: Sequence[Field]) -> list[Field]:
    """Fields as they are stored; those that are empty are left out, as clients send them."""
    cleaned = [(clean_line(name), clean_line(value)) for name, value in fields]
    return [(name, value) for name, value in cleaned if name or value]


def find_fields_problem(fields: Sequence[Field]) -> Message | None:
    """What is wrong with cleaned fields."""
    if len(fields) > PROFILE_FIELDS:
        return Message(N_("Use at most %(count)s fields."), {"count": PROFILE_FIELDS})
    if any(len(text) > FIELD_CHARACTERS for field in fields for text in field):
        return _too_long(FIELD_CHARACTERS)
    if not all(is_seen(name) for name, _value in fields):
        return Message(N_("Give each field a name."))
    return None


def _too_long(limit: int) -> Message:
    return Message(N_("Use at most %(count)s characters."), {"count": limit})
