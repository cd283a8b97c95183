"""Mastodon.py: writing, changing, reading and paging posts, and what people do with them."""

from collections.abc import Callable
from typing import Any

import pytest
from mastodon import Mastodon, MastodonAPIError, MastodonNotFoundError

from tests.browser.live_site import LiveSite
from tests.clients.conftest import soon

Connect = Callable[..., Mastodon]


def ids(page: Any) -> list[str]:
    return [str(item.id) for item in page or []]


def test_a_post_is_written_once_for_a_key(connect: Connect) -> None:
    api = connect("keymaker")
    first = api.status_post("Only once", idempotency_key="a-key")
    again = api.status_post("Only once", idempotency_key="a-key")
    other = api.status_post("Only once", idempotency_key="another-key")

    assert first.id == again.id != other.id
    assert first.uri.endswith(str(first.id))
    assert ids(api.account_statuses(api.me())) == [str(other.id), str(first.id)]
    assert first.application.name == "Mastodon.py"
    assert api.me().statuses_count == 2


def test_posts_are_changed_with_their_history(connect: Connect) -> None:
    api = connect("editress")
    post = api.status_post("First words", spoiler_text="Careful", sensitive=True, language="de")
    assert (post.spoiler_text, post.sensitive, post.language, post.edited_at) == ("Careful", True, "de", None)

    changed = api.status_update(post, "Second words", spoiler_text="Mind")

    assert changed.id == post.id
    assert changed.content == "<p>Second words</p>"
    assert changed.edited_at is not None
    source = api.status_source(post)
    assert (source.text, source.spoiler_text) == ("Second words", "Mind")
    history = api.status_history(post)
    assert [version.content for version in history] == ["<p>First words</p>", "<p>Second words</p>"]
    deleted = api.status_delete(post)
    assert deleted.text == "Second words"
    with pytest.raises(MastodonNotFoundError):
        api.status(post)


def test_a_conversation(connect: Connect) -> None:
    asker, answerer = connect("asker"), connect("answerer")
    question = asker.status_post("What is the time?")
    answer = answerer.status_reply(question, "Late")
    thanks = asker.status_reply(answer, "Thanks")

    context = asker.status_context(answer)
    assert ids(context.ancestors) == [str(question.id)]
    assert ids(context.descendants) == [str(thanks.id)]
    assert answer.in_reply_to_id == question.id
    assert answer.in_reply_to_account_id == question.account.id
    assert [mention.acct for mention in answer.mentions] == ["asker"]
    assert asker.status(question).replies_count == 1
    told = asker.notifications(types=["mention"])
    assert [(one.type, one.status.id) for one in told] == [("mention", answer.id)]
    assert answerer.status_mute(thanks).muted
    assert not answerer.status_unmute(thanks).muted


def test_what_people_do_with_a_post(connect: Connect, site: LiveSite) -> None:
    author, reader = connect("writress"), connect("readress")
    post = author.status_post("A good one")

    assert reader.status_favourite(post).favourited
    assert reader.status_bookmark(post).bookmarked
    boost = reader.status_reblog(post)
    assert boost.reblog.id == post.id != boost.id
    assert boost.reblog.reblogged
    assert ids(reader.favourites()) == ids(reader.bookmarks()) == [str(post.id)]
    assert [account.acct for account in author.status_favourited_by(post)] == ["readress"]
    assert [account.acct for account in author.status_reblogged_by(post)] == ["readress"]
    assert ids(reader.account_statuses(reader.me())) == [str(boost.id)]
    assert ids(reader.account_statuses(reader.me(), exclude_reblogs=True)) == []
    counted = soon(
        lambda: (found := author.status(post)).favourites_count == found.reblogs_count == 1 and found,
        "counts",
    )
    assert not counted.favourited
    told = author.notifications(exclude_types=["follow"])
    assert {one.type for one in told} == {"favourite", "reblog"}

    assert not reader.status_unfavourite(post).favourited
    assert not reader.status_unbookmark(post).bookmarked
    assert not reader.status_unreblog(post).reblogged
    assert ids(reader.favourites()) == ids(reader.bookmarks()) == []
    assert ids(reader.account_statuses(reader.me())) == []


def test_pins(connect: Connect) -> None:
    api = connect("pinner")
    posts = [api.status_post(f"Post {number}") for number in range(3)]
    assert api.status_pin(posts[0]).pinned
    assert ids(api.account_statuses(api.me(), pinned=True)) == [str(posts[0].id)]
    assert not api.status_unpin(posts[0]).pinned
    assert ids(api.account_statuses(api.me(), pinned=True)) == []
    with pytest.raises(MastodonAPIError):
        connect("unpinner").status_pin(posts[0])


def walk(api: Mastodon, first: Any) -> None:
    """From the first page down to the last and back up: the same pages, each item once."""
    pages = [first]
    while (page := api.fetch_next(pages[-1])) is not None and page:
        pages.append(page)
    assert [len(page) for page in pages] == [3, 3, 1]
    assert len({one for page in pages for one in ids(page)}) == 7
    back = [pages[-1]]
    while (page := api.fetch_previous(back[-1])) is not None and page:
        back.append(page)
    assert [ids(page) for page in reversed(back)] == [ids(page) for page in pages]
    assert ids(api.fetch_remaining(first)) == [one for page in pages for one in ids(page)]


def test_timelines_are_paged_both_ways(connect: Connect) -> None:
    api, tag = connect("pager"), "pagingtag"
    posts = [api.status_post(f"Number {number} #{tag}") for number in range(7)]
    newest = str(posts[-1].id)
    soon(lambda: ids(api.timeline_home())[:1] == [newest], "one's own post at home")
    me = api.me()

    walk(api, api.account_statuses(me, limit=3))
    walk(api, api.timeline_home(limit=3))
    walk(api, api.timeline_hashtag(tag, limit=3))
    for post in posts:
        api.status_favourite(post)
        api.status_bookmark(post)
    walk(api, api.favourites(limit=3))
    walk(api, api.bookmarks(limit=3))

    known = {str(post.id) for post in posts}
    assert known <= set(ids(api.timeline_public(limit=40)))
    assert known <= set(ids(api.timeline_local(limit=40)))
    middle = posts[3]
    assert ids(api.timeline_hashtag(tag, min_id=middle, limit=2)) == ids(posts[5:3:-1])
    assert ids(api.timeline_hashtag(tag, since_id=middle, limit=2)) == ids(posts[:4:-1])
    assert ids(api.timeline_hashtag(tag, max_id=middle, limit=2)) == ids(posts[2:0:-1])


def test_visibilities(connect: Connect) -> None:
    author, other = connect("shy"), connect("nosy")
    private = author.status_post("For followers", visibility="private")
    direct = author.status_post("@nosy for you", visibility="direct")

    assert (private.visibility, direct.visibility) == ("private", "direct")
    with pytest.raises(MastodonNotFoundError):
        other.status(private)
    assert other.status(direct).content.endswith("for you</p>")
    other.account_follow(author.me())
    assert other.status(private).visibility == "private"
    with pytest.raises(MastodonAPIError):
        other.status_reblog(private)
    assert author.status_reblog(private).visibility == "private"
    with pytest.raises(ValueError, match="visibility"):
        author.status_post("x", visibility="wide")
