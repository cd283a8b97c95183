"""Where a client may be answered (RFC 6749, 3.1.2; RFC 8252 for native apps; RFC 9700, 2.1 and 2.6)."""

import re
from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import SplitResult, urlencode, urlsplit

from microblog.domain.errors import N_, Message

# The code is shown on a page, for the person to copy (once Google's, kept by Mastodon's clients).
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
REDIRECT_URIS = 20
REDIRECT_URI_CHARACTERS = 2_000

# The characters of RFC 3986, and nothing that browsers would read in a way of their own.
_WRITTEN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=%-]+")
# Schemes that browsers run, read or show by themselves instead of passing the answer to a client.
_REFUSED_SCHEMES = frozenset((
    "about", "blob", "chrome", "chrome-extension", "cid", "content", "data", "feed", "file", "filesystem",
    "ftp", "intent", "jar", "javascript", "mailto", "microsoft-edge", "mid", "moz-extension", "ms-settings",
    "resource", "search-ms", "sms", "ssh", "tel", "urn", "vbscript", "view-source", "ws", "wss",
))  # fmt: skip
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]{1,5})?")


def split_list(text: str) -> list[str]:
    """The addresses of a list, one a line or between spaces, each once."""
    return list(dict.fromkeys(text.split()))


def find_problem(uri: str, *, is_secure: bool) -> Message | None:
    """Why a client can't be answered there, or None. `is_secure`: whether the site itself is under TLS."""
    if uri == OUT_OF_BAND:
        return None
    if len(uri) > REDIRECT_URI_CHARACTERS or not _WRITTEN.fullmatch(uri):
        return Message(
            N_("Give redirect URIs in full, such as https://app.example/callback, without a fragment.")
        )
    parts = _split(uri)
    if parts is None or parts.scheme in _REFUSED_SCHEMES:
        return Message(N_("A redirect URI can't be of this kind."))
    if parts.scheme in ("http", "https") and (not parts.hostname or parts.username is not None):
        return Message(N_("Give redirect URIs with a host name and without a user name."))
    if parts.scheme == "http" and is_secure and not _is_this_machine(parts.hostname or ""):
        return Message(N_("Use https in redirect URIs, or an address of one's own machine."))
    return None


def matches(registered: Sequence[str], uri: str) -> bool:
    """Whether an address is one that the client registered: letter for letter, but for the port of a loopback
    address, which a native app can't know beforehand (RFC 8252, 7.3).
    """
    return uri in registered or any(_differ_by_port(one, uri) for one in registered)


def _differ_by_port(registered: str, uri: str) -> bool:
    known, asked = _split(registered), _split(uri)
    if known is None or asked is None or not _WRITTEN.fullmatch(uri):
        return False
    if known.scheme != "http" or known.hostname not in ("127.0.0.1", "::1") or known.username is not None:
        return False
    return _without_port(known) == _without_port(asked)


def _without_port(parts: SplitResult) -> SplitResult:
    return parts._replace(netloc=re.sub(r":[0-9]{1,5}\Z", "", parts.netloc))


def _split(uri: str) -> SplitResult | None:
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def add_parameters(uri: str, parameters: Sequence[tuple[str, str]]) -> str:
    """The address with more in its query; what it has stays as it is."""
    separator = "&" if "?" in uri else "?"
    return f"{uri}{separator}{urlencode(parameters)}"


def find_source(uri: str) -> str:
    """What a content security policy names to let a form lead there: an origin, or a scheme alone."""
    scheme, _, rest = uri.partition(":")
    found = _ORIGIN.match(uri.lower())
    if found and rest[len(found[0]) - len(scheme) - 1 :][:1] in ("", "/", "?"):
        return found[0]
    return f"{scheme.lower()}:"


def find_host(uri: str) -> str:
    """What a person is told of the place: its host, or for an app's own scheme that."""
    parts = _split(uri)
    if parts is None:
        return ""
    return parts.netloc if parts.scheme in ("http", "https") else f"{parts.scheme}:"
