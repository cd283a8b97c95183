"""Runs of a scenario: on a database of the chosen size, warmed up, repeated with progress."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

from profiling.columns import milliseconds
from profiling.databases import database
from profiling.scenarios import SCENARIOS, Scenario, World, open_world

Say = Callable[[str], None]
Run = Callable[[], None]

WARM_UP = 20
PLAIN_RUNS = 50
#: A line of progress so often.
PROGRESS_SECONDS = 5.0
#: What a shell calls a command that Ctrl-C ended.
INTERRUPTED = 130


@dataclass(frozen=True)
class Prepared:
    """A scenario that can be run: `run` does it once."""

    scenario: Scenario
    world: World
    run: Run


@contextmanager
def prepare(name: str, posts: int, say: Say) -> Iterator[Prepared]:
    """The scenario in this process, on servers of its own that end with the block."""
    scenario = SCENARIOS[name]
    with database(posts, say=say) as servers, open_world(servers) as world:
        yield Prepared(scenario, world, scenario.prepare(world))


@dataclass(frozen=True)
class Plain:
    """What a run takes when nobody looks: medians, in seconds."""

    wall: float
    cpu: float

    def describe(self) -> str:
        """The same in words."""
        wall, cpu = milliseconds(self.wall), milliseconds(self.cpu)
        return f"A run takes {wall} ms without the profiler, {cpu} ms of it this process's CPU"


def measure_plain(run: Run, say: Say, *, warm_up: int = WARM_UP, runs: int = PLAIN_RUNS) -> Plain:
    """Run until caches are filled, then take the time of some more runs; CPU is that of this process."""
    say(f"Warming up: {warm_up} runs")
    for _ in range(warm_up):
        run()
    walls, cpus = [], []
    for _ in range(runs):
        wall, cpu = time.perf_counter(), time.process_time()
        run()
        cpus.append(time.process_time() - cpu)
        walls.append(time.perf_counter() - wall)
    return Plain(median(walls), median(cpus))


def repeat(run: Run, runs: int, say: Say) -> int:
    """Run it `runs` times; how often it was done.

    Ctrl-C ends it sooner, so that what was seen until then is told. Before the first run is done there is
    nothing to tell: then it is raised.
    """
    told = time.monotonic()
    done = 0
    try:
        for done in range(1, runs + 1):
            run()
            if (now := time.monotonic()) - told > PROGRESS_SECONDS:
                told = now
                say(f"  {done} of {runs} runs")
    except KeyboardInterrupt:
        if done < 2:
            raise
        # The last one may have been cut.
        done -= 1
        say(f"Stopped after {done} of {runs} runs: what was seen until then follows")
    return done
