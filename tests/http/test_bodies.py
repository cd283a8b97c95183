"""Bodies above the limit are refused, and read to their end so that the refusal arrives."""

import io
from typing import Any

import pytest

from microblog.http.bodies import DRAINED_BYTES, FORM_BYTES
from tests.site import Browser


class Counted(io.BytesIO):
    """A body that counts what is read of it."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


def send(browser: Browser, size: int, **options: Any) -> tuple[int, int]:
    body = Counted(b"x" * size)
    length = options.pop("length", size)
    answer = browser.client.post(
        "/log-in",
        input_stream=body,
        content_type="application/x-www-form-urlencoded",
        environ_overrides={"CONTENT_LENGTH": str(length)},
    )
    return answer.status_code, body.taken


@pytest.mark.parametrize("size", [FORM_BYTES + 1, 1_000_000])
def test_the_rest_is_thrown_away(browser: Browser, size: int) -> None:
    assert send(browser, size) == (413, size)


def test_what_is_huge_is_cut_off(browser: Browser) -> None:
    assert send(browser, 1000, length=DRAINED_BYTES + 1) == (413, 0)


def test_a_body_without_a_length_is_no_form(browser: Browser) -> None:
    answer = browser.client.post(
        "/log-in",
        input_stream=io.BytesIO(b"identifier=alice"),
        headers={"Transfer-Encoding": "chunked"},
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 400
