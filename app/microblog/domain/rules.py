"""The site's rules, as programs and reports name them; the page of terms tells them at length."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule. Its number stays its own: reports name it."""

    id: int
    text: str
    hint: str = ""


RULES = (
    Rule(1, "Do not threaten or harass people."),
    Rule(2, "Do not pass yourself off as somebody else."),
    Rule(3, "Do not flood the place with advertisements."),
    Rule(4, "Do not post what the law forbids."),
)
