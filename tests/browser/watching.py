"""Notes whatever goes wrong in a browser while a test uses it."""

from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

# What the console says about an answer of 400 and above; answers are looked at one by one.
REFUSED_RESOURCE = "Failed to load resource: the server responded with a status of"
# A page that was left stops what it was still loading.
LEFT_BEHIND = "net::ERR_ABORTED"
REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) => {
  console.error(`Content-Security-Policy: ${event.violatedDirective} refuses ${event.blockedURI}`);
});
"""


class Watcher:
    """Collects console errors, failed and refused requests, and requests that leave the site.

    `allow` names what a test provokes on purpose; everything else is a problem.
    """

    def __init__(self, site_url: str) -> None:
        self._sites = {urlsplit(site_url).netloc}
        self.problems: list[str] = []
        self._allowed: set[tuple[str, int]] = set()

    def allow(self, path: str, status: int) -> None:
        """Expect this status for this path (without its query)."""
        self._allowed.add((path, status))

    def allow_site(self, url: str) -> None:
        """Expect requests to this site, too."""
        self._sites.add(urlsplit(url).netloc)

    def watch(self, context: BrowserContext, *, has_scripts: bool) -> None:
        """Watch all pages of the context."""
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)
        context.on("request", self._on_request)
        context.on("requestfailed", self._on_failure)
        context.on("response", self._on_response)
        if has_scripts:
            context.add_init_script(REPORT_VIOLATIONS)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(REFUSED_RESOURCE):
            self._note(f"console {message.type}: {message.text}", message.page)

    def _on_error(self, error: WebError) -> None:
        self._note(f"script error: {error.error}", error.page)

    def _on_request(self, request: Request) -> None:
        if urlsplit(request.url).netloc not in self._sites:
            self.problems.append(f"request to somebody else: {request.url}")

    def _on_failure(self, request: Request) -> None:
        if request.failure != LEFT_BEHIND:
            self.problems.append(f"request failed: {request.url}: {request.failure}")

    def _on_response(self, response: Response) -> None:
        path = urlsplit(response.url).path
        if response.status >= 400 and (path, response.status) not in self._allowed:
            self.problems.append(f"answered {response.status}: {response.request.method} {path}")

    def _note(self, what: str, page: Any) -> None:
        self.problems.append(f"{what} (on {urlsplit(page.url).path if page else 'no page'})")
