"""Mastodon.py: profiles, what is between people, tags, searching, notifications and what one keeps."""

from collections.abc import Callable
from typing import Any

import pytest
from mastodon import Mastodon, MastodonAPIError, MastodonNotFoundError

from tests.browser.live_site import LiveSite
from tests.clients.conftest import soon

Connect = Callable[..., Mastodon]


def names(accounts: Any) -> list[str]:
    return [account.acct for account in accounts]


def relation(api: Mastodon, account: Any) -> Any:
    return api.account_relationships([account])[0]


def test_a_profile_is_changed(connect: Connect) -> None:
    api = connect("proteus")
    changed = api.account_update_credentials(
        display_name="Proteus, old",
        note="Sees #all",
        bot=True,
        discoverable=True,
        fields=[("Sea", "wide"), ("Site", "https://sea.example")],
        default_privacy="unlisted",
        default_sensitive=True,
        default_language="el",
    )
    me = api.me()

    assert changed.display_name == me.display_name == "Proteus, old"
    assert me.bot
    assert [field.name for field in me.fields] == ["Sea", "Site"]
    assert me.source.note == "Sees #all"
    assert (me.source.privacy, me.source.sensitive, me.source.language) == ("unlisted", True, "el")
    wishes = api.preferences()
    assert wishes["posting:default:visibility"] == "unlisted"
    assert wishes["posting:default:language"] == "el"
    post = api.status_post("As usual", sensitive=None)
    assert (post.visibility, post.language) == ("unlisted", "el")
    assert api.account_lookup("proteus").id == me.id
    assert api.account(me.id).note == me.note


def test_following_and_what_comes_of_it(connect: Connect) -> None:
    fan, star = connect("fan"), connect("star")
    assert fan.account_follow(star.me(), reblogs=False, notify=True).following
    now = relation(fan, star.me())
    assert (now.following, now.showing_reblogs, now.notifying) == (True, False, True)
    assert relation(star, fan.me()).followed_by
    assert names(star.account_followers(star.me())) == names(fan.account_followers(star.me())) == ["fan"]
    assert names(fan.account_following(fan.me())) == ["star"]
    post = star.status_post("To all my fans")
    home = soon(fan.timeline_home, "the post at home")
    assert home[0].id == post.id
    assert [one.type for one in star.notifications()] == ["follow"]
    soon(lambda: [one.type for one in fan.notifications()] == ["status"], "told of each post")

    assert not star.account_remove_from_followers(fan.me()).followed_by
    assert not relation(fan, star.me()).following
    fan.account_follow(star.me())
    assert not fan.account_unfollow(star.me()).following
    assert names(star.account_followers(star.me())) == []


def test_followers_are_paged(connect: Connect, site: LiveSite) -> None:
    api = connect("popular")
    for number in range(5):
        site.add_follow(site.add_account(f"crowd{number}"), "popular")
    pages = [api.account_followers(api.me(), limit=2)]
    while page := api.fetch_next(pages[-1]):
        pages.append(page)
    assert [names(page) for page in pages] == [["crowd4", "crowd3"], ["crowd2", "crowd1"], ["crowd0"]]
    assert names(api.fetch_previous(pages[1])) == ["crowd4", "crowd3"]
    told = [api.notifications(limit=2)]
    while page := api.fetch_next(told[-1]):
        told.append(page)
    assert [one.account.acct for page in told for one in page] == [
        f"crowd{number}" for number in range(4, -1, -1)
    ]


def test_who_is_locked_is_asked(connect: Connect) -> None:
    gate, good, bad = connect("gate"), connect("goodie"), connect("baddie")
    assert gate.account_update_credentials(locked=True).locked
    for api in (good, bad):
        asked = api.account_follow(gate.me())
        assert (asked.following, asked.requested) == (False, True)
    assert names(gate.follow_requests()) == ["baddie", "goodie"]
    assert gate.me().source.follow_requests_count == 2
    assert {one.type for one in gate.notifications()} == {"follow_request"}

    assert gate.follow_request_authorize(good.me()).followed_by
    assert not gate.follow_request_reject(bad.me()).followed_by

    assert relation(good, gate.me()).following
    refused = relation(bad, gate.me())
    assert (refused.following, refused.requested) == (False, False)
    assert gate.follow_requests() == []


def test_blocks_and_mutes(connect: Connect) -> None:
    api, loud, rude = connect("tired"), connect("loud"), connect("rude")
    post = api.status_post("Good night")
    rude.account_follow(api.me())

    assert api.account_block(rude.me()).blocking
    assert names(api.blocks()) == ["rude"]
    assert not relation(api, rude.me()).followed_by
    with pytest.raises(MastodonNotFoundError):
        rude.status(post)
    with pytest.raises(MastodonAPIError):
        rude.account_follow(api.me())
    assert not api.account_unblock(rude.me()).blocking
    assert rude.status(post).id == post.id

    muted = api.account_mute(loud.me(), notifications=True, duration=3600)
    assert (muted.muting, muted.muting_notifications) == (True, True)
    (listed,) = api.mutes()
    assert listed.acct == "loud"
    assert listed.mute_expires_at is not None
    loud.status_post("@tired LISTEN")
    assert api.notifications(types=["mention"]) == []
    assert not api.account_unmute(loud.me()).muting
    assert api.mutes() == api.blocks() == []
    assert api.account_note_set(loud.me(), "Too loud").note == "Too loud"
    assert relation(api, loud.me()).note == "Too loud"


def test_tags(connect: Connect) -> None:
    reader, writer = connect("tagger"), connect("hasher")
    post = writer.status_post("About #GardenGnomes")
    assert [tag.name for tag in post.tags] == ["gardengnomes"]
    tag = reader.tag("GardenGnomes")
    assert (tag.name, tag.following) == ("gardengnomes", False)
    assert reader.tag_follow("gardengnomes").following
    assert [one.name for one in reader.followed_tags()] == ["gardengnomes"]
    later = writer.status_post("More #gardengnomes")
    soon(lambda: [one.id for one in reader.timeline_home()][:1] == [later.id], "the tag's post at home")
    assert not reader.tag_unfollow("gardengnomes").following
    assert reader.followed_tags() == []


def test_searching(connect: Connect, site: LiveSite) -> None:
    api, other = connect("searcher"), connect("findable")
    post = other.status_post("An extraordinary xylophone #xylophones")

    assert names(api.search("findable").accounts) == ["findable"]
    assert names(api.search_v2(f"@findable@localhost:{site.port}", resolve=True).accounts) == ["findable"]
    assert names(api.account_search("findab")) == ["findable"]
    assert [one.id for one in api.search_v2("xylophone", result_type="statuses").statuses] == [post.id]
    assert [one.id for one in api.search_v2(post.url, resolve=True).statuses] == [post.id]
    assert [one.name for one in api.search_v2("#xylophones").hashtags] == ["xylophones"]
    nothing = api.search_v2("nothingatall", result_type="accounts")
    assert (nothing.accounts, nothing.statuses, nothing.hashtags) == ([], [], [])


def test_notifications_are_taken_away(connect: Connect) -> None:
    api, other = connect("told"), connect("teller")
    for number in range(3):
        other.status_post(f"@told number {number}")
    first, *rest = api.notifications()
    assert api.notifications(id=first.id).status.content.endswith("number 2</p>")
    assert [one.id for one in api.notifications(account_id=other.me())] == [
        first.id,
        *[one.id for one in rest],
    ]
    assert api.notifications(account_id=api.me()) == []

    api.notifications_dismiss(first)
    assert [one.id for one in api.notifications()] == [one.id for one in rest]
    api.notifications_clear()
    assert api.notifications() == []


def test_markers(connect: Connect) -> None:
    api = connect("marker")
    assert api.markers_get(["home", "notifications"]) == {}
    posts = [api.status_post(f"Post {number}") for number in range(2)]
    api.markers_set(["home", "notifications"], [posts[0], 7])
    set_again = api.markers_set("home", posts[1])
    assert set_again.home.last_read_id == posts[1].id
    assert set_again.home.version > 1
    both = api.markers_get(["home", "notifications"])
    assert (both.home.last_read_id, both.notifications.last_read_id) == (posts[1].id, "7")


def test_a_report(connect: Connect) -> None:
    api, other = connect("reporter"), connect("reported")
    post = other.status_post("Buy now")
    report = api.report(other.me(), status_ids=[post], comment="Spam", category="spam")
    assert report.target_account.acct == "reported"
    assert (report.category, report.comment, report.action_taken) == ("spam", "Spam", False)
    assert [str(one) for one in report.status_ids] == [str(post.id)]
