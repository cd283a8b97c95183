"""A client's parameters, from a form or from JSON, and never from the query: secrets stand in no address."""

from collections.abc import Mapping

import msgspec
from authlib.oauth2.rfc6749 import InvalidRequestError
from flask import request
from werkzeug.datastructures import MultiDict

from microblog.oauth.server import Request

PARAMETERS = (
    "grant_type", "client_id", "client_secret", "code", "redirect_uri", "code_verifier", "scope", "token",
)  # fmt: skip


def read_request() -> Request:
    """The request of a client to the token endpoints. Raises InvalidRequestError."""
    parameters = _read_json() if request.is_json else read_once(request.form, PARAMETERS)
    return Request(request.method, parameters, request.headers)


def read_once(values: MultiDict[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """Parameters that are there, each given once (RFC 6749, 3.1 and 3.2). Raises InvalidRequestError."""
    if any(len(values.getlist(name)) > 1 for name in names):
        raise InvalidRequestError("A parameter is given more than once.")
    return {name: values[name] for name in names if name in values}


def _read_json() -> Mapping[str, str]:
    try:
        values = msgspec.json.decode(request.get_data() or b"{}")
    except (ValueError, RecursionError):
        raise InvalidRequestError("The body is not valid JSON.") from None
    if not isinstance(values, dict):
        raise InvalidRequestError("The body is not a JSON object.")
    known = {name: values[name] for name in PARAMETERS if values.get(name) is not None}
    if not all(isinstance(value, str) for value in known.values()):
        raise InvalidRequestError("Parameters must be text.")
    return known
