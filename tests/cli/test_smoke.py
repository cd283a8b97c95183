import os
import re
import signal
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.serving import BaseWSGIServer, make_server

from microblog.bootstrap import Resources
from microblog.cli import smoke
from microblog.cli.visiting import Place, VisitFailed, Visitor, read_forms
from microblog.data.models import Account, Job, MediaFile, Status
from microblog.services import media
from tests.cli.conftest import Run
from tests.ops.test_given_certificate import make_certificate, make_key, pem

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]
NAMES = (
    "reach the site", "log in", "write a post", "find it on home", "find it on the profile, signed out",
    "load the pages' static files", "upload a picture and see it", "delete the post", "log out",
)  # fmt: skip


@contextmanager
def serving(application: Any, host: str = "127.0.0.1", **options: Any) -> Iterator[BaseWSGIServer]:
    server = make_server(host, 0, application, threaded=True, **options)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def serve(app: Flask) -> Iterator[Callable[..., str]]:
    """Serves the site, or what stands before it, for as long as the test takes; its address."""
    with ExitStack() as stack:
        yield lambda front=app: f"http://localhost:{stack.enter_context(serving(front)).server_port}"


def with_worker(app: Flask, resources: Resources) -> Wsgi:
    """The site with a worker so quick that pictures are ready when their page is asked for."""

    def answer(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/settings/profile" and environ["REQUEST_METHOD"] == "GET":
            with resources.database.unit_of_work() as session:
                for media_id in session.scalars(select(MediaFile.id).where(MediaFile.state == "pending")):
                    media.process_avatar(session, resources.storage, media_id=media_id)
        return app.wsgi_app(environ, start)

    return answer


def broken(app: Flask, method: str, pattern: str, status: str) -> Wsgi:
    """The site with one thing that doesn't work."""

    def answer(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == method and re.fullmatch(pattern, environ["PATH_INFO"]):
            start(status, [("Content-Type", "text/plain")])
            return [b"planted"]
        return app.wsgi_app(environ, start)

    return answer


def rows(resources: Resources) -> list[Any]:
    with resources.database.unit_of_work() as session:
        return [*session.scalars(select(Account.id)), *session.scalars(select(Status.id))]


def test_each_step_is_told_and_nothing_stays(
    run: Run, serve: Callable[..., str], app: Flask, site_resources: Resources
) -> None:
    result = run("smoke", "--url", serve(with_worker(app, site_resources)))

    assert result.exit_code == 0, result.output
    # The site's own log lines are in between: it runs in this process.
    assert re.findall(r"^(.+): \d+ ms$", result.stdout, re.MULTILINE) == list(NAMES)
    assert (
        result.stdout.splitlines()[-1]
        == f"smoke: {len(NAMES)} steps passed by release {site_resources.settings.release}"
    )
    assert rows(site_resources) == []
    with site_resources.database.unit_of_work() as session:
        keys = session.scalars(select(Job.arguments["key"].astext).where(Job.name == "media.delete_files"))
        assert all(site_resources.storage.exists(key, "96.webp") for key in keys.all())


@pytest.mark.parametrize(
    ("method", "pattern", "status", "step", "complaint"),
    [
        ("GET", "/readyz", "503 Away", "reach the site", "GET /readyz: status 503: planted"),
        ("POST", "/log-in", "500 Bad", "log in", "POST /log-in: status 500 instead of 303"),
        ("GET", "/log-in", "200 OK", "log in", "GET /log-in: no form that goes to /log-in"),
        ("POST", "/write", "303 Other", "write a post", "the site goes on with nothing instead of /home"),
        ("GET", "/@[^/]+", "200 OK", "find it on the profile, signed out", ": the post isn't there"),
        ("GET", r"/static/.*\.css", "404 No", "load the pages' static files", ".css: status 404 instead of"),
        ("GET", "/settings/profile", "500 Bad", "upload a picture and see it", "profile: status 500"),
        ("POST", ".*/delete", "500 Bad", "delete the post", "/delete: status 500 instead of 303"),
        ("POST", "/log-out", "500 Bad", "log out", "POST /log-out: status 500 instead of 303"),
    ],
)  # fmt: skip
def test_the_first_thing_that_fails_is_one_line_and_nothing_stays(
    run: Run,
    serve: Callable[..., str],
    app: Flask,
    site_resources: Resources,
    method: str,
    pattern: str,
    status: str,
    step: str,
    complaint: str,
) -> None:
    more = () if step.startswith("upload") else ("--without-jobs",)

    result = run("smoke", "--url", serve(broken(app, method, pattern, status)), *more)

    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"microblog: smoke: {step}: ")
    assert complaint in line
    assert f"{step}:" not in result.stdout
    assert rows(site_resources) == []


def test_a_worker_that_does_nothing_is_noticed(
    run: Run, serve: Callable[..., str], monkeypatch: pytest.MonkeyPatch, site_resources: Resources
) -> None:
    monkeypatch.setattr(smoke, "PICTURE_SECONDS", 0)

    result = run("smoke", "--url", serve())

    assert result.exit_code == 1
    assert "upload a picture and see it: no worker made the picture's sizes within 0 s" in result.stderr
    assert rows(site_resources) == []


def test_a_test_that_is_stopped_leaves_nothing(
    run: Run, serve: Callable[..., str], app: Flask, site_resources: Resources
) -> None:
    def stop_tester(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/write":
            os.kill(os.getpid(), signal.SIGTERM)
        return app.wsgi_app(environ, start)

    former = signal.getsignal(signal.SIGTERM)
    result = run("smoke", "--url", serve(stop_tester))

    assert result.exit_code == 1
    assert "steps passed" not in result.stdout
    assert rows(site_resources) == []
    assert signal.getsignal(signal.SIGTERM) == former


def test_a_site_that_is_away_is_one_line(run: Run, site_resources: Resources) -> None:
    result = run("smoke", "--url", "http://127.0.0.1:1")

    assert result.exit_code == 1
    assert result.stderr.startswith("microblog: smoke: reach the site: GET /readyz: ConnectionRefusedError")
    assert rows(site_resources) == []


def test_a_release_that_this_host_may_not_ask_for(run: Run, serve: Callable[..., str], app: Flask) -> None:
    result = run("smoke", "--without-jobs", "--url", serve(broken(app, "GET", "/readyz", "404 No")))

    assert result.exit_code == 0, result.output
    assert result.stdout.endswith("smoke: 8 steps passed by release that it doesn't tell this host\n")


def test_gunicorns_own_socket_is_asked_as_by_the_proxy(
    run: Run, make_app: Callable[..., Flask], worker_folder: Path
) -> None:
    app = make_app(base_url="https://blog.example", trusted_proxies=("unix",))
    path = worker_folder / "smoke.sock"

    def as_gunicorn(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        return app.wsgi_app({**environ, "REMOTE_ADDR": ""}, start)

    with serving(as_gunicorn, f"unix://{path}"):
        result = run(
            *("smoke", "--socket", str(path), "--without-jobs"),
            changes={"MICROBLOG_BASE_URL": "https://blog.example"},
        )

    assert result.exit_code == 0, result.output
    assert "static files" not in result.stdout
    assert "smoke: 7 steps passed" in result.stdout


def test_an_address_and_an_authority_can_be_given(
    run: Run, make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    key = make_key()
    (tmp_path / "key.pem").write_text(pem(key))
    (tmp_path / "ca.pem").write_text(make_certificate(key, "blog.example"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "ca.pem", tmp_path / "key.pem")
    app = make_app(base_url="https://blog.example", trusted_proxies=("127.0.0.1",))

    def as_nginx(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        return app.wsgi_app({**environ, "HTTP_X_FORWARDED_PROTO": "https"}, start)

    with serving(as_nginx, ssl_context=context) as server:
        site = ("--url", f"https://blog.example:{server.server_port}", "--address", "127.0.0.1")
        result = run("smoke", *site, "--ca", str(tmp_path / "ca.pem"), "--without-jobs")
        strange = run("smoke", *site)

    assert result.exit_code == 0, result.output
    assert strange.exit_code == 1
    assert "certificate verify failed" in strange.stderr


@pytest.mark.parametrize("url", ["example.org", "ftp://example.org", "https://example.org/blog"])
def test_an_address_that_is_none_is_wrong_usage(run: Run, url: str) -> None:
    result = run("smoke", "--url", url)

    assert result.exit_code == 2
    assert "give one such as https://example.org" in result.stderr


def test_forms_as_pages_have_them() -> None:
    page = """<form><input name="q" value="1"><input type="checkbox" name="no" value="y"></form>
      <form action="/write?x=1"><textarea name="text">\n\nTwo &amp; three</textarea>
      <input name="token"></form>"""
    first, second = read_forms(page, "/here")

    assert (first.action, first.fields) == ("/here", {"q": "1"})
    assert (second.action, second.fields) == ("/write?x=1", {"text": "\nTwo & three", "token": ""})


def test_what_is_no_http_is_told(tmp_path: Path) -> None:
    with pytest.raises(VisitFailed, match=r"^GET /: FileNotFoundError"):
        Visitor(Place("http://localhost", tmp_path / "nothing.sock")).get("/")
