import re
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microblog.domain.text import (
    find_entities,
    render,
)
from tests.domain.texts import CLEAN


class Parsed(HTMLParser):
    """What a browser would make of it: the tags with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "br":
            self.text += "\n"
        else:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag == "p":
            self.text += "\n\n"

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)


@given(CLEAN, st.sets(st.sampled_from(["bob", "alice_1", "a", "\u017f"])))
def test_rendered_text_holds_paragraphs_breaks_and_safe_links_only(text: str, usernames: set[str]) -> None:
    parsed = Parsed(render(text, usernames))

    for tag, attributes in parsed.tags:
        assert tag in {"p", "br", "a"}
        if tag == "a":
            check_link(attributes, usernames)
        else:
            assert not attributes


def check_link(attributes: dict[str, str | None], usernames: set[str]) -> None:
    address = attributes["href"]
    assert address is not None
    if attributes.get("class") == "mention":
        assert attributes.keys() == {"href", "class"}
        assert re.fullmatch("/@[A-Za-z0-9_]{1,30}", address)
        assert address[2:].lower() in usernames
    elif attributes.get("class") == "hashtag":
        assert attributes.keys() == {"href", "class", "rel"}
        assert address.startswith("/tags/")
        assert "/" not in unquote(address.removeprefix("/tags/"))
    else:
        assert attributes.keys() == {"href", "rel", "dir"}
        assert attributes["dir"] == "ltr"
        assert urlsplit(address).scheme in {"http", "https"}
        assert "@" not in urlsplit(address).netloc
        assert "nofollow" in str(attributes["rel"])


@given(CLEAN)
def test_rendering_loses_no_word(text: str) -> None:
    links = [one.value for one in find_entities(text) if one.kind == "url"]
    shown = Parsed(render(text)).text.removesuffix("\n\n")

    if not links:
        assert shown == text


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        ("one\ntwo\n\nthree", "<p>one<br>two</p><p>three</p>"),
        ("<script>1 & 2</script>", "<p>&lt;script&gt;1 &amp; 2&lt;/script&gt;</p>"),
        ("hi @bob!", '<p>hi <a href="/@bob" class="mention">@bob</a>!</p>'),
        ("hi @BOB", '<p>hi <a href="/@BOB" class="mention">@BOB</a></p>'),
        ("hi @nobody", "<p>hi @nobody</p>"),
        ("mail bob@bob.example, @bob@bob.example", "<p>mail bob@bob.example, @bob@bob.example</p>"),
        ("#Tag-1", '<p><a href="/tags/tag" class="hashtag" rel="tag">#Tag</a>-1</p>'),
        ("#1 &#39; a#b https://x.io/#frag", None),
        (
            "(https://www.example.org/a_(b)).",
            '<p>(<a href="https://www.example.org/a_(b)" rel="nofollow noopener noreferrer" dir="ltr">example.org/a_(b)</a>).</p>',  # noqa: E501
        ),
        ("http://paypal.example@evil.example", "<p>http://paypal.example@evil.example</p>"),
        ("javascript:alert(1) http\u017f://a.io", "<p>javascript:alert(1) http\u017f://a.io</p>"),
        (
            "https://a.io/?x=1&y='2'",
            '<p><a href="https://a.io/?x=1&amp;y=" rel="nofollow noopener noreferrer" dir="ltr">a.io/?x=1&amp;y=</a>\'2\'</p>',  # noqa: E501
        ),
    ],
)
def test_examples(text: str, html: str | None) -> None:
    rendered = render(text, {"bob"})

    if html is None:
        assert "/tags/" not in rendered
    else:
        assert rendered == html


def test_a_long_address_is_shortened_for_the_eye_only() -> None:
    url = "https://example.org/" + "a" * 100

    html = render(url)

    assert f'href="{url}"' in html
    assert ">example.org/aaaaaaaaaaaaaaaaaaaaaaaaaaa…</a>" in html


def test_an_address_too_long_to_store_is_no_link() -> None:
    assert "<a" not in render("https://example.org/" + "a" * 2_000)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://example.org/a)))", "https://example.org/a"),
        ("https://example.org/(a)).,", "https://example.org/(a)"),
        ("https://example.org/[a]].)", "https://example.org/[a]"),
        ("https://example.org/((a)", "https://example.org/((a)"),
        ("https://example.org/" + ")" * 1000, "https://example.org/"),
    ],
)
def test_brackets_belong_to_the_address_that_opened_them(text: str, url: str) -> None:
    assert next(find_entities(text)).value == url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"https://good.example.{'a' * 30}.evil.io/path", f"….{'a' * 30}.evil.io…"),
        (f"https://{'a' * 33}.evil.io", f"…{'a' * 31}.evil.io"),
        (f"https://{'a' * 32}.evil.io/path", f"{'a' * 32}.evil.io…"),
        (f"https://www.{'a' * 20}.evil.io?{'b' * 40}", f"{'a' * 20}.evil.io?{'b' * 10}…"),
    ],
)
def test_a_host_is_never_cut_at_its_end(url: str, shown: str) -> None:
    assert Parsed(render(url)).text == f"{shown}\n\n"


@pytest.mark.parametrize("sign", "\u2044\u2215\u29f8\uff0f\u2571\u1735\uff1f\uff03%$")
def test_a_sign_that_looks_like_a_slash_makes_no_host(sign: str) -> None:
    assert "<a" not in render(f"https://good.example{sign}evil.example")


@pytest.mark.parametrize("mark", "\u061c\u200e\u200f")
def test_a_link_s_text_holds_no_direction_marks(mark: str) -> None:
    html = render(f"{mark}https://evil.example/{mark}bank.com")

    assert ">evil.example/bank.com</a>" in html
    assert f'href="https://evil.example/{mark}bank.com"' in html, "the address stays as it was written"


@pytest.mark.parametrize(
    "host",
    [
        # Letters that look like a slash, a question mark, or letters of ASCII.
        "bank.com\u2cc6.evil.example",
        "bank.com\u30ceevil.example",
        "\u0441\u043e\u043c\u2cc6.evil.example",
        "\u0440\u0444\u30ce.evil.example",
        "\u0440\u0444\u30fb\u30ce.evil.example",
        "1.1.1.1\u30ce.evil.example",
        "\u4e2d\u56fd\u4e3f.evil.example",
        "\u0440\u0444\u0338.evil.example",
        "bank.com\u0242.evil.example",
        "b\u0430nk.example",
        "\u05d0bank.example",
        # Drawn as nothing.
        "\u65e5\u034f.example",
        "\u17b4\u1780.example",
        "\u65e5\u200d.example",
        "\u65e5\ufe0f.example",
        "\u65e5\uffa0.example",
        "\u65e5\U00013441.example",
        "\u65e5\U000e0100.example",
        "\u3164.example",
        # A number that ends with a dot.
        "bank\u2488com.example",
    ],
)
def test_a_host_that_passes_for_another_is_no_link(host: str) -> None:
    assert "<a" not in render(f"https://{host}/x")


@pytest.mark.parametrize(
    "host",
    [
        "münchen.example",
        "việt-ơ.example",
        "テクノ.example",
        "ノート.example",
        "пример2.example",
        "例え。jp",
        "مثال.example",
        "xn--mnchen-3ya.example",
        "ドメイン・名.example",
        "उदाहरण.example",
        "a_b.example",
        "[::1]:80",
        "l·l.example:8080",
    ],
)
def test_hosts_of_all_scripts_are_links(host: str) -> None:
    assert f'href="https://{host}/x"' in render(f"https://{host}/x")


@pytest.mark.parametrize("host", ["a[::1]", "[::1]a", "[]", ":80", "a:b", "a@b", "good.example:000080"])
def test_what_is_no_host_is_no_link(host: str) -> None:
    assert "<a" not in render(f"https://{host}/x")
