"""What a scope covers."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microblog.domain import scopes

known = st.sampled_from(sorted(scopes.KNOWN))
lists = st.lists(known, max_size=6)


@pytest.mark.parametrize(
    ("granted", "wanted", "expected"),
    [
        (["read"], "read:statuses", True),
        (["read"], "write:statuses", False),
        (["read"], "profile", True),
        (["read:accounts"], "profile", True),
        (["profile"], "read:accounts", False),
        (["read:statuses"], "read", False),
        (["write"], "write:media", True),
        (["follow"], "write:follows", True),
        (["follow"], "read:blocks", True),
        (["follow"], "read:statuses", False),
        (["write:follows"], "follow", False),
        (["push"], "read:notifications", False),
        (["read", "write"], "admin:read", False),
        (["admin:read"], "admin:read", False),
        ([], "read", False),
        (["read"], "", False),
    ],
)
def test_covers(granted: list[str], wanted: str, expected: bool) -> None:
    assert scopes.covers(granted, wanted) is expected


@given(lists, known)
def test_more_scopes_never_cover_less(granted: list[str], wanted: str) -> None:
    if scopes.covers(granted, wanted):
        assert scopes.covers([*granted, "push"], wanted)
    assert scopes.covers([*granted, wanted], wanted)


def test_covering_is_transitive() -> None:
    for first, second, third in product(scopes.KNOWN, repeat=3):
        if scopes.covers([first], second) and scopes.covers([second], third):
            assert scopes.covers([first], third)


def test_only_a_scopes_own_root_covers_it() -> None:
    for granted, wanted in product(scopes.KNOWN, repeat=2):
        verb, _, noun = wanted.partition(":")
        roots = {wanted, verb} | ({"follow"} if noun in scopes.RELATIONSHIPS else set())
        if wanted == "profile":
            roots |= {"read", "read:accounts"}
        assert scopes.covers([granted], wanted) is (granted in roots), (granted, wanted)


@given(lists)
def test_people_are_told_all_that_is_covered(granted: list[str]) -> None:
    told = scopes.simplify(granted)
    assert all(scope in scopes.WORDS for scope in told)
    assert all(scopes.covers(told, scope) == scopes.covers(granted, scope) for scope in scopes.KNOWN)


@given(lists)
def test_parsing_is_the_inverse_of_joining(names: list[str]) -> None:
    parsed = scopes.parse("  ".join(names))
    assert parsed == tuple(dict.fromkeys(names))
    assert scopes.parse(" ".join(parsed)) == parsed
    assert scopes.find_unknown(parsed) == []
    assert scopes.covers_all(parsed, names)


@given(st.text())
def test_any_text_is_parsed(text: str) -> None:
    assert all(scopes.find_unknown([scope]) in ([], [scope]) for scope in scopes.parse(text))


def test_unknown_scopes_are_named() -> None:
    assert scopes.find_unknown(scopes.parse("read nonsense write:nothing")) == ["nonsense", "write:nothing"]
