"""Whole lives of posts over HTTP."""

from collections.abc import Callable

import redis

from microblog.bootstrap import Resources
from tests.site import Browser


def post(author: Browser, text: str) -> str:
    """Write a post from the home page; its address."""
    author.submit("/home", "/write", text=text)
    return newest(author)


def newest(reader: Browser, page: str = "/home") -> str:
    """The address of the first post of a page."""
    html = reader.get(page).text
    return html.split('class="post-time" href="', 1)[1].split('"', 1)[0]


def test_mention_reply_and_notification(people: Callable[..., Browser], browser: Browser) -> None:
    alice, bob = people("alice"), people("bob")
    address = post(alice, "Hello @Bob, look at #Gardens and https://example.org/page")
    page = browser.get(address).text
    assert '<a href="/@Bob" class="mention">' in page
    assert '<a href="/tags/gardens"' in page
    assert "Log in to reply" in page

    assert 'class="badge">1<' in bob.get("/home").text
    told = bob.get("/notifications").text
    assert "mentioned you" in told
    assert 'class="badge"' not in bob.get("/home").text
    assert "New</span>" not in bob.get("/notifications").text

    write = bob.get(f"/write?in_reply_to={address.rsplit('/', 1)[1]}").text
    assert "Hello" in write
    answer = bob.submit(address, "/write", text="Nice ones!")
    thread = bob.follow_redirect(answer).text
    assert thread.index("look at") < thread.index("<p>Nice ones!")
    assert "Nice ones!" in browser.get(address).text
    assert "Nice ones!" not in browser.get("/").text, "the public timeline shows no replies"
    assert "Hello" in browser.get("/tags/GARDENS").text


def test_follow_unfollow_and_home(people: Callable[..., Browser], browser: Browser) -> None:
    alice, bob = people("alice"), people("bob")
    post(alice, "From the garden")
    assert "From the garden" not in bob.get("/home").text
    assert bob.submit("/@alice", "/@alice/follow").location == "/@alice"
    assert "From the garden" in bob.get("/home").text
    assert "follows you" in alice.get("/notifications").text
    assert "Follows you" in alice.get("/@bob").text
    assert "@bob" in browser.get("/@alice/followers").text
    assert "@alice" in browser.get("/@bob/following").text
    bob.submit("/@alice", "/@alice/unfollow")
    assert "From the garden" not in bob.get("/home").text
    assert "Nobody here yet" in browser.get("/@alice/followers").text


def test_nobody_follows_themselves(people: Callable[..., Browser]) -> None:
    alice = people("alice")
    fields = alice.forms("/home")[0].fields
    answer = alice.post("/@alice/follow", fields)
    assert answer.status_code == 422
    assert "follow yourself" in answer.text


def test_delete_asks_once(people: Callable[..., Browser], browser: Browser) -> None:
    alice, bob = people("alice"), people("bob")
    address = post(alice, "To be regretted")
    assert "Delete this post?" in alice.get(f"{address}/delete").text
    assert bob.get(f"{address}/delete").status_code == 404
    fields = bob.forms("/home")[0].fields
    assert bob.post(f"{address}/delete", fields).status_code == 404
    assert browser.get(address).status_code == 200
    assert alice.submit(f"{address}/delete").location == "/@alice"
    assert browser.get(address).status_code == 404
    assert "To be regretted" not in alice.get("/home").text


def test_refused_posts_keep_their_text(people: Callable[..., Browser]) -> None:
    alice = people("alice")
    long = "word " * 101
    answer = alice.submit("/write", text=long)
    assert answer.status_code == 422
    assert "the limit is 500" in answer.text
    assert long.strip() in answer.text
    assert alice.submit("/write", text="x" * 10_001).status_code == 422
    assert "Write something first" in alice.submit("/write", text="  \n ").text


def test_reply_to_a_post_that_went_away(people: Callable[..., Browser]) -> None:
    alice, bob = people("alice"), people("bob")
    address = post(alice, "Short-lived")
    form = next(form for form in bob.forms(address) if form.action == "/write")
    alice.submit(f"{address}/delete")
    answer = bob.post("/write", {**form.fields, "text": "Too late"})
    assert answer.status_code == 422
    assert "was deleted" in answer.text
    assert "Too late" in answer.text
    assert bob.get("/write?in_reply_to=12345").status_code == 404
    assert bob.get("/write?in_reply_to=nonsense").status_code == 200


def test_unconfirmed_people_may_read_but_not_write(people: Callable[..., Browser]) -> None:
    alice = people("alice", is_confirmed=False)
    fields = alice.forms("/home")[0].fields
    answer = alice.post("/write", {**fields, "text": "Too early"})
    assert answer.status_code == 403
    assert "confirm your e-mail address" in answer.text
    people("bob")
    fields = alice.forms("/@bob")[0].fields
    assert alice.post("/@bob/follow", fields).status_code == 403, "it would mail their words to strangers"


def test_pages_of_a_long_timeline(people: Callable[..., Browser], browser: Browser) -> None:
    alice = people("alice")
    for number in range(45):
        alice.submit("/write", text=f"number {number} is here")
    for page in ("/", "/home", "/@alice", "/explore"):
        reader = alice if page == "/home" else browser
        seen = walk(reader, page, "Older")
        assert [f"number {44 - place} is" for place in range(45)] == seen, page


def walk(reader: Browser, page: str, label: str) -> list[str]:
    """All posts of a list, page by page, and back up again by the "newer" links."""
    seen: list[str] = []
    pages = [page]
    while True:
        html = reader.get(pages[-1]).text
        seen += [f"number {part.split(' ', 1)[0]} is" for part in html.split("<p>number ")[1:]]
        links = html.split('rel="next" href="')
        if len(links) == 1:
            break
        pages.append(links[1].split('"', 1)[0])
    assert len(pages) == 3
    newer = html.split('rel="prev" href="')[1].split('"', 1)[0]
    assert "number 24 is" in reader.get(newer).text
    return seen


def test_redis_emptied_or_away_loses_nothing(
    people: Callable[..., Browser], redis_client: redis.Redis, site_resources: Resources
) -> None:
    alice, bob = people("alice"), people("bob")
    bob.submit("/@alice", "/@alice/follow")
    post(alice, "Before the flush")
    assert "Before the flush" in bob.get("/home").text
    redis_client.flushdb()
    assert "Before the flush" in bob.get("/home").text
    redis_client.flushdb()
    post(alice, "After the flush")
    assert "After the flush" in alice.get("/home").text
