import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import update
from structlog.testing import capture_logs

from microblog.data.models import Job
from microblog.data.session import Database
from microblog.jobs import names
from microblog.jobs.broker import BrokerAway, Publisher
from microblog.settings import Settings
from microblog.worker import relay as relays
from microblog.worker.relay import Relay, run_relay
from microblog.worker.stopping import Stop
from tests.worker.conftest import FakeBroker

AddJob = Callable[..., int]
ReadJob = Callable[[int], Any]


@pytest.fixture
def stop() -> Iterator[Stop]:
    stop = Stop()
    yield stop
    stop.close()


def make_due(database: Database) -> None:
    with database.unit_of_work() as session:
        session.execute(update(Job).values(available_at=Job.created_at))


def test_a_round_hands_over_what_is_due(
    relay: Relay, broker: FakeBroker, add_job: AddJob, read_job: ReadJob
) -> None:
    job_ids = [add_job(names.FAN_OUT, status_id=number) for number in range(3)]
    assert relay.round() == 3
    assert broker.sent == job_ids
    assert read_job(job_ids[0]).state == "handed"
    assert relay.round() == 0


def test_a_queue_of_another_release_holds_nobody_up(
    relay: Relay, broker: FakeBroker, add_job: AddJob, read_job: ReadJob, database: Database
) -> None:
    strange, plain = add_job(names.FAN_OUT, status_id=1), add_job(names.FAN_OUT, status_id=2)
    with database.unit_of_work() as session:
        session.execute(update(Job).where(Job.id == strange).values(queue="of_tomorrow"))
    relay.round()
    assert broker.sent == [plain]
    assert (read_job(strange).state, read_job(strange).attempts) == ("waiting", 0)


def test_a_job_of_another_release_waits_and_is_told_of_now_and_then(
    relay: Relay,
    broker: FakeBroker,
    add_job: AddJob,
    read_job: ReadJob,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job_id = add_job()
    with database.unit_of_work() as session:
        # Not even one whose starts are used up is buried by those who don't know it.
        session.execute(update(Job).values(name="mail.password_of_tomorrow", attempts=3))
    with capture_logs() as logged:
        relay._attempt(0.1)
        for forget in (relays.MEASURE_SECONDS, relays.TELL_SECONDS):
            monkeypatch.setattr(time, "monotonic", lambda later=relay._measured_at + forget: later)
            relay._attempt(0.1)
    assert REGISTRY.get_sample_value("microblog_outbox_unknown") == 1
    assert broker.sent == []
    row = read_job(job_id)
    assert (row.state, row.handovers) == ("waiting", 0)
    assert [(line["event"], line["jobs"]) for line in logged] == [
        ("relay.unknown_jobs", ["mail.password_of_tomorrow"])
    ] * 2


def test_what_was_not_done_in_time_is_handed_over_again(
    relay: Relay, broker: FakeBroker, add_job: AddJob, read_job: ReadJob, database: Database
) -> None:
    job_id = add_job()
    relay.round()
    first = read_job(job_id).available_at
    make_due(database)
    with capture_logs() as logged:
        relay.round()
    assert broker.sent == [job_id, job_id]
    # Twice as long as the first time: copies must not fill a long queue.
    assert read_job(job_id).available_at > first
    assert [line["event"] for line in logged] == ["relay.handed_again"]


def test_two_relays_hand_over_each_job_once(settings: Settings, database: Database, add_job: AddJob) -> None:
    job_ids = [add_job(names.FAN_OUT, status_id=number) for number in range(40)]
    broker = FakeBroker()
    relays_ = [Relay(settings, database, broker) for _ in range(2)]
    threads = [threading.Thread(target=one.round) for one in relays_]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in relays_:
        one.round()
    assert sorted(broker.sent) == job_ids


def test_a_job_whose_starts_are_used_up_is_buried(
    relay: Relay,
    broker: FakeBroker,
    add_job: AddJob,
    read_dead: Callable[[], list[Any]],
    database: Database,
) -> None:
    job_id = add_job()
    with database.unit_of_work() as session:
        session.execute(update(Job).values(attempts=3))
    assert relay.round() == 1
    assert broker.sent == []
    (dead,) = read_dead()
    assert (dead.id, dead.attempts) == (job_id, 3)
    assert dead.error == "its worker was lost, or ran out of time, 3 times"


def test_what_the_broker_did_not_take_stays_due(
    settings: Settings, database: Database, add_job: AddJob, read_job: ReadJob
) -> None:
    job_ids = [add_job(names.FAN_OUT, status_id=number) for number in range(3)]
    broker = FakeBroker(room=1)
    relay = Relay(settings, database, broker)
    with pytest.raises(BrokerAway):
        relay.round()
    assert [read_job(job_id).state for job_id in job_ids] == ["handed", "waiting", "waiting"]
    broker.room = 10
    assert relay.round() == 2
    assert broker.sent == job_ids


def test_an_outage_is_told_once_and_waited_out_ever_slower(
    settings: Settings, database: Database, add_job: AddJob, read_job: ReadJob
) -> None:
    job_id = add_job()
    broker = FakeBroker(room=0)
    relay = Relay(settings, database, broker)
    pauses = [settings.relay_poll_seconds]
    with capture_logs() as logged:
        for _ in range(8):
            pauses.append(relay._attempt(pauses[-1]))
        broker.room = 1
        back = relay._attempt(pauses[-1])
    least, most = relays.AWAY_SECONDS
    assert pauses[1] == least
    assert pauses[2:] == sorted(pauses[2:])
    assert pauses[-1] == most
    assert [line["event"] for line in logged] == ["relay.waiting", "relay.handed", "relay.back"]
    assert back == settings.relay_poll_seconds
    assert broker.sent == [job_id]
    # While it was away, rows were left alone.
    assert read_job(job_id).handovers == 1


def test_a_database_that_is_away_is_waited_for(settings: Settings, no_database: Database) -> None:
    relay = Relay(settings, no_database, FakeBroker())
    with capture_logs() as logged:
        assert relay._attempt(0.2) == relays.AWAY_SECONDS[0]
        relay._attempt(0.5)
    (line,) = logged
    assert (line["event"], line["part"]) == ("relay.waiting", "database")


def test_the_pause_follows_the_load(
    relay: Relay, add_job: AddJob, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relays, "BATCH", 2)
    for number in range(3):
        add_job(names.FAN_OUT, status_id=number)
    poll = settings.relay_poll_seconds
    assert relay._attempt(poll) == 0.0
    assert relay._attempt(0.0) == poll
    pause = poll
    for _ in range(10):
        pause = relay._attempt(pause)
    assert pause == relays.IDLE_SECONDS
    add_job()
    assert relay._attempt(pause) == poll


def test_a_seldom_polling_relay_stays_seldom(
    settings: Settings, database: Database, broker: FakeBroker
) -> None:
    relay = Relay(replace(settings, relay_poll_seconds=5.0), database, broker)
    assert relay._attempt(5.0) == 5.0


def test_the_backlog_is_measured_now_and_then(relay: Relay, add_job: AddJob) -> None:
    add_job()
    relay._attempt(0.1)
    assert REGISTRY.get_sample_value("microblog_outbox_pending") == 1
    add_job()
    relay._attempt(0.1)
    assert REGISTRY.get_sample_value("microblog_outbox_pending") == 1


def test_it_runs_until_it_is_stopped(
    settings: Settings, database: Database, add_job: AddJob, stop: Stop
) -> None:
    class Stopping(FakeBroker):
        def publish(self, *, job_id: int, name: str, queue: str, request_id: str | None) -> str:
            stop.set()
            return super().publish(job_id=job_id, name=name, queue=queue, request_id=request_id)

    broker = Stopping()
    job_id = add_job()
    Relay(settings, database, broker).run(stop)
    assert broker.sent == [job_id]


def test_the_program_stops_at_term(
    settings: Settings, database: Database, add_job: AddJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []

    def publish(_self: Publisher, *, job_id: int, **_: Any) -> str:
        sent.append(job_id)
        os.kill(os.getpid(), signal.SIGTERM)
        return ""

    monkeypatch.setattr(Publisher, "publish", publish)
    before = signal.getsignal(signal.SIGTERM)
    job_id = add_job()
    run_relay(settings)
    assert sent == [job_id]
    assert signal.getsignal(signal.SIGTERM) == before
