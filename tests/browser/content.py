"""What the site holds when its pages are looked at: people, posts, and text that strains a layout."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from microblog.domain.mail_purposes import CONFIRM, RESET
from microblog.domain.scopes import WORDS
from microblog.services import accounts, credentials, statistics
from microblog.services.applications import register_application
from microblog.services.tokens import issue_token
from tests.browser.live_site import LiveSite
from tests.factories import PASSWORD
from tests.site import mailed_token

LONG_WORD = "Donaudampfschifffahrtsgesellschaftskapitän" * 3
HARD = [
    LONG_WORD,
    "https://example.org/" + "a-very-long-path-without-a-break/" * 6,
    "مرحبا بالعالم #حديقة و @Longest_of_all_the_names_here0 و text in between",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 60,
    "line\n" * 30,
    "#" + "g" * 100,
    "W" * 480,
]
LONGEST_NAME = "Longest_of_all_the_names_here0"
CALLBACK = "http://localhost/" + "callback" * 20
POSTS = 24
DAYS = 14


@dataclass(frozen=True)
class Content:
    """Names and numbers to put into addresses of pages."""

    post: int
    own_post: int
    hard_post: int
    confirm_token: str
    reset_token: str
    unsubscribe_token: str
    client_id: str


def write_content(site: LiveSite) -> Content:
    """Fill the site; call it once."""
    member, reader = site.add_account("member"), site.add_account("reader")
    site.add_account("newcomer")
    own = site.add_post(member, "A post of mine for @reader about #gardens")
    replied = site.add_post(reader, "What a nice one, see https://example.org/gardens", in_reply_to_id=own)
    hard = write_hard_posts(site)
    for number in range(POSTS):
        author = site.add_account(f"neighbour{number}")
        site.add_post(author, f"The weather of day {number} is fair. #gardens @member")
        site.add_follow(author, "member")
        site.add_follow(member, f"neighbour{number}")
    site.add_post(member, "And one more", in_reply_to_id=replied)
    compute_statistics(site)
    return Content(replied, own, hard, *make_tokens(site, member), make_applications(site, member))


def write_hard_posts(site: LiveSite) -> int:
    """A person whose every text strains the layout; the id of the post with a thread."""
    account = site.add_account(LONGEST_NAME)
    with site.resources.database.unit_of_work() as session:
        accounts.update_profile(session, account_id=account, display_name="W" * 50, note="W" * 470)
    first = site.add_post(account, HARD[0])
    for text in HARD[1:]:
        site.add_post(account, text)
    for text in HARD:
        site.add_post(account, f"{text[:400]} @member", in_reply_to_id=first)
    site.add_follow(account, "member")
    return first


def compute_statistics(site: LiveSite) -> None:
    today = datetime.now(UTC).date()
    with site.resources.database.unit_of_work() as session:
        for age in range(DAYS):
            statistics.compute_day(session, day=today - timedelta(days=age))


def make_applications(site: LiveSite, member: int) -> str:
    """Clients that may use the member's account, one of their own; the client id of one that may not yet."""
    website = "https://example.org/" + "a-very-long-path-without-a-break/" * 6
    with site.resources.database.unit_of_work() as session:
        clients = [
            register_application(
                session,
                name=name,
                redirect_uris=CALLBACK,
                scopes=" ".join(WORDS),
                website=website,
                is_secure=True,
            )
            for name in ("A client", "W" * 100)
        ]
        for new in clients:
            issue_token(session, application_id=new.row.id, account_id=member, scopes=new.row.scopes)
        own = register_application(
            session, name="W" * 100, redirect_uris=[website, CALLBACK], is_secure=True, owner_id=member
        )
        issue_token(session, application_id=own.row.id, account_id=member, scopes=["read", "write:media"])
    return str(clients[-1].row.client_id)


def make_tokens(site: LiveSite, member: int) -> tuple[str, str, str]:
    """Tokens as mails carry them: to confirm an address, to reset a password, to stop a kind of mail."""
    database, links = site.resources.database, site.resources.links
    with database.unit_of_work() as session:
        accounts.sign_up(
            session,
            site.resources.hasher,
            username="unconfirmed",
            email="unconfirmed@example.org",
            password=PASSWORD,
        )
        credentials.request_password_reset(session, email="reader@example.org")
    confirm = mailed_token(database, site.resources, "unconfirmed", CONFIRM)
    reset = mailed_token(database, site.resources, "reader", RESET)
    return confirm, reset, links.sign_unsubscribe(member, "mentions")
