"""Which functions are worth a look line by line: those of our own that take most time themselves."""

import cProfile
import gc
import time
from types import CodeType, FunctionType

from profiling.places import package_of
from profiling.running import Run

RUNS = 20


def find_hottest(work: Run, count: int, package: str = "microblog") -> dict[str, FunctionType]:
    """The functions of a package with most time of their own in some runs, by dotted names, in this order.

    Comprehensions and lambdas are left out: their lines are looked at in the function they stand in, or not
    at all.
    """
    # CPU: a run that lost its processor meanwhile makes nothing hot.
    profiler = cProfile.Profile(time.process_time)
    for _ in range(RUNS if count else 0):
        profiler.runcall(work)
    taken = {
        entry.code: entry.inlinetime
        for entry in profiler.getstats()
        if isinstance(entry.code, CodeType)
        and not entry.code.co_name.startswith("<")
        and package_of(entry.code.co_filename) == package
    }
    # Asking for the type runs no code of the objects, as isinstance does with proxies.
    functions = [one for one in gc.get_objects() if type(one) is FunctionType and one.__code__ in taken]
    functions.sort(key=lambda one: -taken[one.__code__])
    return {f"{one.__module__}.{one.__qualname__}": one for one in functions[:count]}
