"""fab alerts: what is wrong now."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fabric import Connection

from ops.verbs.logs import make_harmless
from ops.verbs.terminal import TO, VerbError, verb
from ops.verbs.watchers import ask_watchers

#: Fires always, so that its absence is noticed.
WATCHDOG = "Watchdog"
SEVERITIES = ("page", "ticket")
#: Told in other words, or of all alike.
PLAIN_LABELS = ("alertname", "severity", "environment")


@verb(help=TO | {"all_": "also what may fire soon, and is only waited for"})
def alerts(
    _context: Connection,
    to: str = "lab",
    all_: bool = False,  # noqa: FBT001, FBT002 - fabric makes it --all
) -> None:
    """List what fires; exit code 1 where something does that nobody silenced."""
    watchers = ask_watchers(to, "list_alerts", pending=all_)
    found, remarks = merge_alerts([(host.name, said) for host, said in watchers.said])
    remarks += watchers.silent
    for alert in found:
        print("\n".join(describe_alert(alert, datetime.now(UTC))) + "\n")
    loud = [alert for alert in found if is_loud(alert)]
    if remarks:
        raise VerbError("; ".join([*remarks, f"so there may be more than these {len(found)} alerts"]))
    if loud:
        names = sorted({alert["labels"]["alertname"] for alert in loud})
        raise VerbError(f"{to}: {len(loud)} firing: {', '.join(names)}")
    print(f"Nothing fires in {to}" + (", or nothing that is told" if found else ""))


def merge_alerts(answers: list[tuple[str, dict[str, Any]]]) -> tuple[list[dict[str, Any]], list[str]]:
    """The alerts of all monitoring hosts, each once and the urgent first; and what is wrong there."""
    found: dict[str, dict[str, Any]] = {}
    remarks = []
    for host, said in answers:
        remarks += [f"{host}: {error}" for error in said["errors"]]
        names = {alert["labels"]["alertname"] for alert in said["alerts"]}
        if WATCHDOG not in names and not said["errors"]:
            remarks.append(
                f"{host}: {WATCHDOG}, which always fires, does not: Prometheus has no rules or can't send"
            )
        for alert in said["alerts"]:
            if alert["labels"]["alertname"] != WATCHDOG:
                found.setdefault(f"{alert['state']} {sorted(alert['labels'].items())}", alert)
    return sorted(found.values(), key=_urgency), remarks


def _urgency(alert: dict[str, Any]) -> tuple[bool, bool, int, str]:
    severity = alert["labels"].get("severity")
    rank = SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)
    return alert["state"] != "firing", not is_loud(alert), rank, alert["since"]


def is_loud(alert: dict[str, Any]) -> bool:
    """Whether somebody is told of it."""
    return bool(alert["state"] == "firing" and not alert["silenced"] and not alert["inhibited"])


def describe_alert(alert: dict[str, Any], now: datetime) -> list[str]:
    """An alert in lines: what, where, since when; what it says; where to read on."""
    labels, notes = alert["labels"], alert["annotations"]
    since = datetime.fromisoformat(alert["since"])
    state = alert["state"]
    if alert["silenced"]:
        state = f"silenced by {', '.join(alert['silenced'])}"
    elif alert["inhibited"]:
        state = "follows from another"
    where = " ".join(f"{name}={labels[name]}" for name in sorted(labels) if name not in PLAIN_LABELS)
    age = str(timedelta(seconds=max(0, int((now - since).total_seconds()))))
    heads = (labels.get("severity", "-"), labels["alertname"], where, state)
    head = "  ".join(word for word in heads if word)
    lines = [f"{head}  since {since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC ({age})"]
    lines += [f"    {notes[name]}" for name in ("summary", "runbook") if name in notes]
    # Labels may hold what a program was asked for by anybody.
    return [make_harmless(line) for line in lines]
