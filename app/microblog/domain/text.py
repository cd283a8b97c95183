"""The rules of what people write: cleaning, counting, and turning links, @mentions and #hashtags into HTML.

Rendered HTML holds only `p`, `br` and `a`; everything else is escaped. Links to this site are site-relative,
so that stored content survives a change of host name; the API makes them absolute.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from html import escape
from typing import Literal
from urllib.parse import quote, urlsplit

from microblog.domain.limits import (
    STATUS_MENTIONS,
    STATUS_STORED_CHARACTERS,
    STATUS_TAGS,
    TAG_CHARACTERS,
    URL_CHARACTERS,
    URL_STORED_CHARACTERS,
    USERNAME_CHARACTERS,
)
from microblog.domain.usernames import BLANK

# Overrides, embeddings and isolates turn the reading order of what stands around them; zero-width
# spaces hide text.
# The joiners and the plain direction marks stay: emoji, Persian, Arabic and Hebrew need them.
INVISIBLE = re.compile("[\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]")
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
BLANK_LINES = re.compile(r"\n(?:[ \t]*\n)+")
WHITE_SPACE = re.compile(r"\s+")

USERNAME = re.compile(rf"[A-Za-z0-9_]{{1,{USERNAME_CHARACTERS}}}")
# An e-mail address's @, a path's and a remote handle's second @ start no mention.
ENTITY = re.compile(
    rf"(?P<url>[Hh][Tt][Tt][Pp][Ss]?://[^\s<>\"'`|\\^{{}}]+)"
    rf"|(?<![A-Za-z0-9_/@.])@(?P<mention>[A-Za-z0-9_]{{1,{USERNAME_CHARACTERS}}})(?![A-Za-z0-9_@])"
    r"|(?<![\w/&#])#(?P<tag>[^\s#@/]+)"
)
URL_TAIL = ".,;:!?…*_~)]'\""
URL_SHOWN_CHARACTERS = 40
# The plain direction marks: in a link's text they would put the path before the host.
DIRECTION_MARKS = re.compile("[\u061c\u200e\u200f]")
# Beside letters, marks and digits: what a host's labels are made of. Other signs, such as the slashes of
# mathematics, would let a host pass for another one with a path.
LABEL_SIGNS = "-_\u00b7\u30fb"
LABEL_CATEGORIES = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd"})
LABEL_ENDS = re.compile("[.\u3002\uff0e\uff61]")
# So would letters and marks that are drawn as nothing (Unicode's default-ignorable ones) or as a slash.
# Katakana's "no" is one of those, but at home at a label's beginning and after other Katakana.
DISGUISES = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"
    "\u0337\u0338\u2cc6\u2cc7\u3033\u4e3f\uff89]|(?<=[^\u30a1-\u30fa\u30fc-\u30ff])\u30ce"
)
# What may stand beside ASCII's letters in a label: the Latin letters of living languages.
LATIN = re.compile("[\x00-\x7f\u00b7\u00c0-\u017f\u01a0\u01a1\u01af\u01b0\u01cd-\u0233\u1e00-\u1eff]*")
ASCII_LETTER = re.compile("[A-Za-z]")
NUMERIC_HOST = re.compile(r"\[[0-9A-Fa-f:.]+\](?::[0-9]{0,5})?")
PORT_DIGITS = 5
FOREIGN = "nofollow noopener noreferrer"
EMAIL = re.compile(
    r"[^\s@<>()\[\],;:\"\\]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63}"
)


@dataclass(frozen=True, slots=True)
class Entity:
    """A link, mention or tag at text[start:end]; `value` is the URL, the name without @, or
    the normalised tag.
    """

    kind: Literal["url", "mention", "tag"]
    start: int
    end: int
    value: str


def clean_text(raw: str) -> str:
    """Text of several lines as it is stored: NFC, no control or reordering characters, at most
    one blank line.
    """
    text = raw.replace("\r\n", "\n").replace("\r", "\n")
    # Composed only now: what is taken out may have stood between a letter and its accent.
    text = unicodedata.normalize("NFC", INVISIBLE.sub("", CONTROL.sub("", text)))
    return BLANK_LINES.sub("\n\n", text).strip()


def clean_line(raw: str) -> str:
    """Text of one line as it is stored, white space runs made one space."""
    return WHITE_SPACE.sub(" ", clean_text(raw)).strip()


def count_characters(text: str) -> int:
    """The length of cleaned text in characters (code points), each link counting `URL_CHARACTERS`.

    Text longer than may be stored counts as it is: looking for links in a megabyte would take minutes.
    """
    if len(text) > STATUS_STORED_CHARACTERS:
        return len(text)
    saved = sum(
        entity.end - entity.start - URL_CHARACTERS for entity in find_entities(text) if entity.kind == "url"
    )
    return len(text) - saved


def find_entities(text: str) -> Iterator[Entity]:
    """Links, mentions and tags of cleaned text in reading order; they never overlap."""
    position = 0
    while match := ENTITY.search(text, position):
        entity = _entity_of(match)
        if entity is not None:
            yield entity
        position = entity.end if entity else match.start() + 1


def _entity_of(match: re.Match[str]) -> Entity | None:
    start = match.start()
    if name := match["mention"]:
        return Entity("mention", start, match.end(), name)
    if tail := match["tag"]:
        return _tag_at(start, tail)
    url = _trim_url(match["url"])
    return Entity("url", start, start + len(url), url) if _is_linkable(url) else None


def _tag_at(start: int, tail: str) -> Entity | None:
    length = next((index for index, letter in enumerate(tail) if not _is_tag_letter(letter)), len(tail))
    word = tail[:length]
    name = normalise_tag(word)
    if not any(letter.isalpha() for letter in word) or len(name) > TAG_CHARACTERS:
        return None
    # Some letters stand for others with brackets or spaces between them.
    if not all(map(_is_tag_letter, name)):
        return None
    return Entity("tag", start, start + 1 + length, name)


def is_tag(name: str) -> bool:
    """Whether the text is a whole tag when a # stands before it."""
    entity = _tag_at(0, name)
    return entity is not None and entity.end == 1 + len(name)


def _is_tag_letter(letter: str) -> bool:
    # Letters, marks (vowel signs of many scripts are marks), numbers, connectors and the two joiners.
    return unicodedata.category(letter)[0] in "LMN" or letter in "_\u200c\u200d"


def normalise_tag(name: str) -> str:
    """The form under which a tag is stored and looked up."""
    return unicodedata.normalize("NFKC", name).lower()


def _trim_url(url: str) -> str:
    # A closing bracket belongs to the address when it was opened inside.
    surplus = {close: url.count(close) - url.count(opened) for opened, close in ("()", "[]")}
    end = len(url)
    while url[end - 1] in URL_TAIL and surplus.get(url[end - 1], 1) > 0:
        if url[end - 1] in surplus:
            surplus[url[end - 1]] -= 1
        end -= 1
    return url[:end]


def _is_linkable(url: str) -> bool:
    if len(url) > URL_STORED_CHARACTERS:
        return False
    try:
        parts = urlsplit(url)
        # A name before the host serves to disguise where a link leads, and is no host's letter.
        return _is_host(parts.netloc) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _is_host(netloc: str) -> bool:
    if NUMERIC_HOST.fullmatch(netloc):
        return True
    name, _, port = netloc.partition(":")
    # Zeros before a port would push the host out of sight.
    is_short = len(port) <= PORT_DIGITS
    return is_short and bool(name) and all(map(_is_label, LABEL_ENDS.split(name)))


def _is_label(label: str) -> bool:
    if not all(unicodedata.category(one) in LABEL_CATEGORIES or one in LABEL_SIGNS for one in label):
        return False
    if DISGUISES.search(label) or not BLANK.isdisjoint(label):
        return False
    return LATIN.fullmatch(label) is not None or ASCII_LETTER.search(label) is None


def find_mentions(text: str) -> list[str]:
    """Names mentioned, lower-cased, each once, in order, at most `STATUS_MENTIONS` of them."""
    names = dict.fromkeys(entity.value.lower() for entity in find_entities(text) if entity.kind == "mention")
    return list(names)[:STATUS_MENTIONS]


def find_tags(text: str) -> list[str]:
    """Tags used, normalised, each once, in order, at most `STATUS_TAGS` of them."""
    names = dict.fromkeys(entity.value for entity in find_entities(text) if entity.kind == "tag")
    return list(names)[:STATUS_TAGS]


def render(text: str, usernames: Collection[str] = ()) -> str:
    """Cleaned text as HTML. `usernames`: the lower-cased names that exist; other mentions stay plain text."""
    parts: list[str] = []
    position = 0
    for entity in find_entities(text):
        parts.append(escape(text[position : entity.start], quote=False))
        parts.append(_render_entity(entity, text[entity.start : entity.end], usernames))
        position = entity.end
    parts.append(escape(text[position:], quote=False))
    paragraphs = "".join(parts).split("\n\n")
    return "".join(f"<p>{paragraph.replace(chr(10), '<br>')}</p>" for paragraph in paragraphs if paragraph)


def render_line(text: str, usernames: Collection[str] = ()) -> str:
    """A cleaned line as HTML without a paragraph around it."""
    return render(text, usernames).removeprefix("<p>").removesuffix("</p>")


def _render_entity(entity: Entity, shown: str, usernames: Collection[str]) -> str:
    if entity.kind == "url":
        # Isolated from the text around it, so that the host comes first whatever is written beside it.
        return f'<a href="{escape(entity.value)}" rel="{FOREIGN}" dir="ltr">{escape(_shorten(shown))}</a>'
    if entity.kind == "tag":
        return f'<a href="/tags/{quote(entity.value)}" class="hashtag" rel="tag">{escape(shown)}</a>'
    if entity.value.lower() in usernames:
        return f'<a href="/@{entity.value}" class="mention">{shown}</a>'
    return shown


def _shorten(url: str) -> str:
    """The host, whole or its end, which says whose it is, and as much of the rest as there is room for."""
    # Schemes may be written in capitals.
    shown = DIRECTION_MARKS.sub("", url.split("://", 1)[1]).removeprefix("www.")
    if len(shown) <= URL_SHOWN_CHARACTERS:
        return shown
    host = re.split("[/?#]", shown, maxsplit=1)[0]
    if len(host) > URL_SHOWN_CHARACTERS:
        return "…" + host[1 - URL_SHOWN_CHARACTERS :] + ("…" if len(host) < len(shown) else "")
    return shown[: max(URL_SHOWN_CHARACTERS - 1, len(host))] + "…"


def is_username(name: str) -> bool:
    """Whether the name is made of the letters, digits and underscores that a username may have."""
    return USERNAME.fullmatch(name) is not None


def is_email(address: str) -> bool:
    """Whether the text has an address's shape; that mail arrives there is proven by the confirmation link."""
    return EMAIL.fullmatch(address) is not None
