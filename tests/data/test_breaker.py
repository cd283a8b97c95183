"""When a part is left alone."""

from structlog.testing import capture_logs

from microblog.data.breaker import Breaker
from microblog.observability import metrics


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def make_open_breaker(clock: Clock) -> Breaker:
    breaker = Breaker("redis", seconds=2, clock=clock)
    assert breaker.admits()
    breaker.failed()
    return breaker


def test_after_a_failure_nobody_asks_for_a_moment() -> None:
    clock = Clock()
    breaker = make_open_breaker(clock)
    assert not breaker.admits()
    clock.now += 1.9
    assert not breaker.admits()


def test_then_one_caller_tries_and_the_others_still_go_without() -> None:
    clock = Clock()
    breaker = make_open_breaker(clock)
    clock.now += 2
    assert [breaker.admits() for _ in range(3)] == [True, False, False]
    breaker.failed()
    clock.now += 1.9
    assert not breaker.admits()
    clock.now += 0.1
    assert breaker.admits()
    breaker.answered()
    assert [breaker.admits() for _ in range(3)] == [True, True, True]


def test_a_caller_who_never_comes_back_does_not_keep_it_open() -> None:
    clock = Clock()
    breaker = make_open_breaker(clock)
    clock.now += 2
    assert breaker.admits()
    clock.now += 2
    assert breaker.admits()


def test_an_outage_is_told_once_and_its_end_too() -> None:
    counted = metrics.PART_OUTAGES.labels("redis")
    before, clock = counted._value.get(), Clock()
    with capture_logs() as lines:
        breaker = make_open_breaker(clock)
        breaker.failed()
        breaker.admits()
        breaker.answered()
        breaker.answered()
    assert [(line["log_level"], line["event"], line["part"]) for line in lines] == [
        ("warning", "part.away", "redis"),
        ("info", "part.back", "redis"),
    ]
    assert counted._value.get() == before + 1
