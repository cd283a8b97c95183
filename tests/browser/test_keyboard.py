"""The site without a mouse: the skip link, the way to the composer, Ctrl+Enter, and where the focus is."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.live_site import LiveSite
from tests.browser.visits import DESKTOP, PHONE, Visits

#: More stops than any page of these tests has.
STOPS = 120
DESCRIBE_FOCUS = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const isRinged = (one) => {
    const style = getComputedStyle(one);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  };
  const box = element.getBoundingClientRect();
  const sheet = element.closest(".sheet");
  return {
    name: `${element.tagName} ${element.innerText || element.name || element.id}`.slice(0, 60),
    isComposer: element.matches("[data-composer] textarea"),
    isRinged: isRinged(element) || (element.tagName === "TEXTAREA" && sheet !== null && isRinged(sheet)),
    isVisible: box.width >= 24 && box.height >= 12 && box.bottom > 0 && box.top < innerHeight
      && box.right > 0 && box.left < innerWidth,
  };
}"""


def walk(page: Page) -> Iterator[dict[str, Any]]:
    """Each stop of the tab key, until it leaves the page."""
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(DESCRIBE_FOCUS)
        if stop is None:
            return
        yield stop
    raise AssertionError(f"the tab key does not leave the page after {STOPS} stops")


def test_skip_link(member: Callable[..., Page], visit: Visits) -> None:
    page = member("skips")
    visit.open(page, "/home")
    skip = page.get_by_role("link", name="Skip to the content")
    assert skip.evaluate("link => getComputedStyle(link).clipPath") != "none"
    page.keyboard.press("Tab")
    expect(skip).to_be_focused()
    assert skip.evaluate("link => getComputedStyle(link).clipPath") == "none"
    expect(skip).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Write a post")).to_be_focused()


def test_write_without_a_mouse(member: Callable[..., Page], visit: Visits) -> None:
    page = member("types")
    visit.open(page, "/home")
    assert any(stop["isComposer"] for stop in walk_to_composer(page))
    page.keyboard.type("By keys alone")
    page.keyboard.press("Enter")
    page.keyboard.type("second line")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status").filter(has_text="Your post is published.")).to_be_visible()
    expect(page.get_by_role("article")).to_contain_text("By keys alonesecond line")
    expect(page.get_by_role("article").locator("br")).to_have_count(1)


def walk_to_composer(page: Page) -> Iterator[dict[str, Any]]:
    for stop in walk(page):
        yield stop
        if stop["isComposer"]:
            return


@pytest.fixture(scope="module")
def writer(live_site: LiveSite) -> str:
    """Somebody who has written something."""
    author = live_site.add_account("tabs")
    live_site.add_post(author, "A post with #tags and https://example.org/links")
    return "tabs"


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("path", ["/", "/home", "/settings/profile", "/statistics", "/log-in"])
def test_focus_is_always_seen(
    path: str, size: tuple[int, int], writer: str, live_site: LiveSite, visit: Visits
) -> None:
    """Each stop is in the window and carries a ring."""
    token = live_site.log_in(writer) if path in ("/home", "/settings/profile") else None
    page = visit(size=size, token=token)
    visit.open(page, path)

    stops = list(walk(page))

    assert len(stops) > 5
    assert [stop["name"] for stop in stops if not stop["isRinged"]] == []
    assert [stop["name"] for stop in stops if not stop["isVisible"]] == []
