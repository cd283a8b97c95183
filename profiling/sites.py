"""Whole sites for people from outside: one of our own, or one that somebody else runs."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from devstack import postgres
from devstack.layout import DATABASE
from devstack.terminal import free_ports
from microblog.data.session import Database
from microblog.environment import parse_site_url
from microblog.services.accounts import create_account
from microblog.services.hashers import make_hasher
from microblog.settings import load_settings
from profiling import generating
from profiling.databases import database
from profiling.journeys.plan import Account, read_accounts
from profiling.live import start_program
from profiling.measuring import UsageError
from profiling.running import Say
from profiling.servers import Servers

#: Each follows others of their own, as if drawn by lot: the site's and each other.
FOLLOWS = 50
FOLLOW = """
    INSERT INTO follows (account_id, target_account_id)
    SELECT person.id, target.id FROM accounts AS person CROSS JOIN LATERAL (
        SELECT id FROM accounts WHERE id <> person.id ORDER BY hashint8(id # person.id), id LIMIT %(follows)s
    ) AS target
    WHERE person.username = ANY(%(names)s)
"""
#: Nobody reads their mail.
WANT_NO_MAIL = "UPDATE users SET mail_mentions = false, mail_follows = false"


@dataclass(frozen=True)
class Site:
    """A site that runs, and those who may log in to it."""

    url: str
    accounts: Sequence[Account]


def find_site(url: str, confirmed: str, accounts: Path | None) -> Site:
    """The site of somebody else: nobody's but this machine's own, unless its host is typed once more.

    Raises `UsageError` for what is no site's address, for a host that isn't confirmed, and for a file of
    accounts that can't be read.
    """
    try:
        url = parse_site_url(url)
        people = read_accounts(accounts) if accounts else []
    except (ValueError, OSError) as error:
        raise UsageError(str(error)) from error
    host = urlsplit(url).hostname or ""
    if confirmed != host and not (is_here(host) and not confirmed):
        raise UsageError(
            f"people would come to {host}, and write there: is it no site that anybody lives on?"
            f" Then add --yes-load-this-site {host}"
        )
    return Site(url, people)


def is_here(host: str) -> bool:
    """Whether this is the machine itself."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def own_site(posts: int, people: int, say: Say) -> Iterator[Site]:
    """A site with so much data, and accounts for so many people: web server, worker and relay, no nginx."""
    with ExitStack() as stack:
        servers = stack.enter_context(database(posts, say=say))
        say(f"Making {people} accounts")
        accounts = make_accounts(servers, people)
        at = f"127.0.0.1:{free_ports().site}"
        settings = {"MICROBLOG_BASE_URL": f"http://{at}", "MICROBLOG_WEB_BIND": at}
        servers = replace(servers, environment=servers.environment | settings)
        say("Starting web server, worker and relay")
        for program in ("worker", "relay", "web"):
            stack.enter_context(start_program(servers, program))
        yield Site(f"http://{at}", accounts)


def make_accounts(servers: Servers, people: int) -> list[Account]:
    """Accounts that follow others, and that can log in."""
    accounts = [Account(f"person{number}", secrets.token_hex(16)) for number in range(people)]
    settings = load_settings(servers.environment)
    made, hasher = Database(settings.database_url, application="profiling"), make_hasher(settings)
    try:
        with made.unit_of_work() as session:
            for one in accounts:
                email = f"{one.name}@example.org"
                create_account(session, hasher, username=one.name, email=email, password=one.password)
    finally:
        made.close()
    cluster = postgres.Cluster(Path(), servers.folder / "postgres", None)
    with postgres.autocommit_cursor(cluster.superuser_url(), DATABASE) as cursor:
        cursor.execute(FOLLOW, {"follows": FOLLOWS, "names": [one.name for one in accounts]})
        cursor.execute(WANT_NO_MAIL)
        cursor.execute(generating.COUNT_FOLLOWS)
        cursor.execute("VACUUM ANALYZE")
    return accounts
