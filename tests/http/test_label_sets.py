"""However odd the visitors, the series of the metrics are a bounded number: no label is theirs to make up."""

import random
import string

from prometheus_client import REGISTRY

from tests.site import Browser

REQUESTS = 1_000
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW", "PROPFIND", "X")
FORMS = (
    "/{}",
    "/{}/{}?{}={}",
    "/@{}",
    "/@{}/{}",
    "/tags/{}",
    "/media/{}",
    "/static/{}.css",
    "/api/v1/{}",
    "/api/v1/accounts/{}",
    "/api/v1/statuses/{}",
    "/api/v1/timelines/tag/{}",
    "/oauth/{}",
)


def label_sets() -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """All series of the process but those that each bucket of a histogram has."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for metric in REGISTRY.collect()
        if metric.name.startswith("microblog_")
        for sample in metric.samples
        if "le" not in sample.labels
    }


def word(randomly: random.Random) -> str:
    return "".join(randomly.choices(string.ascii_letters + string.digits + "_", k=12))


def test_a_thousand_odd_requests_make_few_series(browser: Browser) -> None:
    randomly = random.Random(7)
    before = label_sets()
    said = set()
    for number in range(REQUESTS):
        form = FORMS[number % len(FORMS)]
        words = [word(randomly) for _ in range(form.count("{}"))]
        said.update(words)
        browser.client.open(form.format(*words), method=METHODS[number % len(METHODS)])
    after = label_sets()
    new = [labels for _, labels in after.keys() - before.keys()]
    # Some routes with some methods and a few answers; one label of theirs would make hundreds.
    assert len(new) < 200
    values = {value for labels in new for _, value in labels}
    assert not [one for one in said if any(one in value for value in values)]
    name = "microblog_http_requests_total"
    counted = {key: value - before.get(key, 0.0) for key, value in after.items() if key[0] == name}
    assert sum(counted.values()) == REQUESTS
    methods = {dict(labels)["method"] for (_, labels), value in counted.items() if value}
    assert methods == {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"}
