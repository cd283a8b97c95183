"""Pictures on several hosts, which are away, full, slow or broken one at a time."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from microblog.data import media_hosts
from microblog.data.media_hosts import MediaHosts
from microblog.data.storage import StoreAway
from microblog.observability.logs import log_context
from tests.media_server import MediaServer, media_servers

KEY = "abcdefghijklmnop-_12"
PICTURE = bytes(range(256)) * 40
TYPE = "image/webp"


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[list[MediaServer]]:
    with media_servers(tmp_path, 3) as servers:
        yield servers


@pytest.fixture
def make_storage(hosts: list[MediaServer], monkeypatch: pytest.MonkeyPatch) -> Callable[[], MediaHosts]:
    """A storage as a process makes it anew: it has not yet found out who is away."""
    # Nobody answers there: what goes by a proxy fails.
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    return lambda: MediaHosts([host.url for host in hosts])


@pytest.fixture
def storage(make_storage: Callable[[], MediaHosts]) -> MediaHosts:
    return make_storage()


def test_each_host_has_each_file(storage: MediaHosts, hosts: list[MediaServer]) -> None:
    for name in ("96.webp", "400.webp"):
        storage.put(KEY, name, PICTURE, TYPE)
        storage.put(KEY, name, PICTURE, TYPE)
    assert [host.files() for host in hosts] == [{f"{KEY}/96.webp": PICTURE, f"{KEY}/400.webp": PICTURE}] * 3
    assert (hosts[0].folder / "ab" / KEY / "96.webp").is_file()
    assert storage.exists(KEY, "96.webp")
    assert not storage.exists(KEY, "original")
    for _ in range(3):
        assert storage.read(KEY, "96.webp") == PICTURE
    # Each is asked in its turn.
    assert {f"GET /ab/{KEY}/96.webp" in host.requests for host in hosts} == {True}


def test_a_host_s_log_tells_on_whose_behalf(storage: MediaHosts, hosts: list[MediaServer]) -> None:
    with log_context(request_id="req-12345"):
        storage.put(KEY, "96.webp", PICTURE, TYPE)
        storage.read(KEY, "96.webp")
    assert [host.request_ids[0] for host in hosts] == ["req-12345"] * 3


def test_deleting(storage: MediaHosts, hosts: list[MediaServer]) -> None:
    other = "ab" + "x" * 20
    for name in ("original", "96.webp"):
        storage.put(KEY, name, PICTURE, TYPE)
        storage.put(other, name, PICTURE, TYPE)
    for _ in range(2):
        assert storage.delete_file(KEY, "original")
    assert storage.exists(KEY, "96.webp")
    for _ in range(2):
        assert storage.delete(KEY)
    for host in hosts:
        assert set(host.files()) == {f"{other}/original", f"{other}/96.webp"}


def be_away(host: MediaServer) -> None:
    host.stop()


def be_full(host: MediaServer) -> None:
    host.refusals = {"PUT": 507, "DELETE": 500}


def be_broken(host: MediaServer) -> None:
    host.refusals = dict.fromkeys(("PUT", "GET", "HEAD", "DELETE"), 500)


def be_elsewhere(host: MediaServer) -> None:
    # As a wrong address would: nothing is followed, and a page that says hello is no picture.
    host.refusals = dict.fromkeys(("PUT", "GET", "HEAD", "DELETE"), 302)


def be_mute(host: MediaServer) -> None:
    host.is_mute = True


TROUBLES = [be_away, be_full, be_broken, be_elsewhere, be_mute]


@pytest.fixture
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_hosts, "TOTAL_SECONDS", 0.5)


@pytest.mark.usefixtures("_short_waits")
@pytest.mark.parametrize("trouble", TROUBLES)
def test_one_host_in_trouble_holds_nobody_up(
    storage: MediaHosts, hosts: list[MediaServer], trouble: Callable[[MediaServer], None]
) -> None:
    trouble(hosts[1])
    with capture_logs() as logged:
        storage.put(KEY, "96.webp", PICTURE, TYPE)
    missed = [line["store"] for line in logged if line["event"] == "media.missed"]
    assert missed == [hosts[1].url.removeprefix("http://")]
    assert hosts[0].files() == hosts[2].files() == {f"{KEY}/96.webp": PICTURE}
    assert hosts[1].files() == {}
    for _ in range(3):
        assert storage.read(KEY, "96.webp") == PICTURE
        assert storage.exists(KEY, "96.webp")
        with pytest.raises(FileNotFoundError):
            storage.read(KEY, "400.webp")
    assert not storage.delete_file(KEY, "96.webp"), "one may still have it"
    assert not storage.delete(KEY)
    assert hosts[0].files() == hosts[2].files() == {}


@pytest.mark.usefixtures("_short_waits")
@pytest.mark.parametrize("trouble", TROUBLES)
def test_all_hosts_in_trouble(
    storage: MediaHosts, hosts: list[MediaServer], trouble: Callable[[MediaServer], None]
) -> None:
    storage.put(KEY, "96.webp", PICTURE, TYPE)
    for host in hosts:
        trouble(host)
    with pytest.raises(StoreAway):
        storage.put(KEY, "400.webp", PICTURE, TYPE)
    with pytest.raises(StoreAway):
        storage.delete(KEY)
    with pytest.raises(StoreAway):
        storage.delete_file(KEY, "96.webp")
    if trouble is be_full:
        assert storage.read(KEY, "96.webp") == PICTURE
        return
    for ask in (storage.read, storage.exists):
        with pytest.raises(StoreAway):
            ask(KEY, "96.webp")


def test_whether_a_file_is_lost_is_not_told_while_a_host_is_away(
    storage: MediaHosts, hosts: list[MediaServer]
) -> None:
    hosts[2].stop()
    with pytest.raises(StoreAway):
        storage.exists(KEY, "96.webp")


def test_half_a_picture_is_none(storage: MediaHosts, hosts: list[MediaServer]) -> None:
    storage.put(KEY, "96.webp", PICTURE, TYPE)
    for host in hosts[:2]:
        host.cut_after = 100
    for _ in range(3):
        assert storage.read(KEY, "96.webp") == PICTURE
    hosts[2].cut_after = 100
    with pytest.raises(StoreAway):
        storage.read(KEY, "96.webp")


@pytest.mark.usefixtures("_short_waits")
def test_a_picture_that_comes_byte_by_byte_is_not_waited_for(
    storage: MediaHosts, hosts: list[MediaServer]
) -> None:
    storage.put(KEY, "96.webp", PICTURE, TYPE)
    for host in hosts:
        host.drip_seconds = 0.05
    with pytest.raises(StoreAway):
        storage.read(KEY, "96.webp")


def test_more_than_a_picture_is_not_read(
    storage: MediaHosts, hosts: list[MediaServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.put(KEY, "96.webp", PICTURE, TYPE)
    monkeypatch.setattr(media_hosts, "ANSWER_BYTES", len(PICTURE))
    assert storage.read(KEY, "96.webp") == PICTURE
    monkeypatch.setattr(media_hosts, "ANSWER_BYTES", len(PICTURE) - 1)
    with pytest.raises(StoreAway):
        storage.read(KEY, "96.webp")


def test_a_host_that_is_away_is_left_alone_for_a_moment(
    storage: MediaHosts, make_storage: Callable[[], MediaHosts], hosts: list[MediaServer]
) -> None:
    hosts[0].stop()
    storage.put(KEY, "96.webp", PICTURE, TYPE)
    hosts[0].start()
    storage.put(KEY, "400.webp", PICTURE, TYPE)
    assert hosts[0].files() == {}
    make_storage().put(KEY, "400.webp", PICTURE, TYPE)
    assert set(hosts[0].files()) == {f"{KEY}/400.webp"}


def test_a_host_that_refuses_is_asked_again_at_once(storage: MediaHosts, hosts: list[MediaServer]) -> None:
    hosts[0].refusals = {"PUT": 507}
    storage.put(KEY, "96.webp", PICTURE, TYPE)
    hosts[0].refusals = {}
    storage.put(KEY, "400.webp", PICTURE, TYPE)
    assert set(hosts[0].files()) == {f"{KEY}/400.webp"}


def test_lists_of_folders(storage: MediaHosts, hosts: list[MediaServer]) -> None:
    storage.put(KEY, "96.webp", PICTURE, TYPE)
    hosts[0].age(KEY, days=2)
    host = storage.copies[0]
    assert [entry.name for entry in host.list_folder("")] == ["ab"]
    [folder] = host.list_folder("ab")
    [file] = host.list_folder(f"ab/{KEY}")
    assert (folder.name, folder.size, file.name, file.size) == (KEY, 0, "96.webp", len(PICTURE))
    age = file.changed_at - folder.changed_at
    assert 47 < age.total_seconds() / 3600 < 49
    assert host.list_folder("zz") == []


@pytest.mark.parametrize(
    "text", [b"<html>", b'{"a": 1}', b'[{"name": "x"}]', b'[{"name": "x", "mtime": "?"}]', b"[1]"]
)
def test_what_is_no_list(storage: MediaHosts, monkeypatch: pytest.MonkeyPatch, text: bytes) -> None:
    monkeypatch.setattr(media_hosts.MediaHost, "_ask", lambda *_: text)
    with pytest.raises(StoreAway):
        storage.copies[0].list_folder("")


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("", "96.webp"),
        ("../" * 8, "96.webp"),
        (f"{KEY}\n", "96.webp"),
        (KEY, "../x"),
        (KEY, "a b"),
        (KEY, "x\r\n"),
    ],
)
def test_nothing_but_keys_and_names_is_asked_for(
    storage: MediaHosts, hosts: list[MediaServer], key: str, name: str
) -> None:
    for act in (storage.read, storage.exists, storage.delete_file):
        with pytest.raises(ValueError, match="of the store"):
            act(key, name)
    with pytest.raises(ValueError, match="of the store"):
        storage.put(key, name, PICTURE, TYPE)
    if key != KEY:
        with pytest.raises(ValueError, match="of the store"):
            storage.delete(key)
    with pytest.raises(ValueError, match="header"):
        storage.put(KEY, "96.webp", PICTURE, "image/webp\r\nX-More: 1")
    assert [host.requests for host in hosts] == [[], [], []]
