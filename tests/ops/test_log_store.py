"""Shipping and keeping logs: what rsyslog is told, tried with rsyslog itself where it is installed."""

import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from devstack.processes import wait_for
from ops.inventory import REPOSITORY
from ops.verbs.remote import logs
from tests.ops.rendering import render

ROLES = REPOSITORY / "ops/roles"
RSYSLOG = shutil.which("rsyslogd") or shutil.which("rsyslogd", path="/usr/sbin")
HAS_RELP = any(Path("/usr/lib").glob("*/rsyslog/omrelp.so"))
needs_rsyslog = pytest.mark.skipif(
    not (RSYSLOG and HAS_RELP), reason="rsyslog and rsyslog-relp are not installed"
)
HOSTVARS = {"mon1": {"private_address": "127.0.0.1"}, "web1": {"private_address": "127.0.0.1"}}
NOW = datetime.now(UTC)


def load(path: str) -> Any:
    return yaml.safe_load((ROLES / path).read_text(encoding="utf-8"))


def make_sender(**values: object) -> str:
    variables = load("log_shipping/vars/main.yml")
    known = {"inventory_hostname": "web1", "hostvars": HOSTVARS, "log_shipping_stores": ["mon1"]}
    return render(
        "log_shipping", "rsyslog.conf.j2", **{**variables, **known, "log_store_port": 20514, **values}
    )


def make_store(**values: object) -> str:
    known: dict[str, object] = {"private_address": "127.0.0.1", "log_store_port": 20514, "hostvars": HOSTVARS}
    return render("log_store", "log-store.conf.j2", **{**known, "log_store_hosts": ["web1"], **values})


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


def make_certificates(folder: Path, *names: str) -> None:
    """ca.pem, and NAME.pem and NAME.key for each name."""
    authority = ec.generate_private_key(ec.SECP256R1())
    for name in ("ca", *names):
        key = authority if name == "ca" else ec.generate_private_key(ec.SECP256R1())
        builder = x509.CertificateBuilder(
            issuer_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ca")]),
            subject_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
            public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=NOW - timedelta(days=1),
            not_valid_after=NOW + timedelta(days=1),
        ).add_extension(x509.BasicConstraints(ca=name == "ca", path_length=None), critical=True)
        alternative = x509.SubjectAlternativeName([x509.DNSName(name)])
        made = builder.add_extension(alternative, critical=False).sign(authority, hashes.SHA256())
        (folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (folder / f"{name}.key").write_bytes(key.private_bytes(*form))


class Rig:
    """A sender and a store on this machine, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        for name in ("logs", "spool", "kept", "work"):
            (folder / name).mkdir()
        make_certificates(folder, "web1", "mon1", "stranger")
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]

    def localize(self, text: str, certificate: str, *, journal: bool = False) -> str:
        """The configuration with this folder's paths; to run, without the journal: here is none."""
        for place, here in (
            ("/etc/microblog/tls/host", f"{self.folder}/{certificate}"),
            ("/etc/microblog/tls", str(self.folder)),
            ("/var/spool/rsyslog", f"{self.folder}/spool"),
            ("/var/log/microblog-store", f"{self.folder}/kept"),
            ("/var/lib/microblog-log-store", f"{self.folder}/work"),
            ("/var/log/microblog/", f"{self.folder}/logs/"),
            ("/var/log/nginx/", f"{self.folder}/none/"),
            ("/var/log/postgresql/", f"{self.folder}/none/"),
        ):
            text = text.replace(place, here)
        return "\n".join(line for line in text.splitlines() if journal or '"imjournal"' not in line) + "\n"

    def check(self, text: str) -> list[str]:
        """What rsyslog has to say against it."""
        (self.folder / "checked.conf").write_text(text, encoding="utf-8")
        assert RSYSLOG
        words = [RSYSLOG, "-N1", "-f", str(self.folder / "checked.conf")]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        return [line for line in done.stderr.splitlines() if "config validation run" not in line]

    def start(self, name: str, text: str) -> None:
        path = self.folder / f"{name}.conf"
        path.write_text(text, encoding="utf-8")
        assert RSYSLOG
        with (self.folder / f"{name}.said").open("ab") as said:
            words = [RSYSLOG, "-n", "-iNONE", "-f", str(path)]
            self.processes[name] = subprocess.Popen(words, stdout=said, stderr=said)

    def start_store(self) -> None:
        self.start("store", self.localize(make_store(log_store_port=self.port), "mon1"))
        wait_for(self._listens, 10, self.tell)

    def start_sender(self, certificate: str = "web1") -> None:
        told = make_sender(log_store_port=self.port).replace('resumeInterval="5"', 'resumeInterval="1"')
        self.start("sender", self.localize(told, certificate))

    def _listens(self) -> bool:
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self, name: str) -> None:
        process = self.processes.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait(10)

    def write(self, program: str, *lines: str) -> None:
        with (self.folder / "logs" / f"{program}.log").open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)

    def kept(self, program: str) -> list[str]:
        found = [path.read_text(encoding="utf-8") for path in self.folder.glob(f"kept/*/{program}.log")]
        return "".join(found).splitlines()

    def tell(self) -> str:
        said = "".join(path.read_text() for path in self.folder.glob("*.said"))
        return f"there are {sorted(map(str, self.folder.glob('kept/*/*')))}; {said}"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    for name in list(made.processes):
        made.kill(name)


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
    rig.write("made-up", "x\x1b[2J\r2026-11-29T20:00:00Z db1 postgresql forged")
    rig.write("a%2f..", "traversal")

    wait_for(lambda: len(rig.kept("other")) == 2, 20, rig.tell)
    assert sorted(line.split(" ", 1)[1] for line in rig.kept("other")) == [
        "web1 a traversal",
        "web1 made-up x#033[2J#0152026-11-29T20:00:00Z db1 postgresql forged",
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
