"""Tickets: who holds one may have one request or job profiled, once, within a minute or an hour.

A ticket is `EXPIRES.NONCE.SIGNATURE`: seconds since 1970, a random word, and an HMAC-SHA256 (RFC 2104) of
both and of what it is for, a method with its path and query or a job's name or id. Its key is made from
MICROBLOG_PROFILE_KEY for this purpose alone.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

REQUEST_SECONDS: Final = 60
JOB_SECONDS: Final = 3600
#: The method of what is no request.
JOB: Final = "JOB"
PURPOSE: Final = b"microblog.profile-ticket"
TICKET = re.compile(r"(?P<expires>[0-9]{1,12})\.(?P<nonce>[A-Za-z0-9_-]{22})\.(?P<signature>[0-9a-f]{64})")


@dataclass(frozen=True)
class Ticket:
    """One that is good: its nonce, to be spent once, and how many seconds it stays good."""

    nonce: str
    seconds: int


def sign(key: str, method: str, target: bytes, now: float, seconds: int = REQUEST_SECONDS) -> str:
    """A new ticket. `target`: see `make_target`; of a job its name or id."""
    expires, nonce = int(now) + seconds, secrets.token_urlsafe(16)
    return f"{expires}.{nonce}.{_signature(key, method, target, expires, nonce)}"


def read(key: str, text: str, method: str, target: bytes, now: float) -> Ticket | None:
    """The ticket, where it is good for that; else None, for whatever reason, and no key makes none good."""
    found = TICKET.fullmatch(text)
    if not key or found is None:
        return None
    expires = int(found["expires"])
    signature = _signature(key, method, target, expires, found["nonce"])
    is_signed = hmac.compare_digest(signature, found["signature"])
    seconds = expires - int(now)
    return Ticket(found["nonce"], seconds) if is_signed and 0 < seconds <= JOB_SECONDS else None


def make_target(path: str) -> bytes:
    """What is signed of a path with its query as it is typed: the path decoded, as servers hand it on."""
    before, mark, query = path.partition("?")
    return unquote_to_bytes(before) + f"{mark}{query}".encode()


def _signature(key: str, method: str, target: bytes, expires: int, nonce: str) -> str:
    own_key = hmac.digest(key.encode(), PURPOSE, hashlib.sha256)
    text = f"{expires}.{nonce}.{method}.".encode() + target
    return hmac.new(own_key, text, hashlib.sha256).hexdigest()
