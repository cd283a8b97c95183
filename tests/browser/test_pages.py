"""Every page: usable by everybody (axe-core), no wider than the window, and nothing goes wrong in it."""

from dataclasses import asdict

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Page, expect

from microblog.factory import create_app
from microblog.http.auth import AUTHENTICATION
from microblog.settings import Settings
from tests.browser.content import Content
from tests.browser.live_site import LiveSite
from tests.browser.targets import MEMBER, VISITOR, Target
from tests.browser.visits import Visits

AXE_SCRIPT = Axe().axe_script
RUN_AXE = '() => axe.run({ resultTypes: ["violations"] }).then((results) => results.violations)'
WIDTHS = (1280, 800, 390, 320)
HEIGHT = 900
#: How the handlers of pages declare who may call them; others answer programs.
PAGES = ("public", "signed_in", "confirmed")
GRAVE = ("serious", "critical")


def find_violations(page: Page) -> list[str]:
    """What axe-core finds serious or critical, with the elements it means."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate(RUN_AXE)
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:200]}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


def find_overflow(page: Page, width: int) -> list[str]:
    """Whether the page scrolls sideways at this width, and which elements stick out."""
    page.set_viewport_size({"width": width, "height": HEIGHT})
    found: list[str] = page.evaluate(
        """() => {
          const { clientWidth, scrollWidth } = document.documentElement;
          if (scrollWidth <= clientWidth) return [];
          return [`${scrollWidth} px`, ...[...document.querySelectorAll("body *")]
            .filter((element) => element.getBoundingClientRect().right > clientWidth + 0.5)
            .slice(0, 5).map((element) => `${element.tagName}.${element.className}`)];
        }"""
    )
    return [f"at {width}: {what}" for what in found]


def check(page: Page) -> None:
    """The page is fine at all widths, in light and dark."""
    problems = [f"light: {line}" for line in find_violations(page)]
    for width in WIDTHS:
        problems += find_overflow(page, width)
    page.emulate_media(color_scheme="dark")
    problems += [f"dark, {WIDTHS[-1]}: {line}" for line in find_violations(page)]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("target", [*VISITOR, *MEMBER], ids=str)
def test_page(target: Target, content: Content, live_site: LiveSite, visit: Visits) -> None:
    page = visit(token=live_site.log_in(target.viewer) if target.viewer else None)
    visit.open(page, target.path.format(**asdict(content)), target.status)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    check(page)


def test_all_pages_are_looked_at(settings: Settings) -> None:
    app = create_app(settings)
    looked_at = {target.endpoint for target in (*VISITOR, *MEMBER)} - {""}
    assert list_pages(app) == looked_at


def list_pages(app: Flask) -> set[str]:
    """The endpoints that answer with a page."""
    return {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or set())
        and getattr(app.view_functions[rule.endpoint], AUTHENTICATION, None) in PAGES
    }


REFUSED = [
    (
        "",
        "/sign-up",
        "Create account",
        {"Username": "not a name!", "E-mail address": "a@b.c", "Password": "x"},
    ),
    ("", "/log-in", "Log in", {"Username or e-mail address": "nobody", "Password": "wrong wrong"}),
    ("", "/reset-password/new?token={reset_token}", "Save the password", {"New password": "short"}),
    ("member", "/write", "Post", {"Write a post": "too long " * 100}),
    ("member", "/settings/profile", "Save the profile", {"Display name": "W" * 51, "About you": "W" * 501}),
    ("member", "/settings/applications", "Make the application", {"Website": "W" * 100, "Scopes": "W" * 200}),
    ("member", "/settings/account", "Change the address", {"New e-mail address": "x@example.org"}),
]


@pytest.mark.parametrize(("viewer", "path", "button", "values"), REFUSED, ids=lambda value: str(value)[:20])
def test_refused_form(
    viewer: str,
    path: str,
    button: str,
    values: dict[str, str],
    content: Content,
    live_site: LiveSite,
    visit: Visits,
) -> None:
    """A form that comes back says what is wrong, to everybody."""
    page = visit(token=live_site.log_in(viewer) if viewer else None)
    path = path.format(**asdict(content))
    visit.open(page, path)
    page.locator("main form").evaluate_all("forms => forms.forEach((form) => { form.noValidate = true; })")
    for label, value in values.items():
        page.get_by_label(label).first.fill(value)
    visit.watcher.allow(path.split("?", 1)[0], 422)
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_role("alert").first).to_be_visible()
    check(page)
