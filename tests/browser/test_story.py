"""From sign-up to a conversation: with and without JavaScript, on a phone and on a desk."""

import re

from playwright.sync_api import Page, expect

from tests.browser.stories import SIGN_UP_PASSWORD, Story, flash, post_with, see_in_time
from tests.factories import PASSWORD


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
    bob.goto(f"/@{story.ann}")
    expect(bob.get_by_role("article").filter(has_text="See you there")).to_have_count(1)
    expect(post_with(bob, "Good morning")).to_have_count(0)
    ann.goto("/home")
    expect(ann).to_have_url(re.compile(r"/log-in\?next="))


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
    expect(told).to_contain_text("replied to you")
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
