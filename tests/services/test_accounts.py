import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from microblog.data.models import Job, OneTimeToken
from microblog.domain.errors import NotFound, ValidationError
from microblog.services import accounts, sessions
from tests.factories import HASHER, PASSWORD, make_account


def sign_up(session: Session, **changes: str) -> int:
    values = {"username": "ada", "email": "ada@example.org", "password": PASSWORD, **changes}
    return accounts.sign_up(session, HASHER, **values)


def test_signing_up_makes_an_unconfirmed_account_and_mails_a_link(session: Session) -> None:
    account_id = sign_up(session)
    token = session.scalars(select(OneTimeToken)).one()
    assert (token.account_id, token.purpose, token.email) == (account_id, "confirm_email", "ada@example.org")
    job = session.scalars(select(Job)).one()
    assert (job.name, job.arguments) == ("mail.confirmation", {"token_id": token.id})
    with pytest.raises(NotFound):
        accounts.get_account(session, username="ada")


def test_an_address_in_use_changes_nothing_that_shows(session: Session) -> None:
    make_account(session, "owner")
    account_id = sign_up(session, username="other", email="OWNER@example.org")
    assert session.scalars(select(OneTimeToken)).one().account_id == account_id
    assert len(session.scalars(select(Job)).all()) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", "a b"),
        ("username", ""),
        ("username", "x" * 31),
        ("username", "Админ"),
        ("username", "Admin"),
        ("email", "nobody"),
        ("email", "a@b@example.org"),
        ("email", "x" * 250 + "@example.org"),
        ("password", "short"),
        ("password", "password1"),
        ("password", "ffffffffffff"),
        ("password", "x1" * 65),
        ("password", "ada@example.org"),
    ],
)
def test_bad_fields_are_named(session: Session, field: str, value: str) -> None:
    with pytest.raises(ValidationError) as caught:
        sign_up(session, **{field: value})
    assert set(caught.value.errors) == {field}
    assert str(caught.value.errors[field])


def test_all_bad_fields_are_named_at_once(session: Session) -> None:
    with pytest.raises(ValidationError) as caught:
        sign_up(session, username="", email="", password="")
    assert set(caught.value.errors) == {"username", "email", "password"}


def test_names_are_unique_in_any_case(session: Session) -> None:
    make_account(session, "Ada")
    with pytest.raises(ValidationError) as caught:
        sign_up(session, username="aDA", email="new@example.org")
    assert set(caught.value.errors) == {"username"}


def test_the_database_itself_refuses_a_taken_name_and_a_taken_confirmed_address(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_account(session, "ada")
    # As if somebody had taken the name between the check and the insert.
    monkeypatch.setattr("microblog.data.queries.accounts.get_account", lambda *_: None)
    for username, field in (("ADA", "username"), ("eve", "email")):
        with pytest.raises(ValidationError) as caught:
            accounts.create_account(
                session, HASHER, username=username, email="Ada@example.org", password=PASSWORD
            )
        assert set(caught.value.errors) == {field}


def test_profile_text_is_cleaned_and_linked(session: Session) -> None:
    account_id = make_account(session, "ada")
    make_account(session, "bob")
    accounts.update_profile(
        session,
        account_id=account_id,
        display_name="Ada\u202e  Lovelace",
        note="With @bob at https://example.com",
    )
    row = accounts.get_account(session, username="ADA")
    assert row.display_name == "Ada Lovelace"
    assert row.note == "With @bob at https://example.com"
    assert '<a href="/@bob" class="mention">@bob</a>' in row.note_html


def test_profile_lengths_are_checked(session: Session) -> None:
    account_id = make_account(session)
    with pytest.raises(ValidationError) as caught:
        accounts.update_profile(session, account_id=account_id, display_name="x" * 51, note="y" * 501)
    assert set(caught.value.errors) == {"display_name", "note"}


@pytest.mark.parametrize("display_name", ["\u3164", "\u2800 \u2800", "\u200d"])
def test_a_display_name_that_nobody_sees_is_refused(session: Session, display_name: str) -> None:
    account_id = make_account(session, "ada")
    with pytest.raises(ValidationError) as caught:
        accounts.update_profile(session, account_id=account_id, display_name=display_name, note="")
    assert set(caught.value.errors) == {"display_name"}


@pytest.mark.parametrize("display_name", ["", " ", "\u200b"])
def test_an_empty_display_name_gives_way_to_the_username(session: Session, display_name: str) -> None:
    account_id = make_account(session, "ada")
    accounts.update_profile(session, account_id=account_id, display_name=display_name, note="")
    assert accounts.get_account(session, username="ada").display_name == ""


def test_preferences(session: Session) -> None:
    account_id = make_account(session)
    before = accounts.get_preferences(session, account_id=account_id)
    assert (before.time_zone, before.mail_mentions, before.mail_follows) == ("UTC", True, True)
    accounts.update_preferences(
        session, account_id=account_id, time_zone="Europe/Berlin", mail_mentions=False, mail_follows=False
    )
    after = accounts.get_preferences(session, account_id=account_id)
    assert (after.time_zone, after.mail_mentions, after.mail_follows) == ("Europe/Berlin", False, False)
    with pytest.raises(ValidationError):
        accounts.update_preferences(
            session, account_id=account_id, time_zone="Moon/Crater", mail_mentions=True, mail_follows=True
        )
    with pytest.raises(NotFound):
        accounts.get_preferences(session, account_id=1)


def test_suspending_hides_the_account_and_ends_its_sessions(session: Session) -> None:
    make_account(session, "ada")
    new = sessions.log_in(
        session, HASHER, identifier="ada", password=PASSWORD, user_agent="", lifetime_days=1
    )
    accounts.suspend_account(session, username="ada")
    assert sessions.authenticate(session, token=new.token) is None
    with pytest.raises(NotFound):
        accounts.get_account(session, username="ada")
    accounts.unsuspend_account(session, username="ada")
    assert accounts.get_account(session, username="ada").username == "ada"


def test_roles(session: Session) -> None:
    make_account(session, "ada")
    accounts.set_role(session, username="ada", role="moderator")
    assert accounts.get_account(session, username="ada").role == "moderator"
    with pytest.raises(ValidationError):
        accounts.set_role(session, username="ada", role="emperor")
    with pytest.raises(NotFound):
        accounts.set_role(session, username="nobody", role="user")


def test_only_what_is_given_changes(session: Session) -> None:
    account_id = make_account(session, "ada")
    accounts.update_profile(session, account_id=account_id, display_name="Ada", note="Hi", bot=True)
    accounts.update_profile(session, account_id=account_id, fields=[("web", "https://example.com")])
    accounts.update_profile(session, account_id=account_id)
    row = accounts.get_account(session, username="ada")
    assert (row.display_name, row.note, row.bot, row.locked) == ("Ada", "Hi", True, False)
    assert len(row.fields) == 1
    accounts.update_profile(session, account_id=account_id, note="", fields=[], locked=True, bot=False)
    row = accounts.get_account(session, username="ada")
    assert (row.display_name, row.note, row.note_html, row.fields) == ("Ada", "", "", [])
    assert (row.bot, row.locked) == (False, True)


def test_fields_are_cleaned_and_linked(session: Session) -> None:
    account_id = make_account(session, "ada")
    make_account(session, "bob")
    accounts.update_profile(
        session,
        account_id=account_id,
        note="no @bob",
        fields=[(" my\nsite ", "https://example.com <b>"), ("", " "), ("friend", "@bob"), ("empty", "")],
    )
    row = accounts.get_public_account(session, account_id=account_id)
    assert [(field["name"], field["value"]) for field in row.fields] == [
        ("my site", "https://example.com <b>"),
        ("friend", "@bob"),
        ("empty", ""),
    ]
    html = [field["value_html"] for field in row.fields]
    assert html[0].startswith('<a href="https://example.com" rel="nofollow')
    assert html[0].endswith("&lt;b&gt;")
    assert html[1:] == ['<a href="/@bob" class="mention">@bob</a>', ""]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("fields", [("name", "value")] * 5),
        ("fields", [("x" * 256, "value")]),
        ("fields", [("name", "x" * 256)]),
        ("fields", [("", "value")]),
        ("fields", [("\u3164", "value")]),
        ("default_visibility", "direct"),
        ("default_visibility", "secret"),
        ("default_language", "english please"),
        ("default_language", "e"),
        ("default_language", "en-" + "x" * 9),
        ("default_language", "en" + "-abcdefgh" * 4),
    ],
)
def test_bad_parts_of_a_profile_are_named(session: Session, field: str, value: object) -> None:
    account_id = make_account(session, "ada")
    with pytest.raises(ValidationError) as caught:
        accounts.update_profile(session, account_id=account_id, **{"display_name": "x" * 51, field: value})  # type: ignore[arg-type]
    assert set(caught.value.errors) == {"display_name", field}


def test_what_new_posts_have(session: Session) -> None:
    account_id = make_account(session, "ada")
    own = accounts.get_own_account(session, account_id=account_id)
    assert (own.default_visibility, own.default_sensitive, own.default_language) == ("public", False, None)
    assert (own.username, own.follow_requests_count) == ("ada", 0)
    accounts.update_profile(
        session,
        account_id=account_id,
        default_visibility="private",
        default_sensitive=True,
        default_language="pt-BR",
    )
    own = accounts.get_own_account(session, account_id=account_id)
    assert (own.default_visibility, own.default_sensitive, own.default_language) == ("private", True, "pt-BR")
    accounts.update_profile(session, account_id=account_id, default_sensitive=False, default_language="")
    preferences = accounts.get_preferences(session, account_id=account_id)
    assert preferences.default_visibility == "private"
    assert (preferences.default_sensitive, preferences.default_language) == (False, None)
    accounts.suspend_account(session, username="ada")
    with pytest.raises(NotFound):
        accounts.get_own_account(session, account_id=account_id)
