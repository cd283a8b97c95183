"""A clean stop: TERM and INT set a flag that a loop waits on."""

import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stop:
    """Whether to stop, and a wait that ends as soon as that is so.

    A pipe, since `threading.Event.set` in a signal handler can wait for the very thread that it interrupted.
    """

    def __init__(self) -> None:
        self._is_set = False
        self._reader, self._writer = os.pipe()

    def set(self) -> None:
        """Ask to stop; safe in signal handlers and from other threads."""
        if not self._is_set:
            self._is_set = True
            os.write(self._writer, b"!")

    def is_set(self) -> bool:
        """Whether somebody asked to stop."""
        return self._is_set

    def wait(self, seconds: float) -> None:
        """Wait for that long, or until somebody asks to stop."""
        select.select([self._reader], [], [], seconds)

    def close(self) -> None:
        """Close the pipe."""
        os.close(self._reader)
        os.close(self._writer)


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """A stop that TERM or INT sets; the former handlers are back afterwards. For the main thread only."""
    stop = Stop()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    try:
        with _handling(ask_to_stop):
            yield stop
    finally:
        stop.close()


@contextmanager
def exit_on_signals() -> Iterator[None]:
    """TERM or INT raise SystemExit wherever the main thread is: for loops that are not ours."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    with _handling(leave):
        yield


@contextmanager
def _handling(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    former = {number: signal.signal(number, handler) for number in SIGNALS}
    try:
        yield
    finally:
        for number, earlier in former.items():
            signal.signal(number, earlier)
