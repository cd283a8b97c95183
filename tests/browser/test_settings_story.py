"""Theme, picture, sessions and password: with and without JavaScript, on a phone and on a desk."""

import re
from io import BytesIO
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.stories import NEW_PASSWORD, Story, flash, see_in_time
from tests.factories import PASSWORD


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
