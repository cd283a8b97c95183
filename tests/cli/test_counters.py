from sqlalchemy import update

from microblog.data.models import Account
from microblog.data.session import Database
from tests.cli.conftest import Run
from tests.factories import make_account


def test_recount_tells_how_many_were_off(run: Run, database: Database) -> None:
    with database.unit_of_work() as session:
        make_account(session, "anna")
        make_account(session, "bob")
        session.execute(update(Account).where(Account.username == "bob").values(statuses_count=3))

    result = run("counters", "recount")

    assert result.exit_code == 0
    assert result.stdout == "2 accounts checked, 1 was off\n0 posts checked, 0 were off\n"
    assert "2 accounts checked, 0 were off" in run("counters", "recount").stdout
