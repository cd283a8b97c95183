"""Prints the SQL of each migration of the package `microblog` that this Python finds, as JSON.

A program of its own: a release's package can't be loaded into a process that has another one's. The package's
own functions aren't asked, as a release may be older than they are.
"""

import json
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory


def describe(config: Config, script: Script) -> dict[str, str]:
    """Name, phase and SQL of a migration. Ends the program with a line for one that can't be read."""
    name, written = Path(script.path).stem, StringIO()
    try:
        with redirect_stdout(written):
            command.upgrade(config, f"{script.down_revision or 'base'}:{script.revision}", sql=True)
    except Exception as error:
        raise SystemExit(f"{name}: {type(error).__name__}: {error}") from error
    return {
        "name": name,
        "phase": getattr(script.module, "PHASE", "expand"),
        "sql": written.getvalue(),
    }


def main() -> None:
    """What the first lines of this file say; the folder of the package is the argument."""
    config = Config()
    config.set_main_option("script_location", str(Path(sys.argv[1]) / "microblog" / "data" / "migrations"))
    scripts = list(ScriptDirectory.from_config(config).walk_revisions())
    print(json.dumps([describe(config, script) for script in reversed(scripts)]))


if __name__ == "__main__":
    main()
