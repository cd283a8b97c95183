"""The record of how a tag came to production: var/deployments/RELEASE.json.

It is written whenever a step begins or ends, so that a story that was cut off tells how far it came.
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FOLDER = Path("var") / "deployments"
UNDER_WAY = "under way"
DONE = "done"


@dataclass(frozen=True)
class Record:
    """A story: facts about the release, its steps, how it ended; former attempts are under `earlier`."""

    path: Path
    story: dict[str, Any]

    @classmethod
    def begin(cls, root: Path, release: str, **facts: str) -> "Record":
        """Begin the story of a release in a checkout."""
        path = root / FOLDER / f"{release}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        earlier = []
        if path.exists():
            former = json.loads(path.read_text(encoding="utf-8"))
            earlier = [*former.pop("earlier"), former]
        story = {"release": release, **facts, "began": moment(), "outcome": UNDER_WAY, "steps": []}
        return cls(path, {**story, "earlier": earlier})

    @contextmanager
    def step(self, name: str) -> Iterator[dict[str, Any]]:
        """A step of the story; what is put into the dictionary is told with it."""
        told: dict[str, Any] = {"step": name, "began": moment(), "outcome": UNDER_WAY}
        started = time.monotonic()
        self.story["steps"].append(told)
        self.save()
        try:
            yield told
            told["outcome"] = DONE
        except BaseException as error:
            told["outcome"] = f"failed: {explain(error)}"
            raise
        finally:
            told["seconds"] = round(time.monotonic() - started, 1)
            self.save()

    def end(self, outcome: str) -> None:
        """Say how the story ended."""
        self.story["outcome"] = outcome
        self.save()

    def save(self) -> None:
        """Write it: whoever reads meanwhile has the former or the new one whole."""
        made = self.path.with_suffix(".new")
        with made.open("w", encoding="utf-8") as file:
            file.write(json.dumps(self.story, indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
        made.replace(self.path)


def explain(error: BaseException) -> str:
    """What the error says; its kind where it says nothing, such as a key that was pressed."""
    return str(error) or type(error).__name__


def moment() -> str:
    """Now, as revisions.log has it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
