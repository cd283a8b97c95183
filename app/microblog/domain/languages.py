"""Languages, as posts and preferences name them."""

import re

from microblog.domain.limits import LANGUAGE_CHARACTERS

# The shape of BCP 47: a language of two or three letters, then scripts, regions and variants.
TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")


def is_language(tag: str) -> bool:
    """Whether the text has the shape of a language tag, such as `en` or `pt-BR`."""
    return len(tag) <= LANGUAGE_CHARACTERS and TAG.fullmatch(tag) is not None
