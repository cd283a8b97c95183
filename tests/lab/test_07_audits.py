"""What auditors' tools say: ssh-audit and testssl.sh find nothing above low, Lynis gives its index."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.lab.runs import LOGS
from tests.lab.sites import Site

pytestmark = pytest.mark.lab

#: Lynis' hardening index that the hosts keep at least (its own scale, to 100).
LYNIS_AT_LEAST = 60
#: What testssl.sh finds and why it stands.
TLS_EXCEPTIONS = {
    "cert_revocation": "an authority of one's own publishes no list",
    # Mozilla's intermediate profile leaves the choice to the client, as all its ciphers are sound.
    "cipher_order": "the client chooses among sound ciphers",
    # The pages' own defence: SameSite cookies, and tokens that are signed anew (roles/nginx, site.conf.j2).
    "BREACH": "pages are compressed on purpose",
    "engine_problem": "about the auditor's own openssl",
    "RC4": "about the auditor's own openssl, which can't offer it",
}


#: A question that the auditor could not ask, on a busy machine, is no answer.
NOT_ASKED = "connect problem"


def need(program: str) -> str:
    path = shutil.which(program)
    assert path, f"{program} is missing: .ci/system-tools lab installs it"
    return path


@pytest.fixture(scope="module")
def lynis(site: Site) -> Iterator[Future[int]]:
    """web1's hardening index; Lynis goes through it while the others ask from outside."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(ask_lynis, site, "web1")


@pytest.mark.usefixtures("lynis")
@pytest.mark.parametrize("host", ["lb1", "web1", "db1"])
def test_ssh_audit_finds_nothing(site: Site, host: str) -> None:
    done = subprocess.run(
        [need("ssh-audit"), "--json", site.hosts[host].address], capture_output=True, text=True, check=False
    )
    (LOGS / f"ssh-audit-{host}.json").write_text(done.stdout, encoding="utf-8")

    recommendations = json.loads(done.stdout).get("recommendations", {})

    assert not recommendations.get("critical")
    assert not recommendations.get("warning")


def test_testssl_finds_nothing_above_low(site: Site, tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text(site.authority, encoding="utf-8")
    findings = LOGS / "testssl.json"
    findings.unlink(missing_ok=True)
    domain = str(site.hosts["lb1"].variables["microblog_domain"])
    subprocess.run(
        [
            *(need("testssl"), "--quiet", "--warnings", "off", "--color", "0", "--fast"),
            *("--protocols", "--server-defaults", "--server-preference", "--headers", "--vulnerable"),
            *("--add-ca", str(authority), "--nodns", "none", "--ip", site.hosts["lb1"].address),
            *("--severity", "LOW", "--jsonfile", str(findings), f"https://{domain}/"),
        ],
        capture_output=True,
        check=False,
        timeout=300,
    )

    found = {
        f"{each['id']}: {each['finding']}"
        for each in json.loads(findings.read_text(encoding="utf-8"))
        if each["severity"] in {"MEDIUM", "HIGH", "CRITICAL", "WARN"}
        and each["id"] not in TLS_EXCEPTIONS
        and NOT_ASKED not in each["finding"]
    }
    assert found == set()


def test_lynis_gives_its_index(lynis: Future[int]) -> None:
    assert lynis.result() >= LYNIS_AT_LEAST


def ask_lynis(site: Site, host: str) -> int:
    """The host's hardening index, out of 100; the report is kept among the logs."""
    site.sudo(host, "DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends lynis")
    report = site.sudo(host, "lynis audit system --quick --no-colors", seconds=400)
    (LOGS / f"lynis-{host}.txt").write_text(report, encoding="utf-8")
    found = re.search(r"Hardening index : (\d+)", report)
    assert found is not None
    return int(found[1])
