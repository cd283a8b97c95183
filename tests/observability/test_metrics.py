import re

import pytest
from prometheus_client.metrics import MetricWrapperBase

from microblog.observability import metrics

DECLARED = {name: value for name, value in vars(metrics).items() if isinstance(value, MetricWrapperBase)}


@pytest.mark.parametrize("name", DECLARED)
def test_each_metric_is_ours_explained_and_without_ids(name: str) -> None:
    metric = DECLARED[name]
    assert re.fullmatch(r"microblog_[a-z_]+", metric._name)
    assert metric._documentation.endswith(".")
    assert not [label for label in metric._labelnames if label.endswith("id")]


def test_the_signals_of_the_design_are_there() -> None:
    names = {metric._name for metric in DECLARED.values()}
    assert {
        "microblog_http_requests",
        "microblog_http_request_duration_seconds",
        "microblog_jobs",
        "microblog_job_duration_seconds",
        "microblog_job_wait_seconds",
        "microblog_outbox_pending",
        "microblog_outbox_oldest_seconds",
        "microblog_dead_letters",
        "microblog_mails",
        "microblog_build_info",
    } <= names
