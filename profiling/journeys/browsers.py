"""A browser: pages with all that belongs to them, forms, and files that it asks for once."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from locust.contrib.fasthttp import FastResponse
from locust.env import Environment

from profiling.journeys.pages import Broken, Held, Page
from profiling.journeys.people import Person, read_header

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
#: Their addresses change with their content.
UNCHANGING = "/static/"


class Browser(Person):
    """Somebody with a browser."""

    abstract = True

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.held: dict[str, Held] = {}

    def read(self, step: str, path: str, needs: str = "") -> Page:
        """A page by itself. Raises `Broken` where it lacks a form that goes to the path `needs`."""

        def look(answer: FastResponse) -> Page:
            page = Page(path, answer.text or "")
            if needs:
                page.need_form(needs)
            return page

        return self.ask(step, "GET", path, look)

    def open(self, step: str, path: str, needs: str = "") -> Page:
        """A page with its files."""
        page = self.read(step, path, needs)
        for file in page.files():
            self.get_file(file)
        return page

    def get_file(self, path: str) -> None:
        """Ask for a file, unless it is held: in the time of a run none grows stale."""
        if path not in self.held:
            self.held[path] = self.ask("a file", "GET", path, _hold)

    def reload(self, page: Page) -> None:
        """The browser's button: the page anew, and of each file it holds, whether it has changed."""
        self.read("a page, reloaded", page.path)
        for path in page.files():
            if question := self.held[path].question:
                statuses = (304,) if path.startswith(UNCHANGING) else (304, 200)
                self.ask("a file, unchanged", "GET", path, _hold, statuses=statuses, headers=question)

    def send(
        self, step: str, page: Page, action: str, values: Mapping[str, str] | None = None, **options: Any
    ) -> str:
        """Fill a form of the page and send it; where the site leads from there."""
        form = page.need_form(action)
        body = urlencode({**form.fields, **(values or {})})
        target = form.action
        return self.ask(step, "POST", target, _follow, statuses=(303,), data=body, headers=FORM, **options)

    def log_in(self, name: str, password: str) -> str:
        """As everybody, by the form; where the site leads from there."""
        page = self.open("the page to log in", "/log-in", needs="/log-in")
        return self.send("log in", page, "/log-in", {"identifier": name, "password": password})


def _hold(answer: FastResponse) -> Held:
    return Held(read_header(answer, "etag"), read_header(answer, "last-modified"))


def _follow(answer: FastResponse) -> str:
    target = urlsplit(read_header(answer, "location"))
    if not target.path:
        raise Broken("the answer leads nowhere")
    return target.path + (f"?{target.query}" if target.query else "")
