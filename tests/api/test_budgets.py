"""How many statements a request costs: bounded, and the same for one row as for forty."""

from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from microblog.bootstrap import Resources
from microblog.data.feeds import Feeds
from microblog.data.queries import follow_requests
from microblog.data.session import Database
from microblog.services import blocks, mutes, reactions, relationships, tags
from tests.api.conftest import Client
from tests.factories import make_account, make_status

Api = Callable[..., Client]

# The token with its account, the rows, and whom they mention with which tags; more where it says so.
TOKEN, ROWS, PARTS = 1, 1, 1
STATUSES = TOKEN + ROWS + PARTS
LISTS = {
    "/api/v1/timelines/home": STATUSES,
    "/api/v1/timelines/public": STATUSES,
    "/api/v1/timelines/tag/cats": STATUSES,
    "/api/v1/timelines/tag/cats?any[]=dogs": STATUSES,
    "/api/v1/accounts/{alice}/statuses": STATUSES,
    "/api/v1/accounts/{alice}/statuses?exclude_reblogs=1": STATUSES,
    "/api/v1/favourites": STATUSES,
    "/api/v1/bookmarks": STATUSES,
    # Their notifications, and the posts of these.
    "/api/v1/notifications": STATUSES + 1,
    "/api/v1/accounts/{alice}/followers": TOKEN + ROWS,
    "/api/v1/accounts/{alice}/following": TOKEN + ROWS,
    "/api/v1/blocks": TOKEN + ROWS,
    "/api/v1/mutes": TOKEN + ROWS,
    "/api/v1/follow_requests": TOKEN + ROWS,
    # The tags, and how they were used.
    "/api/v1/followed_tags": TOKEN + ROWS + 1,
    # The post, and who did it.
    "/api/v1/statuses/{post}/favourited_by": TOKEN + ROWS + 1,
    "/api/v1/statuses/{post}/reblogged_by": TOKEN + ROWS + 1,
    # The post, the ids of its conversation, and what stands there.
    "/api/v1/statuses/{post}/context": STATUSES + 2,
    "/api/v1/accounts/search?q=person": TOKEN + ROWS,
    # People, tags with their use, posts.
    "/api/v2/search?q=cats": STATUSES + 3,
}


def count(client: Client, method: str, path: str, **options: Any) -> int:
    with capture_logs() as lines:
        answer = client.open(method, path, **options)
    assert answer.status_code == 200, answer.text
    return next(int(line["db_statements"]) for line in lines if line["event"] == "http.request")


def fill(database: Database, feeds: Feeds, alice: int, rows: int) -> dict[str, int]:
    """`rows` of everything that lists show."""
    with database.unit_of_work() as session:
        post = make_status(session, feeds, alice, "The one about #cats that everybody likes")
        for number in range(rows):
            other = make_account(session, f"person_{number}")
            theirs = make_status(
                session, feeds, other, f"About #cats #tag{number} for @alice", in_reply_to_id=post
            )
            make_status(session, feeds, other, f"About #cats and #dogs {number}")
            own = make_status(session, feeds, alice, f"number {number} for @person_{number} #cats")
            for status_id in (own, theirs):
                reactions.favourite(session, account_id=alice, status_id=status_id)
                reactions.bookmark(session, account_id=alice, status_id=status_id)
            reactions.favourite(session, account_id=other, status_id=post)
            reactions.boost(session, feeds, account_id=other, feed_version=0, status_id=post)
            reactions.boost(session, feeds, account_id=alice, feed_version=0, status_id=theirs)
            relationships.follow(session, account_id=other, target_id=alice)
            relationships.follow(session, account_id=alice, target_id=other)
            tags.follow_tag(session, account_id=alice, name=f"tag{number}")
            away = make_account(session, f"away_{number}")
            asking = make_account(session, f"asking_{number}")
            blocks.block(session, account_id=alice, target_id=away)
            mutes.mute(session, account_id=alice, target_id=asking)
            follow_requests.insert_request(session, asking, alice, shows_reblogs=True, notifies=False)
    return {"alice": alice, "post": post}


@pytest.mark.parametrize("rows", [1, 40])
def test_lists_stay_within_their_budget(
    api: Api, database: Database, site_resources: Resources, rows: int
) -> None:
    alice = api("alice")
    assert alice.account_id is not None
    ids = fill(database, site_resources.feeds, alice.account_id, rows)
    alice.get("/api/v1/timelines/home")  # builds the feed
    assert {path: count(alice, "GET", path.format(**ids)) for path in LISTS} == LISTS


def test_writing_stays_within_its_budget(api: Api) -> None:
    alice = api("alice")
    api("bob")
    root = alice.post("/api/v1/statuses", json={"status": "root"}).json["id"]
    # Beside what the site needs: the post is answered as it is shown.
    answered = 2
    for values, budget in (
        ({"status": "plain"}, 6),
        ({"status": "to @bob"}, 9),
        ({"status": "about #cats"}, 8),
        ({"status": "again", "in_reply_to_id": root}, 9),
    ):
        assert count(alice, "POST", "/api/v1/statuses", json=values) <= budget + answered, values
