"""Running the system's own programs, with errors that say what failed."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from devstack import processes
from ops.lab.layout import LabError


def run(*command: str | Path, stdin: str | None = None, check: bool = True, seconds: float = 60) -> str:
    """The program's standard output.

    Raises `LabError` with the last line of its standard error when it fails, or takes longer than `seconds`.
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words, input=stdin, text=True, capture_output=True, check=False, timeout=seconds
        )
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{' '.join(words[:4])} did not end within {seconds:g} s") from error
    if check and done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()[-1]
        raise LabError(f"{' '.join(words[:4])} ended with {done.returncode}: {last}")
    return done.stdout


def wait_for(condition: Callable[[], bool], seconds: float, failure: Callable[[], str]) -> None:
    """Ask until it is true. Raises `LabError` with what `failure` says once `seconds` have passed."""
    try:
        processes.wait_for(condition, seconds, failure)
    except processes.StackError as error:
        raise LabError(str(error)) from None
