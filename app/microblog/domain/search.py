"""What people type to find something, made safe for PostgreSQL's text search."""

import re

from microblog.domain.limits import SEARCH_WORD_CHARACTERS, SEARCH_WORDS
from microblog.domain.text import clean_line

# The quotes and escapes of a text-search query: inside a quoted word everything else is plain text.
QUOTES = re.compile(r"['\\]")


def make_prefix_query(text: str) -> str:
    """A query (PostgreSQL's tsquery syntax) for texts with words that begin as all of these do.

    Empty where there is no word; only the first words count, and only the beginnings of long ones.
    """
    words = QUOTES.sub(" ", clean_line(text)).split()[:SEARCH_WORDS]
    return " & ".join(f"'{word[:SEARCH_WORD_CHARACTERS]}':*" for word in words)
