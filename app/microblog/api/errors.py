"""Errors as JSON: `{"error": "…"}`, in English, as clients of the Mastodon API expect them."""

from http import HTTPStatus

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from microblog.http.errors import Problem, register_errors


def register_api_errors(blueprint: Blueprint) -> None:
    """Answer every exception below the blueprint by JSON."""
    register_errors(blueprint, show_error)


def show_error(problem: Problem) -> ResponseReturnValue:
    """The error's body."""
    return jsonify(error=str(problem.message or HTTPStatus(problem.status).phrase))
