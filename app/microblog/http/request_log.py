"""One id, one log line and one measurement for each request: by the route's rule, never by path or query."""

import re
import time
import uuid
from functools import lru_cache

import structlog
from flask import Flask, Response, g, request
from prometheus_client import Counter, Histogram

from microblog.http.proxies import TRUSTED
from microblog.observability import metrics
from microblog.observability.logs import bind_context, clear_context
from microblog.observability.statements import start_tally

REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
UNMATCHED = "(unmatched)"
SERIES = 1_000
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

log = structlog.get_logger(__name__)


def choose_request_id() -> str:
    """The id that a trusted proxy gave, where it has the right form; else a new one."""
    given = request.headers.get("X-Request-ID", "")
    if request.environ.get(TRUSTED) and REQUEST_ID.fullmatch(given):
        return given
    return uuid.uuid4().hex


def install_request_log(app: Flask) -> None:
    """Bind the request's id first, and log and measure its answer last."""

    @app.before_request
    def begin() -> None:
        g.started = time.perf_counter()
        g.tally = start_tally()
        g.request_id = choose_request_id()
        clear_context()
        bind_context(request_id=g.request_id)
        metrics.HTTP_REQUESTS_IN_PROGRESS.inc()
        g.in_progress = True

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers["X-Request-ID"] = g.request_id
        seconds = time.perf_counter() - g.started
        route, method = route_of_request(), method_of_request()
        counter_of(route, method, response.status_code).inc()
        duration_of(route, method).observe(seconds)
        log.info(
            "http.request",
            method=method,
            route=route,
            status=response.status_code,
            duration_ms=round(seconds * 1000, 1),
            **g.tally.as_fields(),
        )
        return response

    @app.teardown_request
    def leave(_error: BaseException | None) -> None:
        if g.pop("in_progress", False):
            metrics.HTTP_REQUESTS_IN_PROGRESS.dec()


@lru_cache(SERIES)
def counter_of(route: str, method: str, status: int) -> Counter:
    """The counter of such answers. Kept, as finding it again costs as much as counting."""
    return metrics.HTTP_REQUESTS.labels(route, method, str(status))


@lru_cache(SERIES)
def duration_of(route: str, method: str) -> Histogram:
    """The durations of such requests."""
    return metrics.HTTP_REQUEST_SECONDS.labels(route, method)


def route_of_request() -> str:
    """The rule that matched, such as `/@<username>`: never the path, which may hold what people typed."""
    return request.url_rule.rule if request.url_rule else UNMATCHED


def method_of_request() -> str:
    """The method, where it is one that we answer: a metric's label must not be made up by visitors."""
    return request.method if request.method in METHODS else "other"
