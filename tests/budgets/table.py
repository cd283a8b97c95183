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
MOST_ROWS = 600
#: Routes whose work is bounded higher, by a limit of its own, however large the site; and tables that they
#: may read from the beginning to that limit.
BOUNDED: Mapping[str, tuple[int, set[str]]] = {
    # The last uses of tags.
    "GET /explore": (2_500, set()),
    "GET /statistics": (2_500, set()),
    # Accounts and posts are counted so far, and estimated beyond.
    "GET /nodeinfo/2.0": (5_000, {"statuses", "users", "accounts"}),
    "GET /api/v1/instance": (5_000, {"statuses", "users", "accounts"}),
    "GET /api/v2/instance": (5_000, {"statuses", "users", "accounts"}),
    # People whose names fit, before the best are chosen.
    "GET /api/v1/accounts/search": (4_000, set()),
    # Follow requests are counted.
    "GET /api/v1/accounts/verify_credentials": (2_500, set()),
    "PATCH /api/v1/accounts/update_credentials": (2_500, set()),
}
