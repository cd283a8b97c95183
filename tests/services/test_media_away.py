"""What the site does while media hosts are away: nothing is lost, and jobs wait."""

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from microblog.data.media_hosts import MediaHost
from microblog.data.models import Account, MediaFile
from microblog.domain.errors import Unavailable
from microblog.services import housekeeping, media
from tests.media_server import MediaServer
from tests.services.pictures import make_picture
from tests.services.test_media_repair import KEY, SIZES, add_row, ann, hosts, make_storage, put, repair

__all__ = ["ann", "hosts"]


def test_a_store_that_is_away_excuses_its_jobs(session: Session, hosts: list[MediaServer], ann: int) -> None:
    storage = make_storage(hosts)
    media.store_avatar(
        session, storage, account_id=ann, data=make_picture(), max_bytes=5_000_000, max_pixels=25_000_000
    )
    row = session.execute(select(MediaFile.id, MediaFile.key)).one()
    hosts[0].stop()
    # Only the one that is away has it: it is not lost.
    for host in hosts[1:]:
        MediaHost(host.url).delete(row.key)
    with pytest.raises(Unavailable):
        media.process_avatar(session, storage, media_id=row.id)
    for host in hosts[1:]:
        host.stop()
    with pytest.raises(Unavailable):
        media.delete_files(session, make_storage(hosts), key=row.key)
    with pytest.raises(Unavailable):
        media.store_avatar(
            session, storage, account_id=ann, data=make_picture(), max_bytes=5_000_000, max_pixels=25_000_000
        )


def test_an_avatar_is_not_concealed_while_its_only_host_is_away(
    session: Session, hosts: list[MediaServer], ann: int
) -> None:
    add_row(session, ann)
    session.execute(update(Account).values(avatar_key=KEY, suspended_at=func.now()))
    put(hosts[0], KEY)
    hosts[0].stop()

    with pytest.raises(Unavailable):
        media.conceal_avatar(session, make_storage(hosts), account_id=ann)
    assert session.scalars(select(Account.avatar_key)).all() == [KEY]

    hosts[0].start()
    media.conceal_avatar(session, make_storage(hosts), account_id=ann)
    new_key = session.scalars(select(Account.avatar_key)).one()
    assert new_key is not None
    assert {make_storage(hosts).read(new_key, name) for name in SIZES} == {b"pixels"}


def test_tidying_up_while_hosts_are_away(session: Session, hosts: list[MediaServer], ann: int) -> None:
    add_row(session, ann, state="pending")
    session.execute(update(MediaFile).values(created_at=func.now() - housekeeping.UNFINISHED_MEDIA_AGE * 2))
    for host in hosts:
        put(host, KEY, "original")
    for host in hosts:
        host.stop()
    assert housekeeping.purge_expired(session, make_storage(hosts))["media"] == 0
    hosts[0].start()
    assert housekeeping.purge_expired(session, make_storage(hosts))["media"] == 0
    for host in hosts[1:]:
        host.start()
    repair(session, hosts)
    assert [host.files() for host in hosts] == [{}] * 3, "what was never processed must not come back"
    assert housekeeping.purge_expired(session, make_storage(hosts))["media"] == 1
    assert session.scalars(select(MediaFile.key)).all() == []
