"""Absolute addresses: programs read answers far from the page that a relative one would start from."""

from dataclasses import dataclass
from urllib.parse import quote

from microblog.domain.pictures import avatar_url, header_url


@dataclass(frozen=True, slots=True)
class Urls:
    """The site's public addresses, under `base_url` (without a slash at its end)."""

    base_url: str

    def absolute(self, path: str) -> str:
        """The address of a site-relative path."""
        return self.base_url + path

    def account(self, username: str) -> str:
        """A profile's page."""
        return f"{self.base_url}/@{username}"

    def status(self, username: str, status_id: int) -> str:
        """A post's page."""
        return f"{self.base_url}/@{username}/{status_id}"

    def tag(self, name: str) -> str:
        """A hashtag's page."""
        return f"{self.base_url}/tags/{quote(name)}"

    def avatar(self, account_id: int, avatar_key: str | None) -> str:
        """An account's picture: its own or its initials."""
        return self.base_url + avatar_url(account_id, avatar_key, 400)

    def header(self, header_key: str | None) -> str:
        """The picture above an account's profile: its own or the plain one."""
        return self.base_url + header_url(header_key)

    def html(self, content: str) -> str:
        """Stored HTML with its site-relative links made absolute; what people typed is escaped in it."""
        return content.replace('<a href="/', f'<a href="{self.base_url}/')
