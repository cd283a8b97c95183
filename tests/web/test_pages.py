"""Single pages: what they show, and where they send people."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from microblog.data.session import Database
from tests.site import Browser


def test_empty_site(browser: Browser) -> None:
    for page, says in (
        ("/", "Nothing here yet"),
        ("/explore", "Nothing to explore yet"),
        ("/statistics", "No figures yet"),
        ("/tags/nothing", "No posts with this tag"),
    ):
        assert says in browser.get(page).text, page


def test_statistics(people: Callable[..., Browser], browser: Browser, database: Database) -> None:
    with database.unit_of_work() as session:
        session.execute(
            text(
                "INSERT INTO daily_statistics (day, statuses, active_accounts, sign_ups, mails)"
                " VALUES (current_date - 1, 12, 3, 2, 5)"
            )
        )
    people("alice").submit("/write", text="The #roses are out")
    page = browser.get("/statistics").text
    assert page.count('<svg class="chart-picture"') == 4
    assert "#roses" in page
    assert "#roses" in browser.get("/explore").text


def test_explore_shows_people_to_follow(people: Callable[..., Browser], browser: Browser) -> None:
    alice, bob = people("alice"), people("bob")
    alice.submit("/write", text="Here I am")
    assert 'href="/@alice"' in browser.get("/explore").text
    people_part = bob.get("/explore").text.split("explore-people")
    assert len(people_part) > 1
    assert "explore-people" not in alice.get("/explore").text


@pytest.mark.parametrize("end", ["", "/followers", "/following"])
def test_names_in_another_case_lead_to_the_right_address(
    people: Callable[..., Browser], browser: Browser, end: str
) -> None:
    people("Alice")
    answer = browser.get(f"/@aLICE{end}?max_id=7&_external=1&username=eve&next=//evil.example")
    assert (answer.status_code, answer.location) == (301, f"/@Alice{end}?max_id=7")
    assert browser.get(f"/@aLICE{end}").location == f"/@Alice{end}"


def test_a_post_has_one_address(people: Callable[..., Browser], browser: Browser) -> None:
    alice = people("Alice")
    people("bob")
    alice.submit("/write", text="Once")
    address = alice.get("/home").text.split('class="post-time" href="', 1)[1].split('"', 1)[0]
    for wrong in ("alice", "bob", "nobody"):
        answer = browser.get(address.replace("@Alice", f"@{wrong}"))
        assert (answer.status_code, answer.location) == (301, address)
    assert alice.get(address.replace("@Alice", "@bob") + "/delete").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/@nobody",
        "/@nobody/followers",
        "/@nobody/following",
        "/@" + "x" * 31,
        "/@a-b",
        "/@a%00b",
        "/@alice/abc",
        "/@alice/9223372036854775808",
        "/@alice/99999999999999999999",
        "/@alice/1",
        "/@alice/-1",
        "/tags/%00",
        "/tags/" + "x" * 101,
        "/avatars/1.svg",
        "/avatars/99999999999999999999.svg",
        "/static/x/nothing.css",
        "/%f0%9f%92%a9",
        "/index.php",
    ],
)
def test_what_does_not_exist_is_a_friendly_404(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 404
    assert "Not found" in answer.text


def test_addresses_end_with_or_without_a_slash(people: Callable[..., Browser], browser: Browser) -> None:
    people("alice")
    for path in ("/about/", "/@alice/", "/@alice/followers/", "/tags/x/"):
        assert browser.get(path).status_code == 200, path


@pytest.mark.parametrize(
    "query",
    [
        "max_id=abc",
        "max_id=-1",
        "max_id=1e9",
        "min_id=" + "9" * 40,
        "max_id=%00",
        "max_id=٣",
        "max_id=&min_id=",
    ],
)
def test_cursors_that_are_none(people: Callable[..., Browser], query: str) -> None:
    alice = people("alice")
    for path in ("/explore", "/home", "/@alice", "/@alice/followers", "/tags/x", "/notifications"):
        assert alice.get(f"{path}?{query}").status_code == 200, path


def test_tags_in_any_spelling(people: Callable[..., Browser], browser: Browser) -> None:
    people("alice").submit("/write", text="Wir mögen #Größe und #日本")
    assert (
        "Wir mögen" in browser.get("/tags/GRÖSSE").text
        or "Wir mögen" in browser.get("/tags/GröSSe").text
        or ("Wir mögen" in browser.get("/tags/Größe").text)
    )
    assert "Wir mögen" in browser.get("/tags/日本").text


def test_profile_for_its_owner_and_others(people: Callable[..., Browser], browser: Browser) -> None:
    alice, bob = people("alice"), people("bob")
    assert "Edit profile" in alice.get("/@alice").text
    assert "/@alice/follow" in bob.get("/@alice").text
    assert "Log in to follow" in browser.get("/@alice").text


def test_notifications_page_by_page(people: Callable[..., Browser], database: Database) -> None:
    alice = people("alice")
    with database.unit_of_work() as session:
        session.execute(
            text(
                "INSERT INTO accounts (username) SELECT 'fan' || n FROM generate_series(1, 45) n;"
                " INSERT INTO notifications (account_id, from_account_id, kind)"
                " SELECT a.id, f.id, 'follow' FROM accounts a, accounts f"
                " WHERE a.username = 'alice' AND f.username LIKE 'fan%'"
            )
        )
    assert 'class="badge">45' in alice.get("/home").text
    first = alice.get("/notifications").text
    older = first.split('rel="next" href="')[1].split('"')[0]
    assert first.count("follows you") == 40
    assert alice.get(older).text.count("follows you") == 5
    assert 'class="badge"' not in alice.get("/home").text
