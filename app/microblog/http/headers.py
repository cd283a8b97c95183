"""Security and caching headers by one hook (measured: a general extension costs ten times as much)."""

from flask import Flask, Response, request

from microblog.settings import Settings

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
# What people uploaded, or what is made from their names, is a picture and nothing else.
PICTURE_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
PERMISSIONS_POLICY = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"
DEFAULTS = (
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", PERMISSIONS_POLICY),
    ("Referrer-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
)
STRICT_TRANSPORT = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")

# Shared caches keep a page for seconds; browsers ask again each time, so that one's own post is seen at once.
SHARED_CACHE = "public, max-age=0, s-maxage=5"
PRIVATE_CACHE = "private, no-store"
# What is gone takes the place of what a cache still holds, which it may show when we are down.
GONE = (404, 410)


def install_headers(app: Flask, settings: Settings) -> None:
    """Add to each answer the headers that it does not carry yet."""
    fixed = [*DEFAULTS, STRICT_TRANSPORT] if settings.is_secure else [*DEFAULTS]
    by_key = [(name.lower(), name, value) for name, value in fixed]

    @app.after_request
    def add_headers(response: Response) -> Response:
        # Looked at once: each question to Werkzeug's list goes through all of it.
        present = {name.lower() for name, _ in response.headers}
        for key, name, value in by_key:
            if key not in present:
                response.headers.add(name, value)
        if "cache-control" not in present or not _is_shareable(response, present):
            keep_private(response)
        return response


def share(response: Response) -> None:
    """Let caches keep a public page for seconds; undone where the answer turns out to be a visitor's own."""
    response.headers["Cache-Control"] = SHARED_CACHE
    response.vary.update(("Cookie", "Accept-Language"))


def share_data(response: Response) -> None:
    """The same for what programs read: it depends on no cookie and no language."""
    response.headers["Cache-Control"] = SHARED_CACHE
    response.vary.add("Authorization")


def keep_private(response: Response) -> None:
    """Let no cache keep the answer."""
    response.headers["Cache-Control"] = PRIVATE_CACHE


def hide_address(response: Response) -> None:
    """For pages whose address or form holds a token: no cache keeps them, no link passes them on."""
    keep_private(response)
    response.headers["Referrer-Policy"] = "no-referrer"


def _is_shareable(response: Response, present: set[str]) -> bool:
    is_told = response.status_code < 400 or response.status_code in GONE
    return request.method in ("GET", "HEAD") and is_told and "set-cookie" not in present
