"""What may befall a site: each begins with its block and is mended at the block's end.

with without_redis(scene): ...
"""

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from ops.lab import verbs
from tests.lab.deploys import WORKERS, deploy_well, former_of
from tests.lab.made_releases import MadeReleases
from tests.lab.runs import play_well
from tests.lab.sites import Site

#: A disk of its own, so that nothing else of the machine gets full.
DISK_BYTES = 64 * 1024 * 1024
DISK_FOLDER = "/srv/drill"
#: Each holds up all who read or write posts, and lets a few through in between.
LOCKS = """
hold="BEGIN; LOCK TABLE statuses IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(1.5); COMMIT"
while :; do runuser -u postgres -- psql -q -d microblog -c "$hold"; sleep 0.3; done
"""
#: Its last start: an argument that the work doesn't take.
POISON = """
INSERT INTO jobs (name, queue, arguments, attempts)
VALUES ('mail.mention', 'mail', '{"made_for": "a drill"}', 2) RETURNING id
"""
#: Its certificate is renewed by any run of the playbook.
SHORT_DAYS = 5


@dataclass(frozen=True)
class Scene:
    """The site that has the trouble, and the releases that were made for it."""

    site: Site
    made: MadeReleases


Trouble = Callable[[Scene], AbstractContextManager[None]]


@contextmanager
def broken(site: Site, host: str, breaking: str, mending: str) -> Iterator[None]:
    """A command on a host, and the one that undoes it."""
    site.sudo(host, breaking)
    try:
        yield
    finally:
        site.sudo(host, mending)


@contextmanager
def without_web_host(_scene: Scene) -> Iterator[None]:
    """web2 loses its power."""
    verbs.kill("web2")
    try:
        yield
    finally:
        verbs.up()


def without_redis(scene: Scene) -> AbstractContextManager[None]:
    """The broker's Redis is stopped."""
    unit = "redis-server@broker.service"
    return broken(scene.site, "db1", f"systemctl stop {unit}", f"systemctl start {unit}")


def without_shipping(scene: Scene) -> AbstractContextManager[None]:
    """The sender of web2's logs is stopped."""
    return broken(scene.site, "web2", "systemctl stop rsyslog.service", "systemctl start rsyslog.service")


def without_log_store(scene: Scene) -> AbstractContextManager[None]:
    """The log store is stopped."""
    unit = "microblog-log-store.service"
    return broken(scene.site, "mon1", f"systemctl stop {unit}", f"systemctl start {unit}")


def with_hung_sender(scene: Scene) -> AbstractContextManager[None]:
    """The sender of web2's logs hangs."""
    kill = "systemctl kill --signal={} rsyslog.service"
    return broken(scene.site, "web2", kill.format("STOP"), kill.format("CONT"))


def without_database(scene: Scene) -> AbstractContextManager[None]:
    """PostgreSQL is stopped."""
    unit = "postgresql@15-main.service"
    return broken(scene.site, "db1", f"systemctl stop {unit}", f"systemctl start {unit}")


@contextmanager
def without_programs(scene: Scene, *programs: str) -> Iterator[None]:
    """Programs are stopped on all worker hosts: one that is killed, Supervisor starts again."""
    call = "sudo -u microblog supervisorctl {verb} " + " ".join(programs)
    for host in WORKERS:
        scene.site.sudo(host, call.format(verb="stop"))
    try:
        yield
    finally:
        for host in WORKERS:
            scene.site.sudo(host, call.format(verb="start"))


def without_workers(scene: Scene) -> AbstractContextManager[None]:
    """All workers are stopped."""
    return without_programs(scene, "worker-feeds", "worker-mail", "worker-media")


def without_beat_and_relay(scene: Scene) -> AbstractContextManager[None]:
    """Nobody writes down what is due, and nobody hands it over."""
    return without_programs(scene, "beat", "relay")


@contextmanager
def with_full_disk(scene: Scene) -> Iterator[None]:
    """A small file system of worker2 gets full."""
    with tempfile.NamedTemporaryFile(prefix="microblog-drill-") as image:
        image.truncate(DISK_BYTES)
        run("mkfs.ext4", "-q", "-F", image.name)
        device = run("losetup", "--find", "--show", image.name).strip()
        number = device.removeprefix("/dev/loop")
        filled = f"{DISK_FOLDER}/filled"
        try:
            with broken(
                scene.site,
                "worker2",
                f"rm -f /dev/drill && mknod /dev/drill b 7 {number} && mkdir -p {DISK_FOLDER}"
                f" && mount /dev/drill {DISK_FOLDER} && (head -c {DISK_BYTES} /dev/zero > {filled} || true)",
                f"umount {DISK_FOLDER} && rmdir {DISK_FOLDER} && rm /dev/drill",
            ):
                yield
        finally:
            run("losetup", "--detach", device)


def run(*words: str) -> str:
    """What a command of the controller says."""
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def with_slow_queries(scene: Scene) -> AbstractContextManager[None]:
    """Somebody holds up the table that all pages are made of, most of the time."""
    return broken(
        scene.site,
        "db1",
        f"systemd-run --quiet --collect --unit=drill-locks sh -c '{LOCKS}'",
        "systemctl stop drill-locks.service",
    )


@contextmanager
def with_failing_release(scene: Scene) -> Iterator[None]:
    """A release whose answers fail one time in twenty, after a while: no gate sees it."""
    former = former_of(scene.site)
    deploy_well(scene.made.make("faulty"), log="deploy-faulty")
    try:
        yield
    finally:
        play_well("rollback", "-e", f"release={former}", log="rollback-faulty")


@contextmanager
def with_ending_certificate(scene: Scene) -> Iterator[None]:
    """worker2's certificate ends in days; what renews it is a run of the playbook."""
    site, path = scene.site, "/etc/microblog/tls/host.pem"
    short = sign_short(site, site.sudo("worker2", f"cat {path}"))
    site.sudo("worker2", f"cat > {path} <<END\n{short}END\n")
    try:
        yield
    finally:
        play_well("site", "--limit", "worker2", "--tags", "tls", log="site-certificate")


def sign_short(site: Site, present: str) -> str:
    """A certificate for the key and names of the present one, PEM, that ends in `SHORT_DAYS`."""
    former = x509.load_pem_x509_certificate(present.encode())
    authority = x509.load_pem_x509_certificate(site.authority.encode())
    key = serialization.load_pem_private_key(site.secret("tls_ca_key").encode(), None)
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(former.subject)
        .issuer_name(authority.subject)
        .public_key(former.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=SHORT_DAYS))
    )
    for extension in former.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    signed = builder.sign(key, hashes.SHA256())  # type: ignore[arg-type]
    return signed.public_bytes(serialization.Encoding.PEM).decode()


@contextmanager
def with_poisoned_job(scene: Scene) -> Iterator[None]:
    """A job that fails whenever it is tried ends among the dead letters."""
    said = scene.site.sudo("db1", f"runuser -u postgres -- psql -qAt -d microblog <<'END'\n{POISON};\nEND\n")
    try:
        yield
    finally:
        scene.site.sudo(
            "worker1",
            f"sudo -u microblog /opt/microblog/bin/microblog-run current jobs drop {said.split()[0]}",
        )


@contextmanager
def with_old_backup(scene: Scene) -> Iterator[None]:
    """Backups are wanted far more often than they are made."""
    limits = json.loads(scene.site.sudo("mon1", "cat /etc/microblog/backup-alarms.json"))
    strict = json.dumps({"pgbackrest_alarms": limits | {"any_hours": 0}})
    play_well("site", "--limit", "mon1", "--tags", "restic", "-e", strict, log="site-strict-backups")
    try:
        yield
    finally:
        play_well("site", "--limit", "mon1", "--tags", "restic", log="site-usual-backups")
