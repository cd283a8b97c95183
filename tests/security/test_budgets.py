"""How many statements a page costs: bounded, and the same for one row as for twenty."""

from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from tests.site import Browser

# Besides BEGIN and COMMIT: the list itself and what stands beside it; signed in, one more for the viewer.
VISITOR = {
    "/": 1,
    "/explore": 3,
    "/@alice": 2,
    "/@alice/followers": 2,
    "/@alice/following": 2,
    "/tags/cats": 1,
    "/statistics": 2,
    "/about": 0,
    "/log-in": 0,
}
PERSON = {
    "/home": 2,
    "/explore": 4,
    "/@alice": 4,
    "/tags/cats": 2,
    "/write": 1,
    "/settings/profile": 2,
    "/settings/sessions": 2,
    "/settings/account": 3,
    "/settings/preferences": 2,
    "/settings/authorized": 2,
    "/settings/applications": 2,
    "/about": 1,
}


def count_statements(reader: Browser, path: str) -> int:
    with capture_logs() as lines:
        assert reader.get(path).status_code == 200, path
    return next(int(line["db_statements"]) for line in lines if line["event"] == "http.request")


def write_posts(author: Browser, count: int) -> str:
    for number in range(count):
        author.submit("/write", text=f"number {number} about #cats for @alice")
    return author.get("/home").text.split('class="post-time" href="', 1)[1].split('"', 1)[0]


@pytest.mark.parametrize("rows", [1, 20])
def test_pages_stay_within_their_budget(people: Callable[..., Browser], browser: Browser, rows: int) -> None:
    alice, bob = people("alice"), people("bob")
    for reader in (alice, bob):
        other = "/@alice" if reader is bob else "/@bob"
        reader.submit(other, f"{other}/follow")
    write_posts(alice, rows)
    address = write_posts(bob, rows)
    for number in range(rows):
        alice.submit(address, "/write", text=f"reply {number}")
    bob.get("/home")  # builds the feed
    found = {path: count_statements(browser, path) for path in VISITOR}
    assert found == VISITOR
    assert {path: count_statements(bob, path) for path in PERSON} == PERSON
    assert count_statements(browser, address) == 2
    assert count_statements(bob, address) == 3
    # The viewer, notifications, their posts, the read marker; moving the marker the first time.
    assert count_statements(alice, "/notifications") == 5
    assert count_statements(alice, "/notifications") == 4


def test_writing_stays_within_its_budget(people: Callable[..., Browser]) -> None:
    alice = people("alice")
    people("bob")
    form = next(form for form in alice.forms("/home") if form.action == "/write")
    for written, budget in (("plain", 6), ("to @bob", 9), ("about #cats", 8)):
        with capture_logs() as lines:
            assert alice.post("/write", {**form.fields, "text": written}).status_code == 303
        line = next(line for line in lines if line["event"] == "http.request")
        assert line["db_statements"] <= budget, written
