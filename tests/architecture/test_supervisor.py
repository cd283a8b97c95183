"""supervisord.conf: each queue has its worker, each program its right way to stop."""

import configparser

import pytest

from devstack.layout import ROOT
from microblog.jobs import names
from microblog.settings import Settings

PROGRAMS = ("postgres", "redis", "mailbox", "web", "worker", "relay", "beat", "exporter")


@pytest.fixture(scope="module")
def conf() -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(inline_comment_prefixes=(" ;",))
    parser.read(ROOT / "supervisord.conf")
    return parser


def test_it_runs_every_program(conf: configparser.RawConfigParser) -> None:
    found = {section.partition(":")[2] for section in conf.sections() if section.startswith("program:")}
    assert found == set(PROGRAMS)


def test_every_queue_has_a_worker(conf: configparser.RawConfigParser) -> None:
    command = conf["program:worker"]["command"].split()
    consumed = set(command[command.index("--queues") + 1].split(","))
    assert consumed == set(names.QUEUES)


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_restarts_logs_and_dies_with_its_supervisor(
    conf: configparser.RawConfigParser, program: str
) -> None:
    section = conf[f"program:{program}"]
    assert section["autorestart"] == "true"
    assert section["stdout_logfile"].endswith(f"/log/{program}.log")
    assert section["redirect_stderr"] == "true"
    assert int(section["stdout_logfile_backups"]) > 0
    assert section["command"].startswith("setpriv --pdeathsig ")


def test_programs_are_stopped_the_way_they_want_to_be(
    conf: configparser.RawConfigParser, settings: Settings
) -> None:
    assert conf["program:postgres"]["stopsignal"] == "INT"
    worker = conf["program:worker"]
    assert worker["stopsignal"] == "TERM"
    assert worker["stopasgroup"] == "false"
    assert worker["killasgroup"] == "true"
    assert int(worker["stopwaitsecs"]) > settings.job_time_limit_seconds
    assert conf["program:web"]["stopsignal"] == "TERM"


def test_each_program_keeps_its_figures_apart(conf: configparser.RawConfigParser) -> None:
    """prometheus-client reads the variable when it is imported: it has to be there before Python starts."""
    for program in ("web", "worker", "relay", "beat"):
        name, _, folder = conf[f"program:{program}"]["environment"].partition("=")
        assert name == "PROMETHEUS_MULTIPROC_DIR"
        assert folder == f'"%(ENV_MICROBLOG_METRICS_DIR)s/{program}"'
