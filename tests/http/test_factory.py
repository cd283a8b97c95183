"""The application as gunicorn loads it."""

import importlib
import subprocess
import sys

import pytest
from flask import Flask


def test_wsgi(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    application = importlib.reload(importlib.import_module("microblog.wsgi")).application
    assert isinstance(application, Flask)
    assert application.test_client().get("/healthz").status_code == 200
    assert not application.debug


def test_the_site_does_not_even_load_what_talks_to_the_broker() -> None:
    """Jobs leave through the outbox: a broker that hangs holds no page up."""
    program = "import sys, microblog.factory; print(sorted({'celery', 'kombu'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
