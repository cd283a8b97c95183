"""On a monitoring host: alerts, silences, and whether all answer (`fab alerts`, `silence`, `dashboards`).

The request, JSON in the last argument: `action` (a function of ACTIONS) and what it takes. Prints JSON; ends
with 1 and the reason on standard error where it can't be done.
"""

import json
import ssl
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any

PROMETHEUS = "http://127.0.0.1:9090/prometheus"
ALERTMANAGER = "http://127.0.0.1:9093/alertmanager"
ANSWER_SECONDS = 10
#: What a host asks through for the world isn't asked for itself.
WITHOUT_PROXY = urllib.request.ProxyHandler({})


class Refused(Exception):
    """What can't be done; the message is the reason and the fix."""


def name_of(base: str) -> str:
    """Who answers at an address."""
    return "Prometheus" if base == PROMETHEUS else "Alertmanager"


def ask(base: str, path: str, method: str = "GET", body: object = None) -> Any:
    """What Prometheus or Alertmanager answers; None for an empty answer. Raises `Refused`."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(base + path, data, headers, method=method)  # noqa: S310 - of this host
    try:
        with urllib.request.build_opener(WITHOUT_PROXY).open(request, timeout=ANSWER_SECONDS) as answer:
            text = answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            said = " ".join(error.read().decode("utf-8", "replace").split())[:200]
        raise Refused(f"{name_of(base)} says {error.code}: {said}") from error
    except (OSError, ValueError) as error:
        unit = "prometheus" if base == PROMETHEUS else "prometheus-alertmanager"
        reason = getattr(error, "reason", error)
        raise Refused(f"{name_of(base)} does not answer ({reason}): systemctl status {unit} there") from error
    return json.loads(text) if text.strip() else None


def read_firing() -> list[dict[str, Any]]:
    """What Alertmanager knows to fire, with what keeps it quiet."""
    return [
        {
            "state": "firing",
            "labels": each["labels"],
            "annotations": each["annotations"],
            "since": each["startsAt"],
            "silenced": each["status"]["silencedBy"],
            "inhibited": bool(each["status"]["inhibitedBy"]),
        }
        for each in ask(ALERTMANAGER, "/api/v2/alerts")
    ]


def read_rules(state: str) -> list[dict[str, Any]]:
    """What Prometheus sees, in this state."""
    return [
        {
            "state": state,
            "labels": each["labels"],
            "annotations": each["annotations"],
            "since": each["activeAt"],
            "silenced": [],
            "inhibited": False,
        }
        for each in ask(PROMETHEUS, "/api/v1/alerts")["data"]["alerts"]
        if each["state"] == state
    ]


def list_alerts(pending: bool) -> dict[str, Any]:  # noqa: FBT001 - out of JSON
    """What fires, and what may soon; with what didn't answer, as then something is missing."""
    found: list[dict[str, Any]] = []
    errors = []
    try:
        found += read_firing()
    except Refused as error:
        errors.append(str(error))
    try:
        # Without Alertmanager nothing is told to anybody, but known it is.
        found += read_rules("firing") if errors else []
        found += read_rules("pending") if pending else []
        ask(PROMETHEUS, "/api/v1/query?query=1")
    except Refused as error:
        errors.append(str(error))
    return {"alerts": found, "errors": errors}


def list_silences() -> list[dict[str, Any]]:
    """The silences that last or will come."""
    return [
        {
            "id": each["id"],
            "matchers": each["matchers"],
            "until": each["endsAt"],
            "author": each["createdBy"],
            "comment": each["comment"],
        }
        for each in ask(ALERTMANAGER, "/api/v2/silences")
        if each["status"]["state"] != "expired"
    ]


def add_silence(matchers: list[dict[str, Any]], seconds: float, author: str, comment: str) -> dict[str, str]:
    """Silence what matches from now on; the silence's id."""
    moments = (datetime.fromtimestamp(time.time() + later, UTC) for later in (0, seconds))
    starts, ends = (moment.isoformat() for moment in moments)
    silence = {
        "matchers": matchers,
        "startsAt": starts,
        "endsAt": ends,
        "createdBy": author,
        "comment": comment,
    }
    return {"id": ask(ALERTMANAGER, "/api/v2/silences", "POST", silence)["silenceID"]}


def remove_silence(identity: str) -> dict[str, bool]:
    """End a silence; whether it was there."""
    if identity not in {each["id"] for each in list_silences()}:
        return {"removed": False}
    ask(ALERTMANAGER, f"/api/v2/silence/{identity}", "DELETE")
    return {"removed": True}


def check_door(port: int) -> list[str]:
    """What of the dashboards does not answer; nothing where all do."""
    wrong = []
    for base in (PROMETHEUS, ALERTMANAGER):
        try:
            ask(base, "/api/v1/query?query=1" if base == PROMETHEUS else "/api/v2/status")
        except Refused as error:
            wrong.append(str(error))
    # Whether a browser believes its certificate is another question.
    trusting = urllib.request.HTTPSHandler(context=ssl._create_unverified_context())  # noqa: S323, SLF001
    url = f"https://127.0.0.1:{port}/prometheus/consoles/index.html"
    try:
        urllib.request.build_opener(WITHOUT_PROXY, trusting).open(url, timeout=ANSWER_SECONDS).close()
        wrong.append("the dashboards let everybody in, without a password: fab provision --tags dashboards")
    except urllib.error.HTTPError as error:
        error.close()
        # Asked for the password, or too often.
        if error.code not in {401, 429}:
            wrong.append(f"nginx answers {error.code} for the dashboards")
    except OSError as error:
        wrong.append(f"nginx does not answer on port {port} ({error}): systemctl status nginx there")
    return wrong


ACTIONS = {
    action.__name__: action
    for action in (list_alerts, list_silences, add_silence, remove_silence, check_door)
}


def main(action: str, **request: Any) -> int:
    """Do what is asked; the exit code."""
    try:
        print(json.dumps(ACTIONS[action](**request)))
    except Refused as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(**json.loads(sys.argv[-1])))
