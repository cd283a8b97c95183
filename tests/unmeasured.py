"""For folders whose tests start programs only to look at them from outside: coverage leaves those out."""

import os
from collections.abc import Iterator

import pytest

from tests.addresses import unmeasured_environment


@pytest.fixture(scope="package", autouse=True)
def unmeasured() -> Iterator[None]:
    """Hides coverage from what the folder's tests start; what runs in the tests' own process is measured."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ.keys() - unmeasured_environment().keys():
            patch.delenv(name)
        yield
