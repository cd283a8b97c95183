"""Where code stands, in words short enough for tables and pictures."""

import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
INSTALLED = "/site-packages/"
LIBRARY = "Python's library"
ELSEWHERE = "elsewhere"
#: What jinja2 makes of them counts as theirs.
TEMPLATES = "templates"
_STANDARD = sysconfig.get_path("stdlib") + "/"
_OWN = (f"{ROOT}/app/", f"{ROOT}/")


def shorten(path: str) -> str:
    """A file's path below the place that its package is installed in: `microblog/api/timelines.py`."""
    if INSTALLED in path:
        return path.rpartition(INSTALLED)[2]
    for start in (*_OWN, _STANDARD):
        if path.startswith(start):
            return path.removeprefix(start)
    return path


def package_of(path: str) -> str:
    """The package that a file belongs to, by its whole or its short path; or `LIBRARY`, or `TEMPLATES`."""
    short = shorten(path)
    if short.endswith((".html", ".txt", ".jinja")):
        return TEMPLATES
    first = short.partition("/")[0].removesuffix(".py")
    if path.startswith(_STANDARD) and INSTALLED not in path:
        return LIBRARY
    if short.startswith(("/", "<")):
        return ELSEWHERE
    return LIBRARY if first in sys.stdlib_module_names else first
