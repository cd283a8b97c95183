from datetime import UTC, datetime, timedelta

import pytest
import redis
from sqlalchemy import update
from sqlalchemy.orm import Session

from devstack.mailbox import MailFolder
from microblog.data.cache import make_client
from microblog.data.feeds import Feeds
from microblog.data.models import Account
from microblog.services.links import LinkSigner
from microblog.services.mail import Outgoing
from microblog.services.mailer import Mailer
from microblog.settings import Settings
from tests.factories import make_account, make_status


@pytest.fixture
def feeds(redis_client: redis.Redis, redis_urls: tuple[str, str]) -> Feeds:
    return Feeds(make_client(redis_urls[1]), length=5, most_followers=1_000)


@pytest.fixture
def no_redis(tmp_path: object) -> Feeds:
    """Feeds whose Redis is away."""
    return Feeds(make_client(f"unix://{tmp_path}/nothing?db=0"), length=5, most_followers=1_000)


@pytest.fixture
def links() -> LinkSigner:
    return LinkSigner("a secret key of the tests, long enough")


@pytest.fixture
def outgoing(settings: Settings, links: LinkSigner, mailbox: MailFolder) -> Outgoing:
    return Outgoing(
        mailer=Mailer(settings.smtp_url, settings.mail_from),
        links=links,
        site_name="Birdhouse",
        base_url="https://blog.example",
        message_id="<1.req@blog.example>",
        enqueued_at=datetime.now(UTC) - timedelta(seconds=40),
    )


@pytest.fixture
def mentioned(session: Session, feeds: Feeds) -> tuple[int, int]:
    """A post of @ann that names @bob: the ids of the post and of @bob."""
    ann, bob = make_account(session, "ann"), make_account(session, "bob")
    session.execute(update(Account).where(Account.id == ann).values(display_name="Ann <b>Other</b>"))
    return make_status(session, feeds, ann, "Hi @bob & <all>,\n\nlook!"), bob
