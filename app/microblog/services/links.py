"""Signed links in mails. A link carries only a row's id or a preference; what it allows is looked up.

Each purpose has a salt of its own, so that no link works for another one. One-time links expire by their row
(data/models/tokens.py); unsubscribe links never do: they have to work for as long as somebody keeps the mail
(RFC 8058).
"""

from collections.abc import Sequence
from typing import Final

from itsdangerous import BadData, URLSafeSerializer

from microblog.domain.errors import InvalidToken

SALT: Final = "microblog.links"
UNSUBSCRIBE: Final = "unsubscribe"
UNSUBSCRIBE_KINDS: Final = ("mentions", "follows")
# A signed pair of numbers has about 60 characters; longer text isn't worth a signature check.
LONGEST = 200


class LinkSigner:
    """Signs and reads the `token` parameter of links. The text tells nothing but its id."""

    def __init__(self, secret_key: str) -> None:
        self._secret_key = secret_key

    def sign_token(self, token_id: int, purpose: str) -> str:
        """The text for a one-time token's link."""
        return self._sign(purpose, [token_id])

    def read_token(self, text: str, purpose: str) -> int:
        """The id in a one-time link. Raises InvalidToken where it wasn't signed for this purpose."""
        match self._read(purpose, text):
            case [int(token_id)] if not isinstance(token_id, bool):
                return token_id
        raise InvalidToken

    def sign_unsubscribe(self, account_id: int, kind: str) -> str:
        """The text for the link that ends a kind of mail, `mentions` or `follows`."""
        return self._sign(UNSUBSCRIBE, [account_id, kind])

    def read_unsubscribe(self, text: str) -> tuple[int, str]:
        """The account's id and the kind of mail. Raises InvalidToken."""
        match self._read(UNSUBSCRIBE, text):
            case [int(account_id), str(kind)] if kind in UNSUBSCRIBE_KINDS:
                return account_id, kind
        raise InvalidToken

    def _sign(self, purpose: str, content: Sequence[int | str]) -> str:
        return str(self._serializer(purpose).dumps(list(content)))

    def _read(self, purpose: str, text: str) -> object:
        if len(text) > LONGEST:
            raise InvalidToken
        try:
            return self._serializer(purpose).loads(text)
        except BadData:
            raise InvalidToken from None

    def _serializer(self, purpose: str) -> URLSafeSerializer:
        return URLSafeSerializer(self._secret_key, salt=f"{SALT}.{purpose}")
