import json
from pathlib import Path

import pytest

from ops.lab import access, holder, layout, verbs
from ops.lab.layout import LabError, found_hosts, hosts, select_hosts


def test_the_lab_has_the_inventorys_hosts() -> None:
    assert list(hosts()) == ["lb1", "web1", "web2", "worker1", "worker2", "db1", "mon1", "db2"]
    assert len({host.address for host in hosts().values()}) == 8


def test_verbs_touch_the_labs_hosts_alone() -> None:
    assert [host.name for host in select_hosts("web1, db1")] == ["web1", "db1"]
    with pytest.raises(LabError, match="the lab has no host 'web9'; it has lb1"):
        select_hosts("web1,web9")


def test_an_address_elsewhere_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inventory = tmp_path / "hosts.yml"
    inventory.write_text("all: {children: {web: {hosts: {far: {ansible_host: 192.0.2.1}}}}}")
    monkeypatch.setattr(layout, "INVENTORY", inventory)
    hosts.cache_clear()
    try:
        with pytest.raises(LabError, match=r"far needs an address in 10\.77\.0\.0/24"):
            hosts()
    finally:
        hosts.cache_clear()


def test_another_checkouts_lab_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note = tmp_path / "holder.json"
    note.write_text(json.dumps({"checkout": "/elsewhere", "since": "2026-11-21 08:00:00 UTC"}))
    monkeypatch.setattr(holder, "HOLDER", note)

    with pytest.raises(LabError, match=r"held by /elsewhere since 2026-11-21 08:00:00 UTC.*--take"):
        holder.require_ours()

    holder.take()
    holder.require_ours()


def test_without_a_lab_the_way_to_one_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holder, "HOLDER", tmp_path / "none.json")

    with pytest.raises(LabError, match=r"there is no lab: fab lab\.up"):
        verbs.status()


def test_two_verbs_at_once_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holder, "LOCK", tmp_path / "lock")

    with (
        holder.locked(),
        pytest.raises(LabError, match=r"another lab command is at work: process \d+"),
        holder.locked(),
    ):
        pass
    with holder.locked():
        pass


def test_it_needs_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)

    with pytest.raises(LabError, match="the lab needs root"):
        verbs.up()


def test_it_needs_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")

    with pytest.raises(LabError, match="the lab needs Linux"):
        verbs.up()


def test_a_taken_labs_hosts_are_found_whatever_they_are_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "STATE", tmp_path)

    assert found_hosts() == []
    for name in ("web1", "another"):
        (tmp_path / "hosts" / name).mkdir(parents=True)
    assert [host.name for host in found_hosts()] == ["another", "web1"]


def test_a_bare_hosts_operator_has_the_key_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "STATE", tmp_path)
    monkeypatch.setattr(access, "KEY", tmp_path / "key")
    monkeypatch.setattr(access, "base_folder", lambda: tmp_path / "base")
    (tmp_path / "key.pub").write_text("ssh-ed25519 AAAA lab\n")
    (tmp_path / "base" / "home" / "deploy").mkdir(parents=True)
    (tmp_path / "base" / "home" / "deploy").chmod(0o750)
    host = hosts()["web1"]

    access.write_operator_key(host)

    home = host.upper / "home" / "deploy"
    assert (home / ".ssh" / "authorized_keys").read_text() == "ssh-ed25519 AAAA lab\n"
    modes = [path.stat().st_mode & 0o777 for path in (home, home / ".ssh", home / ".ssh" / "authorized_keys")]
    assert modes == [0o750, 0o700, 0o600]
    assert home.stat().st_uid == (tmp_path / "base" / "home" / "deploy").stat().st_uid


@pytest.mark.parametrize(("name", "peer"), [("web1,web2", ""), ("web1", "web1"), ("web1", "web2,db1")])
def test_a_cable_has_two_ends(name: str, peer: str) -> None:
    with pytest.raises(LabError, match="a cable has two ends: name one host"):
        verbs.cut(name, peer)
