import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from microblog.domain.limits import (
    STATUS_MENTIONS,
    STATUS_STORED_CHARACTERS,
    STATUS_TAGS,
    TAG_CHARACTERS,
    URL_CHARACTERS,
)
from microblog.domain.text import (
    clean_line,
    clean_text,
    count_characters,
    find_entities,
    find_mentions,
    find_tags,
    is_email,
    is_username,
    normalise_tag,
    render,
)
from tests.domain.texts import CLEAN, TEXTS


@given(TEXTS)
@example("e\u200b\u0301")
@example("a\n \n\t\n\nb")
def test_cleaning_again_changes_nothing(raw: str) -> None:
    assert clean_text(clean_text(raw)) == clean_text(raw)
    assert clean_line(clean_line(raw)) == clean_line(raw)


@given(TEXTS)
def test_clean_text_can_be_stored_and_shows_its_order(raw: str) -> None:
    text = clean_text(raw)

    text.encode()
    assert "\x00" not in text
    assert not set(text) & set(
        "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff\u2028\u2029\r"
    )
    assert unicodedata.is_normalized("NFC", text)
    assert "\n\n\n" not in text
    assert text == text.strip()


@given(TEXTS)
def test_a_clean_line_is_one_line(raw: str) -> None:
    assert re.search(r"\s\s|[^\S ]", clean_line(raw)) is None


@pytest.mark.parametrize("kept", ["👩‍👩‍👧", "می‌خواهم", "שלום\u200f", "naïve", "日本語", "tab\tbed"])
def test_scripts_and_emoji_keep_their_joiners(kept: str) -> None:
    assert clean_text(kept) == kept


def test_a_blank_line_stays_one_blank_line() -> None:
    assert clean_text("a\n \nb") == "a\n\nb"
    assert clean_text("a\r\n\r\n\r\n \r\nb") == "a\n\nb"
    assert clean_text("a\nb") == "a\nb"


@given(CLEAN)
def test_entities_are_in_order_and_never_overlap(text: str) -> None:
    position = 0
    for entity in find_entities(text):
        assert position <= entity.start < entity.end <= len(text)
        shown = text[entity.start : entity.end]
        position = entity.end
        if entity.kind == "url":
            assert shown == entity.value
        elif entity.kind == "mention":
            assert shown == f"@{entity.value}"
            assert is_username(entity.value)
        else:
            assert shown[0] == "#"
            assert normalise_tag(shown[1:]) == entity.value


@given(CLEAN)
def test_mentions_and_tags_are_normal_bounded_and_without_repetition(text: str) -> None:
    mentions, tags = find_mentions(text), find_tags(text)

    assert len(mentions) == len(set(mentions)) <= STATUS_MENTIONS
    assert all(re.fullmatch("[a-z0-9_]{1,30}", name) for name in mentions)
    assert len(tags) == len(set(tags)) <= STATUS_TAGS
    for tag in tags:
        # A page of this address finds the tag again.
        assert normalise_tag(tag) == tag
        assert 1 <= len(tag) <= TAG_CHARACTERS
        assert not re.search(r"[\s/#@?]", tag)


@given(CLEAN)
def test_length_is_in_characters(text: str) -> None:
    links = [one for one in find_entities(text) if one.kind == "url"]

    assert count_characters(text) == len(text) + sum(URL_CHARACTERS - (one.end - one.start) for one in links)


def test_lengths() -> None:
    assert count_characters("é" * 500) == 500
    assert count_characters("🎉" * 500) == 500
    assert count_characters(clean_text("e\u0301")) == 1
    assert count_characters("https://example.org/" + "a" * 400) == URL_CHARACTERS
    assert count_characters("see https://a.io ok") == len("see  ok") + URL_CHARACTERS


@pytest.mark.parametrize(
    "piece", ["http://a@", "http://a)", "http://http", "@a", "#a", "\n \na", "#", "a", "&#"]
)
def test_a_megabyte_of_anything_is_counted_at_once(piece: str) -> None:
    # A rule whose cost grows with the square would not come back for minutes.
    text = clean_text(piece * (1_000_000 // len(piece)))

    assert count_characters(text) > STATUS_STORED_CHARACTERS


@pytest.mark.parametrize(
    "piece", ["http://a@", "http://a)", "http://http", "http://a" + ")" * 900, "@a", "#a⑴", "&#"]
)
def test_the_longest_text_that_is_looked_through(piece: str) -> None:
    text = clean_text(piece * (STATUS_STORED_CHARACTERS // len(piece)))

    assert count_characters(text) > 0
    assert render(text)


@given(st.text(max_size=60))
def test_normalised_tags_stay(name: str) -> None:
    assert normalise_tag(normalise_tag(name)) == normalise_tag(name)


@pytest.mark.parametrize(
    ("name", "is_one"), [("bob_1", True), ("a" * 30, True), ("", False), ("a" * 31, False)]
)
def test_usernames(name: str, is_one: bool) -> None:
    assert is_username(name) is is_one
    assert not is_username(name + "-")


@pytest.mark.parametrize(
    ("address", "is_one"),
    [
        *((one, True) for one in ("a@example.org", "a.b+c@mail.example.co.uk", "a@seed.example")),
        *(
            (one, False)
            for one in ("a@localhost", "@example.org", "a@b@c.org", "a b@example.org", "<a@example.org>")
        ),
        *(
            (one, False)
            for one in ("a@example.org\n", "a@-x.org", "a@example..org", "a" * 65 + "@example.org", "")
        ),
    ],
)
def test_addresses(address: str, is_one: bool) -> None:
    assert is_email(address) is is_one
