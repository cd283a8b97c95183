"""Builds the wheel: one top-level package, `microblog`, with its templates, static files and migrations.

The same source gives the same wheel, byte for byte: the build starts from an empty folder, file times are a
constant, and file modes don't depend on the umask of whoever builds.
"""

import os
import re
import shutil
from pathlib import Path
from typing import Any

from setuptools import find_packages, setup
from setuptools.command.bdist_wheel import bdist_wheel

ROOT = Path(__file__).resolve().parent
PACKAGE = ROOT / "app" / "microblog"
#: 2020-01-01 UTC: the time of each file in the wheel, unless the caller sets another.
BUILD_TIME = "1577836800"


def read_version() -> str:
    """The version that `microblog/__init__.py` states, read without importing it."""
    text = (PACKAGE / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    if not found:
        raise SystemExit("app/microblog/__init__.py states no __version__")
    return found.group(1)


def list_requirements() -> list[str]:
    """The loose ranges of requirements/runtime.in; the lock beside it pins them for an installation."""
    lines = (ROOT / "requirements" / "runtime.in").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def list_data_files() -> list[str]:
    """Each file of the package that isn't a module of it: templates, static files, migrations, catalogues."""
    paths = sorted(path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return [
        path.relative_to(PACKAGE).as_posix()
        for path in paths
        if path.suffix != ".py" or not (path.parent / "__init__.py").exists()
    ]


class ReproducibleWheel(bdist_wheel):
    """A wheel whose bytes depend on the source alone."""

    def run(self) -> None:
        """Build from an empty folder, so that a file deleted from the source isn't in the wheel."""
        os.environ.setdefault("SOURCE_DATE_EPOCH", BUILD_TIME)
        shutil.rmtree(ROOT / "build", ignore_errors=True)
        super().run()

    def write_wheelfile(self, *args: Any, **kwargs: Any) -> None:
        """Everything that goes into the archive lies ready now: give it modes that no umask decides."""
        super().write_wheelfile(*args, **kwargs)
        for path in Path(str(self.bdist_dir)).rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)


setup(
    name="microblog",
    version=read_version(),
    description="A microblog: Flask site, Celery worker and shared PostgreSQL data package",
    license="MIT",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    package_dir={"": "app"},
    packages=find_packages("app"),
    package_data={"microblog": list_data_files()},
    include_package_data=False,
    install_requires=list_requirements(),
    entry_points={"console_scripts": ["microblog = microblog.cli:main"]},
    cmdclass={"bdist_wheel": ReproducibleWheel},
    zip_safe=False,
)
