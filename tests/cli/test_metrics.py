from devstack.layout import ROOT
from microblog.cli.metrics import describe_all
from tests.cli.conftest import Run


def test_the_documented_table_is_the_one_of_the_code(run: Run) -> None:
    """To mend it: replace the table of docs/metrics.md by the output of `microblog metrics --markdown`."""
    documented = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    table = run("metrics", "--markdown").stdout

    assert [line for line in documented.splitlines() if line.startswith("|")] == table.splitlines()


def test_names_are_those_that_prometheus_shows(run: Run) -> None:
    shown = run("metrics").stdout

    assert "microblog_http_requests_total{route,method,status} (counter)\n    Answered requests" in shown
    assert "microblog_outbox_pending (gauge)\n" in shown
    assert "microblog_job_wait_seconds{task} (histogram)\n" in shown
    assert len({one.name for one in describe_all()}) == len(describe_all()) > 30
