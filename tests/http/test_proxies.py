"""Whose word about client and scheme is taken."""

from typing import Any

import pytest
from flask import Flask, jsonify, request

from microblog.http.proxies import TrustedProxies
from microblog.http.ratelimit import client_subject


def ask(proxies: list[str], peer: str, **headers: str) -> Any:
    app = Flask(__name__)

    @app.get("/")
    def tell() -> Any:
        return jsonify([request.remote_addr, request.scheme, client_subject()])

    app.wsgi_app = TrustedProxies(app.wsgi_app, proxies)  # type: ignore[method-assign]
    environ = {f"HTTP_{name}": value for name, value in headers.items()}
    return app.test_client().get("/", environ_overrides={"REMOTE_ADDR": peer, **environ}).get_json()


FORGED = {"X_FORWARDED_FOR": "203.0.113.9", "X_FORWARDED_PROTO": "https"}


@pytest.mark.parametrize("proxies", [[], ["10.0.0.0/8"], ["unix"]])
def test_strangers_are_not_believed(proxies: list[str]) -> None:
    assert ask(proxies, "198.51.100.7", **FORGED) == ["198.51.100.7", "http", "198.51.100.7"]
    assert ask(proxies, "nonsense", **FORGED)[0] == "nonsense"


def test_a_unix_socket_is_believed_only_when_named() -> None:
    assert ask(["unix"], "", **FORGED) == ["203.0.113.9", "https", "203.0.113.9"]
    assert ask([], "", **FORGED)[1:] == ["http", "local"]


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9, 10.0.0.3", "203.0.113.9"),
        ("10.0.0.4, 10.0.0.3", "10.0.0.4"),
        ("nonsense, 10.0.0.3", "10.0.0.3"),
        ("nonsense", "10.0.0.2"),
        ("2001:db8::1", "2001:db8::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        (", ".join(["203.0.113.1"] + ["10.0.0.3"] * 30), "10.0.0.3"),
    ],
)
def test_the_first_untrusted_one_from_the_right(forwarded: str, client: str) -> None:
    assert ask(["10.0.0.0/8"], "10.0.0.2", X_FORWARDED_FOR=forwarded)[0] == client


def test_scheme_of_the_last_proxy() -> None:
    assert ask(["10.0.0.0/8"], "10.0.0.2", X_FORWARDED_PROTO="http, https")[1] == "https"
    assert ask(["10.0.0.0/8"], "10.0.0.2", X_FORWARDED_PROTO="gopher")[1] == "http"
    assert ask(["10.0.0.0/8"], "::ffff:10.0.0.2", X_FORWARDED_PROTO="https")[1] == "https"


def test_an_ipv6_network_is_one_subject() -> None:
    first = ask([], "2001:db8:1:2:aaaa::1")[2]
    assert first == ask([], "2001:db8:1:2:bbbb::9")[2] == "2001:db8:1:2::/64"
