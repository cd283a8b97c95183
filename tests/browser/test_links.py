"""Links elsewhere are drawn with their host first, whatever is written in them or around them."""

from tests.browser.live_site import LiveSite
from tests.browser.visits import Visits

TEXTS = [
    "\u200fhttps://evil.example/\u200fbank.com",
    "https://evil.example/\u05d0bank.com",
    "\u05e9\u05dc\u05d5\u05dd https://evil.example/\u05d0bank.com \u05e9\u05dc\u05d5\u05dd",
    "\u0645\u062b\u0627\u0644 https://evil.example/\u061cbank.com",
]
# Each link's text in the order of the places where its letters are drawn.
DRAWN = """(links) => links.map((link) => {
  const text = link.firstChild;
  const range = document.createRange();
  return [...text.data].map((letter, index) => {
    range.setStart(text, index);
    range.setEnd(text, index + 1);
    return [range.getBoundingClientRect().x, letter];
  }).sort(([one], [other]) => one - other).map(([, letter]) => letter).join("");
})"""


def test_the_host_is_drawn_first(live_site: LiveSite, visit: Visits) -> None:
    author = live_site.add_account("both_ways")
    for text in TEXTS:
        live_site.add_post(author, text)
    page = visit()
    visit.open(page, "/@both_ways")
    links = page.locator('.post-text a[rel~="nofollow"]')

    drawn = links.evaluate_all(DRAWN)
    # As links were stored when they had no direction of their own.
    links.evaluate_all("(links) => links.forEach((link) => link.removeAttribute('dir'))")
    undirected = links.evaluate_all(DRAWN)

    assert len(drawn) == len(TEXTS)
    assert [text for text in drawn + undirected if not text.startswith("evil.example/")] == []
