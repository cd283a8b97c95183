"""Where the time of one request or job goes: each call of one thread, by the way that led to it.

`sys.setprofile` concerns the calling thread alone, on each version of Python
(https://docs.python.org/3/library/sys.html#sys.setprofile). cProfile doesn't: since Python 3.12 it stands on
`sys.monitoring`, which tells it of all threads' calls (python/cpython#138229): other requests would stand in
the result.

Names, files, lines, counts and times are kept, never a value. What the profiler itself takes is measured at
each event and left out of the times.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from types import CodeType, FrameType
from typing import Any

#: Ways that are told apart; what comes after them counts to the last one that is known.
MOST_NODES = 20_000
NAME_CHARACTERS = 200
#: Parts kept of the path of a file that lies in no folder of modules.
PATH_PARTS = 3
#: Callers that are no node: whoever started, those beyond the last node; and what is looked up in vain.
TOP, CUT, UNKNOWN = -1, -2, -3
#: One at a time in a process: taken without waiting by whoever profiles.
TURN = Lock()

Key = CodeType | str
Hook = Callable[[FrameType, str, Any], None]


@dataclass(frozen=True)
class Profile:
    """What was measured, in nanoseconds.

    `functions`: name, file and first line of each; of one in C its name, its module where known, and 0.
    `nodes`: the index of the node that called (-1 at the top) and of the function, how many calls, their time
    with all that they called; callers come first. `cost_ns`: what the profiler took; it is in no other time
    but `cpu_ns`, that of the thread on a processor: the rest of the time it waited.
    """

    wall_ns: int
    cpu_ns: int
    cost_ns: int
    is_cut: bool
    functions: list[tuple[str, str, int]]
    nodes: list[tuple[int, int, int, int]]

    def as_fields(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return dict(vars(self))


class Recorder:
    """Records the calls of the thread that calls `start`, until the same thread calls `stop`.

    Not for greenlets: they share a thread.
    """

    def __init__(self, most_nodes: int = MOST_NODES) -> None:
        self.most_nodes = most_nodes
        #: The nodes in order, each a caller and what is called; and their indexes.
        self.nodes: list[tuple[int, Key]] = []
        self.known: dict[tuple[int, Key], int] = {}
        self.calls: defaultdict[int, int] = defaultdict(int)
        self.totals: defaultdict[int, int] = defaultdict(int)
        self._end: Callable[[], tuple[int, int]] | None = None
        self._former: Any = None
        self._cpu = 0

    def start(self) -> None:
        """Begin. Another profiler of this thread rests meanwhile."""
        self._former = sys.getprofile()
        self._cpu = time.thread_time_ns()
        hook, self._end = self._make_hook()
        sys.setprofile(hook)

    def stop(self) -> Profile:
        """End; what was measured since `start`. Raises `RuntimeError` where nothing was started."""
        if self._end is None:
            raise RuntimeError("no recording was started")
        sys.setprofile(self._former)
        wall, cost = self._end()
        cpu = time.thread_time_ns() - self._cpu
        self._end = None
        places: dict[Key, int] = {}
        nodes = [
            (caller, places.setdefault(key, len(places)), self.calls[node], self.totals[node])
            for node, (caller, key) in enumerate(self.nodes)
        ]
        roots = sorted(sys.path, key=len, reverse=True)
        functions = [describe(key, roots) for key in places]
        return Profile(wall, cpu, cost, CUT in self.calls, functions, nodes)

    def _add(self, caller: int, key: Key) -> int:
        """A new node, while there is room."""
        if caller == CUT or len(self.nodes) >= self.most_nodes:
            return CUT
        node = self.known[caller, key] = len(self.nodes)
        self.nodes.append((caller, key))
        return node

    def _make_hook(self) -> tuple[Hook, Callable[[], tuple[int, int]]]:
        """The function that Python calls at each event, and what ends it: wall time and own cost."""
        clock, known, calls, totals = time.perf_counter_ns, self.known, self.calls, self.totals
        # The node (CUT beyond the last one), when it began on a clock that stands still in here, what it is.
        stack: list[tuple[int, int, Key]] = []
        cost = 0

        # One function: each call more would cost every event.
        def hook(frame: FrameType, event: str, arg: Any) -> None:
            nonlocal cost
            entered = clock()
            if event in {"call", "c_call"}:
                key = frame.f_code if event == "call" else name_builtin(arg)
                caller = stack[-1][0] if stack else TOP
                node = known.get((caller, key), UNKNOWN)
                if node == UNKNOWN:
                    node = self._add(caller, key)
                calls[node] += 1
                stack.append((node, entered - cost, key))
            elif stack and (event != "return" or stack[-1][2] is frame.f_code):
                node, began, _ = stack.pop()
                totals[node] += entered - cost - began
            cost += clock() - entered

        begun = clock()

        def stop() -> tuple[int, int]:
            now = clock() - cost
            for node, began, _ in stack:
                totals[node] += now - began
            return now - begun, cost

        return hook, stop


def name_builtin(function: Any) -> str:
    """Module and name of a function of C. Never raises: that would break what is profiled."""
    return f"{getattr(function, '__module__', '') or ''}:{getattr(function, '__qualname__', '?')}"


def describe(key: Key, roots: list[str]) -> tuple[str, str, int]:
    """A function's name, file and first line, without where the release lies on the machine."""
    if isinstance(key, str):
        module, _, name = key.partition(":")
        return name[:NAME_CHARACTERS], module[:NAME_CHARACTERS], 0
    path = key.co_filename
    root = next((root for root in roots if root and path.startswith(f"{root}/")), None)
    if root is not None:
        path = path.removeprefix(f"{root}/")
    elif path.startswith("/"):
        path = "/".join(path.split("/")[-PATH_PARTS:])
    return key.co_qualname[:NAME_CHARACTERS], path[:NAME_CHARACTERS], key.co_firstlineno
