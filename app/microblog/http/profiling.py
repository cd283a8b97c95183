"""Profiles one request on demand: one that has a ticket in its header X-Microblog-Profile.

Without MICROBLOG_PROFILE_KEY nothing of this is there. A header that is no good ticket, or one that was used
already, is as none: its sender learns nothing. The servers in front take it away (ops/roles/haproxy, nginx).
"""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import structlog
from flask import Flask, Response, g, request

from microblog.data.profiles import Profiles, describe_run
from microblog.domain import profile_tickets
from microblog.domain.errors import Conflict
from microblog.http.request_log import method_of_request, route_of_request
from microblog.observability.profiler import TURN, Recorder
from microblog.observability.statements import Tally
from microblog.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HEADER: Final = "X-Microblog-Profile"
VARIABLE: Final = "HTTP_X_MICROBLOG_PROFILE"
#: In the environment of a request that is profiled: what is known of it; of one that came too early: None.
KNOWN: Final = "microblog.profile"
#: What the answer's header says.
PROFILED, BUSY = "profiled", "busy"
# For whoever holds the key: visitors never get here.
ONE_AT_A_TIME: Final = "This process profiles another request; ask again in a moment."

log = structlog.get_logger(__name__)


class OneRequest:
    """WSGI middleware: profiles a request that has a ticket, from routing to the last hook."""

    def __init__(self, application: "WSGIApplication", key: str, profiles: Profiles) -> None:
        self.application = application
        self.key = key
        self.profiles = profiles

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer as the application does, in any case."""
        text = environ.pop(VARIABLE, None)
        if not text or not self._admits(text, environ):
            return self.application(environ, start_response)
        if not TURN.acquire(blocking=False):
            environ[KNOWN] = None
            return self.application(environ, start_response)
        try:
            return self._profile(environ, start_response)
        finally:
            TURN.release()

    def _admits(self, text: str, environ: "WSGIEnvironment") -> bool:
        query = environ.get("QUERY_STRING", "")
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        target = f"{path}?{query}" if query else path
        ticket = profile_tickets.read(
            self.key, text, environ["REQUEST_METHOD"], target.encode("latin-1"), time.time()
        )
        return ticket is not None and self.profiles.spend(ticket.nonce, ticket.seconds)

    def _profile(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        known: dict[str, Any] = {}
        environ[KNOWN] = known
        recorder = Recorder()
        recorder.start()
        try:
            return self.application(environ, start_response)
        finally:
            profile = recorder.stop()
            if known:
                is_kept = self.profiles.keep(known["id"], known | profile.as_fields())
                log.info("profile.kept" if is_kept else "profile.lost", functions=len(profile.functions))


def install_profiling(app: Flask, settings: Settings, profiles: Profiles) -> None:
    """Profile what is asked for, where there is a key; after the request log, which chooses the id."""
    if not settings.profile_key:
        return

    @app.before_request
    def refuse_second() -> None:
        if request.environ.get(KNOWN, {}) is None:
            raise Conflict(ONE_AT_A_TIME)

    @app.after_request
    def note(response: Response) -> Response:
        if KNOWN in request.environ:
            known = request.environ[KNOWN]
            response.headers[HEADER] = BUSY if known is None else PROFILED
            if known is not None:
                known |= describe_request(settings, response)
        return response

    app.wsgi_app = OneRequest(app.wsgi_app, settings.profile_key, profiles)  # type: ignore[method-assign]


def describe_request(settings: Settings, response: Response) -> dict[str, Any]:
    """What a profile says of its request: nothing of what was asked for but method and route."""
    name = f"{method_of_request()} {route_of_request()}"
    outcome = str(response.status_code)
    run = describe_run(settings, run_id=g.request_id, kind="request", name=name, outcome=outcome)
    tally: Tally = g.tally
    return run | tally.as_fields()
