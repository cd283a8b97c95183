"""Asking the monitoring hosts of an environment, each of which watches all of it."""

import json
from dataclasses import dataclass
from typing import Any

from ops.inventory import Host, ask_hosts, read_hosts
from ops.verbs.ask import remote_program
from ops.verbs.terminal import VerbError

ANSWER_SECONDS = 40


@dataclass(frozen=True)
class Watchers:
    """What those monitoring hosts said that answer, and the reasons of those that don't."""

    said: list[tuple[Host, Any]]
    silent: list[str]


def monitoring_hosts(environment: str) -> list[Host]:
    """The environment's monitoring hosts. Raises `VerbError` where it has none."""
    hosts = read_hosts(environment, group="monitoring")
    if not hosts:
        raise VerbError(
            f"{environment} has no host in the group `monitoring`, so nobody watches it: put one there, "
            f"then: fab provision --to {environment}"
        )
    return hosts


def ask_watchers(environment: str, action: str, **request: Any) -> Watchers:
    """Let each monitoring host do an action of `remote/alerts.py`.

    Raises `VerbError` where there is none, or none answers.
    """
    hosts = monitoring_hosts(environment)
    command, text = remote_program("alerts", action=action, **request)
    answers = ask_hosts(hosts, command, seconds=ANSWER_SECONDS, stdin=text)
    said = [(answer.host, json.loads(answer.output)) for answer in answers if not answer.failed]
    silent = [f"{answer.host.name}: {answer.last_line or 'no answer'}" for answer in answers if answer.failed]
    if not said:
        raise VerbError("; ".join(silent))
    return Watchers(said, silent)
