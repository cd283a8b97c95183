"""Where people may be sent."""

import pytest

from microblog.http.redirects import safe_next


@pytest.mark.parametrize(
    "target", ["/", "/home", "/@alice/7?max_id=3", "/tags/größe", "/a#b", "/x?u=http://e.example"]
)
def test_pages_of_this_site(target: str) -> None:
    assert safe_next(target) == target


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "home",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "http://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\n//evil.example",
        " /home",
        "/a b",
        "/\x00",
        "/\x7f",
        "/" + "x" * 2000,
        "//[",
        "data:text/html,x",
        "/%0d%0a\r\nSet-Cookie:x",
    ],
)
def test_everything_else_is_refused(target: str | None) -> None:
    assert safe_next(target) is None
