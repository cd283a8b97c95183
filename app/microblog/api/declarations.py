"""What is declared of an endpoint."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, get_type_hints

import msgspec

from microblog.api.types import Upload


class Access(StrEnum):
    """Who may call an endpoint."""

    # Everybody. A token that is sent has to be valid, and stands for its person where it holds the scope.
    PUBLIC = "api_public"
    # Whoever has a valid token, also a client for itself.
    APP = "api_app"
    # The token of a person with a confirmed address.
    USER = "api_user"


@dataclass(frozen=True)
class Endpoint:
    """One verb at one address. `params`: the struct that declares its input, or None."""

    method: str
    rule: str
    access: Access
    scope: str | None
    noun: str
    handler: Callable[..., Any]
    params: type[msgspec.Struct] | None
    returns: Any
    is_listed: bool = True

    @property
    def name(self) -> str:
        """Its name within the noun."""
        return self.handler.__name__

    @property
    def summary(self) -> str:
        """The first sentence about it."""
        return (inspect.getdoc(self.handler) or "").split("\n\n")[0].replace("\n", " ")

    @property
    def description(self) -> str:
        """What else there is to say."""
        return (inspect.getdoc(self.handler) or "").partition("\n\n")[2].replace("\n", " ")

    @property
    def takes_upload(self) -> bool:
        """Whether one of its parameters is a file."""
        return self.params is not None and any(
            Upload in getattr(hint, "__args__", (hint,)) for hint in get_type_hints(self.params).values()
        )
