"""Pictures: uploaded ones from the store, and initials for accounts without one."""

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from microblog.domain.errors import Unavailable
from microblog.domain.pictures import PLAIN_HEADER
from microblog.http.auth import machine
from microblog.http.context import get_resources
from microblog.http.headers import PICTURE_POLICY
from microblog.services import accounts
from microblog.services.media import FILE_NAMES
from microblog.web.assets import read_static
from microblog.web.initials import initials_svg

# A file under a key never changes, but is gone when its owner is suspended: caches that many share ask again.
IMMUTABLE = "public, max-age=31536000, s-maxage=600, immutable"
# Names may change.
AN_HOUR = "public, max-age=3600"
A_WEEK = "public, max-age=604800"
# Only what the worker made: the original as uploaded is served to nobody.
CONTENT_TYPES = dict.fromkeys(FILE_NAMES, "image/webp")

blueprint = Blueprint("media", __name__)


@blueprint.get("/media/<path:path>")
@machine
def file(path: str) -> ResponseReturnValue:
    """One size of an uploaded picture; the type follows from the name, never from the content."""
    key, _, name = path.partition("/")
    if name not in CONTENT_TYPES:
        raise NotFound
    try:
        content = get_resources().storage.read(key, name)
    except (FileNotFoundError, ValueError):
        raise NotFound from None
    except OSError as error:
        raise Unavailable from error
    return _picture(content, CONTENT_TYPES[name], IMMUTABLE)


@blueprint.get("/avatars/<id:account_id>.svg")
@machine
def initials(account_id: int) -> ResponseReturnValue:
    """The account's initials on a colour of its own."""
    with get_resources().database.unit_of_work() as session:
        account = accounts.get_account_by_id(session, account_id=account_id)
    picture = initials_svg(account_id, account.display_name, account.username)
    return _picture(picture.encode(), "image/svg+xml", AN_HOUR)


@blueprint.get(PLAIN_HEADER)
@machine
def plain_header() -> ResponseReturnValue:
    """What profiles without a picture above them have."""
    return _picture(read_static("header.png"), "image/png", A_WEEK)


def _picture(content: bytes, content_type: str, cache_control: str) -> Response:
    response = Response(content, content_type=content_type)
    response.headers["Cache-Control"] = cache_control
    response.headers["Content-Security-Policy"] = PICTURE_POLICY
    response.add_etag()
    response.make_conditional(request)
    return response
