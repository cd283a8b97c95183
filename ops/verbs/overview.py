"""fab without a verb: what verbs there are."""

import subprocess

from fabric import Connection

from ops.inventory import REPOSITORY, tool
from ops.verbs.terminal import verb


@verb()
def overview(_context: Connection) -> None:
    """List the verbs, as fab alone does; fab --help VERB tells what one takes."""
    subprocess.run([tool("fab"), "--list"], cwd=REPOSITORY, check=False)
