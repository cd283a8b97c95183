"""What a monitoring host tells of its log store, on folders made like a host's."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ops.host_facts.__main__ import SLOW, main
from ops.host_facts.logs import PROGRAM, TAIL, LogStore
from ops.inventory import REPOSITORY
from ops.rendering import render
from tests.ops.log_rig import HOSTVARS, load, make_store

TODAY = date(2026, 11, 29)
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC).timestamp()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A monitoring host whose store runs, and takes what mon1 and web1 send."""
    wanted = tmp_path / "etc/systemd/system/multi-user.target.wants"
    for folder in (wanted, tmp_path / "run/microblog-log-store", tmp_path / "etc/microblog"):
        folder.mkdir(parents=True)
    (wanted / "microblog-log-store.service").symlink_to("/etc/systemd/system/microblog-log-store.service")
    settings = make_store(log_store_hosts=list(HOSTVARS), log_store_programs=[PROGRAM])
    (tmp_path / "etc/microblog/log-store.conf").write_text(settings)
    return tmp_path


def write(root: Path, day: date, text: str) -> None:
    path = root / f"var/log/microblog-store/{day}/{PROGRAM}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(text)


def told(store: LogStore, root: Path, day: date = TODAY) -> dict[str, float]:
    return {each.labels[0][1] if each.labels else each.name: each.value for each in store.read(root, day)}


def test_a_host_without_a_store_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / f"var/log/microblog-store/{TODAY}").mkdir(parents=True)

    assert told(LogStore(), tmp_path) == {}


def test_a_store_that_is_down_is_told(root: Path) -> None:
    assert told(LogStore(), root)["microblog_log_store_up"] == 1

    # As systemd removes it when the unit ends.
    (root / "run/microblog-log-store").rmdir()
    assert told(LogStore(), root)["microblog_log_store_up"] == 0


def test_each_host_that_may_send_is_told_with_its_last_line(root: Path) -> None:
    write(
        root,
        TODAY,
        f"2026-11-29T11:59:00.5+00:00 web1 {PROGRAM} alive\n2026-11-29T12:00:00Z web1 {PROGRAM} alive\n",
    )
    write(root, TODAY, f"2026-11-29T12:00:05Z 192.0.2.7 {PROGRAM} alive\n2026-11-29T12:0")

    assert told(LogStore(), root) == {"microblog_log_store_up": 1, "web1": NOON, "mon1": 0}


def test_who_falls_silent_is_known_when_others_filled_the_file_and_the_day_is_over(root: Path) -> None:
    store = LogStore()
    write(root, TODAY, f"2026-11-29T12:00:00Z web1 {PROGRAM} alive\n")
    assert told(store, root)["web1"] == NOON

    line = f"2026-11-29T12:00:00Z mon1 {PROGRAM} alive\n"
    write(root, TODAY, line * (TAIL // len(line) + 1))
    assert told(store, root) == {"microblog_log_store_up": 1, "web1": NOON, "mon1": NOON}
    assert told(store, root, date(2026, 11, 30))["web1"] == NOON
    # A day's end alone is read, whatever it holds.
    assert told(LogStore(), root)["web1"] == 0


def test_what_is_looked_for_is_written_by_each_host_and_has_a_file_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rounds = iter(range(2 * SLOW))

    def end_after_the_last(_seconds: float) -> None:
        if next(rounds) == 2 * SLOW - 1:
            raise KeyboardInterrupt

    monkeypatch.setattr("ops.host_facts.__main__.all_facts", lambda _root: [])
    monkeypatch.setattr("time.sleep", end_after_the_last)
    with pytest.raises(KeyboardInterrupt):
        main(str(tmp_path / "microblog.prom"), "15")

    assert capsys.readouterr().out == "alive\nalive\n"
    unit = render(
        "node_exporter",
        "microblog-host-facts.service.j2",
        node_exporter_facts_home="/x",
        node_exporter_folder="/y",
        node_exporter_facts_seconds=15,
    )
    assert f"\nSyslogIdentifier={PROGRAM}\n" in unit
    assert PROGRAM in load("log_store/defaults/main.yml")["log_store_programs"]
    assert (REPOSITORY / "ops/roles/node_exporter/vars/main.yml").read_text().count(
        "ops/host_facts/logs.py"
    ) == 1
