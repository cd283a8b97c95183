"""What Prometheus, Alertmanager and the blackbox exporter are told, for several shapes of inventories.

Ansible renders the roles' templates for each shape, and the programs themselves check them where they are.
"""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.inventory import REPOSITORY
from ops.rendering import render
from ops.verbs.silences import known_alerts
from tests.ops.monitoring_shapes import ADDRESSES, CHECKS, SHAPES, write

# One worker makes the runs that all of them look at.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("monitoring templates")]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """By shape: the folder with what its monitoring host gets."""
    made = tmp_path_factory.mktemp("monitoring")
    # As the playbooks see them: ports, addresses.
    shutil.copytree(REPOSITORY / "ops/playbooks/group_vars", made / "group_vars")
    return {name: write(made, name.replace(" ", "_"), inventory) for name, inventory in SHAPES.items()}


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def targets(folder: Path, job: str) -> list[tuple[str, dict[str, str]]]:
    """What a job asks: address and labels."""
    return [(entry["targets"][0], entry["labels"]) for entry in read(folder / f"targets/{job}.yml")]


def probes(folder: Path) -> list[tuple[str, str, str]]:
    found = [labels for _, labels in targets(folder, "blackbox")]
    return [(labels["probe"], labels["instance"], labels["__param_target"]) for labels in found]


@pytest.mark.parametrize("part", CHECKS)
@pytest.mark.parametrize("name", SHAPES)
def test_the_programs_take_it(written: dict[str, Path], name: str, part: str) -> None:
    command = CHECKS[part]
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed: apt-get install prometheus prometheus-alertmanager")

    done = subprocess.run(
        [*command, f"{written[name] / part}.yml"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stdout.replace("no rule files", "")


def test_every_tier_is_asked(written: dict[str, Path]) -> None:
    asked = {
        job: [labels["instance"] for _, labels in targets(written["lab"], job)]
        for job in ("microblog", "node", "process", "postgres", "redis", "nginx", "haproxy")
    }

    everywhere = sorted(ADDRESSES)
    assert asked.pop("node") == asked.pop("process")
    assert sorted(labels["instance"] for _, labels in targets(written["lab"], "node")) == everywhere
    assert asked == {
        "microblog": ["web1", "web2", "worker1", "worker2"],
        "postgres": ["db1"],
        "redis": ["db1", "db1"],
        "nginx": ["web1", "web2", "worker1", "worker2"],
        "haproxy": ["lb1"],
    }


def test_both_redis_are_asked_by_one_exporter(written: dict[str, Path]) -> None:
    assert targets(written["lab"], "redis") == [
        (
            "10.77.0.16:9121",
            {"instance": "db1", "server": server, "__param_target": f"redis://127.0.0.1:{port}"},
        )
        for server, port in (("broker", 6379), ("cache", 6380))
    ]


def test_the_site_is_asked_at_the_edge_and_each_web_host_past_it(written: dict[str, Path]) -> None:
    assert probes(written["lab"]) == [
        ("site", "lb1", "https://10.77.0.11/"),
        ("api", "lb1", "https://10.77.0.11/api/v2/instance"),
        ("readiness", "web1", "http://10.77.0.12:8080/readyz"),
        ("readiness", "web2", "http://10.77.0.13:8080/readyz"),
    ]


def test_the_site_is_asked_by_its_name_where_nothing_else_is_said(written: dict[str, Path]) -> None:
    assert probes(written["one"]) == [
        ("site", "social.example.org", "https://social.example.org/"),
        ("api", "social.example.org", "https://social.example.org/api/v2/instance"),
        ("readiness", "one", "https://192.0.2.1/readyz"),
    ]


def test_addresses_of_ipv6_stand_in_brackets(written: dict[str, Path]) -> None:
    assert ("site", "lb1", "https://[fd00::11]/") in probes(written["ipv6"])
    assert ("readiness", "web1", "http://[fd00::12]:8080/readyz") in probes(written["ipv6"])
    assert targets(written["ipv6"], "postgres") == [("[fd00::16]:9187", {"instance": "db1"})]
    assert "https://[fd00::18]:9443/prometheus/" in (written["ipv6"] / "prometheus.sh").read_text()


def test_a_tier_that_is_not_there_is_not_asked(written: dict[str, Path]) -> None:
    for job in ("haproxy", "postgres"):
        assert read(written["no edge"] / f"targets/{job}.yml") == []


def test_targets_are_named_by_their_job_and_bounded(written: dict[str, Path]) -> None:
    jobs = {job["job_name"]: job for job in read(written["lab"] / "prometheus.yml")["scrape_configs"]}

    assert {path.stem for path in (written["lab"] / "targets").iterdir()} <= set(jobs)
    assert all(job["sample_limit"] and job["body_size_limit"] for job in jobs.values())
    assert jobs["redis"]["metrics_path"] == "/scrape"


@pytest.mark.parametrize(("name", "seconds"), [("lab", "5s"), ("one", "15s")])
def test_everything_is_asked_as_often_as_the_inventory_says(
    written: dict[str, Path], name: str, seconds: str
) -> None:
    told = read(written[name] / "prometheus.yml")["global"]

    assert told["scrape_interval"] == told["evaluation_interval"] == seconds
    assert told["external_labels"] == {"environment": name}


@pytest.mark.parametrize(
    ("name", "waits"),
    [
        ("lab", ["2500ms", "10000ms", "10000ms", "50000ms"]),
        ("one", ["30000ms", "120000ms", "120000ms", "600000ms"]),
    ],
)
def test_a_rehearsal_waits_less(written: dict[str, Path], name: str, waits: list[str]) -> None:
    route = read(written[name] / "alertmanager.yml")["route"]
    tickets = route["routes"][-1]

    assert [each[wait] for each in (route, tickets) for wait in ("group_wait", "group_interval")] == waits
    assert (route["repeat_interval"], tickets["repeat_interval"]) == ("1h", "1d")


def test_a_mail_server_is_read_as_the_application_reads_it(written: dict[str, Path]) -> None:
    starttls = read(written["ipv6"] / "alertmanager.yml")
    tls = read(written["no edge"] / "alertmanager.yml")["global"]

    assert starttls["global"] == {
        "smtp_smarthost": "mail.example.org:587",
        "smtp_from": "Microblog <no-reply@social.example.org>",
        "smtp_hello": "mon1",
        "smtp_require_tls": True,
        "smtp_auth_username": "a@b",
        "smtp_auth_password": 'p:w+"d',
    }
    assert starttls["receivers"][1]["email_configs"][0]["to"] == "oncall@example.org, boss@example.org"
    assert (tls["smtp_smarthost"], tls["smtp_require_tls"]) == ("[2001:db8::25]:465", False)


def test_without_a_receiver_alerts_only_are_seen(written: dict[str, Path]) -> None:
    assert read(written["one"] / "alertmanager.yml")["receivers"] == [
        {"name": name} for name in ("nobody", "pages", "tickets")
    ]


ALERTS: list[tuple[str, dict[str, str], str]] = [
    ("lab", {"alertname": "HostDown", "severity": "page"}, "pages"),
    ("lab", {"alertname": "DeadLetters", "severity": "ticket"}, "tickets"),
    ("lab", {"alertname": "Watchdog", "severity": "none"}, "nobody"),
    ("no edge", {"alertname": "Watchdog", "severity": "none"}, "heartbeat"),
    ("no edge", {"alertname": "DeadLetters", "severity": "ticket"}, "tickets"),
    ("lab", {"alertname": "Forgotten"}, "pages"),
]


@pytest.mark.parametrize(("name", "labels", "receiver"), ALERTS, ids=str)
def test_alerts_reach_their_receiver(
    written: dict[str, Path], name: str, labels: dict[str, str], receiver: str
) -> None:
    if not shutil.which("amtool"):
        pytest.skip("amtool is not installed: apt-get install prometheus-alertmanager")
    config = f"--config.file={written[name] / 'alertmanager.yml'}"
    words = [f"{label}={value}" for label, value in labels.items()]

    done = subprocess.run(
        ["amtool", "config", "routes", "test", config, *words], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == receiver


def test_who_expects_a_heartbeat_is_called_every_few_minutes(written: dict[str, Path]) -> None:
    config = read(written["no edge"] / "alertmanager.yml")
    route = config["route"]["routes"][0]

    assert config["receivers"][1] == {
        "name": "heartbeat",
        "webhook_configs": [{"url": "https://beats.example.org/ping/0d1c", "send_resolved": False}],
    }
    assert (route["group_interval"], route["repeat_interval"]) == ("60000ms", "240000ms")


def holds(matchers: list[str], labels: dict[str, str]) -> bool:
    for matcher in matchers:
        name, operator, value = matcher.split(" ", 2)
        same = bool(re.fullmatch(value.strip('"'), labels.get(name, "")))
        if same == (operator == "!="):
            return False
    return True


def is_quiet(folder: Path, alert: dict[str, str], beside: dict[str, str]) -> bool:
    """Whether an alert tells nobody anything as another one fires."""
    return any(
        holds(rule["source_matchers"], beside)
        and holds(rule["target_matchers"], alert)
        and all(alert.get(label) == beside.get(label) for label in rule["equal"])
        for rule in read(folder / "alertmanager.yml")["inhibit_rules"]
    )


def test_what_follows_from_a_dead_database_host_tells_nobody_anything(written: dict[str, Path]) -> None:
    lab, dead = written["lab"], {"alertname": "HostDown", "instance": "db1"}

    for name in ("RelaySilent", "BeatSilent", "OutboxOld", "QueueGrowing", "DatabaseSlow"):
        assert is_quiet(lab, {"alertname": name}, beside=dead)
        assert not is_quiet(lab, {"alertname": name}, beside=dead | {"instance": "worker1"})
        assert not is_quiet(lab, {"alertname": name}, beside=dead | {"alertname": "TargetDown"})
    assert not is_quiet(lab, {"alertname": "AvailabilityBurnFast"}, beside=dead)
    assert not is_quiet(lab, dead, beside=dead)
    assert is_quiet(lab, {"alertname": "HostDiskFull", "instance": "db1"}, beside=dead)


def test_what_is_kept_quiet_and_what_keeps_it_quiet_exist(written: dict[str, Path]) -> None:
    rules = read(written["lab"] / "alertmanager.yml")["inhibit_rules"]
    words = [word for rule in rules for word in rule["source_matchers"] + rule["target_matchers"]]
    named = [name for word in words if "alertname" in word for name in re.findall(r"[A-Z]\w+", word)]

    assert len(named) > len(rules)
    known = known_alerts()
    # JobFreshness.* is the beginning of several.
    assert [name for name in named if not any(each.startswith(name) for each in known)] == []


def test_the_site_is_known_by_its_title(written: dict[str, Path]) -> None:
    http = read(written["lab"] / "blackbox.yml")["modules"]["site"]["http"]

    assert http["fail_if_body_not_matches_regexp"] == [
        r"<title>[^<]*Frank\ \&amp;\ Friends\ \(beta\)</title>".replace(r"\;", ";")
    ]
    assert http["headers"] == {"Host": "social.example.org"}
    assert http["tls_config"] == {"server_name": "social.example.org"}


@pytest.mark.parametrize("believed", [True, False])
def test_the_own_authority_is_believed_where_it_signed(*, believed: bool) -> None:
    started = render(
        "blackbox_exporter",
        "blackbox.sh.j2",
        blackbox_exporter_believes_own_authority=believed,
        blackbox_exporter_authority={"stat": {}},
    )

    assert ("SSL_CERT_FILE=/etc/microblog/tls/ca.pem" in started) == believed
