"""What can be refused, as types. Each surface turns them into its own answers in one registrar.

Messages are gettext message ids, marked for extraction by `N_` and translated by the surface that shows them.
"""

from dataclasses import dataclass, field


def N_(message: str) -> str:  # noqa: N802 - the name gettext's extractors know
    """Mark a message for translation without translating it here."""
    return message


@dataclass(frozen=True)
class Message:
    """A message id with its named parameters (`%(name)s`)."""

    text: str
    params: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text % self.params if self.params else self.text


class DomainError(Exception):
    """The base of all refusals; `message` says what is wrong and what to do."""

    default = N_("That can't be done.")

    def __init__(self, text: str | None = None, **params: object) -> None:
        self.message = Message(text or self.default, params)
        super().__init__(str(self.message))


class ValidationError(DomainError):
    """Input breaks a rule; `errors` maps a field's name to its message."""

    default = N_("Please check the marked fields.")

    def __init__(self, errors: dict[str, Message]) -> None:
        super().__init__()
        self.errors = errors


class NotFound(DomainError):
    """There is no such thing, or the viewer may not know of it."""

    default = N_("This doesn't exist, or it was deleted.")


class Forbidden(DomainError):
    """The viewer is known and may not do this."""

    default = N_("You are not allowed to do this.")


class ConfirmationRequired(Forbidden):
    """The account's e-mail address is not confirmed yet."""

    default = N_("Please confirm your e-mail address first: we sent you a link.")


class Conflict(DomainError):
    """The present state forbids it."""

    default = N_("This was changed in the meantime. Please try again.")


class InvalidCredentials(DomainError):
    """Log-in failed; never says whether the account exists."""

    default = N_("The name or the password is wrong.")


class InvalidToken(DomainError):
    """A link from a mail is unknown, used or expired."""

    default = N_("This link was used already or is too old. Please ask for a new one.")


class InvalidAccessToken(DomainError):
    """An access token is needed and missing, or the one sent is unknown or revoked."""

    default = N_("The access token is invalid")


class PersonRequired(DomainError):
    """The access token is a client's own, and this is something that only people do."""

    default = N_("This method requires an authenticated user")


class RateLimited(DomainError):
    """Too many tries; `retry_after` is in seconds."""

    default = N_("Too many tries. Please wait a little and try again.")

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


class TooLarge(DomainError):
    """A body or a picture is above the limit."""

    default = N_("This is too large.")


class UnsupportedMedia(DomainError):
    """A picture isn't of a supported type, or it is broken."""

    default = N_("This picture can't be read. Please use a JPEG, PNG, GIF or WebP file.")


class Unavailable(DomainError):
    """A part that this needs is away; trying later helps."""

    default = N_("This isn't available just now. Please try again in a minute.")
