"""Somebody on the site: what they ask for, how answers are counted, and how long they think."""

import random
import ssl
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any, TypeVar

import gevent
from gevent.resolver.thread import Resolver
from geventhttpclient.header import Headers
from locust import FastHttpUser, task
from locust.contrib.fasthttp import FastResponse
from locust.exception import StopUser

from profiling.journeys.habits import AWAY, Pause
from profiling.journeys.pages import Broken
from profiling.journeys.plan import Account, read_plan

PLAN = read_plan()
_ACCOUNTS = cycle(PLAN.accounts)
#: How often each step was put off by a limit of the site (429): that is no failure, and no answer either.
PUT_OFF: Counter[tuple[str, str]] = Counter()
#: Where the site doesn't say how long to wait.
WAIT_SECONDS = 5
ANSWER_SECONDS = 30.0
WORDS = (
    "river", "garden", "window", "letter", "coffee", "train", "winter", "music", "bridge", "market", "story",
    "morning", "lamp", "island", "paper", "orange", "harbour", "walk", "kitchen", "cloud", "theatre",
)  # fmt: skip

Found = TypeVar("Found")


def trust(cafile: str | None = None) -> ssl.SSLContext:  # noqa: ARG001 - the client would add its own
    """What proves that the site is the site."""
    return ssl.create_default_context(cafile=PLAN.authority or None)


class Person(FastHttpUser):
    """One person after the other on the same chair: a visit, a pause, the next visit."""

    abstract = True
    #: How steps of this kind of people are named in reports.
    journey = ""
    between = AWAY
    insecure = False
    ssl_context_factory = staticmethod(trust)
    connection_timeout = network_timeout = ANSWER_SECONDS

    @task
    def visit(self) -> None:
        """One visit; who meets something broken gives up until the next one."""
        try:
            self.act()
        except Broken:
            # Counted with the request that it was found by.
            pass
        except Exception as error:  # noqa: BLE001 - a mistake of the journey's own, which is told in the end
            self.environment.events.user_error.fire(
                user_instance=self, exception=error, tb=error.__traceback__
            )
        if PLAN.is_rehearsal:
            raise StopUser

    def act(self) -> None:
        """What this kind of people does in a visit. Raises `Broken`."""
        raise NotImplementedError

    def wait_time(self) -> float:
        """Seconds between two visits."""
        return _draw(self.between)

    def think(self, pause: Pause) -> None:
        """Do nothing for a while."""
        if not PLAN.is_rehearsal:
            gevent.sleep(_draw(pause))

    def may(self, chance: float) -> bool:
        """Whether they do it this time; in a rehearsal everything is done."""
        return PLAN.is_rehearsal or random.random() < chance  # noqa: S311 - no secret

    def ask(
        self,
        step: str,
        method: str,
        path: str,
        look: Callable[[FastResponse], Found],
        *,
        statuses: Sequence[int] = (200,),
        **options: Any,
    ) -> Found:
        """One request as a step of the journey; what `look` finds in its answer.

        Asked too often (429), they wait as long as the site says and ask again. Raises `Broken`, counted as a
        failure, for another status than those of `statuses`, and where `look` does.
        """
        name = f"{self.journey}: {step}"
        while True:
            answer = self.client.request(
                method, path, name=name, allow_redirects=False, catch_response=True, **options
            )
            if answer.status_code != 429:
                break
            # An answer that is never entered is never counted.
            PUT_OFF[name, method] += 1
            gevent.sleep(read_wait(answer))
        with answer:
            try:
                _check(answer, statuses)
                found = look(answer)
            except Broken as error:
                answer.failure(error)
                raise
        return found


def take_account() -> Account:
    """Whose account the next member has; from the first again where there are too few."""
    return next(_ACCOUNTS)


def _check(answer: FastResponse, statuses: Sequence[int]) -> None:
    if not answer.status_code:
        error = getattr(answer, "error", None)
        raise Broken(f"no answer: {type(error).__name__}: {error}")
    if answer.status_code not in statuses:
        raise Broken(f"status {answer.status_code} instead of {' or '.join(map(str, statuses))}")


def read_header(answer: FastResponse, name: str) -> str:
    """A header of an answer; nothing where it has none."""
    return str((answer.headers or Headers()).get(name) or "")


def read_wait(answer: FastResponse) -> float:
    """How many seconds a client that came too often is to wait (RFC 9110, 10.2.3)."""
    told = read_header(answer, "retry-after")
    return float(told) if told.isdecimal() else WAIT_SECONDS


def write_text() -> str:
    """A post of some words that nobody wrote before."""
    words = random.choices(WORDS, k=random.randint(4, 40))  # noqa: S311 - no secret
    return f"{' '.join(words).capitalize()} #{random.choice(WORDS)} {random.getrandbits(32):08x}"  # noqa: S311


def _draw(pause: Pause) -> float:
    return max(pause.least, random.expovariate(1 / pause.mean)) * PLAN.think


class _Directed(Resolver):
    """Leads each name to one address, whatever else it leads to."""

    def getaddrinfo(self, _host: Any, *rest: Any, **options: Any) -> Any:
        """The address, for any name."""
        return super().getaddrinfo(PLAN.address, *rest, **options)


def go_where_told() -> None:
    """Connect to the plan's address, if it has one; certificates are still checked against the name."""
    if PLAN.address:
        gevent.get_hub().resolver = _Directed()
