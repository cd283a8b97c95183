"""What the role tls says about a certificate that somebody else signed, before any of it is on a host."""

import json
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ops.inventory import REPOSITORY, tool

# One worker makes the run that all of them look at.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("certificates")]

NOW = datetime.now(UTC)


def make_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def pem(key: ec.EllipticCurvePrivateKey, password: str = "") -> str:
    lock = serialization.BestAvailableEncryption(password.encode()) if password else None
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        lock or serialization.NoEncryption(),
    ).decode()


def make_certificate(key: ec.EllipticCurvePrivateKey, *names: str, start: int = -1, days: int = 90) -> str:
    """A certificate (PEM) that is valid from `start` for so many days from now."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "site")])
    builder = x509.CertificateBuilder(
        subject_name=subject,
        issuer_name=subject,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=NOW + timedelta(days=start),
        not_valid_after=NOW + timedelta(days=days),
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
        )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def make_cases() -> dict[str, tuple[str, str, str]]:
    """Name → certificate, key, and what is said (nothing: it is taken)."""
    key, other = make_key(), make_key()
    good = make_certificate(key, "a.example.org", "b.example.org")
    chain = make_certificate(other, "authority")
    return {
        "good": (good + chain, pem(key), ""),
        "for any name below": (make_certificate(key, "*.example.org"), pem(key), ""),
        "ends soon": (make_certificate(key, "*.example.org", days=5), pem(key), ""),
        "another's key": (good, pem(other), "edge_certificate_key (KEY) is not the key of the first"),
        "the chain first": (
            chain + good,
            pem(key),
            "the site's own certificate first",
        ),
        "a locked key": (good, pem(key, "hush"), "KEY) holds no private key without a password"),
        "no key": (good, good, "KEY) holds no private key"),
        "no certificate": ("rubbish", pem(key), "edge_certificate (CERTIFICATE) holds no certificate"),
        "swapped": (pem(key), good, "edge_certificate (CERTIFICATE) holds no certificate"),
        "with its key": (good + pem(key), pem(key), "edge_certificate (CERTIFICATE) holds a private key too"),
        "expired": (make_certificate(key, "*.example.org", start=-9, days=-1), pem(key), "not now"),
        "not begun": (make_certificate(key, "*.example.org", start=2), pem(key), "not now"),
        "one name": (
            make_certificate(key, "a.example.org"),
            pem(key),
            "for a.example.org, not for b.",
        ),
        "no name": (make_certificate(key), pem(key), "is for no name at all, not for a.example.org"),
        "too wide": (make_certificate(key, "*.org"), pem(key), "not for a.example.org"),
    }


PLAY = """
- hosts: localhost
  connection: local
  gather_facts: false
  vars: {said: {}}
  tasks:
    - ansible.builtin.include_tasks: case.yml
      loop: "{{ cases }}"
      loop_control: {loop_var: case}
    - ansible.builtin.copy:
        content: "{{ said | to_json }}"
        dest: "{{ playbook_dir }}/said.json"
        mode: "0600"
"""
#: A loop's message stands with its item.
CASE = """
- block:
    - ansible.builtin.include_role: {name: tls, tasks_from: given}
      vars:
        tls_given_certificate: "{{ playbook_dir }}/{{ case }}.pem"
        tls_given_key: "{{ playbook_dir }}/{{ case }}.key"
        tls_given_names: [a.example.org, b.example.org]
    - ansible.builtin.set_fact: {said: "{{ said | combine({case: ''}) }}"}
  rescue:
    - ansible.builtin.set_fact: {said: "{{ said | combine({case: message}) }}"}
      vars:
        message: >-
          {{ ansible_failed_result.results | default([ansible_failed_result])
             | selectattr('failed', 'defined') | selectattr('failed') | map(attribute='msg') | join(' ') }}
"""
CASES = make_cases()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], str]:
    """What was said about each case, and all that the run printed."""
    folder = tmp_path_factory.mktemp("given")
    (folder / "play.yml").write_text(PLAY, encoding="utf-8")
    (folder / "case.yml").write_text(CASE, encoding="utf-8")
    for name, (certificate, key, _) in CASES.items():
        (folder / f"{name}.pem").write_text(certificate, encoding="utf-8")
        (folder / f"{name}.key").write_text(key, encoding="utf-8")
    cases = json.dumps({"cases": [*CASES, "away"]})
    done = subprocess.run(
        [
            tool("ansible-playbook"),
            str(folder / "play.yml"),
            "-i",
            "localhost,",
            "-vvv",
            "--diff",
            "-e",
            cases,
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    said = json.loads((folder / "said.json").read_text(encoding="utf-8"))
    return {name: text.replace(f"{folder}/", "") for name, text in said.items()}, done.stdout + done.stderr


@pytest.mark.parametrize("case", CASES)
def test_what_would_not_serve_is_refused_with_its_fix(case: str, run: tuple[dict[str, str], str]) -> None:
    wanted = CASES[case][2].replace("CERTIFICATE", f"{case}.pem").replace("KEY", f"{case}.key")

    assert wanted in run[0][case]
    assert bool(wanted) == bool(run[0][case])


def test_files_that_are_not_there_are_named(run: tuple[dict[str, str], str]) -> None:
    assert "edge_certificate is away.pem, which is no file" in run[0]["away"]
    assert "edge_certificate_key is away.key, which is no file" in run[0]["away"]


def test_one_that_ends_soon_is_told_of(run: tuple[dict[str, str], str]) -> None:
    assert run[1].count("Renew edge_certificate (") == 1


def test_no_key_is_shown(run: tuple[dict[str, str], str]) -> None:
    for _, key, _ in CASES.values():
        assert key.splitlines()[1] not in run[1]
