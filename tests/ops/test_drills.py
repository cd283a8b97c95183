"""The lab's drills ask for alerts that there are, with how bad they are."""

import re

import pytest

from tests.lab.drills import LONG, SHORT, Drill
from tests.ops.test_rules import ALERTS


@pytest.mark.parametrize("drill", SHORT + LONG, ids=lambda drill: drill.alert)
def test_a_drill_asks_how_bad_its_alert_is(drill: Drill) -> None:
    severity = ALERTS[drill.alert]["labels"]["severity"]

    assert drill.labels["severity"] in re.findall(r"(?:^|}})(\w+)(?:{{|$)", severity)
