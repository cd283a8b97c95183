"""What pages of other sites may read by script: the API and what leads to it, for everybody and never with
cookies (fetch.spec.whatwg.org, the CORS protocol). Pictures may be shown there, too.
"""

from flask import Flask, Response, request

OPEN = ("/api", "/oauth/token", "/oauth/revoke", "/.well-known", "/nodeinfo")
PICTURES = ("/media", "/avatars", "/headers")
METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
ALLOWED_HEADERS = "Authorization, Content-Type, Idempotency-Key"
EXPOSED_HEADERS = "Link, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-ID"
PREFLIGHT_SECONDS = 86_400


def install_cors(app: Flask) -> None:
    """Answer the questions that browsers ask first, and open the answers."""

    @app.before_request
    def answer_preflight() -> Response | None:
        if request.method == "OPTIONS" and is_below(request.path, OPEN):
            return Response(status=204)
        return None

    @app.after_request
    def open_answers(response: Response) -> Response:
        if is_below(request.path, OPEN):
            _open(response)
        elif is_below(request.path, PICTURES):
            response.headers["Access-Control-Allow-Origin"] = "*"
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response


def is_below(path: str, folders: tuple[str, ...]) -> bool:
    """Whether the path is one of the folders or lies in one."""
    return any(path == folder or path.startswith(folder + "/") for folder in folders)


def _open(response: Response) -> None:
    headers = response.headers
    headers["Access-Control-Allow-Origin"] = "*"
    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if request.method == "OPTIONS":
        headers["Access-Control-Allow-Methods"] = METHODS
        headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
        headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
    else:
        headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
