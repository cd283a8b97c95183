"""The request's id, its log line and its measurements."""

from collections.abc import Callable

import pytest
from flask import Flask
from structlog.testing import capture_logs

from microblog.observability import metrics
from tests.site import Browser


def lines(browser: Browser, path: str) -> list[dict[str, object]]:
    with capture_logs() as captured:
        browser.get(path)
    return [dict(line) for line in captured if line["event"] == "http.request"]


def test_one_line_with_the_rule_not_the_path(people: Callable[..., Browser]) -> None:
    alice = people("alice")
    (line,) = lines(alice, "/@alice?max_id=99&secret=x")
    assert line["route"] == "/@<username:username>"
    assert (line["method"], line["status"]) == ("GET", 200)
    assert line["db_statements"] == 3
    assert isinstance(line["db_pid"], int)
    assert isinstance(line["db_ms"], float)
    assert isinstance(line["duration_ms"], float)
    assert "secret" not in str(line)


def test_unmatched_paths_are_not_logged(browser: Browser) -> None:
    (line,) = lines(browser, "/some/private/words")
    assert line["route"] == "(unmatched)"
    assert "private" not in str(line)


def test_ids_are_made_and_echoed(browser: Browser) -> None:
    first, second = (browser.get("/healthz").headers["X-Request-ID"] for _ in range(2))
    assert first != second
    assert len(first) == 32


@pytest.mark.parametrize(
    ("proxies", "given", "is_taken"),
    [
        ((), "abcdefgh-1234", False),
        (("127.0.0.0/8",), "abcdefgh-1234", True),
        (("127.0.0.0/8",), "short", False),
        (("127.0.0.0/8",), "x" * 65, False),
        (("127.0.0.0/8",), "with spaces and <b>", False),
    ],
)
def test_ids_are_taken_from_trusted_proxies_in_the_right_form(
    make_app: Callable[..., Flask], proxies: tuple[str, ...], given: str, is_taken: bool
) -> None:
    client = make_app(trusted_proxies=proxies).test_client()
    answer = client.get("/healthz", headers={"X-Request-ID": given})
    assert (answer.headers["X-Request-ID"] == given) is is_taken


def test_metrics_have_no_labels_made_up_by_visitors(browser: Browser) -> None:
    browser.client.open("/nowhere/at/all", method="INVENTED")
    browser.get("/healthz")
    samples = [sample.labels for metric in metrics.HTTP_REQUESTS.collect() for sample in metric.samples]
    assert {"route": "/healthz", "method": "GET", "status": "200"} in samples
    assert {"route": "(unmatched)", "method": "other", "status": "404"} in samples
    assert not any("nowhere" in str(labels) or "INVENTED" in str(labels) for labels in samples)
    assert metrics.HTTP_REQUESTS_IN_PROGRESS._value.get() == 0
