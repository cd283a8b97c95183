"""What workers and the relay ask most reads no table from end to end."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from microblog.data.queries import home
from microblog.data.queries import jobs as outbox
from microblog.jobs import names
from microblog.services import feeds, statistics
from profiling.explaining import explained
from tests.budgets.asking import World
from tests.budgets.cast import ALICE
from tests.budgets.table import BIG_ROWS

pytestmark = pytest.mark.xdist_group("budgets")


def test_no_job_reads_a_table_that_grows_from_end_to_end(world: World, sizes: Mapping[str, int]) -> None:
    resources = world.resources
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    job = names.FAN_OUT
    with explained(resources.database.engine) as found, resources.database.unit_of_work() as session:
        assert feeds.fan_out(session, resources.feeds, status_id=int(world.things["root"])) > 2_000
        # A feed that Redis lost.
        for following_count in (0, home.FOLLOWS_PER_POST * resources.feeds.length):
            home.list_feed_ids(session, ALICE, resources.feeds.length, following_count)
        statistics.compute_day(session, day=yesterday)
        outbox.claim_due(session, names=[job.name], queues=[job.queue], limit=100)
    assert len(found) > 10
    assert [one.problem for one in found.values() if one.problem] == []
    assert [
        (scan.table, statement.sql)
        for statement in found.values()
        for plan in statement.plans
        for scan in plan.sequential_scans
        # Whoever follows a quarter of all accounts may have all of these read.
        if sizes[scan.table] >= BIG_ROWS and scan.table != "accounts"
    ] == []
