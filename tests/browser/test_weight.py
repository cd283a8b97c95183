"""What the front page with twenty posts weighs, compressed and from a cold cache; and that nothing jumps."""

import gzip
from collections import Counter
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, Response, Route, expect

from microblog.domain.limits import PAGE_STATUSES
from tests.browser.live_site import LiveSite
from tests.browser.visits import DESKTOP, PHONE, Visits

#: Bytes by kind (docs/design.md, "Weights"), and requests.
BUDGETS = {"document": 20_000, "stylesheet": 15_000, "script": 12_000}
ALL_BYTES = 120_000
REQUESTS = 30
TEXT_TYPES = ("text/", "image/svg+xml", "application/")
# While the page still comes in, a line that is cut in its middle may move: counted is what moves after
# the first frame of the whole page.
WATCH_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput || !(entry.startTime >= window.wholeSince)) continue;
    const moved = entry.sources.map(({ node, previousRect, currentRect }) => (
      [`${node?.nodeName}.${node?.className ?? ""}`, previousRect, currentRect]));
    window.shifts.push(`${entry.value}: ${JSON.stringify(moved)}`);
  }
}).observe({ type: "layout-shift", buffered: true });
window.firstFrame = new Promise((done) => {
  const seen = () => { window.wholeSince ??= performance.now(); done(); };
  document.addEventListener("readystatechange", () => (
    requestAnimationFrame(() => requestAnimationFrame(seen))));
});
"""
TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture(scope="module")
def front_page(live_site: LiveSite) -> None:
    """A full page of posts, each by somebody else: the most pictures there can be."""
    for number in range(PAGE_STATUSES):
        author = live_site.add_account(f"weighty{number}")
        live_site.add_post(
            author, f"Post {number} of #many about https://example.org/{number} " + "and so on " * 20
        )


@dataclass(frozen=True)
class Loaded:
    """One answer: what asked for it, and its size on the wire behind a compressing server."""

    kind: str
    size: int


def weigh(response: Response) -> Loaded:
    body = response.body()
    is_text = response.headers["content-type"].startswith(TEXT_TYPES)
    return Loaded(response.request.resource_type, len(gzip.compress(body, 6)) if is_text else len(body))


def scroll_through(page: Page) -> None:
    """See the whole page, so that pictures which wait for being seen are loaded."""
    page.locator("article").last.scroll_into_view_if_needed()
    for image in page.locator("article img").all():
        image.scroll_into_view_if_needed()
        image.evaluate("image => image.decode()")
    page.evaluate(TWO_FRAMES)


def test_weights_and_requests(front_page: None, visit: Visits) -> None:
    page = visit()
    answers: list[Response] = []

    def note(response: Response) -> None:
        answers.append(response)

    page.on("response", note)
    visit.open(page, "/")
    expect(page.locator("article")).to_have_count(PAGE_STATUSES)
    scroll_through(page)
    page.wait_for_load_state("networkidle")

    loaded = [weigh(answer) for answer in answers]

    weights: Counter[str] = Counter()
    for one in loaded:
        weights[one.kind] += one.size
    assert {kind for kind in BUDGETS if not 0 < weights[kind] <= BUDGETS[kind]} == set(), weights
    assert weights.total() <= ALL_BYTES, weights
    assert len([one for one in loaded if one.kind == "image"]) >= PAGE_STATUSES
    assert len(loaded) <= REQUESTS, [answer.url for answer in answers]


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("path", ["/", "/home", "/explore"])
def test_nothing_jumps(
    path: str, size: tuple[int, int], front_page: None, live_site: LiveSite, visit: Visits
) -> None:
    page = visit(size=size, token=live_site.log_in("weighty0") if path == "/home" else None)
    page.add_init_script(WATCH_SHIFTS)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/*.js", hold)
    # Scripts come only after that frame, so that what they would move is seen.
    visit.open(page, path, until="commit")
    page.evaluate("window.firstFrame")
    for route in held:
        route.continue_()
    page.wait_for_load_state("load")
    scroll_through(page)

    assert held
    shifts = page.evaluate("window.shifts")
    assert not shifts, "\n".join(shifts)
