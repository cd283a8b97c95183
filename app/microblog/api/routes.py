"""The API's blueprint."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from microblog.api.errors import register_api_errors
from microblog.domain.errors import N_, NotFound
from microblog.http.auth import machine
from microblog.http.csrf import csrf

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

blueprint = Blueprint("api", __name__, url_prefix="/api")
# Its clients prove themselves by tokens, not by cookies.
csrf.exempt(blueprint)
register_api_errors(blueprint)


@blueprint.route("", defaults={"path": ""}, methods=METHODS)
@blueprint.route("/<path:path>", methods=METHODS)
@machine
def unknown(path: str) -> ResponseReturnValue:  # noqa: ARG001 - whatever it is
    """There is no such address."""
    raise NotFound(N_("There is no such address."))
