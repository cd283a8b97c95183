"""A sender and a store of logs on this machine: rsyslog itself, with what the roles tell it."""

import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
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
from ops.rendering import render

ROLES = REPOSITORY / "ops/roles"
RSYSLOG = shutil.which("rsyslogd") or shutil.which("rsyslogd", path="/usr/sbin")
HAS_RELP = any(Path("/usr/lib").glob("*/rsyslog/omrelp.so"))
needs_rsyslog = pytest.mark.skipif(
    not (RSYSLOG and HAS_RELP), reason="rsyslog and rsyslog-relp are not installed"
)
#: What senders' unit denies, where the numbers are known.
DENIES = platform.machine() == "x86_64"
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


def find_denied() -> str:
    """The system calls that the sender's unit denies."""
    unit = (ROLES / "log_shipping/files/rsyslog-unit.conf").read_text(encoding="utf-8")
    found = re.search("^SystemCallFilter=~(.+)$", unit, re.MULTILINE)
    assert found
    return found[1].replace(" ", ",")


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
            if DENIES and name == "sender":
                words = [
                    sys.executable,
                    str(Path(__file__).with_name("denied_calls.py")),
                    find_denied(),
                    *words,
                ]
            self.processes[name] = subprocess.Popen(words, stdout=said, stderr=said)

    def start_store(self) -> None:
        self.start("store", self.localize(make_store(log_store_port=self.port), "mon1"))
        wait_for(self._listens, 10, self.tell)

    def start_sender(self, certificate: str = "web1", change: Callable[[str], str] = str) -> None:
        told = make_sender(log_store_port=self.port).replace('resumeInterval="5"', 'resumeInterval="1"')
        self.start("sender", change(self.localize(told, certificate)))

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
