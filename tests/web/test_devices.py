"""User-Agent headers as people would say them."""

import pytest
from flask import Flask
from flask_babel import Babel

from microblog.web.devices import device_name

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/130.0 Safari/537.36",
            "Chrome on Windows",
        ),
        (f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} Chrome/130.0 Safari/537.36 Edg/130.0", "Edge on Windows"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) AppleWebKit/605 Version/17.0 Safari/605",
            "Safari on macOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (Android 14; Mobile; rv:128.0) Gecko/128.0 Firefox/128.0", "Firefox on Android"),
        ("curl/8.5.0", "curl"),
        ("Something (Linux)", "Linux"),
        ("", "Unknown browser"),
        (None, "Unknown browser"),
    ],
)
def test_device_name(header: str | None, name: str) -> None:
    app = Flask("devices")
    Babel(app)
    with app.test_request_context():
        assert device_name(header) == name
