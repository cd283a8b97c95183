"""The rules for new passwords."""

import unicodedata

from zxcvbn.frequency_lists import FREQUENCY_LISTS

from microblog.domain.errors import N_, Message, ValidationError
from microblog.domain.limits import PASSWORD_MAX_CHARACTERS, PASSWORD_MIN_CHARACTERS

COMMON_PASSWORDS = frozenset(FREQUENCY_LISTS["passwords"])


def find_password_problem(password: str, *, username: str, email: str) -> Message | None:
    """Why this can't be a new password (NIST SP 800-63B: length and common ones, no composition
    rules), or None.
    """
    length = len(unicodedata.normalize("NFC", password))
    if length < PASSWORD_MIN_CHARACTERS:
        return Message(N_("Use at least %(count)s characters."), {"count": PASSWORD_MIN_CHARACTERS})
    if length > PASSWORD_MAX_CHARACTERS:
        return Message(N_("Use at most %(count)s characters."), {"count": PASSWORD_MAX_CHARACTERS})
    lowered = password.lower()
    if lowered in COMMON_PASSWORDS or len(set(lowered)) == 1:
        return Message(N_("This password is among the most common ones. Please choose another."))
    if lowered in {username.lower(), email.lower(), email.lower().partition("@")[0]}:
        return Message(N_("Use a password that isn't your name or address."))
    return None


def check_password(password: str, *, username: str, email: str, field: str = "password") -> None:
    """Refuse a bad new password with a ValidationError for `field`."""
    if problem := find_password_problem(password, username=username, email=email):
        raise ValidationError({field: problem})
