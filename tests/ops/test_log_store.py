"""Shipping and keeping logs: what rsyslog is told, tried with rsyslog itself where it is installed."""

from datetime import UTC, datetime

import pytest

from devstack.processes import wait_for
from ops.verbs.remote import logs
from tests.ops.log_rig import HOSTVARS, Rig, load, make_sender, make_store, needs_rsyslog


def test_what_is_shipped_is_what_fab_logs_reads() -> None:
    folders = load("log_shipping/vars/main.yml")["log_shipping_folders"]

    assert {folder: form.replace("{name}", "") for folder, form in logs.FOLDERS.items()} == folders


def test_a_sender_keeps_on_disk_what_nobody_takes() -> None:
    told = make_sender(log_shipping_stores=["mon1", "web1"])
    front, *senders = told[told.index('name="ship"') :].split("action(")

    # Disk-assisted, and without a connection: its second worker comes and goes.
    for setting in (
        *('queue.type="LinkedList"', 'queue.filename="ship"', 'queue.maxDiskSpace="10m"'),
        *('queue.saveOnShutdown="on"', 'queue.timeoutEnqueue="10000"'),
    ):
        assert front.count(setting) == 1, setting
    for store, sender in zip(("mon1", "web1"), senders, strict=True):
        for setting in (
            *('queue.type="Disk"', f'queue.filename="to-{store}"', 'queue.saveOnShutdown="on"'),
            *('queue.dequeueBatchSize="16"', 'action.resumeRetryCount="-1"', 'queue.maxDiskSpace="1000m"'),
            # 0 and -1 lose lines at once where the queue is full, a long wait keeps it from being emptied.
            *('queue.timeoutEnqueue="10000"', 'queue.timeoutShutdown="10000"'),
            *('tls.authMode="name"', f'tls.permittedPeer=["{store}"]'),
        ):
            assert sender.count(setting) == 1, setting
    assert told.count('tls.tlslib="openssl"') == 1


def test_what_is_rotated_by_copying_is_not_read_twice() -> None:
    assert '"/var/log/nginx/*.log.1"' in make_sender()
    assert '"/var/log/postgresql/*.log.1"' not in make_sender()


def test_every_host_may_send_and_nobody_else() -> None:
    assert [port["from"] for port in load("log_store/ports.yml")] == [["all"]]


# --- With rsyslog itself ----------------------------------------------------------------------


@needs_rsyslog
@pytest.mark.parametrize("stores", [["mon1"], ["mon1", "mon2"]], ids=len)
def test_rsyslog_takes_what_senders_are_told(stores: list[str], rig: Rig) -> None:
    hostvars = HOSTVARS | {"mon2": {"private_address": "2001:db8::52"}}

    told = rig.localize(make_sender(log_shipping_stores=stores, hostvars=hostvars), "web1", journal=True)

    assert rig.check(told) == []


@needs_rsyslog
def test_rsyslog_takes_what_stores_are_told(rig: Rig) -> None:
    assert rig.check(rig.localize(make_store(private_address="2001:db8::51"), "mon1")) == []


@needs_rsyslog
@pytest.mark.slow
def test_no_line_is_lost_while_the_store_is_away(rig: Rig) -> None:
    rig.start_store()
    rig.start_sender()
    rig.write("web-blue", *(f'{{"n":{number}}}' for number in range(500)))
    wait_for(lambda: len(rig.kept("web-blue")) == 500, 20, rig.tell)

    rig.kill("store")
    rig.write("web-blue", *(f'{{"n":{number}}}' for number in range(500, 1000)))
    (rig.folder / "logs/web-blue.log").rename(rig.folder / "logs/web-blue.log.1")
    rig.write("web-blue", *(f'{{"n":{number}}}' for number in range(1000, 1500)))
    rig.start_store()

    def came() -> set[str]:
        return {line.split(" ", 3)[3] for line in rig.kept("web-blue")}

    wait_for(lambda: len(came()) == 1500, 30, rig.tell)
    assert {line.split(" ")[1] for line in rig.kept("web-blue")} == {"web1"}
    assert [path.parent.name for path in rig.folder.glob("kept/*/web-blue.log")] == [
        str(datetime.now(UTC).date())
    ]


@needs_rsyslog
@pytest.mark.slow
def test_no_line_is_another_hosts_or_program_or_outside_the_folder(rig: Rig) -> None:
    rig.start_store()
    rig.start_sender()
    rig.write("worker-made-up", "x\x1b[2J\r2026-11-29T20:00:00Z db1 postgresql forged")
    rig.write("a%2f..", "traversal")

    wait_for(lambda: len(rig.kept("other")) == 2, 20, rig.tell)
    assert sorted(line.split(" ", 1)[1] for line in rig.kept("other")) == [
        "web1 unknown-file traversal",
        "web1 worker-made-up x#033[2J#0152026-11-29T20:00:00Z db1 postgresql forged",
    ]
    assert [path.name for path in rig.folder.glob("kept/*/*")] == ["other.log"]


@needs_rsyslog
@pytest.mark.slow
def test_a_stranger_is_not_let_in(rig: Rig) -> None:
    rig.start_store()
    rig.start_sender("stranger")
    rig.write("web-blue", "hello")

    wait_for(lambda: "no permited name found" in (rig.folder / "store.said").read_text(), 20, rig.tell)
    assert rig.kept("web-blue") == []
