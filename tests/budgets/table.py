"""What each route may ask of PostgreSQL: every route's budget, in the order in which they are tried.

A budget is what a route needs, neither more nor less: what costs less from now on gets the lower number, so
that nobody spends the difference unseen.
"""

from collections.abc import Mapping

from tests.budgets.api import READING, WRITING
from tests.budgets.asking import Ask
from tests.budgets.site import FORMS, PAGES

BUDGETS: Mapping[str, tuple[Ask, ...]] = {**READING, **PAGES, **WRITING, **FORMS}

#: Tables from so many rows on are big: below, reading all of one is what PostgreSQL rightly does.
BIG_ROWS = 2_000
#: Rows that one statement may read for an answer, those of joined tables and dropped ones included.
MOST_ROWS = 800
# Whose work is bounded higher, by a limit of its own: thousands at most, however large the site.
TAGS_IN_USE = {"statuses", "accounts", "tags"}
COUNTED = {"statuses", "accounts", "users"}
#: Routes that may read more, and those tables from end to end: as long as a bounded part is most of one.
BOUNDED: Mapping[str, tuple[int, set[str]]] = {
    "GET /explore": (60_000, TAGS_IN_USE),
    "GET /statistics": (60_000, TAGS_IN_USE),
    "GET /nodeinfo/2.0": (5_000, COUNTED),
    "GET /api/v1/instance": (5_000, COUNTED),
    "GET /api/v2/instance": (5_000, COUNTED),
    "GET /api/v1/accounts/search": (5_000, set()),
    # Follow requests are counted.
    "GET /api/v1/accounts/verify_credentials": (2_500, set()),
    "PATCH /api/v1/accounts/update_credentials": (2_500, set()),
}
