"""Parts of addresses that only match what can exist, so that handlers need no check of their own."""

from flask import Flask
from werkzeug.routing import BaseConverter, ValidationError

from microblog.domain.ids import MAX_ID
from microblog.domain.limits import USERNAME_CHARACTERS


class UsernameConverter(BaseConverter):
    """A username in any case."""

    regex = rf"[A-Za-z0-9_]{{1,{USERNAME_CHARACTERS}}}"


class IdConverter(BaseConverter):
    """A 63-bit id; larger numbers, which the database could not compare, match no address."""

    regex = r"[0-9]{1,19}"

    def to_python(self, value: str) -> int:
        """The id as a number."""
        number = int(value)
        if number > MAX_ID:
            raise ValidationError
        return number


def install_converters(app: Flask) -> None:
    """Teach an application's addresses `<id:…>` and `<username:…>`, before any is registered."""
    app.url_map.converters.update(username=UsernameConverter, id=IdConverter)
