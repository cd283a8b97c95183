"""Somebody in front of a browser, as far as clients need one: logs in and allows a client what it asks."""

import re
from html import unescape
from urllib.parse import parse_qs, urljoin, urlsplit

import requests

from tests.factories import PASSWORD
from tests.site import Form, read_forms

SECONDS = 30
REDIRECTS = (301, 302, 303)


class Person:
    """Follows redirects and fills forms of the running site; nothing but its own host is ever asked."""

    def __init__(self, username: str) -> None:
        self.username = username
        self.http = requests.Session()
        # Neither proxies nor passwords of whoever runs the tests.
        self.http.trust_env = False

    def allow(self, url: str) -> str:
        """Open a client's address, log in, allow; the code that the client gets or the page shows."""
        return self._decide(url, "allow")

    def deny(self, url: str) -> str:
        """The same, refusing: the last address, with the error in it."""
        return self._decide(url, "deny")

    def _decide(self, url: str, decision: str) -> str:
        page = self._open(url)
        if "/log-in" in page.url:
            page = self._submit(page, identifier=self.username, password=PASSWORD)
        page = self._submit(page, decision=decision)
        if page.status_code in REDIRECTS:
            answered = parse_qs(urlsplit(page.headers["Location"]).query)
            return answered.get("code", answered.get("error", [""]))[0]
        found = re.search(r"<code[^>]*>([^<]+)</code>", page.text)
        return unescape(found[1]).strip() if found else page.url

    def _open(self, url: str) -> requests.Response:
        return self._follow(self.http.get(url, timeout=SECONDS, allow_redirects=False))

    def _follow(self, page: requests.Response) -> requests.Response:
        """Redirects within the site; one that leaves it goes to a client, and is left alone."""
        while page.status_code in REDIRECTS:
            target = urljoin(page.url, page.headers["Location"])
            if urlsplit(target).netloc != urlsplit(page.url).netloc:
                return page
            page = self.http.get(target, timeout=SECONDS, allow_redirects=False)
        assert page.status_code < 400, f"{page.url}: {page.status_code}"
        return page

    def _submit(self, page: requests.Response, **values: str) -> requests.Response:
        """Send the form that has these fields or buttons."""
        form = next(form for form in read_forms(page.text, page.url) if set(values) <= names_of(form))
        target = urljoin(page.url, form.action)
        sent = self.http.post(
            target,
            data={**form.fields, **values},
            headers={"Referer": page.url, "Origin": "{0.scheme}://{0.netloc}".format(urlsplit(page.url))},
            timeout=SECONDS,
            allow_redirects=False,
        )
        return self._follow(sent)


def names_of(form: Form) -> set[str]:
    return {*form.fields, *(name for name, _ in form.buttons)}
