"""What gunicorn is told, what it tells, and that its new workers heed a stop."""

import signal
from collections.abc import Iterator
from queue import SimpleQueue
from types import SimpleNamespace

import pytest

from microblog.cli import web
from microblog.observability.logs import get_request_id, log_context
from microblog.settings import Settings


@pytest.fixture
def signals() -> Iterator[None]:
    """Whoever handles stops now does so again afterwards."""
    former = {number: signal.getsignal(number) for number in web.STOPS}
    yield
    for number, handler in former.items():
        signal.signal(number, handler)


def test_a_worker_heeds_a_stop_that_comes_before_it_is_ready(signals: None) -> None:
    arbiter = SimpleNamespace(SIG_QUEUE=SimpleQueue[int]())
    arbiter.SIG_QUEUE.put(signal.SIGCHLD)
    web.heed_stops(arbiter, None)
    for number in web.STOPS:
        with pytest.raises(SystemExit):
            signal.raise_signal(number)

    # While it was forked, its parent's handler took it.
    arbiter.SIG_QUEUE.put(signal.SIGCHLD)
    arbiter.SIG_QUEUE.put(signal.SIGTERM)
    with pytest.raises(SystemExit):
        web.heed_stops(arbiter, None)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("", "unix"),
        ("::1", "loopback"),
        ("10.0.0.1", "private"),
        ("fe80::1%eth0", "private"),
        ("8.8.8.8", "public"),
    ],
)
def test_kinds_of_addresses(address: str, kind: str) -> None:
    assert web.kind_of(address) == kind


def test_an_error_s_address_is_not_logged(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    logger = web.PlainLogger(web.Site(web.make_options(settings)).cfg)
    with log_context(request_id="former"):
        try:
            int("")
        except ValueError:
            logger.exception("Error handling request %s %s", "GET", "/confirm/s3cret")
            logger.warning("Invalid request from ip=10.0.0.1: GET /confirm/s3cret")
        logger.warning("No keepalived connections can be handled.")
        assert get_request_id() is None
    assert "Error handling request" in caplog.text
    assert "No keepalived" in caplog.text
    assert "s3cret" not in caplog.text


def test_options_of_gunicorn(settings: Settings) -> None:
    options = web.make_options(settings)
    site = web.Site(options)

    assert site.cfg.worker_class_str == "gthread"
    assert site.cfg.control_socket_disable
    # What a client claims about itself is judged by the application alone.
    assert site.cfg.forwarded_allow_ips == []
    assert site.cfg.secure_scheme_headers == {}
    assert site.cfg.forwarder_headers == []
    assert site.cfg.accesslog is None
    assert site.cfg.graceful_timeout == 30
    # It would load the site before it listens.
    assert not site.cfg.preload_app
    assert site.cfg.when_ready is web.load_site
