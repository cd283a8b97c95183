"""How a service's objections reach a form, and the list of time zones."""

import pytest
from flask import Flask

from microblog.domain.errors import InvalidCredentials, Message, ValidationError
from microblog.web.forms import ComposeForm, LogInForm, PreferencesForm, list_time_zones


def test_messages_stand_at_their_fields(site_app: Flask) -> None:
    with site_app.test_request_context():
        form = LogInForm()
        form.add_errors(
            ValidationError(
                {
                    "identifier": Message("At most %(count)s.", {"count": 3}),
                    "unknown": Message("Belongs to no field."),
                }
            )
        )
        assert form.identifier.errors == ["At most 3."]
        assert form.form_errors == ["Belongs to no field."]
        form.add_errors(InvalidCredentials())
        assert form.form_errors[-1] == "The name or the password is wrong."


def test_messages_of_hidden_fields_stand_where_they_are_seen(site_app: Flask) -> None:
    with site_app.test_request_context():
        form = ComposeForm()
        form.add_errors(ValidationError({"in_reply_to_id": Message("It is gone.")}))
        assert form.text.errors == ["It is gone."]


@pytest.mark.parametrize(
    ("zone", "is_offered"), [("Europe/Vienna", True), ("GB", True), ("Mars/Olympus", False)]
)
def test_time_zones(site_app: Flask, zone: str, is_offered: bool) -> None:
    with site_app.test_request_context():
        form = PreferencesForm(time_zone=zone)
        offered = [choice[0] for choice in form.time_zone.iter_choices()]
    assert (zone in offered) is is_offered
    assert offered[0] == "UTC"
    assert len(offered) == len(set(offered))
    assert 300 < len(list_time_zones()) < 600
