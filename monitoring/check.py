"""`python -m monitoring check`: Prometheus' own tool reads the rules and plays their tests."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from monitoring.hurry import RULES, write_rules

RULE_TESTS: Final = Path(__file__).parent / "rule_tests"
#: Where .ci/monitoring-tools puts the tools.
TOOLS: Final = Path(sys.prefix) / "monitoring-tools" / "bin"


def find_tool(name: str) -> str | None:
    """Where promtool, amtool or prometheus is: on the PATH, or where .ci/monitoring-tools put it."""
    return shutil.which(name) or shutil.which(name, path=str(TOOLS))


def check_rules() -> int:
    """Check and test the rules, as they are and hurried; the exit code.

    Without promtool it says so, and is content.
    """
    promtool = find_tool("promtool")
    if not promtool:
        print(
            "!!! promtool is missing: checking the rules is LEFT OUT (.ci/monitoring-tools fetches it)",
            file=sys.stderr,
        )
        return 0
    with tempfile.TemporaryDirectory() as folder:
        hurried = write_rules(Path(folder), hurry=12, scrape_seconds=5)
        commands = (
            ("check", "rules", *sorted(map(str, RULES.glob("*.yml")))),
            ("check", "rules", *map(str, hurried)),
            ("test", "rules", *sorted(map(str, RULE_TESTS.glob("*.yml")))),
        )
        for command in commands:
            done = subprocess.run([promtool, *command], capture_output=True, text=True, check=False)
            if done.returncode:
                print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
                return done.returncode
    return 0
