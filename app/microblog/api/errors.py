"""Errors as JSON: `{"error": "…"}`, in English, as clients of the Mastodon API expect them."""

from http import HTTPStatus

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from microblog.api.answers import encode
from microblog.api.entities.errors import Error
from microblog.domain.errors import Message
from microblog.http.errors import Problem, answer_error, register_errors
from microblog.http.headers import GONE, share_data

UNKNOWN = "There is no such address."


def register_api_errors(blueprint: Blueprint) -> None:
    """Answer every exception below the blueprint by JSON."""
    register_errors(blueprint, show_error)


def refuse_unrouted() -> AnyResponse | None:
    """Answer a request below /api that no endpoint takes: 404, or 405 with the methods that are there."""
    error = request.routing_exception
    if isinstance(error, HTTPException) and error.code is not None and error.code >= 400:
        return answer_error(error, show_error)
    return None


def show_error(problem: Problem) -> ResponseReturnValue:
    """The error's body."""
    response = Response(encode(Error(_tell(problem))), content_type="application/json; charset=utf-8")
    if problem.status in GONE and "Authorization" not in request.headers:
        share_data(response)
    return response


def _tell(problem: Problem) -> str:
    if problem.fields:
        told = (_tell_field(field, message) for field, message in problem.fields.items())
        return "Validation failed: " + ", ".join(told)
    if problem.message is not None:
        return str(problem.message)
    if request.routing_exception is not None and problem.status == 404:
        return UNKNOWN
    return HTTPStatus(problem.status).phrase


def _tell_field(field: str, message: Message) -> str:
    text = str(message)
    # What our own rules say are sentences; what Rails would say goes on after the name.
    return f"{field} {text}" if text[:1].islower() else f"{field}: {text}"
