import subprocess
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from ops import environments
from ops.environments import PLACEHOLDER, EnvironmentRefused, make_authority, make_secrets, new_environment
from ops.inventory import tool


@pytest.fixture
def inventories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of inventories, and a vault password of its own."""
    monkeypatch.setattr(environments, "INVENTORIES", tmp_path / "checkout" / "ops" / "inventories")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setenv("MICROBLOG_VAULT_PASSWORD_FILE", str(tmp_path / "vault" / "password"))
    script = Path(__file__).resolve().parents[2] / "ops" / "vault-password"
    (tmp_path / "checkout").mkdir()
    (tmp_path / "checkout" / "ansible.cfg").write_text(f"[defaults]\nvault_password_file = {script}\n")
    return tmp_path / "checkout" / "ops" / "inventories"


def test_a_new_environment_has_secrets_of_its_own_and_shows_none(inventories: Path) -> None:
    folder = new_environment("production")

    vault = folder / "group_vars" / "all" / "vault.yml"
    assert vault.read_text().startswith("$ANSIBLE_VAULT;1.1;AES256")
    opened = subprocess.run(
        [tool("ansible-vault"), "view", str(vault)],
        cwd=inventories.parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    secrets = yaml.safe_load(opened.stdout)
    main = (folder / "group_vars" / "all" / "main.yml").read_text()
    assert len(secrets["vault_microblog_secret_key"]) >= 32
    # Each secret that the inventory names is there.
    assert {name for name in secrets if name in main} == set(secrets)
    assert main.count('"{{ vault_') == len(secrets)


def test_nothing_is_overwritten(inventories: Path) -> None:
    folder = new_environment("production")
    before = (folder / "group_vars" / "all" / "vault.yml").read_bytes()

    with pytest.raises(EnvironmentRefused, match="is there already: nothing was changed"):
        new_environment("production")

    assert (folder / "group_vars" / "all" / "vault.yml").read_bytes() == before


@pytest.mark.parametrize("name", ["", "A", "../x", "a b", "x" * 40, "1st"])
def test_names_are_names(inventories: Path, name: str) -> None:
    with pytest.raises(EnvironmentRefused, match="is no name"):
        new_environment(name)


def test_the_password_is_made_once_and_for_its_owner_alone(inventories: Path, tmp_path: Path) -> None:
    new_environment("one")
    file = tmp_path / "vault" / "password"
    first = file.read_text()

    new_environment("two")

    assert file.read_text() == first
    assert file.stat().st_mode & 0o777 == 0o600


def test_two_environments_share_no_secret() -> None:
    one, two = make_secrets("one"), make_secrets("two")

    assert set(one) == set(two)
    assert not {*one.values()} & {*two.values()}


def test_the_authority_signs_hosts_and_nothing_below() -> None:
    certificate_text, key_text = make_authority("Microblog test")

    certificate = x509.load_pem_x509_certificate(certificate_text.encode())
    key = serialization.load_pem_private_key(key_text.encode(), None)
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert key.public_key() == certificate.public_key()
    assert (constraints.ca, constraints.path_length) == (True, 0)
    assert certificate.not_valid_before_utc < datetime.now(UTC)
    assert certificate.not_valid_after_utc > datetime.now(UTC) + timedelta(days=3000)


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample ada's: laptop"


def _main_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((folder / "group_vars" / "all" / "main.yml").read_text())
    return found


def test_its_operator_is_whoever_made_it(
    inventories: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "ada")
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "id_ed25519.pub").write_text(f"{KEY}\n")
    (tmp_path / ".ssh" / "id_ed25519-cert.pub").write_text("ssh-ed25519-cert-v01@openssh.com AAAA x\n")
    (tmp_path / ".ssh" / "id_rsa.pub").write_text("ssh-rsa AAAAB3NzaC1yc2E=\n")

    main = _main_of(new_environment("production"))

    assert main["ansible_user"] == "ada"
    assert main["operators"] == [{"name": "ada", "keys": [KEY, "ssh-rsa AAAAB3NzaC1yc2E="]}]


@pytest.mark.parametrize("name", ["root", "Ada.Lovelace"])
def test_without_a_key_or_name_for_hosts_the_examples_stay(
    inventories: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("SUDO_USER", name)

    main = _main_of(new_environment("production"))

    assert main["ansible_user"] == "deploy"
    assert main["operators"] == [{"name": "deploy", "keys": [PLACEHOLDER]}]


def test_the_examples_hosts_have_private_addresses_of_their_own(inventories: Path) -> None:
    hosts = yaml.safe_load((new_environment("production") / "hosts.yml").read_text())["all"]["children"]

    addresses = {
        name: variables["private_address"]
        for group in hosts.values()
        for name, variables in group["hosts"].items()
        if variables
    }
    assert len(set(addresses.values())) == len(addresses) == 8
    assert all(ip_address(address).is_private for address in addresses.values())
