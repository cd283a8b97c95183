"""On a host: becomes the installed command `microblog` (`fab run`); sudo sees none of its words.

The request, JSON in the last argument: words, and terminal: whether somebody sits there, who may be asked for
a password. Standard input is the command's from here on.
"""

import json
import os
import sys

RUN = "/opt/microblog/bin/microblog-run"


def main(words: list[str], *, terminal: bool) -> None:
    """Become the command."""
    if terminal:
        # Standard input has brought the words.
        os.dup2(os.open("/dev/tty", os.O_RDWR), 0)
    os.execv(RUN, [RUN, "current", *words])  # noqa: S606 - the words are nobody's command line


if __name__ == "__main__":
    main(**json.loads(sys.argv[-1]))
