"""Addresses that aren't there answer as an API does."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.site import Browser


@pytest.mark.parametrize(
    "path",
    ["/api", "/api/", "/api/v1/nothing", "/api/v1/%00<script>", "/api/v9/instance", "/api/v1/streaming/user"],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_404_as_json(browser: Browser, path: str, method: str) -> None:
    answer = browser.client.open(path, method=method)
    assert answer.status_code == 404
    assert answer.mimetype == "application/json"
    assert answer.get_json() == {"error": "There is no such address."}
    assert answer.headers["X-RateLimit-Limit"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_405_as_json(browser: Browser) -> None:
    answer = browser.client.delete("/api/v1/instance/rules")
    assert answer.status_code == 405
    assert answer.get_json() == {"error": "Method Not Allowed"}
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_other_errors_are_json_too(make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app()

    def fail(**_arguments: Any) -> str:
        raise RuntimeError("an inner secret")

    monkeypatch.setitem(app.view_functions, "api.instance.list_rules", fail)
    answer = app.test_client().get("/api/v1/instance/rules")
    assert answer.status_code == 500
    assert answer.get_json() == {"error": "Internal Server Error"}
