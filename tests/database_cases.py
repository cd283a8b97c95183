"""A plugin for a run on another PostgreSQL: of the services, what speaks to it, by two cases of each test.

What a test's other cases tell apart is decided in Python, and proven by the run on one PostgreSQL.
"""

from itertools import groupby
from pathlib import Path

import pytest

SERVICES = Path(__file__).parent / "services"
#: All ways to a database go by way of it.
DATABASE = "make_database"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    kept: set[pytest.Item] = set()
    for _, grouped in groupby(items, lambda item: item.nodeid.split("[")[0]):
        cases = list(grouped)
        if not cases[0].path.is_relative_to(SERVICES):
            kept.update(cases)
        elif DATABASE in getattr(cases[0], "fixturenames", ()):
            kept.update((cases[0], cases[-1]))
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]
