"""What visitors do, through the edge and all tiers."""

import re
import secrets
from urllib.parse import urlsplit

import pytest

from devstack.processes import wait_for
from microblog.cli.visiting import Visitor
from tests.lab.sites import Site
from tests.services.pictures import make_picture

pytestmark = pytest.mark.lab

PASSWORD = "correct horse battery staple"
#: From a request to its mail, through outbox, relay, broker and worker.
MAIL_SECONDS = 60


def find_mail(site: Site, recipient: str, subject: str) -> str:
    """The text of the mail, once it is there."""
    found: list[str] = []

    def has_come() -> bool:
        for message in site.mails.messages():
            if recipient in message["To"] and subject.lower() in message["Subject"].lower():
                body = message.get_body(("plain",))
                assert body is not None
                found.append(body.get_content())
        return bool(found)

    wait_for(has_come, MAIL_SECONDS, lambda: f"no mail about {subject!r} to {recipient}")
    return found[-1]


def sign_up(site: Site, name: str, address: str = "") -> tuple[str, Visitor]:
    """Somebody with a confirmed account, logged in: the name, which no other run has, and the visitor."""
    name, visitor = f"{name}_{secrets.token_hex(3)}", site.visitor(address)
    visitor.submit("/sign-up", username=name, email=f"{name}@example.org", password=PASSWORD)
    mail = find_mail(site, f"{name}@example.org", "confirm")
    link = next(word for word in re.findall(r"https://\S+", mail) if "confirm" in word)
    visitor.submit(urlsplit(link).path + "?" + urlsplit(link).query)
    return name, visitor


def test_pages_come_over_tls_alone(site: Site) -> None:
    plain = site.sudo(
        "web1",
        "curl -s -o /dev/null -w '%{http_code} %{redirect_url}' "
        f"-H 'Host: microblog.lab' http://{site.hosts['lb1'].address}/",
    )
    assert plain == "301 https://microblog.lab/"
    answer = site.visitor().get("/")
    assert "max-age=31536000" in answer.headers["strict-transport-security"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_request_has_one_id_everywhere(site: Site) -> None:
    answer = site.visitor().ask("GET", "/", headers={"X-Request-ID": "made-by-the-client"})

    assert answer.headers["x-request-id"] != "made-by-the-client"


def test_readiness_is_not_for_the_public(site: Site) -> None:
    assert site.visitor().ask("GET", "/metrics").status in {403, 404}
    for path in ("/readyz", "/readyz/", "/readyz%2F", "/healthz", "/healthz/", "//healthz"):
        assert site.visitor().ask("GET", path).status in {403, 404}, path


def test_what_no_page_is_asked_by_has_a_page(site: Site) -> None:
    """What a proxy refuses by itself looks like the site too."""
    for path, status in (("/media/..%2f..%2fetc", 400), (f"/{'a' * 5000}", 414), ("/static/", 404)):
        answer = site.visitor().get(path, status=status)
        assert "Go to the front page" in answer.text, path[:20]


def test_people_sign_up_post_and_are_mailed(site: Site) -> None:
    ada, visitor = sign_up(site, "ada")
    grace, _ = sign_up(site, "grace")

    visitor.submit("/home", "/write", text=f"Hello @{grace}, through every tier")

    assert "through every tier" in find_mail(site, f"{grace}@example.org", ada)
    assert "through every tier" in site.visitor().get(f"/@{ada}").text


def test_a_picture_is_the_same_from_each_web_host(site: Site) -> None:
    name, visitor = sign_up(site, "mary")
    visitor.submit("/settings/profile", avatar=("me.png", make_picture()))

    addresses: list[str] = []

    def has_picture() -> bool:
        addresses[:] = re.findall(r'src="(/media/[^"]+)"', visitor.get(f"/@{name}").text)
        return bool(addresses)

    wait_for(has_picture, MAIL_SECONDS, lambda: "the avatar does not appear")
    pictures = {
        site.sudo(
            "lb1",
            f"curl -sf -H 'Host: microblog.lab' http://{site.hosts[web].address}:8080{addresses[0]}"
            " | sha256sum",
        )
        for web in ("web1", "web2")
    }
    assert len(pictures) == 1
    assert site.visitor().get(addresses[0]).body
