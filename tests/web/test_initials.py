"""Initials as pictures."""

import re
import unicodedata
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microblog.domain.pictures import avatar_url
from microblog.web.initials import COLOURS, initials, initials_svg


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ada Lovelace", "AL"),
        ("ada", "A"),
        ("Jean de la Fontaine", "JF"),
        ("élodie ångström", "ÉÅ"),
        ("🦊 Kat", "K"),
        ("  (Kat)  ", "K"),
        ("森 淳", "森"),
        ("أميرة حداد", "أ"),
        ("ßig", "S"),
        ("नमिता", "न"),
        ("किरण", "कि"),
        ("42", "4"),
        ("\u202eevil", "E"),
        ("<script>", "S"),
    ],
)
def test_initials_of_a_name(name: str, expected: str) -> None:
    assert initials(name, "someone") == expected


def test_a_name_without_letters_takes_the_username() -> None:
    assert initials("🦊", "kat") == "K"
    assert initials("", "kat") == "K"
    assert initials("", "") == "?"


@given(st.text(max_size=60), st.text(max_size=30), st.integers(min_value=0, max_value=2**63 - 1))
def test_any_name_gives_a_picture_that_is_xml(name: str, username: str, account_id: int) -> None:
    root = ET.fromstring(initials_svg(account_id, name, username))
    text = root.findtext("{http://www.w3.org/2000/svg}text") or ""

    assert 1 <= len(text) <= 6
    assert all(unicodedata.category(letter)[0] in "LMN" for letter in text) or text == "?"


def test_the_colour_stays_with_the_id_and_neighbours_differ() -> None:
    first = 113_000_000_000_000_000
    colours = [re.findall("#[0-9a-f]{6}", initials_svg(first + step, "A", "a"))[0] for step in range(24)]

    assert colours[0] == re.findall("#[0-9a-f]{6}", initials_svg(first, "Other Name", "b"))[0]
    assert len(set(colours)) > len(COLOURS) // 2


def test_white_is_readable_on_every_colour() -> None:
    for colour in COLOURS:
        parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

        assert 1.05 / (luminance + 0.05) >= 4.5, colour


def test_addresses_of_pictures() -> None:
    assert avatar_url(7, None, 400) == "/avatars/7.svg"
    assert avatar_url(7, "abc") == "/media/abc/96.webp"
    assert avatar_url(7, "abc", 400) == "/media/abc/400.webp"
