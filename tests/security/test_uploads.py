"""Pictures that are none, broken ones, bombs, and names that lead elsewhere."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import text
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from microblog.bootstrap import Resources
from microblog.services.media import FILE_NAMES
from microblog.settings import Settings
from tests.site import Browser


def png_that_claims(width: int, height: int) -> bytes:
    """A small file whose head promises a huge picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def good(kind: str) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (60, 60), "teal").save(data, kind)
    return data.getvalue()


BAD = {
    "bomb": png_that_claims(50_000, 50_000),
    "wide bomb": png_that_claims(2_000_000_000, 1),
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "html": b"<!doctype html><script>alert(1)</script>",
    "program": b"\x7fELF" + b"\0" * 200,
    "php in gif": b"GIF89a<?php system($_GET[0]); ?>",
    "empty": b"",
    "truncated head": good("PNG")[:20],
    "truncated jpeg head": good("JPEG")[:10],
    "bmp": good("BMP"),
    "tiff": good("TIFF"),
    "text": b"hello" * 1000,
}


@pytest.mark.parametrize("kind", [kind for kind in BAD if kind != "empty"])
def test_refused_with_a_message_and_nothing_kept(
    people: Callable[..., Browser], site_resources: Resources, kind: str
) -> None:
    alice = people("alice")
    answer = alice.submit(
        "/settings/profile",
        display_name="Changed",
        avatar=(io.BytesIO(BAD[kind]), "picture.png", "image/png"),
    )
    assert answer.status_code == 422
    assert "field-error" in answer.text
    with site_resources.database.unit_of_work() as session:
        assert session.scalar(text("SELECT count(*) FROM media")) == 0
        assert session.scalar(text("SELECT display_name FROM accounts")) == ""


def test_no_file_is_no_picture(people: Callable[..., Browser]) -> None:
    alice = people("alice")
    answer = alice.submit("/settings/profile", display_name="A", avatar=(io.BytesIO(b""), ""))
    assert answer.status_code == 303


def test_a_file_in_the_place_of_a_text_is_no_text(people: Callable[..., Browser]) -> None:
    alice = people("alice")
    answer = alice.submit("/settings/profile", display_name=(io.BytesIO(b"A"), "a.txt"))
    assert answer.status_code == 303
    assert alice.submit("/write", text=(io.BytesIO(b"A"), "a.txt")).status_code == 422


def send(browser: Browser, page: str, action: str, size: int) -> int:
    """Send a form with a picture of `size` bytes; the status of the answer."""
    form = next(form for form in browser.forms(page) if form.action == action)
    content = good("PNG").ljust(size, b"\0")
    # In memory: the test client would leave a temporary file open.
    boundary, body = encode_multipart({**form.fields, "avatar": FileStorage(io.BytesIO(content), "a.png")})
    kind = f"multipart/form-data; boundary={boundary}"
    return browser.client.post(action, data=body, content_type=kind).status_code


def test_too_many_bytes(people: Callable[..., Browser], site_settings: Settings) -> None:
    alice, most, page = people("alice"), site_settings.upload_max_bytes, "/settings/profile"
    assert send(alice, page, page, most) == 303
    assert send(alice, page, page, most + 1) == 422
    assert send(alice, page, page, most + 200_000) == 413
    assert send(alice, "/home", "/write", 200_000) == 413, "other forms take no files"


@pytest.mark.parametrize(
    "name", ["../../../evil.png", "/etc/passwd", "a\x00b.png", "<script>.png", "con", "x" * 5000, "a.php"]
)
def test_names_of_files_lead_nowhere(
    people: Callable[..., Browser], site_settings: Settings, name: str
) -> None:
    alice = people("alice")
    answer = alice.submit("/settings/profile", avatar=(io.BytesIO(good("PNG")), name))
    assert answer.status_code == 303
    stored = [path for path in Path(site_settings.media_dir or "").rglob("*") if path.is_file()]
    assert {path.name for path in stored} <= {"original", *FILE_NAMES}
