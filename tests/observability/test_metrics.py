import re

import pytest
from prometheus_client import CollectorRegistry, Histogram
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


def test_many_observations_at_once_are_the_same_as_one_by_one() -> None:
    def samples(
        kind: type[Histogram], *batches: tuple[float, dict[int, int]], single: tuple[float, ...] = ()
    ) -> object:
        histogram = kind("waits", "Seconds.", registry=CollectorRegistry(), buckets=(0.1, 0.5, 1.0))
        for one in single:
            histogram.observe(one)
        for total, counts in batches:
            assert isinstance(histogram, metrics.SummedHistogram)
            histogram.observe_many(total, counts)
        return [
            (one.name, one.labels, one.value) for one in histogram._samples() if "created" not in one.name
        ]

    expected = samples(Histogram, single=(0.25, 0.5, 2.0, 8.0))
    assert samples(metrics.SummedHistogram, (0.25, {1: 1}), (10.5, {1: 1, 3: 2})) == expected
