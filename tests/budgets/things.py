"""What requests ask for, by name."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from microblog.bootstrap import Resources
from microblog.domain import mail_purposes
from microblog.services import tokens
from microblog.services.applications import register_application
from tests.budgets.cast import ALICE, PEOPLE, ROWS
from tests.budgets.crowd import FIRST, POSTS
from tests.oauth.conftest import CALLBACK

Secret = Callable[[str], str]


def find_things(resources: Resources, secret: Secret) -> Mapping[str, str]:
    """Ids, names and secrets by the names that requests have for them."""
    with resources.database.unit_of_work() as session:
        found = {
            **find_people(),
            **find_posts(session),
            **find_own(session),
            **make_client(session),
            **make_links(session, resources),
            # What the rules' arguments are called.
            "name": "cats",
            "username": "bob",
            "version": "some",
            "path": "favicon.svg",
            "no_picture": "a-key-of-nobody/no.webp",
        }
    for name in ("client_secret", "token", "confirm_token", "reset_token"):
        secret(str(found[name]))
    things = {name: str(value) for name, value in found.items()}
    return things | {"status_id": things["post"], "account_id": things["bob"]}


def find_people() -> Mapping[str, Any]:
    """Accounts."""
    others = ("stranger", "foe", "loud")
    return {
        **{name: number for number, name in enumerate(PEOPLE, 1)},
        **{name: FIRST + 7900 + number for number, name in enumerate(others)},
        # As in cast.py.
        "follower": FIRST + 1,
        "asking": FIRST + 4001,
        "asking_too": FIRST + 4002,
        "alice_name": "alice",
        "stranger_name": "person_7901",
    }


def find_posts(session: Session) -> Mapping[str, Any]:
    """Posts; `root` has answers, boosts and favourites."""
    texts = {
        "post": f"one by bob about #cats and #dogs for @alice {ROWS}",
        "root": "one by alice about #cats and #dogs for @bob 1",
        **{
            name: f"one by alice about #cats and #dogs for @bob {ROWS - number}"
            for number, name in enumerate(("own", "doomed", "doomed_too"))
        },
    }
    statement = text("SELECT id FROM statuses WHERE text = :text")
    found = {name: session.scalars(statement, {"text": words}).one() for name, words in texts.items()}
    newest = text("SELECT id FROM statuses WHERE text LIKE :text")
    return found | {"liked": session.scalars(newest, {"text": f"post {POSTS} about%"}).one()}


def find_own(session: Session) -> Mapping[str, Any]:
    """What else belongs to alice."""
    alice = {"alice": ALICE}
    notification = "SELECT max(id) FROM notifications WHERE account_id = :alice"
    other_session = "SELECT min(id) FROM sessions WHERE account_id = :alice"
    return {
        "notification_id": session.scalars(text(notification), alice).one(),
        "session_id": session.scalars(text(other_session), alice).one(),
        # As in cast.py: made by her, and allowed by her.
        "application_id": 7,
        "authorized": 40,
    }


def make_client(session: Session) -> Mapping[str, Any]:
    """An application, and a token of it."""
    new = register_application(
        session, name="A client", redirect_uris=CALLBACK, scopes="read", is_secure=False
    )
    made = tokens.issue_token(session, application_id=new.row.id, account_id=ALICE, scopes=["read"])
    return {"client_id": new.row.client_id, "client_secret": new.client_secret, "token": made.token}


def make_links(session: Session, resources: Resources) -> Mapping[str, Any]:
    """The tokens of links in mails."""
    statement = text(
        "INSERT INTO one_time_tokens (account_id, purpose, email, expires_at)"
        " SELECT account_id, :purpose, email, now() + interval '1 hour' FROM users"
        " WHERE account_id = :account_id RETURNING id"
    )
    made = {
        purpose: session.scalars(statement, {"account_id": account_id, "purpose": purpose}).one()
        for account_id, purpose in (
            (PEOPLE.index("newcomer_too") + 1, mail_purposes.CONFIRM),
            (PEOPLE.index("erin") + 1, mail_purposes.RESET),
        )
    }
    links = resources.links
    return {
        "confirm_token": links.sign_token(made[mail_purposes.CONFIRM], mail_purposes.CONFIRM),
        "reset_token": links.sign_token(made[mail_purposes.RESET], mail_purposes.RESET),
        "unsubscribe_token": links.sign_unsubscribe(PEOPLE.index("grace") + 1, "mentions"),
    }
