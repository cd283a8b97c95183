"""The forms of the site. They bound what arrives; the rules of each noun are its service's.

Bounds here are above the rules, so that a person reads the service's precise message and what they
typed is kept.
"""

from functools import lru_cache
from typing import Any, ClassVar
from zoneinfo import available_timezones

from flask import request
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from werkzeug.datastructures import CombinedMultiDict, MultiDict
from wtforms import (
    BooleanField,
    EmailField,
    Field,
    HiddenField,
    PasswordField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.core import UnboundField
from wtforms.form import BaseForm
from wtforms.validators import InputRequired, Length

from microblog.domain.errors import DomainError, ValidationError
from microblog.domain.limits import EMAIL_CHARACTERS, PASSWORD_MAX_CHARACTERS, STATUS_STORED_CHARACTERS
from microblog.domain.redirect_uris import OUT_OF_BAND
from microblog.domain.text import CONTROL
from microblog.web.rendering import translate

CONTINENTS = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
]
# Fields of one line that hold no secret: nothing that anybody types is longer.
LINE_CHARACTERS = 300
# Twice what may be stored: the service counts and says by how much a text is too long.
TEXT_CHARACTERS = 2 * STATUS_STORED_CHARACTERS

_required = InputRequired(_("Please fill this in."))
_line = Length(max=LINE_CHARACTERS, message=_("This is too long."))
_text = Length(max=TEXT_CHARACTERS, message=_("This is far too long."))
_email = Length(max=EMAIL_CHARACTERS, message=_("An e-mail address has at most %(max)d characters."))
# Above the limit for new passwords: whoever guesses learns nothing of it, and hashing stays cheap.
_password = Length(max=2 * PASSWORD_MAX_CHARACTERS, message=_("A password has at most 128 characters."))


def drop_controls(value: object) -> object:
    """Typed text without control characters: no page ever sends them back."""
    return CONTROL.sub("", value.replace("\r\n", "\n")) if isinstance(value, str) else value


class SiteForm(FlaskForm):  # type: ignore[misc]
    """A form that takes in what a service refused. `shown_at`: where a hidden field's messages stand."""

    shown_at: ClassVar[dict[str, str]] = {}

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """Every text field drops control characters; passwords are left as they are."""

        def bind_field(
            self, form: BaseForm, unbound_field: "UnboundField[Any]", options: dict[str, Any]
        ) -> Field:
            """Make a form's field."""
            kind = unbound_field.field_class
            if issubclass(kind, StringField | SelectField) and not issubclass(kind, PasswordField):
                options.setdefault("filters", [drop_controls])
            field: Field = super().bind_field(form, unbound_field, options)
            return field

        def wrap_formdata(self, form: BaseForm, formdata: Any) -> Any:
            """What was sent: files for fields of files only, however a part calls itself."""
            wrapped = super().wrap_formdata(form, formdata)
            if not isinstance(wrapped, CombinedMultiDict):
                return wrapped
            takes_files = {name for name, field in form._fields.items() if isinstance(field, FileField)}
            sent = [(name, file) for name, file in request.files.items(multi=True) if name in takes_files]
            return CombinedMultiDict((MultiDict(sent), request.form))

    def add_errors(self, error: DomainError) -> None:
        """Put a service's messages at their fields, or above the form where they belong to none."""
        if not isinstance(error, ValidationError):
            self.form_errors.append(translate(error.message))
            return
        for name, message in error.errors.items():
            field = self._fields.get(self.shown_at.get(name, name))
            if field is None:
                self.form_errors.append(translate(message))
            else:
                field.errors = [*field.errors, translate(message)]


class ConfirmForm(SiteForm):
    """A button only."""


class ComposeForm(SiteForm):
    """A new post or a reply."""

    shown_at: ClassVar[dict[str, str]] = {"in_reply_to_id": "text"}
    text = TextAreaField(_("Text"), [_text])
    in_reply_to_id = HiddenField(validators=[_line])


class SignUpForm(SiteForm):
    """A new account."""

    username = StringField(_("Username"), [_required, _line])
    email = EmailField(_("E-mail address"), [_required, _email])
    password = PasswordField(_("Password"), [_required, _password])


class LogInForm(SiteForm):
    """Username or address, and password."""

    identifier = StringField(_("Username or e-mail address"), [_required, _line])
    password = PasswordField(_("Password"), [_required, _password])


class ForgotForm(SiteForm):
    """Asks for a reset link."""

    email = EmailField(_("E-mail address"), [_required, _email])


class ResetForm(SiteForm):
    """The new password behind a reset link."""

    password = PasswordField(_("New password"), [_required, _password])


class ProfileForm(SiteForm):
    """What others see of an account."""

    display_name = StringField(_("Display name"), [_line])
    note = TextAreaField(_("About you"), [_text])
    avatar = FileField(_("Picture"))
    remove_avatar = BooleanField(_("Remove the picture"))


class PasswordForm(SiteForm):
    """Changes the password."""

    current_password = PasswordField(_("Present password"), [_required, _password])
    new_password = PasswordField(_("New password"), [_required, _password])


class EmailForm(SiteForm):
    """Changes the e-mail address."""

    email = EmailField(_("New e-mail address"), [_required, _email])
    current_password = PasswordField(_("Present password"), [_required, _password])


class ApplicationForm(SiteForm):
    """A new application."""

    name = StringField(_("Name"), [_required, _line])
    website = StringField(_("Website"), [_line])
    redirect_uris = TextAreaField(_("Redirect URIs"), [_required, _text], default=OUT_OF_BAND)
    scopes = StringField(_("Scopes"), [_required, _line], default="read write follow")


class PreferencesForm(SiteForm):
    """Time zone, and which mails are wanted."""

    time_zone = SelectField(_("Time zone"), validate_choice=False, validators=[_line])
    mail_mentions = BooleanField(_("somebody mentions me"))
    mail_follows = BooleanField(_("somebody follows me"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = list_time_zones()
        present = self.time_zone.data
        # A zone that the list leaves out (an old alias) must not be changed by saving something else.
        is_unlisted = present in available_timezones() and present not in zones
        self.time_zone.choices = [(zone, zone) for zone in ((*zones, present) if is_unlisted else zones)]


@lru_cache(maxsize=1)
def list_time_zones() -> tuple[str, ...]:
    """The time zones to choose from: by continent and city, and UTC."""
    continents = tuple(f"{name}/" for name in CONTINENTS)
    return ("UTC", *sorted(zone for zone in available_timezones() if zone.startswith(continents)))
