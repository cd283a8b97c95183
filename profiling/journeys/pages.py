"""What a browser finds in the site's pages: files, links and forms."""

import re
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlsplit

from microblog.cli.visiting import Form, read_forms

FILES = re.compile(r'<(?:link|script|img|use)\b[^>]*?\b(?:href|src)="(/[^"#]+)')
POSTS = re.compile(r'class="post-time" href="(/@[^"/]+/[0-9]+)"')
AUTHORS = re.compile(r'class="post-author"[^>]* href="(/@[^"/]+)"')
OLDER = re.compile(r'rel="next" href="([^"]+)"')
CODE = re.compile(r'<code class="secret">([^<]+)</code>')


class Broken(Exception):
    """An answer isn't what it should be; the message says how."""


@dataclass(frozen=True)
class Page:
    """A page of the site, at `path`."""

    path: str
    text: str

    def files(self) -> list[str]:
        """Style sheets, scripts and pictures, each once."""
        return list(dict.fromkeys(unescape(one) for one in FILES.findall(self.text)))

    def posts(self) -> list[str]:
        """The addresses of the posts."""
        return POSTS.findall(self.text)

    def authors(self) -> list[str]:
        """The addresses of those who wrote them."""
        return list(dict.fromkeys(AUTHORS.findall(self.text)))

    def older(self) -> str:
        """The address of the next page; nothing on the last one."""
        found = OLDER.search(self.text)
        return unescape(found[1]) if found else ""

    def code(self) -> str:
        """The code that an app is given by its person. Raises `Broken` where there is none."""
        found = CODE.search(self.text)
        if found is None:
            raise Broken("the page shows no code")
        return unescape(found[1])

    def form(self, action: str) -> Form | None:
        """The form that goes to this path, with its fields as they came."""
        forms = read_forms(self.text, self.path)
        return next((form for form in forms if urlsplit(form.action).path == action), None)

    def need_form(self, action: str) -> Form:
        """The same. Raises `Broken` where there is none."""
        form = self.form(action)
        if form is None:
            raise Broken(f"the page has no form that goes to {action}")
        return form


@dataclass(frozen=True)
class Held:
    """A file that a browser holds, with what it was told to ask by whether it changed."""

    tag: str
    modified: str

    @property
    def question(self) -> dict[str, str]:
        """The headers that ask (RFC 9110, 13.1); none where the site gave nothing to ask by."""
        headers = {"If-None-Match": self.tag, "If-Modified-Since": self.modified}
        return {name: value for name, value in headers.items() if value}
