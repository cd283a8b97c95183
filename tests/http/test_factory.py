"""The application as gunicorn loads it."""

import importlib

import pytest
from flask import Flask


def test_wsgi(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    application = importlib.reload(importlib.import_module("microblog.wsgi")).application
    assert isinstance(application, Flask)
    assert application.test_client().get("/healthz").status_code == 200
    assert not application.debug
