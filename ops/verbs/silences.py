"""fab silence: who need not hear of an alert for a while."""

import difflib
import getpass
import os
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml
from fabric import Connection

from ops.inventory import REPOSITORY, read_hosts
from ops.verbs.logs import make_harmless
from ops.verbs.terminal import TO, VerbError, print_table, verb
from ops.verbs.watchers import Watchers, ask_watchers

RULES = REPOSITORY / "monitoring/rules"
ALERT = re.compile(r"[A-Z]\w*")
MATCHER = re.compile(r'([A-Za-z_]\w*)(=~|!~|!=|=)("(?:[^"\\]|\\.)*"|[^\s,"]+)(?:[\s,]+|$)')
DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
LONGEST = timedelta(days=30)


@verb(
    positional=["alert"],
    help=TO
    | {
        "alert": "an alert's name, or matchers such as 'alertname=~\"Queue.*\" queue=mail'",
        "for_": "how long: 30m, 2h, 1d, 1h30m",
        "comment": "why, for whoever sees it",
        "host": "only on this host",
    },
)
def silence(
    _context: Connection, alert: str, for_: str = "2h", comment: str = "", host: str = "", to: str = "lab"
) -> None:
    """Let nobody be told of an alert for a while."""
    matchers = read_matchers(alert)
    seconds = read_duration(for_)
    if "," in host:
        raise VerbError(f"name one host, not {host}; several are 'alertname=… instance=~\"web1|web2\"'")
    if host:
        (found,) = read_hosts(to, host)
        matchers.append(make_matcher("instance", "=", found.name))
    watchers = add_silence(to, matchers, seconds, comment or "fab silence")
    # Before it fails for those that didn't: what was silenced is so.
    for watcher, said in watchers.said:
        print(f"{watcher.name}: {describe_matchers(matchers)} is silent for {for_}: {said['id']}")
    print(f"To end it before: fab unsilence ID --to {to}")
    if watchers.silent:
        raise VerbError(f"not silenced everywhere, these go on telling: {'; '.join(watchers.silent)}")


@verb(help=TO)
def silences(_context: Connection, to: str = "lab") -> None:
    """List the silences that last, with their ids."""
    watchers = ask_watchers(to, "list_silences")
    rows = [(host.name, *describe_silence(each)) for host, said in watchers.said for each in said]
    if rows:
        heads = ("on", "id", "until (UTC)", "by", "what", "why")
        print_table(heads, [[make_harmless(cell) for cell in row] for row in rows])
    else:
        print(f"Nothing is silenced in {to}")
    if watchers.silent:
        raise VerbError("; ".join(watchers.silent))


@verb(positional=["identity"], help=TO | {"identity": "the silence's id, as fab silences lists it"})
def unsilence(_context: Connection, identity: str, to: str = "lab") -> None:
    """End a silence before its time."""
    names, silent = remove_silence(to, identity)
    print(f"{', '.join(names)}: {identity} is over")
    if silent:
        raise VerbError(f"not asked, there it may last: {'; '.join(silent)}")


def read_duration(text: str) -> float:
    """Seconds of words such as 1h30m. Raises `VerbError`."""
    found = DURATION.fullmatch(text.strip())
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0, 0)
    length = (
        timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds) if text.strip() else timedelta()
    )
    if not timedelta() < length <= LONGEST:
        raise VerbError(f"--for takes up to {LONGEST.days}d, such as 30m, 2h or 1h30m, not {text!r}")
    return length.total_seconds()


def read_matchers(text: str) -> list[dict[str, Any]]:
    """An alert's name or matchers, as Alertmanager takes them.

    Raises `VerbError`, also for an alert that no rule has.
    """
    if ALERT.fullmatch(text):
        text = f"alertname={text}"
    found = list(MATCHER.finditer(text))
    if not found or "".join(match[0] for match in found) != text:
        raise VerbError(
            f"{text!r} is neither an alert's name nor matchers such as "
            'alertname=QueueGrowing queue=~"mail|feeds"'
        )
    matchers = [make_matcher(match[1], match[2], unquote(match[3])) for match in found]
    for matcher in matchers:
        require_alert(matcher)
    return matchers


def unquote(text: str) -> str:
    """What stands between quotes, or the text as it is."""
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text


def make_matcher(name: str, operator: str, value: str) -> dict[str, Any]:
    """A matcher as Alertmanager's API has it. Raises `VerbError` for an expression that is none."""
    is_expression = operator.endswith("~")
    if is_expression:
        try:
            re.compile(value)
        except re.error as error:
            raise VerbError(f"{value!r} is no regular expression: {error}") from error
    return {"name": name, "value": value, "isRegex": is_expression, "isEqual": not operator.startswith("!")}


def require_alert(matcher: dict[str, Any]) -> None:
    """Refuse to silence an alert that no rule knows: a slip of the finger would silence nothing."""
    if matcher["name"] != "alertname":
        return
    known, value = known_alerts(), matcher["value"]
    if not any(re.fullmatch(value, name) if matcher["isRegex"] else value == name for name in known):
        close = difflib.get_close_matches(value, known, n=3) or known
        raise VerbError(f"no alert is called {value!r}; there is {', '.join(close)}")


def known_alerts() -> list[str]:
    """The names of all alerts of this checkout's rules."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(RULES.glob("*.yml")))
    groups = [group for text in texts for group in yaml.safe_load(text)["groups"]]
    return sorted({rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule})


def add_silence(to: str, matchers: list[dict[str, Any]], seconds: float, comment: str) -> Watchers:
    """Silence what matches on each monitoring host: the silences' ids, and who didn't do it.

    Raises `VerbError` where none did.
    """
    author = os.environ.get("SUDO_USER") or getpass.getuser()
    asked = {"matchers": matchers, "seconds": seconds, "author": author, "comment": comment}
    return ask_watchers(to, "add_silence", **asked)


def remove_silence(to: str, identity: str) -> tuple[list[str], list[str]]:
    """End a silence; the monitoring hosts that had it, and who can't be asked.

    Raises `VerbError` where none has.
    """
    if not re.fullmatch(r"[0-9a-f-]{36}", identity):
        raise VerbError(f"{identity!r} is no silence's id: fab silences --to {to} lists them")
    watchers = ask_watchers(to, "remove_silence", identity=identity)
    names = [host.name for host, said in watchers.said if said["removed"]]
    if not names:
        raise VerbError(
            "; ".join([f"no silence {identity} lasts: fab silences --to {to} lists them", *watchers.silent])
        )
    return names, watchers.silent


def describe_silence(found: dict[str, Any]) -> tuple[str, ...]:
    """What the table of silences has of one: id, until when, by whom, what, why."""
    until = f"{datetime.fromisoformat(found['until']).astimezone(UTC):%Y-%m-%d %H:%M}"
    return found["id"], until, found["author"], describe_matchers(found["matchers"]), found["comment"]


def describe_matchers(matchers: list[dict[str, Any]]) -> str:
    """Matchers as people write them."""
    words = []
    for each in matchers:
        operator = {(True, False): "=", (False, False): "!=", (True, True): "=~", (False, True): "!~"}[
            each.get("isEqual", True), each["isRegex"]
        ]
        words.append(f"{each['name']}{operator}{each['value']}")
    return " ".join(words)
