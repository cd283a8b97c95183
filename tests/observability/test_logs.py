import io
import logging
import socket
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from microblog.observability import logs
from tests.factories import make_account

Lines = Callable[[], list[dict[str, Any]]]
log = structlog.get_logger("microblog.tests")


def test_a_line_has_the_fields_that_every_line_has(lines: Lines) -> None:
    log.info("status.posted", status_id=5)
    (line,) = lines()
    assert datetime.fromisoformat(line.pop("timestamp")).utcoffset() is not None
    assert line == {
        "event": "status.posted",
        "level": "info",
        "logger": "microblog.tests",
        "service": "tests",
        "host": socket.gethostname(),
        "release": line["release"],
        "status_id": 5,
    }


def test_records_of_the_standard_library_take_the_same_way(lines: Lines) -> None:
    logging.getLogger("celery.worker").warning("lost %s of %d", "two", 3)
    (line,) = lines()
    assert (line["event"], line["level"], line["logger"], line["service"]) == (
        "lost two of 3",
        "warning",
        "celery.worker",
        "tests",
    )


def test_what_is_below_the_level_is_left_out(lines: Lines) -> None:
    log.debug("too.much")
    logging.getLogger("other").debug("too much")
    assert lines() == []


def test_a_line_that_cannot_be_written_breaks_nothing(output: Callable[..., io.StringIO]) -> None:
    stream = output(log_format="json")
    stream.close()
    log.info("lost")


def test_any_number_can_be_logged(lines: Lines) -> None:
    log.info("odd", large=10**30, not_one=float("nan"), small=-1, is_true=True, nothing=None)
    (line,) = lines()
    assert (line["large"], line["small"], line["is_true"], line["nothing"]) == (10**30, -1, True, None)


def test_what_is_bound_and_given_is_cleaned_alike(lines: Lines) -> None:
    logs.bind_context(request_id="a\nb", client_token="hunter2")
    log.info("odd", _hidden="ann@example.org", level="forged", logger="forged", timestamp="forged")
    (line,) = lines()
    assert (line["request_id"], line["client_token"], line["_hidden"]) == (
        "a\\nb",
        logs.DROPPED,
        logs.DROPPED,
    )
    assert (line["level"], line["logger"]) == ("info", "microblog.tests")
    assert line["timestamp"] != "forged"


def test_threads_never_write_into_each_other_s_lines(lines: Lines) -> None:
    def work() -> None:
        for number in range(200):
            log.info("own", number=number)
            logging.getLogger("foreign").info("foreign %d", number)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lines()) == 4 * 2 * 200


def test_configuring_again_replaces_the_former_output(output: Callable[..., io.StringIO]) -> None:
    first, second = output(log_format="json"), output(log_format="json")
    log.info("once")
    assert first.getvalue() == ""
    assert second.getvalue().count("once") == 1


def test_a_foreign_logger_loses_its_own_handlers(lines: Lines) -> None:
    logger = logging.getLogger("gunicorn.error")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    logs.adopt_logger("gunicorn.error")
    logger.warning("hello")
    assert not logger.handlers
    assert [line["event"] for line in lines()] == ["hello"]


def test_context_is_bound_to_lines_and_forgotten(lines: Lines) -> None:
    logs.bind_context(request_id="abc", account_id=None)
    with logs.log_context(task_id="t", job=None):
        log.info("inside")
    log.info("outside")
    assert logs.get_request_id() == "abc"
    logs.clear_context()
    log.info("after")
    inside, outside, after = lines()
    assert (inside["request_id"], inside["task_id"]) == ("abc", "t")
    assert "task_id" not in outside
    assert "account_id" not in outside
    assert "request_id" not in after
    assert logs.get_request_id() is None


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "new_password",
        "Authorization",
        "Set-Cookie",
        "csrf_token",
        "email",
        "to_address",
        "text",
        "content",
        "query_string",
        "secret_key",
    ],
)
def test_a_secret_key_loses_its_value(lines: Lines, key: str) -> None:
    log.info("form.sent", **{key: "hunter2-hunter2"}, fields={key: "hunter2-hunter2"})
    (line,) = lines()
    assert line[key] == logs.DROPPED
    assert line["fields"][key] == logs.DROPPED
    assert "hunter2" not in str(line)


@pytest.mark.parametrize("number", [287082, 287082.5])
def test_a_number_may_be_a_secret_too(lines: Lines, number: float) -> None:
    log.info("form.sent", token=number, fields={"new_password": number}, token_id=number, attempts=number)
    (line,) = lines()
    assert (line["token"], line["fields"]) == (logs.DROPPED, {"new_password": logs.DROPPED})
    assert (line["token_id"], line["attempts"]) == (number, number)


@pytest.mark.parametrize("key", ["token_id", "one_time_tokens_count", "status_id", "context", "events"])
def test_ids_and_ordinary_keys_keep_their_values(key: str) -> None:
    assert not logs.is_secret_key(key)


def test_addresses_and_passwords_in_text_are_masked_at_any_depth(lines: Lines) -> None:
    log.info("odd", seen=["to ann@example.org", {"url": "redis://user:pass-word@host/0"}], more=("x", {1}))
    logging.getLogger("smtp").info("<bob.b+x@mail.example.org> refused")
    nested, plain = lines()
    assert nested["seen"] == ["to [dropped]", {"url": "redis://[dropped]:host/0"}]
    assert nested["more"] == ["x", [1]]
    assert plain["event"] == "<[dropped]> refused"


def test_deep_and_unknown_values_are_shown_as_text(lines: Lines) -> None:
    class Odd:
        def __str__(self) -> str:
            return "odd\x1b[31m"

    log.info("odd", deep=[[[[["a@b.example"]]]]], odd=Odd())
    (line,) = lines()
    assert line["deep"] == [[[["['[dropped]']"]]]]
    assert line["odd"] == "odd\\x1b[31m"


@pytest.mark.parametrize(
    "character", ["\n", "\r", "\x00", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\u2066"]
)
@pytest.mark.parametrize("log_format", ["json", "console"])
def test_no_line_can_be_forged(output: Callable[..., io.StringIO], character: str, log_format: str) -> None:
    stream = output(log_format=log_format)
    log.info(
        f"event{character}",  # noqa: G004 - structlog takes no arguments for it
        name=f"a{character}b",
        **{"key" if log_format == "json" else "k": character},
    )
    logging.getLogger("x").info("plain%s", character)
    written = stream.getvalue()
    assert written.count("\n") == 2
    assert character == "\n" or character not in written


def fail_for_a_reason() -> None:
    try:
        int("inner")
    except ValueError as error:
        raise TypeError("outer cy@example.org\nDETAIL: the row") from error


def fail_for_no_reason() -> None:
    try:
        int("inner")
    except ValueError:
        raise TypeError("outer") from None


def test_an_exception_shows_frames_and_first_lines_only(lines: Lines) -> None:
    try:
        fail_for_a_reason()
    except TypeError:
        log.exception("it.failed")
    (line,) = lines()
    shown = line["exception"]
    assert "base 10: 'inner'\nwhich led to:\n" in shown
    assert shown.endswith("TypeError: outer [dropped]")
    assert "in fail_for_a_reason" in shown


def test_a_context_that_was_suppressed_is_left_out(lines: Lines) -> None:
    with pytest.raises(TypeError, match="outer") as caught:
        fail_for_no_reason()
    error = caught.value
    log.error("it.failed", exc_info=error)
    log.error("again", exc_info=(type(error), error, error.__traceback__))
    first, second = lines()
    assert "ValueError:" not in first["exception"]
    assert first["exception"] == second["exception"]


def test_an_exception_that_is_not_there_is_not_shown(lines: Lines) -> None:
    log.error("nothing.there", exc_info=True)  # noqa: LOG014 - that is the point
    assert "exception" not in lines()[0]


def test_a_database_error_tells_no_row(lines: Lines, session: Session) -> None:
    account_id = make_account(session, "somebody")
    with pytest.raises(IntegrityError) as caught, session.begin_nested():
        session.execute(
            text("UPDATE accounts SET username = 'no name at all' WHERE id = :id"), {"id": account_id}
        )
    log.error("it.failed", exc_info=caught.value)
    (line,) = lines()
    assert "ck_accounts_username_form" in line["exception"]
    assert "no name at all" not in line["exception"].splitlines()[-1]
    assert "[parameters" not in line["exception"]


def test_console_output_is_readable_and_shows_exceptions(output: Callable[..., io.StringIO]) -> None:
    stream = output(log_format="console")
    try:
        fail_for_no_reason()
    except TypeError:
        log.exception("it.failed", count=3)
    first, *rest = stream.getvalue().splitlines()
    assert "it.failed" in first
    assert "count=3" in first
    assert rest[-1] == "TypeError: outer"
