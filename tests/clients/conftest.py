"""Programs that others wrote, against the site as it really runs."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from mastodon import Mastodon

from devstack.processes import wait_for
from tests.addresses import DatabaseUrls
from tests.browser.live_site import LiveSite, run_site
from tests.clients.consent import Person
from tests.factories import PASSWORD

#: Clients expect what happens in the background within three seconds; a test's machine may be busy.
SECONDS = 30
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
Answer = TypeVar("Answer")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.xdist_group("clients"))


@pytest.fixture(scope="session")
def site(
    make_database: Callable[..., DatabaseUrls],
    environment: dict[str, str],
    worker_folder: Path,
    worker_name: str,
    process_logs: Path,
    secret: Callable[[str], str],
) -> Iterator[LiveSite]:
    """The site, running until the end of the run; each test uses names of its own."""
    secret(PASSWORD)
    urls = make_database(f"clients_{worker_name}")
    name = f"clients-{worker_name}"
    with run_site(name, worker_folder / "clients", urls, environment, process_logs) as running:
        yield running


def soon(condition: Callable[[], Answer], what: str) -> Answer:
    """Ask until the answer is true: what the worker does comes after the answer to the client."""
    return wait_for(condition, SECONDS, lambda: f"waited {SECONDS} s in vain: {what}")


@pytest.fixture(scope="session")
def client_keys(site: LiveSite, secret: Callable[[str], str]) -> tuple[str, str]:
    """A registered client: its id and its secret."""
    client_id, client_secret = Mastodon.create_app(
        "Mastodon.py", api_base_url=site.url, website="https://client.example"
    )
    return client_id, secret(client_secret)


@pytest.fixture
def connect(
    site: LiveSite, client_keys: tuple[str, str], secret: Callable[[str], str]
) -> Callable[..., Mastodon]:
    """Makes somebody, who logs in by a code (`connect("alice")`)."""

    def make(username: str) -> Mastodon:
        site.add_account(username)
        api = Mastodon(*client_keys, api_base_url=site.url, request_timeout=SECONDS)
        code = Person(username).allow(api.auth_request_url(allow_http=True))
        secret(api.log_in(code=code, allow_http=True))
        return api

    return make
