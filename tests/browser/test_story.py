"""The whole story in a real browser: with and without JavaScript, on a phone and on a desk."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from devstack.processes import wait_for
from tests.browser.conftest import DESKTOP, PATIENCE_MS, PHONE, Visits
from tests.browser.live_site import LiveSite
from tests.factories import PASSWORD

SIGN_UP_PASSWORD = "seven green lanterns above water"
NEW_PASSWORD = "four quiet horses wander home"
WAYS = [
    pytest.param((True, False), id="scripts-desktop"),
    pytest.param((True, True), id="scripts-phone"),
    pytest.param((False, False), id="plain-desktop"),
    pytest.param((False, True), id="plain-phone"),
]


@dataclass
class Story:
    """Two people and their browsers, and what happens to them."""

    site: LiveSite
    visit: Visits
    secret: Callable[[str], str]
    has_scripts: bool
    is_phone: bool

    def __post_init__(self) -> None:
        kind = f"{'on' if self.has_scripts else 'off'}_{'phone' if self.is_phone else 'desk'}"
        self.ann, self.bob = f"Ann_{kind}", f"Bob_{kind}"
        self.address = self.secret(f"{self.ann}@example.org".lower())

    def browser(self) -> Page:
        """A new browser of this story's kind."""
        return self.visit(
            size=PHONE if self.is_phone else DESKTOP, has_scripts=self.has_scripts, is_phone=self.is_phone
        )

    def log_in(self, page: Page, username: str, password: str) -> None:
        page.goto("/")
        page.get_by_role("link", name="Log in").first.click()
        page.get_by_label("Username or e-mail address").fill(username)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", name="Home", level=1)).to_be_visible()

    def mail_to(self, address: str, subject: str) -> EmailMessage:
        """The mail that the worker sends, once it is there."""
        found: list[EmailMessage] = []

        def look() -> bool:
            found[:] = [
                mail
                for mail in self.site.mails.messages()
                if mail["To"].lower() == address and subject in mail["Subject"]
            ]
            return bool(found)

        wait_for(look, PATIENCE_MS / 1000, lambda: f"no mail with {subject!r} came")
        assert len(found) == 1
        return found[0]

    def link_in(self, mail: EmailMessage, path: str) -> str:
        """The address in the mail's text that leads to this path."""
        part = mail.get_body(("plain",))
        assert part is not None
        links = re.findall(rf"{re.escape(self.site.url)}{path}\?\S+", part.get_content())
        assert len(links) == 1
        self.secret(parse_qs(urlsplit(links[0]).query)["token"][0])
        return str(links[0])

    def navigate(self, page: Page, name: str) -> None:
        page.get_by_role("navigation", name="Main").get_by_role("link", name=name).click()


@pytest.fixture(params=WAYS)
def story(
    request: pytest.FixtureRequest, live_site: LiveSite, visit: Visits, secret: Callable[[str], str]
) -> Story:
    secret(SIGN_UP_PASSWORD)
    secret(NEW_PASSWORD)
    return Story(live_site, visit, secret, *request.param)


def flash(page: Page, text: str) -> None:
    expect(page.get_by_role("status").filter(has_text=text)).to_be_visible()


def post_with(page: Page, text: str) -> Locator:
    return page.get_by_role("article").filter(has_text=text)


def test_from_sign_up_to_a_conversation(story: Story) -> None:
    ann, bob = story.browser(), story.browser()
    story.site.add_account(story.bob)
    story.log_in(bob, story.bob, PASSWORD)
    sign_up(story, ann)
    confirm_address(story, ann)
    mention(story, ann)
    reply(story, bob)
    read_the_reply(story, ann)
    follow(story, ann, bob)
    delete(story, ann)
    log_out(ann)


def sign_up(story: Story, ann: Page) -> None:
    ann.goto("/")
    ann.get_by_role("link", name="Create an account").first.click()
    ann.get_by_label("Username").fill(story.ann)
    ann.get_by_label("E-mail address").fill(story.address)
    ann.get_by_label("Password").fill("password")
    story.visit.watcher.allow("/sign-up", 422)
    ann.get_by_role("button", name="Create account").click()
    expect(ann.get_by_role("alert")).to_be_visible()
    expect(ann.get_by_label("Username")).to_have_value(story.ann)
    expect(ann.get_by_label("Password")).to_have_value("")
    ann.get_by_label("Password").fill(SIGN_UP_PASSWORD)
    ann.get_by_role("button", name="Create account").click()
    expect(ann.get_by_role("heading", name="Look into your mailbox")).to_be_visible()


def confirm_address(story: Story, ann: Page) -> None:
    ann.goto("/home")
    expect(ann.get_by_text("Confirm your e-mail address to start writing")).to_be_visible()
    expect(ann.get_by_label("Write a post")).to_have_count(0)
    ann.goto(story.link_in(story.mail_to(story.address, "Confirm your e-mail"), "/confirm-email"))
    ann.get_by_role("button", name="Confirm the address").click()
    flash(ann, "is confirmed")


def mention(story: Story, ann: Page) -> None:
    ann.get_by_role("link", name="Write", exact=True).click()
    expect(ann.get_by_role("heading", name="Write a post")).to_be_visible()
    ann.get_by_label("Write a post").fill(f"Good morning @{story.bob}, <b>look</b> at #Gardens")
    ann.get_by_role("button", name="Post").click()
    flash(ann, "Your post is published.")
    post = post_with(ann, "Good morning")
    expect(post.get_by_role("link", name=f"@{story.bob}", exact=True)).to_have_attribute(
        "href", f"/@{story.bob}"
    )
    expect(post.get_by_role("link", name="#Gardens")).to_be_visible()
    expect(post).to_contain_text("<b>look</b>")
    mail = story.mail_to(f"{story.bob}@example.org".lower(), "mentioned you")
    assert story.ann in mail["Subject"]


def reply(story: Story, bob: Page) -> None:
    bob.reload()
    expect(bob.get_by_role("link", name="1 unread")).to_be_visible()
    story.navigate(bob, "Notifications")
    told = bob.get_by_role("listitem").filter(has_text="mentioned you")
    expect(told).to_contain_text("New")
    told.get_by_role("link", name="Reply").click()
    expect(bob.get_by_role("blockquote")).to_contain_text("Good morning")
    bob.get_by_label("Your reply").fill("Lovely ones over there")
    bob.get_by_role("button", name="Post").click()
    flash(bob, "Your post is published.")
    expect(bob.get_by_role("article")).to_contain_text(["Good morning", "Lovely ones"])
    expect(bob.get_by_role("link", name="unread")).to_have_count(0)


def read_the_reply(story: Story, ann: Page) -> None:
    story.navigate(ann, "Notifications")
    told = ann.get_by_role("listitem").filter(has_text="Lovely ones over there")
    expect(told).to_contain_text(story.bob)
    told.get_by_role("link", name="Show the conversation").click()
    expect(post_with(ann, "Good morning")).to_be_visible()
    ann.get_by_label("Your reply").fill("See you there")
    ann.get_by_role("button", name="Post").click()
    flash(ann, "Your post is published.")
    expect(ann.get_by_role("article")).to_contain_text(["Good morning", "Lovely ones", "See you there"])


def follow(story: Story, ann: Page, bob: Page) -> None:
    ann.goto(f"/@{story.bob}")
    ann.get_by_role("button", name="Follow", exact=True).click()
    expect(ann.get_by_role("button", name="Following")).to_be_visible()
    bob.goto("/home")
    bob.get_by_role("link", name="Write", exact=True).click()
    bob.get_by_label("Write a post").fill("News from the pond")
    bob.get_by_role("button", name="Post").click()
    flash(bob, "Your post is published.")
    story.navigate(bob, "Notifications")
    expect(bob.get_by_role("listitem").filter(has_text="follows you")).to_contain_text(story.ann)
    story.navigate(ann, "Home")
    see_in_time(ann, post_with(ann, "News from the pond"))
    ann.goto(f"/@{story.bob}")
    ann.get_by_role("button", name="Following").click()
    expect(ann.get_by_role("button", name="Follow", exact=True)).to_be_visible()
    story.navigate(ann, "Home")
    expect(post_with(ann, "News from the pond")).to_have_count(0)


def see_in_time(page: Page, what: Locator) -> None:
    """Load the page again until a job has brought what is awaited."""

    def look() -> bool:
        page.reload()
        return what.count() > 0

    wait_for(lambda: what.count() > 0 or look(), PATIENCE_MS / 1000, lambda: f"{what} never came")
    expect(what.first).to_be_visible()


def delete(story: Story, ann: Page) -> None:
    story.navigate(ann, "Profile")
    post_with(ann, "Good morning").get_by_role("link", name="Delete").click()
    ann.get_by_role("link", name="Keep it").click()
    ann.get_by_role("link", name="Delete").first.click()
    expect(ann.get_by_role("blockquote")).to_contain_text("Good morning")
    ann.get_by_role("button", name="Delete the post").click()
    flash(ann, "Your post is deleted.")
    expect(post_with(ann, "Good morning")).to_have_count(0)


def log_out(page: Page) -> None:
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Create an account").first).to_be_visible()
    page.goto("/home")
    expect(page).to_have_url(re.compile(r"/log-in\?next="))


def test_settings_and_doors(story: Story) -> None:
    ann, elsewhere = story.browser(), story.browser()
    story.ann = f"{story.ann}_2"
    story.address = story.secret(f"{story.ann}@example.org".lower())
    story.site.add_account(story.ann)
    story.log_in(ann, story.ann, PASSWORD)
    story.log_in(elsewhere, story.ann, PASSWORD)
    switch_theme(ann)
    upload_a_picture(story, ann)
    log_out_everywhere_else(story, ann, elsewhere)
    reset_the_password(story, elsewhere)
    ann.goto("/home")
    expect(ann).to_have_url(re.compile(r"/log-in\?next="))


def switch_theme(page: Page) -> None:
    html = page.locator("html")
    light = ground_of(page)
    expect(html).to_have_attribute("data-theme", "system")
    dark_button = page.get_by_role("button", name="Dark")
    with page.expect_response(lambda response: urlsplit(response.url).path == "/theme"):
        dark_button.click()
    expect(html).to_have_attribute("data-theme", "dark")
    expect(dark_button).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="System")).to_have_attribute("aria-pressed", "false")
    assert ground_of(page) != light
    page.goto("/explore")
    expect(html).to_have_attribute("data-theme", "dark")
    assert ground_of(page) != light


def ground_of(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))


def upload_a_picture(story: Story, page: Page) -> None:
    story.navigate(page, "Settings")
    page.get_by_label("Display name").fill("Ann of the garden")
    page.get_by_label("About you").fill("Plants, mostly: https://example.org/plants")
    picture: FilePayload = {"name": "me.png", "mimeType": "image/png", "buffer": make_picture()}
    page.get_by_label("Picture", exact=True).set_input_files(picture)
    page.get_by_role("button", name="Save the profile").click()
    flash(page, "Your profile is saved.")
    large = page.locator('img[src^="/media/"]').and_(page.get_by_alt_text("Your picture now"))
    see_in_time(page, large)
    assert has_loaded(large)
    story.navigate(page, "Profile")
    expect(page.get_by_role("heading", name="Ann of the garden")).to_be_visible()
    assert has_loaded(page.locator(".profile img"))
    page.get_by_role("link", name="Edit profile").click()
    page.get_by_label("Remove the picture").check()
    page.get_by_role("button", name="Save the profile").click()
    flash(page, "Your profile is saved.")
    assert has_loaded(page.locator('img[src$=".svg"]').and_(page.get_by_alt_text("Your picture now")))


def make_picture() -> bytes:
    file = BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((640, 480)).save(file, "PNG")
    return file.getvalue()


def has_loaded(image: Locator) -> bool:
    return bool(image.evaluate("image => image.decode().then(() => image.naturalWidth > 0)"))


def log_out_everywhere_else(story: Story, ann: Page, elsewhere: Page) -> None:
    ann.get_by_role("navigation", name="Settings").get_by_role("link", name="Sessions").click()
    expect(ann.get_by_role("listitem").filter(has_text="This one")).to_have_count(1)
    expect(ann.get_by_role("button", name="End")).to_have_count(1)
    ann.get_by_role("button", name="Log out everywhere else").click()
    flash(ann, "You are logged out everywhere else.")
    expect(ann.get_by_role("button", name="Log out everywhere else")).to_have_count(0)
    elsewhere.reload()
    expect(elsewhere).to_have_url(re.compile(r"/log-in\?next="))


def reset_the_password(story: Story, page: Page) -> None:
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("E-mail address").fill(story.address)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_text("is on its way")).to_be_visible()
    page.goto(story.link_in(story.mail_to(story.address, "Choose a new password"), "/reset-password/new"))
    page.get_by_label("New password").fill(NEW_PASSWORD)
    page.get_by_role("button").filter(has_text="password").click()
    flash(page, "Log in with the new one")
    story.visit.watcher.allow("/log-in", 422)
    page.get_by_label("Username or e-mail address").fill(story.ann)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("The name or the password is wrong.")
    story.log_in(page, story.address, NEW_PASSWORD)
