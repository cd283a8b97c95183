"""Media hosts that missed something, and are made alike again."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from microblog.data.media_hosts import MediaHost, MediaHosts
from microblog.data.models import Account, Job, MediaFile
from microblog.data.storage import DirectoryStorage
from microblog.jobs import names
from microblog.jobs.outbox import enqueue
from microblog.services import accounts, media, media_repair
from tests.factories import make_account
from tests.media_server import MediaServer, media_servers
from tests.services.pictures import make_picture

KEYS = ("aaaaaaaaaaaaaaaaaaaa", "aabbbbbbbbbbbbbbbbbb", "cccccccccccccccccccc", "ddcccccccccccccccccc")
KEY, *OTHERS = KEYS
SIZES = ("96.webp", "400.webp")


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[list[MediaServer]]:
    with media_servers(tmp_path, 3) as servers:
        yield servers


@pytest.fixture
def ann(session: Session) -> int:
    return make_account(session, "ann")


def make_storage(hosts: list[MediaServer]) -> MediaHosts:
    """A storage that has not yet found out who is away."""
    return MediaHosts([host.url for host in hosts])


def add_row(session: Session, account_id: int, key: str = KEY, state: str = "ready") -> None:
    session.add(
        MediaFile(
            account_id=account_id, kind="avatar", key=key, state=state, mime_type="image/png", byte_size=1,
            width=1, height=1,
        )
    )  # fmt: skip
    session.flush()


def put(host: MediaServer, key: str = KEY, *file_names: str, data: bytes = b"pixels") -> None:
    for name in file_names or SIZES:
        MediaHost(host.url).put(key, name, data, "image/webp")


def repair(session: Session, hosts: list[MediaServer], *, after: str = "", job_id: int = 1) -> None:
    media_repair.repair_hosts(session, make_storage(hosts), after=after, job_id=job_id)


def continuations(session: Session) -> list[dict[str, Any]]:
    return list(session.scalars(select(Job.arguments).where(Job.name == "media.repair").order_by(Job.id)))


def test_what_a_host_lacks_is_copied(session: Session, hosts: list[MediaServer], ann: int) -> None:
    for key in KEYS:
        add_row(session, ann, key, "pending" if key == OTHERS[0] else "ready")
    put(hosts[0], KEY)
    put(hosts[1], OTHERS[0], "original", "96.webp")
    put(hosts[2], OTHERS[1], "96.webp")
    put(hosts[0], OTHERS[1], "400.webp")
    repair(session, hosts)
    everything = {f"{KEY}/{name}" for name in SIZES} | {f"{OTHERS[1]}/{name}" for name in SIZES}
    everything |= {f"{OTHERS[0]}/original", f"{OTHERS[0]}/96.webp"}
    for host in hosts:
        assert set(host.files()) == everything
        assert set(host.files().values()) == {b"pixels"}
        host.requests.clear()
    assert continuations(session) == []
    repair(session, hosts)
    assert {request.split()[0] for host in hosts for request in host.requests} == {"GET"}


def test_a_host_that_was_away_gets_what_it_missed(
    session: Session, hosts: list[MediaServer], ann: int
) -> None:
    hosts[1].stop()
    storage = make_storage(hosts)
    media.store_avatar(
        session, storage, account_id=ann, data=make_picture(), max_bytes=5_000_000, max_pixels=25_000_000
    )
    media_id = session.scalars(select(MediaFile.id)).one()
    media.process_avatar(session, storage, media_id=media_id)
    repair(session, hosts)
    hosts[1].start()
    assert hosts[1].files() == {}
    repair(session, hosts)
    assert hosts[1].files() == hosts[0].files() == hosts[2].files()
    assert len(hosts[1].files()) == 2
    # Nobody misses the others any more.
    hosts[0].stop()
    hosts[2].stop()
    key = session.scalars(select(MediaFile.key)).one()
    assert make_storage(hosts).read(key, "96.webp") == hosts[1].files()[f"{key}/96.webp"]


def test_what_a_power_cut_left_is_replaced(session: Session, hosts: list[MediaServer], ann: int) -> None:
    add_row(session, ann)
    for host, data in zip(hosts, (b"", b"pixels", b"pix"), strict=True):
        put(host, KEY, data=data)
    repair(session, hosts)
    assert [set(host.files().values()) for host in hosts] == [{b"pixels"}] * 3


def test_an_upload_as_it_came_does_not_come_back(
    session: Session, hosts: list[MediaServer], ann: int
) -> None:
    add_row(session, ann)
    put(hosts[0], KEY, "original", *SIZES)
    put(hosts[1])
    repair(session, hosts)
    assert [set(host.files()) for host in hosts] == [{f"{KEY}/{name}" for name in SIZES}] * 3


def test_a_deletion_that_a_host_missed(session: Session, hosts: list[MediaServer], ann: int) -> None:
    add_row(session, ann, state="discarded")
    for host in hosts:
        put(host)
    hosts[2].stop()
    media.delete_files(session, make_storage(hosts), key=KEY)
    assert session.scalars(select(MediaFile.state)).all() == ["discarded"], "the host must learn of it"
    hosts[2].start()
    assert hosts[2].files()
    repair(session, hosts)
    assert [host.files() for host in hosts] == [{}] * 3
    media.delete_files(session, make_storage(hosts), key=KEY)
    assert session.scalars(select(MediaFile.state)).all() == []


def test_the_former_place_of_a_concealed_avatar(session: Session, hosts: list[MediaServer], ann: int) -> None:
    add_row(session, ann)
    accounts.suspend_account(session, username="ann")
    session.execute(update(Account).values(avatar_key=KEY))
    for host in hosts:
        put(host)
    hosts[0].stop()
    storage = make_storage(hosts)
    media.conceal_avatar(session, storage, account_id=ann)
    media.delete_files(session, storage, key=KEY)
    hosts[0].start()
    repair(session, hosts)
    for host in hosts:
        assert len(host.files()) == 2
        assert not any(name.startswith(KEY) for name in host.files())


def test_files_without_a_row_go_when_they_are_a_day_old(session: Session, hosts: list[MediaServer]) -> None:
    for key in KEYS[:3]:
        put(hosts[0], key)
        put(hosts[1], key)
    hosts[0].age(KEYS[0], days=1.1)
    hosts[1].age(KEYS[0], days=1.1)
    # One that somebody is writing to just now.
    hosts[0].age(KEYS[1], days=1.1)
    hosts[0].age(KEYS[2], days=0.9)
    hosts[1].age(KEYS[2], days=0.9)
    repair(session, hosts)
    for host in hosts[:2]:
        assert {name.split("/")[0] for name in host.files()} == set(KEYS[1:3])
    assert hosts[2].files() == {}, "what nobody knows is not copied"


def test_a_picture_discarded_while_it_is_copied(
    session: Session, hosts: list[MediaServer], ann: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_row(session, ann)
    add_row(session, ann, OTHERS[0])
    put(hosts[0])
    put(hosts[0], OTHERS[0])
    real_put = MediaHost.put

    def put_late(self: MediaHost, *arguments: Any) -> None:
        # Its deletion reached all hosts before this.
        session.execute(update(MediaFile).where(MediaFile.key == KEY).values(state="discarded"))
        session.execute(delete(MediaFile).where(MediaFile.key == OTHERS[0]))
        real_put(self, *arguments)

    monkeypatch.setattr(MediaHost, "put", put_late)
    repair(session, hosts[:2])
    assert hosts[1].files() == {}


def test_a_host_that_is_full_is_tried_once_a_run(
    session: Session, hosts: list[MediaServer], ann: int
) -> None:
    for key in KEYS:
        add_row(session, ann, key)
        put(hosts[0], key)
    hosts[1].refusals = {"PUT": 507}
    repair(session, hosts)
    assert sum(request.startswith("PUT") for request in hosts[1].requests) == 1
    assert hosts[2].files() == hosts[0].files()


def test_half_a_picture_is_not_spread(session: Session, hosts: list[MediaServer], ann: int) -> None:
    add_row(session, ann)
    put(hosts[0], KEY, "96.webp", data=b"x" * 1000)
    hosts[0].cut_after = 600
    repair(session, hosts)
    assert hosts[1].files() == hosts[2].files() == {}


def test_hosts_that_are_all_away(session: Session, hosts: list[MediaServer], ann: int) -> None:
    add_row(session, ann)
    for host in hosts:
        host.stop()
    repair(session, hosts)
    assert continuations(session) == []


def test_strange_names_are_nobody_s_business(session: Session, hosts: list[MediaServer], ann: int) -> None:
    add_row(session, ann)
    put(hosts[0])
    strange = [("lost+found", "x"), ("aa", "notes"), (f"aa/{KEY}", "UPPER.webp"), ("aa", "..evil")]
    for folder, name in strange:
        (hosts[0].folder / folder).mkdir(parents=True, exist_ok=True)
        (hosts[0].folder / folder / name).write_text("keep")
    repair(session, hosts)
    assert set(hosts[1].files()) == {f"{KEY}/{name}" for name in SIZES}
    assert len(hosts[0].files()) == 6


def test_a_long_pass_is_cut_into_jobs(
    session: Session, hosts: list[MediaServer], ann: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_repair, "RUN_SECONDS", 0.0)
    for key in KEYS:
        add_row(session, ann, key)
        put(hosts[0], key)
    repair(session, hosts)
    for number in range(len(KEYS)):
        assert {name.split("/")[0] for name in hosts[1].files()} == set(KEYS[: number + 1])
        assert continuations(session)[number:] == [{"after": KEYS[number]}]
        repair(session, hosts, after=KEYS[number])
    assert len(continuations(session)) == len(KEYS)


def test_no_second_pass_beside_one_that_lasts(session: Session, hosts: list[MediaServer], ann: int) -> None:
    add_row(session, ann)
    put(hosts[0])
    for after in (OTHERS[0], ""):
        enqueue(session, names.REPAIR_MEDIA, after=after)
    former, new = session.scalars(select(Job.id).order_by(Job.id))
    repair(session, hosts, job_id=new)
    assert hosts[1].files() == {}
    # The former one itself goes on.
    repair(session, hosts, after="", job_id=former)
    assert hosts[1].files() == hosts[0].files()
    session.execute(update(Job).where(Job.id == former).values(state="done"))
    hosts[0].requests.clear()
    repair(session, hosts, job_id=new)
    assert hosts[0].requests


def test_one_directory_needs_no_repair(session: Session, tmp_path: Path) -> None:
    storage = DirectoryStorage(tmp_path / "media")
    # No row knows it: on media hosts it would go once its folder is a day old.
    storage.put("k" * 22, "96.webp", b"picture", "image/webp")
    os.utime(tmp_path / "media" / "kk" / ("k" * 22), (0, 0))
    waiting = session.query(Job).count()

    media_repair.repair_hosts(session, storage, after="", job_id=1)

    assert storage.read("k" * 22, "96.webp") == b"picture"
    assert session.query(Job).count() == waiting
