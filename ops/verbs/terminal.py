"""How verbs talk to the person at the terminal: tables, and errors in one line."""

import functools
import sys
from collections.abc import Callable, Sequence
from typing import Any

from fabric import Task, task

from ops.continuous import ContinuousRefused
from ops.environments import EnvironmentRefused
from ops.inventory import InventoryError
from ops.lab.layout import LabError
from ops.playbook_runs import PlaybookFailed
from ops.restores import RestoreRefused
from ops.wheelhouses import ReleaseRefused


class VerbError(Exception):
    """Something the person at the terminal can mend; the message is what happened and the fix."""


#: What ends a verb with one line and exit code 1 instead of a traceback.
EXPECTED = (
    *(VerbError, ContinuousRefused, EnvironmentRefused, InventoryError, LabError),
    *(PlaybookFailed, ReleaseRefused, RestoreRefused),
)
#: The modules whose verbs are typed as NOUN.VERB.
NOUNS = ("backup", "env", "lab")
#: The help of each verb that works on an environment.
TO = {"to": "the environment, a folder of ops/inventories; the lab where none is named"}


def verb(*arguments: Any, **options: Any) -> Callable[[Callable[..., None]], Task]:
    """A fabric task whose expected errors are one line on standard error, and exit code 1."""

    def decorate(function: Callable[..., None]) -> Task:
        @functools.wraps(function)
        def call(*values: Any, **named: Any) -> None:
            try:
                if {"--help", "-h"} & {value for value in named.values() if isinstance(value, str)}:
                    # To fabric it is what the verb is done with.
                    raise VerbError(f"its help: fab --help {_verb_name(function)}")
                function(*values, **named)
            except EXPECTED as error:
                print(f"fab {_verb_name(function)}: {error}", file=sys.stderr)
                raise SystemExit(1) from error

        made: Task = task(*arguments, **options)(call)
        return made

    return decorate


def _verb_name(function: Callable[..., None]) -> str:
    """As it is typed: the verbs of a noun, such as the lab, have it before theirs."""
    noun = function.__module__.rpartition(".")[2]
    name = function.__name__.replace("_", "-")
    return f"{noun}.{name}" if noun in NOUNS and name != noun else name


def print_table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Rows under their heads, each column as wide as its widest."""
    lines = [list(heads), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
