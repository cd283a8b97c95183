"""Work that is deliberately bad, and a harness's command on it without servers."""

import argparse
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, cast

import pytest

from profiling.running import Prepared
from profiling.scenarios import Scenario


def burn(rounds: int) -> int:
    total = 0
    for number in range(rounds):
        total += number * number
    return total


def slow() -> int:
    return burn(20_000)


def quick() -> int:
    return burn(10)


def work() -> None:
    quick()
    slow()
    quick()


class Leak:
    """Keeps a little of each run."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []

    def __call__(self) -> None:
        self.kept.append(bytes(300))


class OneCache:
    """Fills a cache at its `at`th run, and is content with that."""

    def __init__(self, at: int) -> None:
        self.at, self.runs = at, 0
        self.cache: dict[int, bytes] = {}

    def __call__(self) -> None:
        self.runs += 1
        if self.runs == self.at:
            self.cache = {number: bytes(500) for number in range(1_000)}
        # What is made and forgotten in each run is no growth.
        assert len([bytes(100) for _ in range(5)]) == 5


def command(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, run: Callable[[], Any], *words: str
) -> tuple[int, str]:
    """The exit code and the output of a harness's command; its scenario is `run`, without servers."""

    @contextmanager
    def prepare(name: str, posts: int, say: Callable[[str], None]) -> Iterator[Prepared]:
        say(f"{name} on {posts} posts")
        scenario = Scenario(name, "made up", lambda _: run, (f"{__name__}.work",))
        yield Prepared(scenario, cast("Any", None), run)

    monkeypatch.setattr(module, "prepare", prepare)
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    said: list[str] = []
    return module.run(parser.parse_args(words), said.append), "\n".join(said)


def table(text: str, title: str) -> list[str]:
    """The rows of the table whose header starts with `title`."""
    found = re.search(rf"^{re.escape(title)}\b.*\n((?:.+\n)*)", text, re.MULTILINE)
    assert found is not None, text
    return found[1].splitlines()
