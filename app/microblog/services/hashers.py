"""How passwords are hashed, pluggable; apart from the rules for new ones, whose list is large in memory."""

import unicodedata
from typing import Protocol

from argon2 import PasswordHasher as Argon2
from argon2.exceptions import InvalidHashError, VerificationError

from microblog.domain.limits import PASSWORD_MAX_CHARACTERS
from microblog.settings import Settings


class PasswordHasher(Protocol):
    """What a hasher must be able to do; another one is named in `make_hasher`."""

    def hash(self, password: str) -> str:
        """The salted hash with its parameters, as text."""

    def verify(self, password_hash: str, password: str) -> bool:
        """Whether the password is the one that was hashed."""

    def verify_nobody(self, password: str) -> None:
        """Spend the time of a verification, so that a missing account answers no sooner."""

    def needs_rehash(self, password_hash: str) -> bool:
        """Whether the hash was made by other parameters than today's."""


class Argon2Hasher:
    """Argon2id with a salt per password."""

    def __init__(self, *, time_cost: int, memory_kib: int, parallelism: int) -> None:
        self._argon2 = Argon2(time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism)
        self._nobody = self._argon2.hash("")

    def hash(self, password: str) -> str:
        """The salted hash with its parameters, as text."""
        return self._argon2.hash(_normalise(password))

    def verify(self, password_hash: str, password: str) -> bool:
        """Whether the password is the one that was hashed."""
        try:
            return self._argon2.verify(password_hash, _normalise(password))
        except VerificationError:
            return False
        except InvalidHashError:
            # An account that nobody can log in to must not answer sooner either.
            self.verify_nobody(password)
            return False

    def verify_nobody(self, password: str) -> None:
        """Spend the time of a verification."""
        self.verify(self._nobody, password)

    def needs_rehash(self, password_hash: str) -> bool:
        """Whether the hash was made by other parameters."""
        return self._argon2.check_needs_rehash(password_hash)


def make_hasher(settings: Settings) -> PasswordHasher:
    """The hasher that the settings name."""
    hashers = {
        "argon2": lambda: Argon2Hasher(
            time_cost=settings.argon2_time_cost,
            memory_kib=settings.argon2_memory_kib,
            parallelism=settings.argon2_parallelism,
        )
    }
    return hashers[settings.password_hasher]()


def _normalise(password: str) -> str:
    # The same letters typed on two keyboards may arrive composed or not. Bounded: hashing 1 MB costs.
    return unicodedata.normalize("NFC", password)[: PASSWORD_MAX_CHARACTERS + 1]
