"""`microblog assets`: the static files, for the web server in front to serve without asking the site."""

import shutil
import tempfile
from pathlib import Path

import click

import microblog
from microblog.cli.support import Failed, counted, examples
from microblog.web.assets import StaticFiles, read_static_files

FOLDER = Path(microblog.__file__).parent / "web" / "static"


@click.group()
def command() -> None:
    """Hand the static files to a web server."""


@command.command(epilog=examples("microblog assets export /opt/microblog/static"))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def export(folder: Path) -> None:
    """Write this release's static files below FOLDER, under the addresses that pages give them.

    Serve FOLDER as /static/. Files of other releases stay: their pages are still about. Reads no settings.
    """
    files = read_static_files(FOLDER)
    target = folder / files.version
    if target.is_dir():
        click.echo(f"{target} is there already")
        return
    try:
        _write(files, folder, target)
    except OSError as error:
        raise Failed(f"can't write {target}: {error.strerror}") from error
    click.echo(f"Wrote {counted(len(files.contents), 'file')} to {target}")


def _write(files: StaticFiles, folder: Path, target: Path) -> None:
    """All or nothing: the folder appears once it is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=".new-", dir=folder))
    try:
        for name, content in files.contents.items():
            path = made / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        for path in (made, *made.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        made.rename(target)
    finally:
        shutil.rmtree(made, ignore_errors=True)
