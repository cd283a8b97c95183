"""The instruments of the other tests see what they are there for."""

from playwright.sync_api import Page, Route

from tests.browser.test_keyboard import walk
from tests.browser.test_pages import find_overflow, find_violations
from tests.browser.test_weight import TWO_FRAMES, WATCH_SHIFTS
from tests.browser.visits import DESKTOP, Visits

HEADING = "<h1>About Microblog</h1>"


def spoil(page: Page, addition: str) -> None:
    """Put some markup into the page `/about`; its headers stay."""

    def change(route: Route) -> None:
        response = route.fetch()
        text = response.text()
        assert HEADING in text
        route.fulfill(response=response, body=text.replace(HEADING, HEADING + addition))

    page.route("**/about", change)


def take_problems(visit: Visits) -> str:
    """What the watcher noted, which then is forgotten."""
    noted = "\n".join(visit.watcher.problems)
    visit.watcher.problems.clear()
    return noted


def test_a_violated_policy_is_noted(visit: Visits) -> None:
    for has_scripts in (True, False):
        page = visit(has_scripts=has_scripts)
        spoil(page, '<p style="color: red">inline</p>')
        visit.open(page, "/about")
        page.get_by_text("inline").evaluate("element => element.isConnected")
        assert "Content Security Policy" in take_problems(visit)


def test_a_missing_file_is_noted(visit: Visits) -> None:
    page = visit()
    spoil(page, '<img src="/static/nothing.png" alt="">')
    visit.open(page, "/about")
    assert "answered 404: GET /static/nothing.png" in take_problems(visit)


def test_an_error_in_a_script_is_noted(visit: Visits) -> None:
    page = visit()
    visit.open(page, "/about")
    with page.expect_event("pageerror"):
        page.evaluate("() => { setTimeout(() => { throw new Error('gone wrong'); }); }")
    assert "script error: gone wrong (on /about)" in take_problems(visit)


def test_barriers_are_found(visit: Visits) -> None:
    page = visit()
    spoil(page, '<input name="nameless">')
    visit.open(page, "/about")
    assert any(line.startswith("label (critical)") for line in find_violations(page))


def test_pale_text_is_found_in_the_dark(visit: Visits) -> None:
    page = visit()
    visit.open(page, "/about")
    use_style(page, "@media (prefers-color-scheme: dark) { h1 { color: rgb(60 60 60); } }")
    assert find_violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert any(line.startswith("color-contrast (serious)") for line in find_violations(page))


def test_what_is_too_wide_is_found(visit: Visits) -> None:
    page = visit()
    visit.open(page, "/about")
    use_style(page, "h1 { inline-size: 350px; }")
    assert find_overflow(page, DESKTOP[0]) == []
    assert "at 320: H1." in find_overflow(page, 320)


def test_a_missing_ring_is_found(visit: Visits) -> None:
    page = visit()
    visit.open(page, "/about")
    use_style(page, ".brand:focus-visible { outline: none !important; }")
    assert [stop["name"] for stop in walk(page) if not stop["isRinged"]] == ["A Microblog"]


def test_a_jump_is_found(visit: Visits) -> None:
    page = visit()
    page.add_init_script(WATCH_SHIFTS)
    visit.open(page, "/about")
    page.evaluate(TWO_FRAMES)
    assert page.evaluate("window.shifts") == []
    use_style(page, "main { margin-block-start: 200px; }")
    page.evaluate(TWO_FRAMES)
    page.wait_for_function("() => window.shifts.length > 0")


def use_style(page: Page, css: str) -> None:
    """Add a style sheet as a script can under the policy."""
    page.evaluate(
        """(css) => {
          const sheet = new CSSStyleSheet();
          sheet.replaceSync(css);
          document.adoptedStyleSheets.push(sheet);
        }""",
        css,
    )
