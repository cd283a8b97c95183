import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microblog.domain.languages import is_language
from microblog.domain.limits import SEARCH_WORD_CHARACTERS, SEARCH_WORDS
from microblog.domain.search import make_prefix_query
from microblog.domain.text import is_tag, render_line
from microblog.domain.usernames import find_local_name

WORD = rf"'[^'\\\s]{{1,{SEARCH_WORD_CHARACTERS}}}':\*"


@given(st.text())
def test_a_query_is_quoted_words_and_nothing_else(text: str) -> None:
    query = make_prefix_query(text)
    assert query == "" or re.fullmatch(rf"{WORD}( & {WORD})*", query)
    assert query.count(" & ") < SEARCH_WORDS


def test_all_words_must_begin_so() -> None:
    assert make_prefix_query(" ada  o'love\\") == "'ada':* & 'o':* & 'love':*"
    assert make_prefix_query("' \\ \t") == ""


@pytest.mark.parametrize("tag", ["en", "de-CH", "zh-Hant-TW", "gsw", "EN"])
def test_languages(tag: str) -> None:
    assert is_language(tag)


@pytest.mark.parametrize("tag", ["", "e", "english", "en_GB", "en-", "-en", "en-abcdefghi", "en\n", "日本"])
def test_no_languages(tag: str) -> None:
    assert not is_language(tag)


@pytest.mark.parametrize("name", ["cats", "Straße", "日本語", "2fast", "a_b"])
def test_tags(name: str) -> None:
    assert is_tag(name)


@pytest.mark.parametrize("name", ["", "2026", "a b", "#a", "a#b", "a-b", "x" * 101, "_"])
def test_no_tags(name: str) -> None:
    assert not is_tag(name)


@pytest.mark.parametrize("acct", ["ada", "@ada", "ada@Blog.example", "@ada@blog.example"])
def test_names_of_our_own(acct: str) -> None:
    assert find_local_name(acct, "blog.Example") == "ada"


@pytest.mark.parametrize(
    "acct", ["", "@", "@@ada", "ada@", "ada@blog", "ada@blog.example@", "@@blog.example"]
)
def test_names_of_others(acct: str) -> None:
    assert find_local_name(acct, "blog.example") is None


def test_a_line_has_no_paragraph() -> None:
    assert render_line("<b> @ada", {"ada"}) == '&lt;b&gt; <a href="/@ada" class="mention">@ada</a>'
    assert render_line("") == ""
