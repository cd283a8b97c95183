"""The one place where a process's collaborators are made from its settings."""

from dataclasses import dataclass

import redis

from microblog.data.cache import make_client
from microblog.data.feeds import Feeds
from microblog.data.media_hosts import MediaHosts
from microblog.data.session import Database
from microblog.data.storage import DirectoryStorage, Storage
from microblog.services.hashers import PasswordHasher, make_hasher
from microblog.services.links import LinkSigner
from microblog.services.mailer import Mailer
from microblog.settings import Settings


@dataclass(frozen=True)
class Resources:
    """What services need besides a session. Opens connections when first used, and never before a fork."""

    settings: Settings
    database: Database
    cache: redis.Redis
    feeds: Feeds
    storage: Storage
    hasher: PasswordHasher
    links: LinkSigner
    mailer: Mailer

    def close(self) -> None:
        """Close all connections."""
        self.database.close()
        self.cache.close()


def bootstrap(
    settings: Settings, *, application: str, pool_size: int = 5, statement_timeout_seconds: float = 30
) -> Resources:
    """Make a process's collaborators. `application` names the process to PostgreSQL."""
    cache = make_client(settings.cache_url)
    return Resources(
        settings=settings,
        database=Database(
            settings.database_url,
            application=application,
            pool_size=pool_size,
            statement_timeout_seconds=statement_timeout_seconds,
            prepares=settings.prepare_statements,
        ),
        cache=cache,
        feeds=Feeds(cache, settings.feed_length, settings.feed_followers),
        storage=_make_storage(settings),
        hasher=make_hasher(settings),
        links=LinkSigner(settings.secret_key),
        mailer=Mailer(settings.smtp_url, settings.mail_from),
    )


def _make_storage(settings: Settings) -> Storage:
    if settings.media_dir is not None and not settings.media_urls:
        return DirectoryStorage(settings.media_dir)
    return MediaHosts(settings.media_urls)
