"""What one run of a scenario costs: CPU of this process, PostgreSQL and Redis, and its statements."""

import gc
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

from sqlalchemy import Engine, event

from profiling.measuring import tree_seconds
from profiling.servers import Servers
from profiling.worlds import World

#: A block of runs takes about so much CPU, so that the kernel's accounting tells it well.
BLOCK_SECONDS = 0.15
MOST_RUNS = 40

Run = Callable[[], None]


@dataclass(frozen=True)
class Used:
    """CPU seconds by process."""

    python: float
    postgresql: float
    redis: float

    @property
    def total(self) -> float:
        """All of them together."""
        return self.python + self.postgresql + self.redis


def use(servers: Servers, run: Run, runs: int) -> Used:
    """What a run uses, on average of so many; ended children of the servers are included."""
    # What former runs left behind is not theirs.
    gc.collect()
    roots = servers.postgres.process.pid, servers.redis.process.pid
    before = [tree_seconds(root) for root in roots]
    begun = time.process_time()
    for _ in range(runs):
        run()
    python = time.process_time() - begun
    postgresql, redis = (tree_seconds(root) - former for root, former in zip(roots, before, strict=True))
    return Used(python / runs, postgresql / runs, redis / runs)


@dataclass(frozen=True)
class Place:
    """Where a curve is measured: its `size` there, and what brings the world there and gives the work."""

    size: int
    world: World
    enter: Callable[[], Run]


@dataclass(frozen=True)
class Point:
    """What was measured at a size: the cost of a run in each round, and the statements of one."""

    size: int
    rounds: list[Used]
    statements: int

    @property
    def cost(self) -> float:
        """CPU seconds of a run: the middle of all rounds."""
        return median(one.total for one in self.rounds)

    def middle(self, part: str) -> float:
        """The same of `python`, `postgresql` or `redis`."""
        return float(median(getattr(one, part) for one in self.rounds))


Use = Callable[[Servers, Run, int], Used]


def measure(places: Sequence[Place], rounds: int, use: Use = use) -> list[Point]:
    """Measure all places in turns, so that what disturbs the machine disturbs all of them alike.

    Raises `MeasuringError` where a run is answered wrongly.
    """
    runs = [0] * len(places)
    found: list[list[Used]] = [[] for _ in places]
    statements = [0] * len(places)
    order = list(range(len(places)))
    for number in range(rounds):
        for index in order if number % 2 == 0 else reversed(order):
            place = places[index]
            run = place.enter()
            run()
            if not runs[index]:
                with count_statements(place.world.resources.database.engine) as counted:
                    run()
                statements[index] = counted.statements
                runs[index] = _choose_runs(use(place.world.servers, run, 1))
            found[index].append(use(place.world.servers, run, runs[index]))
    return [
        Point(place.size, used, count) for place, used, count in zip(places, found, statements, strict=True)
    ]


def _choose_runs(one: Used) -> int:
    return max(1, min(MOST_RUNS, math.ceil(BLOCK_SECONDS / max(one.total, 1e-6))))


@dataclass
class Counted:
    """How many statements were sent; BEGIN and COMMIT are none of ours."""

    statements: int = 0


@contextmanager
def count_statements(engine: Engine) -> Iterator[Counted]:
    """Count what is sent to PostgreSQL within the block."""
    counted = Counted()

    def count(*_: Any) -> None:
        counted.statements += 1

    event.listen(engine, "before_cursor_execute", count)
    try:
        yield counted
    finally:
        event.remove(engine, "before_cursor_execute", count)
