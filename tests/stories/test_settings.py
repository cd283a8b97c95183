"""What people set for themselves, over HTTP."""

import io
from collections.abc import Callable

from PIL import Image
from sqlalchemy import text

from microblog.bootstrap import Resources
from tests.site import Browser


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30)) -> io.BytesIO:
    data = io.BytesIO()
    Image.new("RGB", size, "teal").save(data, kind)
    data.seek(0)
    return data


def test_profile(people: Callable[..., Browser], browser: Browser) -> None:
    alice, page = people("alice"), "/settings/profile"
    answer = alice.submit(page, display_name="Alice of the Garden", note="I like #roses & @alice")
    assert "Your profile is saved." in alice.follow_redirect(answer).text
    shown = browser.get("/@alice").text
    assert "Alice of the Garden" in shown
    assert '<a href="/tags/roses"' in shown
    assert "I like #roses &amp; @alice" in alice.get(page).text
    refused = alice.submit(page, display_name="x" * 51, note="kept as it was typed")
    assert refused.status_code == 422
    assert "kept as it was typed" in refused.text
    assert "at most 50" in refused.text
    assert "Alice of the Garden" in browser.get("/@alice").text
    assert alice.submit(page, display_name="x" * 301).status_code == 422


def test_picture(people: Callable[..., Browser]) -> None:
    alice, page = people("alice"), "/settings/profile"
    assert alice.submit(page, display_name="A", avatar=(picture(), "me.png")).status_code == 303
    refused = alice.submit(page, display_name="Not saved", avatar=(io.BytesIO(b"GIF89a nonsense"), "me.png"))
    assert refused.status_code == 422
    assert "field-error" in refused.text
    assert "Not saved" not in alice.get("/@alice").text, "all or nothing"


def test_picture_can_be_removed(people: Callable[..., Browser], site_resources: Resources) -> None:
    alice = people("alice")
    with site_resources.database.unit_of_work() as session:
        session.execute(text("UPDATE accounts SET avatar_key = 'abcdefghijklmnopqrst'"))
    assert "/media/abcdefghijklmnopqrst/96.webp" in alice.get("/@alice").text
    assert alice.submit("/settings/profile", remove_avatar="y").status_code == 303
    assert "/media/" not in alice.get("/@alice").text


def test_unconfirmed_people_have_settings_too(people: Callable[..., Browser]) -> None:
    alice = people("alice", is_confirmed=False)
    assert alice.submit("/settings/profile", display_name="Soon here").status_code == 303


def test_preferences(people: Callable[..., Browser]) -> None:
    alice, page = people("alice"), "/settings/preferences"
    form = next(form for form in alice.forms(page) if "time_zone" in form.fields)
    assert (form.fields["time_zone"], form.fields["mail_mentions"]) == ("UTC", "y")
    alice.submit("/write", text="What time is it?")
    assert " UTC" in alice.get("/home").text
    data = {"csrf_token": form.fields["csrf_token"], "time_zone": "Asia/Kolkata", "mail_follows": "y"}
    assert "saved" in alice.follow_redirect(alice.post(page, data)).text
    form = next(form for form in alice.forms(page) if "time_zone" in form.fields)
    assert form.fields["time_zone"] == "Asia/Kolkata"
    assert "mail_mentions" not in form.fields
    assert " IST" in alice.get("/home").text
    refused = alice.post(page, {**data, "time_zone": "Mars/Olympus"})
    assert refused.status_code == 422


def test_unsubscribe(people: Callable[..., Browser], browser: Browser, site_resources: Resources) -> None:
    alice = people("alice")
    with site_resources.database.unit_of_work() as session:
        account_id = session.scalar(text("SELECT id FROM accounts"))
    page = f"/unsubscribe?token={site_resources.links.sign_unsubscribe(account_id or 0, 'mentions')}"
    assert browser.get(page).status_code == 200
    form = next(form for form in alice.forms("/settings/preferences") if "time_zone" in form.fields)
    assert "mail_mentions" in form.fields, "opening the link alone stops nothing"
    answer = browser.post(page, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert "no more mails of this kind" in answer.text
    form = next(form for form in alice.forms("/settings/preferences") if "time_zone" in form.fields)
    assert "mail_mentions" not in form.fields
    assert "mail_follows" in form.fields
    assert browser.post("/unsubscribe?token=forged").status_code == 422
    assert "does not work any more" in browser.get("/unsubscribe?token=forged").text


def test_theme(browser: Browser) -> None:
    form = next(form for form in browser.forms("/about") if form.action == "/theme")
    assert browser.post("/theme", {**form.fields, "theme": "dark"}).location == "/about"
    assert browser.cookie("theme") == "dark"
    assert 'data-theme="dark"' in browser.get("/about").text
    assert browser.post("/theme", {"theme": "pink"}).location == "/"
    assert browser.cookie("theme") == "dark"
    browser.client.set_cookie("theme", "<script>")
    assert 'data-theme="system"' in browser.get("/about").text


def test_theme_takes_no_orders_from_other_sites(browser: Browser) -> None:
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert browser.post("/theme", {"theme": "dark"}, headers=headers).status_code == 403
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}
    assert browser.post("/theme", {"theme": "dark"}, headers=headers).status_code == 303
