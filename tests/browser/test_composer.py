"""The composer's counter says what the server will say."""

from collections.abc import Callable
from random import Random

from playwright.sync_api import Page, expect

from microblog.domain.limits import STATUS_CHARACTERS
from microblog.domain.text import clean_text, count_characters
from tests.browser.visits import Visits

LINKS = [
    "https://example.org",
    "http://a.example/b?c=d#e",
    "HTTPS://EXAMPLE.ORG/",
    "https://example.org/a_(b)",
    "https://example.org/a)",
    "https://example.org/[x]]",
    "https://[::1]/x",
    "https://[::1]:8080",
    "https://user@example.org/",
    "https://example.org:99999/",
    "https://example.org:0/",
    "https://example.org:/",
    "https://example.org:80a/",
    "https://example.org:000080/",
    "https://example.org\u2044evil.example/",
    "https://example.org%2fevil.example/",
    "https://l·l.example。jp/\u2044",
    "https://example.org\u2cc6.evil.example/",
    "https://example.org\u30ceevil.example/",
    "https://\u0440\u0444\u30ce.evil.example",
    "https://テクノ.example/ノ",
    "https://b\u0430nk.example",
    "https://việt-ơ.example",
    "https://例え。jp",
    "https://example\u0242.org",
    "https://bank\u2488com.example",
    "https://\u0440\u0444\u0338.evil.example",
    "https://उदाहरण.example/",
    "https://",
    "https:///path",
    "http://?x",
    "https://münchen.example/straße",
    "https://example.org/\U0001f600/…",
    "https://example.org/" + "x" * 60,
    "https://example.org/e\u0301",
    "ftp://example.org",
    "www.example.org",
    "http\u017f://example.org",
    "https://a..b/",
    "https://-/",
    "https://example.org/https://example.net",
    "https://exa^mple.org",
]
# Letters and marks that are drawn as nothing.
UNSEEN = "\u034f\u115f\u17b4\u180b\u180f\u200d\u3164\ufe0f\uffa0\U00013441\U000e0100"
LINKS += [f"https://日{one}.example" for one in UNSEEN]
TAGS = [
    "#tag",
    "#Größe",
    "#123",
    "#1a",
    "#a#b",
    "#été",
    "#हिन्दी",
    "#日本語",
    "#a\u200db",
    "##x",
    "#_",
    "#" + "a" * 101,
]
NAMES = [
    "@alice",
    "@alice@example.org",
    "@a.b",
    "@" + "a" * 31,
    "mail@example.org",
    "@ünder",
    "@\u0131x",
    "@K\u212a",
    "@",
]
MARKS = [
    "e\u0301",
    "\u0308",
    "\u0301\u0323",
    "क्ष",
    "ก็",
    "\u1100\u1161\u11a8",
    "Å",
    "\u212b",
    "ﬁ",
    "\u0130",
    "ſ",
]
EMOJI = [
    "\U0001f600",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0001f44d\U0001f3fd",
    "☃\ufe0f",
    "\U0001f1e9\U0001f1ea",
    "1\ufe0f\u20e3",
]
HIDDEN = [
    "\u200b",
    "\u202e",
    "\u2066x\u2069",
    "\ufeff",
    "\x00",
    "\x1b",
    "\x7f",
    "\u0085",
    "\u2028",
    "\u200f",
    "\u200d",
    "\ufff9",
]
SPACES = [
    " ",
    " ",
    " ",
    "\n",
    "\n\n",
    "\n \n\t\n",
    "\r\n",
    "\r",
    "\t",
    "\u00a0",
    "\u3000",
    "\v",
    "\f",
    "\u2003",
]
SIGNS = [*".,;:!?…*_~)](['\"/&#@<>|\\`^{}-=+%", "//", "://", "&amp;", "&#", "/#", "/@"]
WORDS = [
    "word",
    "Wort",
    "слово",
    "λόγος",
    "كلمة",
    "מילה",
    "词",
    "단어",
    "x",
    "http",
    "https",
    "0",
    "²",
    "Ⅷ",
    "٣",
]
PIECES = [
    LINKS,
    LINKS,
    LINKS,
    TAGS,
    NAMES,
    MARKS,
    EMOJI,
    HIDDEN,
    SPACES,
    SPACES,
    SPACES,
    SIGNS,
    SIGNS,
    WORDS,
    WORDS,
]
TEXTS = 600


def write_texts() -> list[str]:
    """Texts made of everything that is counted in a way of its own, the same at each run."""
    random = Random(20_261)
    texts = [piece for kind in PIECES for piece in kind]
    while len(texts) < TEXTS:
        texts.append("".join(random.choice(random.choice(PIECES)) for _ in range(random.randint(1, 14))))
    return texts


def test_counts_as_the_server_does(member: Callable[..., Page], visit: Visits) -> None:
    page = member("counts")
    visit.open(page, "/write")
    texts = write_texts()

    counted = page.evaluate(
        """async (texts) => {
          const { count } = await import(document.querySelector('script[src*="composer"]').src);
          return texts.map(count);
        }""",
        texts,
    )

    right = [count_characters(clean_text(text)) for text in texts]
    wrong = [
        f"{text!r}: {here} in the browser, {there} on the server"
        for text, here, there in zip(texts, counted, right, strict=True)
        if here != there
    ]
    assert wrong == []
    assert len(set(right)) > 50


def test_shows_what_is_left(member: Callable[..., Page], visit: Visits) -> None:
    page = member("writes_long")
    visit.open(page, "/write")
    area, counter = page.get_by_label("Write a post"), page.locator("[data-count]")
    expect(counter).to_have_text(f"At most {STATUS_CHARACTERS} characters")
    area.fill("https://example.org/" + "long" * 100)
    expect(counter).to_have_text(str(STATUS_CHARACTERS - 23))
    area.fill("x" * (STATUS_CHARACTERS - 10))
    expect(counter).to_have_text("10")
    expect(counter).to_have_class("composer-count is-near")
    expect(page.locator("[data-count-announce]")).to_have_text("10 characters left")
    area.fill("x" * (STATUS_CHARACTERS + 3))
    expect(counter).to_have_text("-3")
    expect(counter).to_have_class("composer-count is-over")
    expect(page.locator("[data-count-announce]")).to_have_text("3 over the limit")
    area.fill("")
    expect(counter).to_have_text(f"At most {STATUS_CHARACTERS} characters")


def test_a_text_too_long_comes_back(member: Callable[..., Page], visit: Visits) -> None:
    page = member("writes_too_long")
    visit.open(page, "/write")
    text = "x" * (STATUS_CHARACTERS + 1)
    page.get_by_label("Write a post").fill(text)
    visit.watcher.allow("/write", 422)
    page.get_by_role("button", name="Post").click()
    expect(page.get_by_role("alert")).to_contain_text("the limit is 500")
    expect(page.get_by_label("Write a post")).to_have_value(text)
    expect(page.locator("[data-count]")).to_have_text("-1")
