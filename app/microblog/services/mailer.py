"""Hands mails to the mail server: SMTP by the standard library, nothing that Microblog is about."""

import re
import smtplib
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

from microblog.domain.errors import N_, DomainError

# One plain address: nothing that a header could take for a list, a name or a comment.
ADDRESS = re.compile(r"[^\s<>()\[\]\\,;:\"@]{1,64}@[^\s<>()\[\]\\,;:\"@]{1,255}")
PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
# Well below a job's time limit, and there may be several steps, each with its own wait.
TIMEOUT_SECONDS = 10.0


class MailRefused(DomainError):
    """This mail can't be delivered to this address, now or later: trying again is of no use."""

    default = N_("The mail server doesn't take mail for this address.")


@dataclass(frozen=True)
class Mail:
    """A mail to one person. `headers` holds additional ones; all header texts are cleaned of line breaks."""

    to: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)
    message_id: str
    headers: dict[str, str] = field(default_factory=dict, repr=False)


class Mailer:
    """Sends mails by `smtp_url` (`smtp`, `smtps` or `smtp+starttls`, with or without a user) as `mail_from`.

    `timeout` bounds each wait for the server, in seconds. Opens nothing until used, keeps no connection.
    """

    def __init__(self, smtp_url: str, mail_from: str, timeout: float = TIMEOUT_SECONDS) -> None:
        parts = urlsplit(smtp_url)
        self._scheme = parts.scheme
        self._host = parts.hostname or "localhost"
        self._port = parts.port or PORTS[parts.scheme]
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._timeout = timeout
        name, address = parseaddr(mail_from)
        self._sender = Address(display_name=_clean(name), addr_spec=address)

    def send(self, mail: Mail) -> None:
        """Hand one mail to the server.

        Raises MailRefused where it will never be taken, `OSError` (`smtplib.SMTPException` is one) where
        trying later helps.
        """
        message = self.compose(mail)
        with self._connect() as server:
            if self._user:
                server.login(self._user, self._password)
            try:
                server.send_message(message, from_addr=self._sender.addr_spec, to_addrs=[mail.to])
            except smtplib.SMTPRecipientsRefused as error:
                code, _answer = next(iter(error.recipients.values()))
                # 4xx asks to come again later (grey-listing, a full mailbox).
                if 500 <= code < 600:
                    raise MailRefused from None
                raise smtplib.SMTPResponseException(code, "recipient deferred") from None
            except smtplib.SMTPNotSupportedError:
                raise MailRefused from None

    def compose(self, mail: Mail) -> EmailMessage:
        """The message as it goes out. Raises MailRefused for an address that no header can hold."""
        if not ADDRESS.fullmatch(mail.to) or not mail.to.isprintable():
            raise MailRefused
        # Only an address beyond ASCII asks the server for an extension that few have (RFC 6531).
        message = EmailMessage(policy=SMTP if mail.to.isascii() else SMTPUTF8)
        message["From"] = self._sender
        message["To"] = mail.to
        message["Subject"] = _clean(mail.subject)
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = _clean(mail.message_id)
        message["Auto-Submitted"] = "auto-generated"
        for name, value in mail.headers.items():
            message[name] = _clean(value)
        message.set_content(mail.text, cte="quoted-printable")
        message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
        return message

    def _connect(self) -> smtplib.SMTP:
        if self._scheme == "smtps":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout, context=context)
        server = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        if self._scheme == "smtp+starttls":
            try:
                server.starttls(context=ssl.create_default_context())
            except BaseException:
                server.close()
                raise
        return server


def _clean(value: str) -> str:
    """One line without control or bidi characters: a header can't be added or forged by somebody's name."""
    return " ".join("".join(one if one.isprintable() else " " for one in value).split())
