"""New environments: an inventory with fresh secrets in an encrypted vault."""

import getpass
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

INVENTORIES = Path(__file__).resolve().parent / "inventories"
EXAMPLE = INVENTORIES / "production.example"
NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")
SECRET_BYTES = 32
#: What the example has in place of an operator's name and keys.
EXAMPLE_OPERATOR = "deploy"
PLACEHOLDER = "PUT THE PUBLIC SSH KEY HERE: THE LINE OF ~/.ssh/id_ed25519.pub"
USER_NAME = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
PUBLIC_KEY = re.compile(
    r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp\d+|sk-ssh-ed25519@openssh\.com) [A-Za-z0-9+/=]+( .*)?"
)
AUTHORITY_YEARS = 10
#: The variables that are random words, each in the vault as vault_NAME.
PASSWORDS = (
    "microblog_secret_key",
    "postgresql_owner_password",
    "postgresql_app_password",
    "postgresql_monitor_password",
    "redis_broker_password",
    "redis_cache_password",
    "backup_password",
    "backup_pictures_password",
    "redis_monitor_password",
    "dashboards_password",
)
#: What the operator gives, in the vault as it may hold passwords and tokens.
GIVEN: dict[str, object] = {
    "vault_microblog_smtp_url": "smtp+starttls://user:password@mail.example.org:587",
    "vault_alert_webhook_urls": [],
    "vault_alert_heartbeat_url": "",
}


class EnvironmentRefused(Exception):
    """An environment that can't be made; the message is what is wrong and the fix."""


def new_environment(name: str) -> Path:
    """Make the inventory `name` from the example, with secrets of its own; its folder.

    Raises `EnvironmentRefused` for a name that is none, or is there already.
    """
    folder = INVENTORIES / name
    if not NAME.fullmatch(name):
        raise EnvironmentRefused(f"{name!r} is no name: 2 to 31 small letters, digits and _, a letter first")
    if folder.exists():
        raise EnvironmentRefused(f"{folder} is there already: nothing was changed; choose another name")
    shutil.copytree(EXAMPLE, folder)
    write_operator(folder, caller_name(), find_public_keys(Path.home() / ".ssh"))
    try:
        write_vault(name, GIVEN)
    except EnvironmentRefused:
        # Half an environment would be refused the next time as one that is there.
        shutil.rmtree(folder)
        raise
    return folder


def write_operator(folder: Path, name: str, keys: list[str]) -> None:
    """Put an operator's name and keys in place of the example's; without keys its placeholder stays."""
    main = folder / "group_vars" / "all" / "main.yml"
    text = main.read_text(encoding="utf-8")
    text = text.replace(f"ansible_user: {EXAMPLE_OPERATOR}\n", f"ansible_user: {name}\n")
    text = text.replace(f"  - name: {EXAMPLE_OPERATOR}\n", f"  - name: {name}\n")
    line = f"      - {PLACEHOLDER!r}\n".replace("'", '"')
    main.write_text(
        text.replace(line, "".join(f"      - {json.dumps(key)}\n" for key in keys) if keys else line),
        encoding="utf-8",
    )


def caller_name() -> str:
    """The name of whoever calls, as a user of the hosts; the example's where it can't be one."""
    name = os.environ.get("SUDO_USER") or getpass.getuser()
    return name if USER_NAME.fullmatch(name) and name != "root" else EXAMPLE_OPERATOR


def find_public_keys(folder: Path) -> list[str]:
    """The public SSH keys of a folder such as ~/.ssh; certificates are none."""
    lines = [
        path.read_text(encoding="utf-8", errors="replace").strip() for path in sorted(folder.glob("*.pub"))
    ]
    return [line for line in lines if PUBLIC_KEY.fullmatch(line)]


def vault_file(name: str) -> Path:
    """Where the secrets of an environment lie, encrypted."""
    return INVENTORIES / name / "group_vars" / "all" / "vault.yml"


def write_vault(name: str, extra: dict[str, object] | None = None) -> None:
    """Write fresh secrets, encrypted with the operator's vault password; made where there is none."""
    make_password()
    values: dict[str, object] = {**make_secrets(name), **(extra or {})}
    text = "# Secrets: ansible-vault edit\n" + yaml.safe_dump(values, default_flow_style=False)
    vault = Path(sys.executable).with_name("ansible-vault")
    # Through a pipe: the secrets are on no disk but encrypted.
    done = subprocess.run(
        [vault, "encrypt", "--output", str(vault_file(name)), "-"],
        input=text,
        text=True,
        capture_output=True,
        check=False,
        cwd=INVENTORIES.parents[1],
    )
    if done.returncode != 0:
        raise EnvironmentRefused(f"ansible-vault failed: {done.stderr.strip().splitlines()[-1]}")


def make_secrets(name: str) -> dict[str, str]:
    """Fresh values of all secrets of an environment, its own certificate authority among them."""
    certificate, key = make_authority(f"Microblog {name}")
    return {f"vault_{each}": secrets.token_urlsafe(SECRET_BYTES) for each in PASSWORDS} | {
        "vault_tls_ca_certificate": certificate,
        "vault_tls_ca_key": key,
    }


def make_authority(name: str) -> tuple[str, str]:
    """A certificate authority's certificate and private key, both PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        key_cert_sign=True,
        crl_sign=True,
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # A host whose clock is a little behind must believe it too.
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=365 * AUTHORITY_YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


def password_file() -> Path:
    """Where `ops/vault-password` finds the password."""
    configuration = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    named = os.environ.get("MICROBLOG_VAULT_PASSWORD_FILE")
    return Path(named) if named else configuration / "microblog" / "vault-password"


def make_password() -> None:
    """Make the operator's vault password where there is none."""
    file = password_file()
    if file.exists() and file.stat().st_size:
        return
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(f"{secrets.token_urlsafe(SECRET_BYTES)}\n")
    print(f"Made a vault password: {file}. Keep a copy in your team's password store")
