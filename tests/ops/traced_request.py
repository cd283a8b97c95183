"""A request that passes all tiers, as the log store keeps it."""

import json
from datetime import UTC, datetime, timedelta

ID = "5d0c9a3e-74e2-4d55-9c0f-0a1b2c3d4e5f"
OTHER = "ffffffff-74e2-4d55-9c0f-0a1b2c3d4e5f"
JOB = 115493873460609024
TODAY = datetime.now(UTC).date()


def at(milliseconds: int) -> str:
    """A moment of the request, as programs write it."""
    # Yesterday's noon, at any time of day too long ago for a host to count as one that sends lines.
    noon = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC) - timedelta(days=1)
    return (noon + timedelta(milliseconds=milliseconds)).isoformat(timespec="milliseconds")


def line(ms: int, host: str, program: str, message: object) -> str:
    """A line of the store; it came there ten seconds later than it was written."""
    text = message if isinstance(message, str) else json.dumps(message, separators=(",", ":"))
    return f"{at(ms + 10_000)} {host} {program} {text}"


def entry(ms: int, event: str, **fields: object) -> dict[str, object]:
    return {"timestamp": at(ms), "level": "info", "event": event, "service": "x", "host": "x", **fields}


EDGE: dict[str, object] = {
    "timestamp": at(61),
    "service": "haproxy",
    "request_id": ID,
    "method": "POST",
    "path": "/statuses",
}
EDGE |= {"status": 303, "server": "web1", "duration_ms": 60}
NGINX: dict[str, object] = {
    "timestamp": at(60),
    "service": "nginx",
    "request_id": ID,
    "method": "POST",
    "path": "/statuses",
}
NGINX |= {"status": 303, "duration_s": 0.061, "upstream_status": "303"}
WEB = entry(59, "http.request", method="POST", route="/statuses", status=303, duration_ms=55.0, request_id=ID)
WEB |= {"db_pid": 4242, "account_id": 7, "release": "0.1.0"}
MAIL = entry(
    180, "mail.sent", kind="mention", account_id=8, request_id=ID, duration_ms=20.0, message=f"{JOB}.{ID}"
)
ENDED = entry(
    190, "job.ended", job_id=JOB, job="mail.mention", outcome="done", duration_ms=50.0, request_id=ID
)
STATEMENT = (
    f"{at(30)[:23].replace('T', ' ')} UTC [4242] microblog_app@microblog microblog web LOG:  duration: 20 ms"
)
STORED = {
    "haproxy": [line(61, "lb1", "haproxy", EDGE)],
    "nginx-access": [line(60, "web1", "nginx-access", NGINX)],
    "web-blue": [
        line(40, "web1", "web-blue", entry(40, "status.posted", status_id=5, request_id=ID)),
        line(59, "web1", "web-blue", WEB),
        line(70, "web1", "web-blue", WEB | {"request_id": OTHER, "timestamp": at(70), "account_id": 77}),
    ],
    "relay": [
        line(120, "worker1", "relay", entry(120, "relay.handed", job_id=JOB, request_id=ID, queue="mail"))
    ],
    "worker-mail": [
        line(130, "worker2", "worker-mail", entry(130, "job.done_already", job_id=JOB)),
        line(180, "worker2", "worker-mail", MAIL),
        line(190, "worker2", "worker-mail", ENDED),
    ],
    "postgresql": [
        line(30, "db1", "postgresql", STATEMENT),
        line(30, "db1", "postgresql", STATEMENT.replace("4242", "4243")),
        line(900, "db1", "postgresql", STATEMENT.replace(at(30)[11:23], at(900)[11:23])),
    ],
}
