"""Names in the playbooks: what a task registers or sets as a fact hides `vars` of the same name elsewhere."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from ops.inventory import REPOSITORY

FILES = [*REPOSITORY.glob("ops/roles/*/tasks/*.yml"), *REPOSITORY.glob("ops/playbooks/*.yml")]


def find_tasks(node: Any) -> Iterator[dict[str, Any]]:
    """All tasks, blocks and plays."""
    if isinstance(node, dict):
        yield node
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else []:
        yield from find_tasks(each)


def test_no_variable_of_a_task_is_hidden() -> None:
    kept: set[str] = set()
    given: dict[str, Path] = {}
    for path in FILES:
        for task in find_tasks(yaml.safe_load(path.read_text(encoding="utf-8"))):
            kept |= {task["register"]} if isinstance(task.get("register"), str) else set()
            kept |= set(task.get("ansible.builtin.set_fact") or {})
            if "name" in task and isinstance(task.get("vars"), dict):
                given |= {name: path.relative_to(REPOSITORY) for name in task["vars"]}

    assert len(kept) > 50
    assert {name: path for name, path in given.items() if name in kept} == {}
