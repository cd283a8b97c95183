"""Pictures of accounts that have none of their own: initials on a colour taken from the account's id."""

import unicodedata
from html import escape

# White text on each of these has a contrast of at least 4.5:1 (WCAG 2.2, 1.4.3).
COLOURS = (
    "#0b6b52", "#1f5f8b", "#5b4b8a", "#8a3b5c", "#a0452e", "#7a5a12",
    "#4d6420", "#2d6a6a", "#3f5573", "#6d4a7d", "#8c3a3a", "#5d5348",
)  # fmt: skip

_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" width="96" height="96">'
    '<rect width="96" height="96" fill="{colour}"/>'
    '<text x="48" y="49" fill="#fff" font-family="system-ui,sans-serif" font-size="{size}" font-weight="600" '
    'text-anchor="middle" dominant-baseline="central">{text}</text></svg>'
)
_MARKS_KEPT = 2


def initials(display_name: str, username: str) -> str:
    """Return one or two initials of ``display_name``, or the first of ``username``; ``?`` without any letter.

    Only letters and digits, with the marks that belong to them, are taken: no markup, emoji or bidi controls.
    Scripts without capitals (Chinese, Arabic, ...) get one: two of them would not be read as initials.
    """
    found = [first for word in display_name.split() if (first := _first_letter(word))]
    if not found:
        return _first_letter(username) or "?"
    if len(found) == 1 or not (_has_case(found[0]) and _has_case(found[-1])):
        return found[0]
    return found[0] + found[-1]


def initials_svg(account_id: int, display_name: str, username: str) -> str:
    """Return a square SVG document with the account's initials on a colour that stays with its id."""
    text = initials(display_name, username)
    # Ids are time-ordered and their low bits a sequence: mix them, or neighbours look alike.
    colour = COLOURS[(account_id * 2_654_435_761 >> 8) % len(COLOURS)]
    size = 38 if len(text) > 1 else 46
    return _SVG.format(colour=colour, size=size, text=escape(text))


def _first_letter(word: str) -> str:
    for index, character in enumerate(word):
        if unicodedata.category(character)[0] in "LN":
            return (character.upper() or character)[:1] + _marks(word[index + 1 :])
    return ""


def _marks(rest: str) -> str:
    count = 0
    while count < min(len(rest), _MARKS_KEPT) and unicodedata.category(rest[count]) in ("Mn", "Mc"):
        count += 1
    return rest[:count]


def _has_case(letter: str) -> bool:
    return letter[0].upper() != letter[0].lower()
