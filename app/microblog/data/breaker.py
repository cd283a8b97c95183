"""A circuit breaker: a part that doesn't answer is left alone for a moment, so that nobody waits for it."""

import time
from collections.abc import Callable
from threading import Lock

import structlog

from microblog.observability import metrics

log = structlog.get_logger(__name__)

CLOSED = float("-inf")


class Breaker:
    """Whether a part may be asked, for all threads of this process. Closed: it may.

    It opens with a failure. Then one caller is let through every `seconds`, until one is answered.
    """

    def __init__(self, part: str, *, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.part = part
        self.seconds = seconds
        self._clock = clock
        self._lock = Lock()
        self._next_try = CLOSED

    def admits(self) -> bool:
        """Whether the caller may ask the part; it then tells by `failed` or `answered` how that went."""
        # Without the lock: this stands before each call to a part that is well.
        if self._next_try == CLOSED:
            return True
        with self._lock:
            now = self._clock()
            if now < self._next_try:
                return False
            if self._next_try != CLOSED:
                # By time and not by a flag: a caller who never comes back must not keep it open.
                self._next_try = now + self.seconds
            return True

    def failed(self) -> None:
        """The part didn't answer."""
        with self._lock:
            is_new = self._next_try == CLOSED
            self._next_try = self._clock() + self.seconds
        if is_new:
            metrics.PART_OUTAGES.labels(self.part).inc()
            log.warning("part.away", part=self.part)

    def answered(self) -> None:
        """The part answered."""
        if self._next_try == CLOSED:
            return
        with self._lock:
            was_away, self._next_try = self._next_try != CLOSED, CLOSED
        if was_away:
            log.info("part.back", part=self.part)
