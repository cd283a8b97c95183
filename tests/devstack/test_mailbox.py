"""The development mailbox: what it keeps, and that what a mail holds can do no harm."""

import smtplib
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from devstack import mailbox as module
from devstack.mailbox import Mailbox


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Mailbox]:
    with Mailbox(tmp_path / "mail", web_port=0) as box:
        yield box


def send(box: Mailbox, subject: str, text: str, html: str | None = None) -> None:
    message = EmailMessage()
    message["From"] = "Microblog <no-reply@example.org>"
    message["To"] = "bob@example.org"
    message["Subject"] = subject
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    with smtplib.SMTP("127.0.0.1", box.smtp_port, timeout=10) as client:
        client.send_message(message)


def get(box: Mailbox, path: str = "/", host: str | None = None) -> tuple[str, str]:
    request = urllib.request.Request(f"http://127.0.0.1:{box.web_port}{path}")
    if host:
        request.add_header("Host", host)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read().decode(), answer.headers["Content-Security-Policy"]


def test_it_says_what_to_do_while_it_is_empty(box: Mailbox) -> None:
    assert "No mail yet" in get(box)[0]


def test_a_mail_is_a_file_and_a_page_with_clickable_links(box: Mailbox) -> None:
    send(box, "Confirm", "Open http://localhost:8000/confirm-email?token=a&b=1 today.", "<p>Open it</p>")
    (name,) = box.folder.names()
    assert (box.folder.path / name).read_bytes().startswith(b"From: Microblog")
    assert f'href="/{name}"' in get(box)[0]
    page, _ = get(box, f"/{name}")
    assert '<a href="http://localhost:8000/confirm-email?token=a&amp;b=1" target="_blank"' in page
    assert f'<iframe src="/{name}/html"' in page
    html, policy = get(box, f"/{name}/html")
    assert "<p>Open it</p>" in html
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "Subject: Confirm" in get(box, f"/{name}/raw")[0]


def test_what_a_mail_holds_is_escaped(box: Mailbox) -> None:
    send(box, "<script>alert(1)</script>", "<img src=x onerror=alert(2)> http://x/\"onmouseover='alert(3)")
    (name,) = box.folder.names()
    for page, policy in (get(box), get(box, f"/{name}")):
        assert "<script>" not in page
        assert "<img" not in page
        assert '"onmouseover' not in page
        assert "default-src 'none'" in policy


@pytest.mark.parametrize("path", ["/..%2f..%2fetc%2fpasswd", "/nothing.eml", "/%00", "/x/y/z"])
def test_other_files_are_not_shown(box: Mailbox, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(box, path)
    assert refused.value.code == 404
    refused.value.close()


def test_another_name_that_leads_here_is_refused(box: Mailbox) -> None:
    assert get(box, host=f"localhost:{box.web_port}")
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(box, host="evil.example")
    assert refused.value.code == 403
    refused.value.close()


def test_it_keeps_the_newest_mails_only(box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 3)
    for number in range(5):
        send(box, f"Mail {number}", "text")
    assert [mail["Subject"] for mail in box.folder.messages()] == ["Mail 2", "Mail 3", "Mail 4"]
    box.folder.clear()
    assert box.folder.messages() == []


def test_a_mail_too_large_is_refused(box: Mailbox) -> None:
    with pytest.raises(smtplib.SMTPException):
        send(box, "Large", "x" * 70 + ("\n" + "x" * 70) * (module.LARGEST // 70))
    assert box.folder.names() == []
