"""Texts to test the rules with: all of Unicode, and pieces that look like links, mentions and tags."""

from hypothesis import strategies as st

from microblog.domain.text import (
    clean_text,
)

ANY = st.text(st.characters(exclude_categories=[]), max_size=200)
#: Pieces that the rules are about, so that they meet in all orders.
PIECES = st.sampled_from(
    [
        *(
            "@bob",
            "@Alice_1",
            "@@",
            "bob@example.org",
            "#tag",
            "#Straße",
            "##",
            "#1",
            "#a⑴",
            "/",
            "&",
            "<b>",
            "</p>",
        ),
        *(
            "https://example.org/a_(b)",
            "HTTP://EXAMPLE.ORG",
            "http://user@evil.example",
            "https://",
            "http://[::1",
        ),
        *(
            "javascript:alert(1)",
            "https://example.org/\"onclick='x'",
            "www.example.org",
            "{{ 7 * 7 }}",
            "&amp;",
        ),
        *(
            "\u202e",
            "\u200b",
            "\u0301",
            "e",
            "\x00",
            "\r\n",
            "\n",
            "\n \n",
            " ",
            "\t",
            "\u2028",
            "\ud800",
            "K",
            "\u017f",
        ),
        *("🎉", "👩‍👩‍👧", "ß", "İ", "ﷺ", ".", ",", ")", "…", "_", "a" * 31),
    ]
)
TEXTS = ANY | st.lists(PIECES, max_size=30).map("".join)
CLEAN = TEXTS.map(clean_text)
