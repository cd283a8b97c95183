"""The oldest PostgreSQL that is supported, Debian 12's, passes the tests that speak to the database too."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.addresses import unmeasured_environment

BINARIES = Path("/usr/lib/postgresql/15/bin")
ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.xdist_group("postgresql-15")
@pytest.mark.skipif(not BINARIES.is_dir(), reason="PostgreSQL 15 is missing: apt-get install postgresql-15")
def test_data_and_services_on_postgresql_15() -> None:
    plugins = ("tests.database_cases", "no:cacheprovider")
    command = [sys.executable, "-m", "pytest", "-q", *(word for name in plugins for word in ("-p", name))]
    environment = {
        name: value for name, value in unmeasured_environment().items() if not name.startswith("PYTEST_")
    }
    result = subprocess.run(
        [*command, "tests/data", "tests/services", "--ignore", __file__],
        cwd=ROOT,
        env={**environment, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "DEVSTACK_POSTGRES_BIN": str(BINARIES)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-5000:] + result.stderr[-2000:]
