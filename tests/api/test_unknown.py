"""What nobody has built yet answers as an API does."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from microblog.api import routes
from tests.site import Browser


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1/timelines/public", "/api/v1/%00<script>"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_404_as_json(browser: Browser, path: str, method: str) -> None:
    answer = browser.client.open(path, method=method)
    assert answer.status_code == 404
    assert answer.mimetype == "application/json"
    assert answer.get_json() == {"error": "There is no such address."}


def test_other_errors_are_json_too(make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app()

    def fail(**_arguments: Any) -> str:
        raise RuntimeError("an inner secret")

    monkeypatch.setitem(app.view_functions, f"{routes.blueprint.name}.unknown", fail)
    answer = app.test_client().get("/api/v1/x")
    assert answer.status_code == 500
    assert answer.get_json() == {"error": "Internal Server Error"}
