"""Looking at mails."""

import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from devstack.mailbox import MailFolder
from microblog.data.models import OneTimeToken


def body(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content())


class Links(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name == "href"]


def links_in(message: EmailMessage) -> tuple[set[str], set[str]]:
    """The addresses in the text and in the HTML."""
    text = set(re.findall(r"https://\S+", body(message, "plain")))
    return text, set(Links(body(message, "html")).found)


def only(mailbox: MailFolder) -> EmailMessage:
    (message,) = mailbox.messages()
    return message


def change(session: Session, model: Any, key: Any, value: int, **values: Any) -> None:
    session.execute(update(model).where(key == value).values(**values))


def add_token(
    session: Session,
    account_id: int,
    purpose: str,
    email: str,
    *,
    hours: int = 2,
    other_email: str | None = None,
) -> int:
    token = OneTimeToken(
        account_id=account_id,
        purpose=purpose,
        email=email,
        other_email=other_email,
        expires_at=datetime.now(UTC) + timedelta(hours=hours),
    )
    session.add(token)
    session.flush()
    return token.id
