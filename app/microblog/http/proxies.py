"""The client's address and scheme as the outermost trusted proxy saw them; nobody else's word is taken.

Where `TRUSTED_PROXIES` names nobody, the forwarding headers are dropped: a limit by address can't
be talked around.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FORWARDED_FOR = "HTTP_X_FORWARDED_FOR"
FORWARDED_PROTO = "HTTP_X_FORWARDED_PROTO"
TRUSTED = "microblog.trusted_proxy"
HOPS = 20


class TrustedProxies:
    """WSGI middleware: sets REMOTE_ADDR and the scheme, and marks requests that came through a trusted proxy.

    `proxies`: networks such as `10.0.0.0/24`; the word `unix` trusts whoever may open our Unix socket.
    """

    def __init__(self, application: "WSGIApplication", proxies: Sequence[str]) -> None:
        self.application = application
        self.trusts_unix = "unix" in proxies
        self.networks = [ip_network(name) for name in proxies if name != "unix"]

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Rewrite the environment, then answer."""
        forwarded = environ.pop(FORWARDED_FOR, "")
        scheme = environ.pop(FORWARDED_PROTO, "").rsplit(",", 1)[-1].strip()
        peer = environ.get("REMOTE_ADDR", "")
        is_trusted = self._trusts(peer)
        environ[TRUSTED] = is_trusted
        environ["wsgi.url_scheme"] = scheme if is_trusted and scheme in ("http", "https") else "http"
        if is_trusted and forwarded:
            environ["REMOTE_ADDR"] = self._client(forwarded, peer)
        return self.application(environ, start_response)

    def _trusts(self, peer: str) -> bool:
        if not peer:
            return self.trusts_unix
        address = _parse(peer)
        return address is not None and any(address in network for network in self.networks)

    def _client(self, forwarded: str, peer: str) -> str:
        # From the right: each proxy appended whom it saw, and the first one not trusted is the client.
        client = peer
        for part in reversed(forwarded.split(",")[-HOPS:]):
            address = _parse(part.strip())
            if address is None:
                break
            client = str(address)
            if not self._trusts(client):
                break
        return client


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
