"""Static files under `/static/<hash of them all>/…`: cached for a year, since a changed file gets
a new address.

One hash for the whole folder, so that modules and style sheets may name each other by relative paths. During
a deploy a page of the new release may ask a host of the old one: it answers with its own file, not
cached for long.
"""

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Flask, Response, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from microblog.http.auth import machine

HASH_CHARACTERS = 12
IMMUTABLE = "public, max-age=31536000, immutable"
BRIEF = "public, max-age=60"

blueprint = Blueprint("assets", __name__)


@dataclass(frozen=True)
class StaticFiles:
    """The folder's content in memory (some 50 kB), read once: path → bytes, and the hash of it all."""

    contents: dict[str, bytes]
    version: str

    def url(self, path: str) -> str:
        """The address of a file; raises KeyError for one that isn't there, so that a misspelt
        name is noticed.
        """
        if path not in self.contents:
            raise KeyError(f"no static file {path!r}")
        return f"/static/{self.version}/{path}"


def read_static_files(folder: Path) -> StaticFiles:
    """Read every file below the folder."""
    contents = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    digest = hashlib.sha256()
    for name, content in contents.items():
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return StaticFiles(contents, digest.hexdigest()[:HASH_CHARACTERS])


def install_assets(app: Flask) -> None:
    """Read the static files and give templates `static_url(path)`."""
    files = read_static_files(Path(app.root_path) / "web" / "static")
    app.extensions["microblog.static"] = files
    app.jinja_env.globals["static_url"] = files.url
    app.register_blueprint(blueprint)


def read_static(path: str) -> bytes:
    """The content of a static file, for what is also served under an address that stays."""
    files: StaticFiles = current_app.extensions["microblog.static"]
    return files.contents[path]


@blueprint.get("/static/<version>/<path:path>")
@machine
def file(version: str, path: str) -> ResponseReturnValue:
    """One static file; the dictionary holds no other paths than those of the folder."""
    files: StaticFiles = current_app.extensions["microblog.static"]
    if path not in files.contents:
        raise NotFound
    response = Response(files.contents[path], mimetype=mimetypes.guess_type(path)[0])
    response.headers["Cache-Control"] = IMMUTABLE if version == files.version else BRIEF
    response.set_etag(files.version)
    return response.make_conditional(request)
