import os
import signal
import threading

import pytest

from microblog.worker.stopping import Stop, exit_on_signals, stop_on_signals


def test_a_wait_ends_when_somebody_asks_to_stop() -> None:
    stop = Stop()
    assert not stop.is_set()
    stop.wait(0)
    thread = threading.Thread(target=stop.set)
    thread.start()
    # Without the other thread this would outlast the test run.
    stop.wait(3600)
    thread.join()
    stop.set()
    assert stop.is_set()
    stop.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_ask_to_stop(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with stop_on_signals() as stop:
        os.kill(os.getpid(), number)
        stop.wait(3600)
        assert stop.is_set()
    assert signal.getsignal(number) == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_leave_a_loop_that_is_not_ours(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(SystemExit), exit_on_signals():
        signal.raise_signal(number)
    assert signal.getsignal(number) == before
