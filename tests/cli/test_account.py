import re

import pytest
from sqlalchemy import select

from microblog.cli import account as account_commands
from microblog.data.models import Account, User
from microblog.data.session import Database
from microblog.domain.errors import InvalidCredentials
from microblog.services.hashers import make_hasher
from microblog.services.sessions import log_in
from microblog.settings import Settings
from tests.cli.conftest import Run

PASSWORD = "correct horse battery staple"


def can_log_in(database: Database, settings: Settings, username: str, password: str) -> bool:
    try:
        with database.unit_of_work() as session:
            log_in(
                session,
                make_hasher(settings),
                identifier=username,
                password=password,
                user_agent="tests",
                lifetime_days=1,
            )
    except InvalidCredentials:
        return False
    return True


def create(run: Run, username: str = "anna", *more: str) -> None:
    result = run(
        *("account", "create", username, "--email", f"{username}@example.org"),
        *(more or ("--password", PASSWORD)),
    )
    assert result.exit_code == 0, result.output


def test_a_created_account_is_confirmed_and_can_log_in(
    run: Run, database: Database, settings: Settings
) -> None:
    result = run(
        *("account", "create", "anna", "--email", "anna@example.org", "--role", "admin", "--password-stdin"),
        stdin=f"{PASSWORD}\n",
    )

    assert result.exit_code == 0
    assert result.stdout == "Created @anna (admin)\n"
    assert can_log_in(database, settings, "anna", PASSWORD)
    with database.unit_of_work() as session:
        row = session.execute(select(User.confirmed_at, Account.role).join(Account)).one()
    assert row.confirmed_at is not None
    assert row.role == "admin"


def test_a_generated_password_is_printed_and_works(run: Run, database: Database, settings: Settings) -> None:
    result = run("account", "create", "anna", "--email", "anna@example.org", "--generate")

    found = re.fullmatch(r"Created @anna\nPassword: (\S{20,})\n", result.stdout)
    assert found
    assert can_log_in(database, settings, "anna", found[1])


def test_a_person_at_a_terminal_is_asked_twice(
    run: Run, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_commands, "is_terminal", lambda: True)

    result = run(
        *("account", "create", "anna", "--email", "anna@example.org"), stdin=f"{PASSWORD}\n{PASSWORD}\n"
    )

    assert result.exit_code == 0
    assert PASSWORD not in result.output
    assert can_log_in(database, settings, "anna", PASSWORD)


def test_without_a_terminal_a_way_to_give_the_password_is_asked_for(run: Run) -> None:
    result = run("account", "create", "anna", "--email", "anna@example.org")

    assert result.exit_code == 2
    assert "--password-stdin or --generate" in result.stderr


def test_only_one_way_to_give_the_password(run: Run) -> None:
    result = run("account", "reset-password", "anna", "--generate", "--password-stdin", stdin="x\n")

    assert result.exit_code == 2


def test_what_is_wrong_is_named_by_field(run: Run, database: Database) -> None:
    result = run("account", "create", "no spaces", "--email", "nowhere", "--password", "short")

    assert result.exit_code == 1
    assert [part.split(":")[0] for part in result.stderr.removeprefix("microblog: ").split("; ")] == [
        "username",
        "email",
        "password",
    ]


def test_a_name_that_is_taken(run: Run, database: Database) -> None:
    create(run)

    result = run("account", "create", "ANNA", "--email", "other@example.org", "--generate")

    assert result.exit_code == 1
    assert "username" in result.stderr
    assert "Password" not in result.output


def test_reset_password(run: Run, database: Database, settings: Settings) -> None:
    create(run)

    result = run("account", "reset-password", "anna", "--password-stdin", stdin="another horse battery\n")

    assert result.exit_code == 0
    assert can_log_in(database, settings, "anna", "another horse battery")
    assert not can_log_in(database, settings, "anna", PASSWORD)


def test_suspend_and_unsuspend(run: Run, database: Database, settings: Settings) -> None:
    create(run)

    assert run("account", "suspend", "anna").exit_code == 0
    assert not can_log_in(database, settings, "anna", PASSWORD)
    assert run("account", "unsuspend", "anna").exit_code == 0
    assert can_log_in(database, settings, "anna", PASSWORD)


def test_show_tells_the_id_in_whatever_state(run: Run, database: Database) -> None:
    create(run)
    run("account", "suspend", "anna")

    result = run("account", "show", "ANNA")

    with database.unit_of_work() as session:
        row = session.execute(select(Account.id, Account.created_at)).one()
    assert result.stdout == f"@anna  id {row.id}  user  suspended  since {row.created_at:%Y-%m-%d}\n"


def test_promote(run: Run, database: Database) -> None:
    create(run)

    for options, role in (
        ((), "admin"),
        (("--role", "moderator"), "moderator"),
        (("--role", "user"), "user"),
    ):
        result = run("account", "promote", "anna", *options)
        assert result.stdout == f"@anna is {role} now\n"
        with database.unit_of_work() as session:
            assert session.scalars(select(Account.role)).one() == role


@pytest.mark.parametrize("name", ["show", "suspend", "unsuspend", "promote"])
def test_an_unknown_account(name: str, run: Run, database: Database) -> None:
    result = run("account", name, "nobody")

    assert result.exit_code == 1
    assert result.stderr == "microblog: There is no account named nobody.\n"
