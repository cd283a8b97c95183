"""Where clients may be answered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microblog.domain.redirect_uris import (
    OUT_OF_BAND,
    add_parameters,
    find_host,
    find_problem,
    find_source,
    matches,
)


@pytest.mark.parametrize(
    "uri",
    [
        OUT_OF_BAND,
        "https://app.example",
        "https://app.example:8443/cb?a=b&c",
        "http://localhost:3000/cb",
        "http://127.0.0.1/cb",
        "http://[::1]:80/cb",
        "icecubesapp://",
        "com.example.app:/cb",
        "mastodon+test://x",
    ],
)
def test_where_clients_may_be_answered(uri: str) -> None:
    assert find_problem(uri, is_secure=True) is None


@pytest.mark.parametrize(
    "uri",
    [
        "", "/cb", "cb", "//app.example/cb", "https://", "https:///cb", "https://app.example/#x",
        "https:app.example", "javascript:alert(1)", "JavaScript://x/%0aalert(1)", "data:text/html,x",
        "vbscript:x", "feed:javascript:alert(1)", "jar:https://x", "ms-settings:x",
        "file:///etc/passwd", "blob:https://app.example/x", "about:blank",
        "urn:ietf:wg:oauth:2.0:oob:auto", "mailto:a@b.example", "https://user@app.example/",
        "https://user:x@app.example/", "https://app.example\\@evil.example/", "https://app.example/ö",
        'https://app.example/"', "https://app.example/<", "http://[::1", "https://app.example:port/",
        "http://app.example/cb", "http://localhost.evil.example/cb", "https://app.example/" + "x" * 2000,
        "view-source:https://app.example", "intent://x#Intent;end", "https://app.example/\r\nSet-Cookie:a=b",
        "https://app.example/a b", "app://x\0", ":", "https", "1app://x",
    ],
)  # fmt: skip
def test_where_clients_may_not_be_answered(uri: str) -> None:
    assert find_problem(uri, is_secure=True) is not None


def test_a_site_without_tls_takes_clients_without() -> None:
    assert find_problem("http://app.example/cb", is_secure=False) is None


@given(st.text(max_size=60))
def test_only_what_was_registered_matches(uri: str) -> None:
    registered = ["https://app.example/cb", "http://127.0.0.1/cb"]
    if matches(registered, uri):
        assert uri in registered or uri.startswith("http://127.0.0.1:")
    assert find_problem(uri, is_secure=True) is not None or uri.isascii()


@given(st.from_regex(r"[a-z][a-z0-9+.-]{0,9}:[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=%-]{1,40}", fullmatch=True))
def test_a_policy_names_nothing_but_a_source(uri: str) -> None:
    source = find_source(uri)
    assert uri.lower().startswith(source)
    assert not set(source) & set("; ,'\"@?")
    assert add_parameters(uri, [("state", "a&b")]).startswith(uri)


@pytest.mark.parametrize(
    ("uri", "host"),
    [
        ("https://app.example:8443/cb", "app.example:8443"),
        ("http://[::1]:5000/cb", "[::1]:5000"),
        ("icecubesapp://", "icecubesapp:"),
    ],
)
def test_people_are_told_the_host(uri: str, host: str) -> None:
    assert find_host(uri) == host
