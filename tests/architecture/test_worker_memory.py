"""What every worker process would hold for nothing."""

import subprocess
import sys

#: Modules large in memory that only the site needs.
OF_THE_SITE = ("flask", "zxcvbn", "alembic")


def test_a_worker_loads_nothing_that_only_the_site_needs() -> None:
    code = "import sys, microblog.worker.app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "microblog.worker.mail" in done.stdout.split()
    assert not set(OF_THE_SITE) & set(done.stdout.split())
