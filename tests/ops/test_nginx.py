"""What nginx's template promises and a test can hold without a host."""

import re
from pathlib import Path

import pytest

SITE = (Path(__file__).parents[2] / "ops/roles/nginx/templates/site.conf.j2").read_text()
HEALTH = re.compile(
    re.findall(r"location ~ (\S*healthz\S*) \{\n(?:\{%.*\n.*allow.*\n\{%.*\n)\s*deny all;", SITE)[0]
)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/healthz/", "/readyz/", "/readyz//"])
def test_health_is_kept_from_the_public_with_any_slash(path: str) -> None:
    assert HEALTH.search(path)


@pytest.mark.parametrize("path", ["/", "/readyzz", "/@readyz", "/tags/healthz"])
def test_other_pages_are_not(path: str) -> None:
    assert not HEALTH.search(path)
