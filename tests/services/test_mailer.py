import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from devstack.mailbox import MailFolder
from microblog.services.mailer import Mail, Mailer, MailRefused
from microblog.settings import Settings

FROM = "Microblog <no-reply@blog.example>"


def make_mail(**changes: Any) -> Mail:
    values: dict[str, Any] = {
        "to": "ann@example.org",
        "subject": "Hello",
        "text": "Hello, Ann\n",
        "html": "<p>Hello, Ann</p>",
        "message_id": "<1.req@blog.example>",
    }
    return Mail(**(values | changes))


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


def test_a_mail_arrives_with_both_parts(settings: Settings, mailbox: MailFolder) -> None:
    Mailer(settings.smtp_url, FROM).send(
        make_mail(subject="Grüße", text="Schöne Grüße\n", html="<p>Grüße</p>")
    )
    (message,) = mailbox.messages()
    assert message["From"] == FROM
    assert message["To"] == "ann@example.org"
    assert message["Subject"] == "Grüße"
    assert message["Message-ID"] == "<1.req@blog.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime.tzinfo is not None
    assert message.get_content_type() == "multipart/alternative"
    assert part(message, "plain") == "Schöne Grüße\n"
    assert part(message, "html") == "<p>Grüße</p>\n"


HOSTILE = "Eve\r\nBcc: all@example.org\r\n\r\nBuy!\x00\x0b\u2028\u202e"


def test_no_header_can_be_added(settings: Settings, mailbox: MailFolder) -> None:
    mailer = Mailer(settings.smtp_url, FROM)
    mailer.send(
        make_mail(
            subject=HOSTILE, message_id=f"<1.{HOSTILE}@x>", headers={"List-Unsubscribe": f"<{HOSTILE}>"}
        )
    )
    (message,) = mailbox.messages()
    assert message["Bcc"] is None
    assert message["Subject"] == "Eve Bcc: all@example.org Buy!"
    assert "\n" not in message["List-Unsubscribe"]
    assert part(message, "plain") == "Hello, Ann\n"


def test_the_senders_name_is_cleaned_too() -> None:
    message = Mailer("smtp://localhost", "A\tB <no-reply@blog.example>").compose(make_mail())
    assert message["From"] == "A B <no-reply@blog.example>"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "no-at",
        "a@b\r\nBcc: c@d.example",
        "a b@example.org",
        "a@b@c.example",
        "<a@b.c>",
        "a@b\u202e.c",
        "a,b@c.d",
    ],
)
def test_an_address_that_no_header_can_hold_is_refused(address: str) -> None:
    with pytest.raises(MailRefused):
        Mailer("smtp://127.0.0.1:1", FROM).send(make_mail(to=address))


def test_a_server_that_is_away_is_worth_another_try() -> None:
    with pytest.raises(OSError, match="refused"):
        Mailer("smtp://127.0.0.1:1", FROM).send(make_mail())


def test_a_server_that_says_nothing_is_given_up() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        with pytest.raises(OSError, match="timed out"):
            Mailer(f"smtp://127.0.0.1:{port}", FROM, timeout=0.1).send(make_mail())


class Picky:
    """A server that answers each recipient as it was told."""

    def __init__(self) -> None:
        self.answer = "250 OK"
        self.contents: list[bytes] = []
        self.users: list[bytes] = []

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.contents.append(envelope.content)
        return "250 taken"

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.users.append(data.login)
        is_good = data.password == b"p@ss/word"
        return AuthResult(success=is_good, handled=is_good)


Start = Callable[..., tuple[Picky, int]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a mail server: `start(**options of aiosmtpd)`; its handler and its port."""
    running: list[Controller] = []

    def run(**options: Any) -> tuple[Picky, int]:
        picky = Picky()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        controller = Controller(
            picky, hostname="127.0.0.1", port=port, authenticator=picky.authenticate, **options
        )
        controller.start()
        running.append(controller)
        return picky, port

    yield run
    for controller in running:
        controller.stop()


def test_a_refused_recipient_is_refused_for_good(start: Start) -> None:
    picky, port = start()
    picky.answer = "550 no such person"
    with pytest.raises(MailRefused):
        Mailer(f"smtp://127.0.0.1:{port}", FROM).send(make_mail())


def test_a_deferred_recipient_is_worth_another_try(start: Start) -> None:
    picky, port = start()
    picky.answer = "451 grey-listed, come again"
    with pytest.raises(smtplib.SMTPResponseException) as caught:
        Mailer(f"smtp://127.0.0.1:{port}", FROM).send(make_mail())
    assert caught.value.smtp_code == 451
    assert "example.org" not in str(caught.value)


def test_an_address_beyond_ascii_needs_a_server_that_takes_it(
    start: Start,
) -> None:
    _picky, port = start(enable_SMTPUTF8=False)
    with pytest.raises(MailRefused):
        Mailer(f"smtp://127.0.0.1:{port}", FROM).send(make_mail(to="änn@example.org"))


def test_an_address_beyond_ascii_is_used_where_it_is_taken(start: Start) -> None:
    picky, port = start(enable_SMTPUTF8=True)
    Mailer(f"smtp://127.0.0.1:{port}", FROM).send(make_mail(to="änn@example.org"))
    assert "To: änn@example.org\r\n".encode() in picky.contents[0]


def test_logging_in(start: Start) -> None:
    picky, port = start(auth_require_tls=False)
    Mailer(f"smtp://me:p%40ss%2Fword@127.0.0.1:{port}", FROM).send(make_mail())
    assert picky.users == [b"me"]
    with pytest.raises(smtplib.SMTPAuthenticationError):
        Mailer(f"smtp://me:wrong@127.0.0.1:{port}", FROM).send(make_mail())


def test_tls_is_checked_from_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[str, Any] = {}

    def connect(host: str, port: int, *, timeout: float, context: ssl.SSLContext) -> Any:
        made.update(host=host, port=port, timeout=timeout, context=context)
        raise OSError("enough")

    monkeypatch.setattr(smtplib, "SMTP_SSL", connect)
    with pytest.raises(OSError, match="enough"):
        Mailer("smtps://mail.example", FROM, timeout=3).send(make_mail())
    assert (made["host"], made["port"], made["timeout"]) == ("mail.example", 465, 3)
    assert made["context"].check_hostname
    assert made["context"].verify_mode is ssl.CERT_REQUIRED


def test_starttls_is_never_left_out(start: Start) -> None:
    picky, port = start()
    with pytest.raises(smtplib.SMTPNotSupportedError):
        Mailer(f"smtp+starttls://127.0.0.1:{port}", FROM).send(make_mail())
    assert not picky.contents


def test_starttls_is_used(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    picky, port = start()
    contexts: list[ssl.SSLContext] = []

    def starttls(_self: smtplib.SMTP, *, context: ssl.SSLContext) -> None:
        contexts.append(context)

    monkeypatch.setattr(smtplib.SMTP, "starttls", starttls)
    Mailer(f"smtp+starttls://127.0.0.1:{port}", FROM).send(make_mail())
    assert contexts[0].verify_mode is ssl.CERT_REQUIRED
    assert len(picky.contents) == 1
