"""fab without a verb: what verbs there are."""

import subprocess
import sys

from fabric import Connection

from ops.inventory import REPOSITORY, tool
from ops.verbs.terminal import verb


@verb()
def overview(_context: Connection) -> None:
    """List the verbs, as fab alone does; fab --help VERB tells what one takes."""
    # To fabric `fab help remove` is two verbs: the second one would be done.
    name = next(iter(sys.argv[2:]), None) if sys.argv[1:2] == ["help"] else None
    words = ["--help", name] if name else ["--list"]
    subprocess.run([tool("fab"), *words], cwd=REPOSITORY, check=False)
    if name:
        raise SystemExit(0)
