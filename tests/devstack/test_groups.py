"""Tests that share something costly stay together: else each worker of a run would make it, silently."""

import pytest

GROUP = "kept together"


@pytest.mark.xdist_group(GROUP)
def test_a_group_is_known_to_who_shares_out_the_tests(request: pytest.FixtureRequest) -> None:
    shared_out = request.config.getoption("loadgroup", default=False)

    assert request.node.nodeid.endswith(f"@{GROUP}") == shared_out


def test_a_module_without_a_group_is_one(request: pytest.FixtureRequest) -> None:
    shared_out = request.config.getoption("loadgroup", default=False)

    assert request.node.nodeid.endswith("@tests/devstack/test_groups.py") == shared_out
