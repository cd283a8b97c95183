"""What the site shows of what programs do: audiences, warnings, boosts, requests, blocks."""

from collections.abc import Callable

from microblog.bootstrap import Resources
from microblog.data.session import Database
from microblog.domain.visibility import Visibility
from microblog.services import accounts, blocks, posting, reactions
from microblog.services.posting import Draft
from tests.site import Browser

People = Callable[..., Browser]


def id_of(database: Database, username: str) -> int:
    with database.unit_of_work() as session:
        return int(accounts.get_account(session, username=username).id)


def write(database: Database, resources: Resources, username: str, text: str, **options: object) -> int:
    author_id = id_of(database, username)
    visibility = Visibility(str(options.pop("visibility", "public")))
    with database.unit_of_work() as session:
        return posting.post_status(
            session,
            resources.feeds,
            author_id=author_id,
            feed_version=0,
            draft=Draft(text=text, **options),  # type: ignore[arg-type]
            visibility=visibility,
        )


def test_a_warning_stands_before_its_text(
    people: People, browser: Browser, database: Database, site_resources: Resources
) -> None:
    people("alice")
    write(database, site_resources, "alice", "The butler did it", spoiler_text="End of the book")
    page = browser.get("/@alice").text
    assert "<summary><bdi>End of the book</bdi></summary>" in page
    assert page.index("End of the book") < page.index("The butler did it")


def test_a_boost_names_who_repeats_the_post(
    people: People, browser: Browser, database: Database, site_resources: Resources
) -> None:
    alice, _bob = people("alice"), people("bob")
    post = write(database, site_resources, "alice", "Worth reading")
    bob_id = id_of(database, "bob")
    with database.unit_of_work() as session:
        reactions.boost(session, site_resources.feeds, account_id=bob_id, feed_version=0, status_id=post)
    page = browser.get("/@bob").text
    assert "Worth reading" in page
    assert "bob</bdi></a> boosted" in page
    assert f"/@alice/{post}" in page
    assert "boosted your post" in alice.get("/notifications").text


def test_audiences_are_kept_and_told(
    people: People, browser: Browser, database: Database, site_resources: Resources
) -> None:
    alice, stranger = people("alice"), people("stranger")
    private = write(database, site_resources, "alice", "For those who follow", visibility="private")
    assert "followers only" in alice.get("/@alice").text
    for reader in (stranger, browser):
        assert "For those who follow" not in reader.get("/@alice").text
        assert reader.get(f"/@alice/{private}").status_code == 404
    stranger.submit("/@alice", "/@alice/follow")
    assert "For those who follow" in stranger.get("/@alice").text
    # An answer on the site goes to no more people than what it answers.
    stranger.submit(f"/write?in_reply_to={private}", "/write", text="I do")
    assert "I do" in alice.get(f"/@alice/{private}").text
    assert "I do" not in browser.get("/@stranger").text


def test_following_somebody_locked_is_asking(people: People, database: Database) -> None:
    alice, bob = people("alice"), people("bob")
    alice_id = id_of(database, "alice")
    with database.unit_of_work() as session:
        accounts.update_profile(session, account_id=alice_id, locked=True)
    bob.submit("/@alice", "/@alice/follow")
    assert "Asked to follow" in bob.get("/@alice").text
    assert "would like to follow you" in alice.get("/notifications").text
    bob.submit("/@alice", "/@alice/unfollow")
    assert "Asked to follow" not in bob.get("/@alice").text


def test_who_is_blocked_is_offered_nothing(
    people: People, database: Database, site_resources: Resources
) -> None:
    alice, bob = people("alice"), people("bob")
    post = write(database, site_resources, "alice", "Not for bob")
    alice_id, bob_id = id_of(database, "alice"), id_of(database, "bob")
    with database.unit_of_work() as session:
        blocks.block(session, account_id=alice_id, target_id=bob_id)
    page = bob.get("/@alice").text
    assert "Not for bob" not in page
    assert '/@alice/follow"' not in page
    assert bob.get(f"/@alice/{post}").status_code == 404
    assert '/@bob/follow"' not in alice.get("/@bob").text
