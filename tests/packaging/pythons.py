"""Which of the supported Pythons this machine has, besides the one that runs the tests."""

import os
import subprocess
import sys
from pathlib import Path

SUPPORTED = ("3.11", "3.12", "3.13")


def find_pythons() -> dict[str, str]:
    """Paths of interpreters by version: on the PATH, or among pyenv's."""
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    found = {version: path for version in SUPPORTED if (path := _find(version))}
    return found | {own: sys.executable}


def _find(version: str) -> str | None:
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [f"python{version}", *map(str, pyenv.glob(f"versions/{version}.*/bin/python{version}"))]
    return next((path for path in candidates if _runs(path, version)), None)


def _runs(path: str, version: str) -> bool:
    """Whether it is that Python, with venv: a pyenv shim or a half-installed one is none."""
    check = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([path, "-c", check], capture_output=True, text=True, timeout=30, check=False)
    except OSError:
        return False
    return done.returncode == 0 and done.stdout.strip() == version
