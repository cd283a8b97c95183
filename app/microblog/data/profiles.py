"""Profiles of requests and jobs in Redis: the newest ones, for a day; and what is asked for."""

import base64
import json
import os
import socket
import time
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import redis

from microblog.observability import metrics
from microblog.settings import Settings

KEEP_SECONDS: Final = 24 * 3600
#: As many are kept, of at most some 200 KB each.
MOST: Final = 50
INDEX: Final = "profiles"


def describe_run(settings: Settings, *, run_id: str, kind: str, name: str, outcome: str) -> dict[str, Any]:
    """What a profile says of what was profiled (a request or a job), and where and when it ran."""
    return {
        "id": run_id,
        "kind": kind,
        "name": name,
        "outcome": outcome,
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "release": settings.release,
    }


def _key(kind: str, name: str) -> str:
    return f"profile:{kind}:{name}"


class Profiles:
    """All profiles. Redis being away is no error: nothing is kept then, and nobody's turn comes."""

    def __init__(self, client: redis.Redis) -> None:
        self.client = client

    def spend(self, nonce: str, seconds: int) -> bool:
        """Whether a ticket's nonce is seen for the first time; False too where Redis can't tell."""
        try:
            return bool(self.client.set(_key("nonce", nonce), "1", nx=True, ex=seconds))
        except redis.RedisError:
            return self._is_away()

    def keep(self, profile_id: str, profile: Mapping[str, Any]) -> bool:
        """Keep a profile under its request's or job's id, in place of the oldest; False if Redis is away."""
        packed = base64.b64encode(zlib.compress(json.dumps(profile).encode())).decode()
        pipe = self.client.pipeline()
        pipe.set(_key("kept", profile_id), packed, ex=KEEP_SECONDS)
        pipe.zadd(INDEX, {profile_id: time.time()})
        pipe.expire(INDEX, KEEP_SECONDS)
        try:
            pipe.execute()
            former: list[str] = self.client.zrange(INDEX, 0, -MOST - 1)  # type: ignore[assignment]
            if former:
                self.client.zrem(INDEX, *former)
                self.client.delete(*(_key("kept", one) for one in former))
        except redis.RedisError:
            return self._is_away()
        return True

    def read(self, profile_id: str) -> dict[str, Any] | None:
        """A profile that is kept. Raises `redis.RedisError`."""
        packed = self.client.get(_key("kept", profile_id))
        return None if packed is None else json.loads(zlib.decompress(base64.b64decode(str(packed))))

    def list_ids(self) -> list[str]:
        """The ids of those that are kept, newest first. Raises `redis.RedisError`."""
        ids: list[str] = self.client.zrevrange(INDEX, 0, -1)  # type: ignore[assignment]
        return ids

    def ask_for(self, job: str, ticket: str, seconds: int) -> None:
        """Ask for the next run of a job, by name or id. Raises `redis.RedisError`."""
        self.client.set(_key("wanted", job), ticket, ex=seconds)

    def take_wish(self, *jobs: str) -> tuple[str, str] | None:
        """The first of these names and ids that is asked for, with its ticket: nobody else gets it."""
        try:
            for job in jobs:
                ticket = self.client.getdel(_key("wanted", job))
                if ticket:
                    return job, str(ticket)
        except redis.RedisError:
            self._is_away()
        return None

    def ask_again(self, job: str, ticket: str, seconds: int) -> None:
        """Ask for a job as before `take_wish`: the run was none. A newer wish stays."""
        try:
            self.client.set(_key("wanted", job), ticket, nx=True, ex=seconds)
        except redis.RedisError:
            self._is_away()

    def _is_away(self) -> bool:
        metrics.CACHE_ERRORS.labels("profiles").inc()
        return False
