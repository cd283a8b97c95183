"""What mails look like: their kinds, subjects and templates, in the recipient's language and time zone."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from babel.core import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, get_datetime_format, get_timezone
from babel.support import NullTranslations, Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from microblog.domain.errors import N_

FOLDER: Final = Path(__file__).parent / "mail_templates"
TRANSLATIONS: Final = Path(__file__).parent.parent / "translations"
DEFAULT_LOCALE: Final = "en"


class Kind(StrEnum):
    """The kinds of mail, as the table `mails` names them."""

    MENTION = "mention"
    REPLY = "reply"
    FOLLOW = "follow"
    CONFIRMATION = "confirmation"
    ADDRESS_TAKEN = "address_taken"
    ADDRESS_CHANGING = "address_changing"
    ADDRESS_CHANGED = "address_changed"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - the name of a mail
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of a mail


SUBJECTS: Final[Mapping[Kind, str]] = {
    Kind.MENTION: N_("%(name)s mentioned you"),
    Kind.REPLY: N_("%(name)s replied to you"),
    Kind.FOLLOW: N_("%(name)s follows you now"),
    Kind.CONFIRMATION: N_("Confirm your e-mail address for %(site_name)s"),
    Kind.ADDRESS_TAKEN: N_("You already have an account at %(site_name)s"),
    Kind.ADDRESS_CHANGING: N_("Your e-mail address at %(site_name)s is being changed"),
    Kind.ADDRESS_CHANGED: N_("Your e-mail address at %(site_name)s was changed"),
    Kind.RESET_PASSWORD: N_("Choose a new password for %(site_name)s"),
    Kind.PASSWORD_CHANGED: N_("Your password at %(site_name)s was changed"),
}


def render_mail(kind: Kind, locale: str, values: Mapping[str, Any]) -> tuple[str, str, str]:
    """Subject, text and HTML of a mail in a person's language; `values` are what its templates name."""
    environment, translations = _load(locale)
    subject = translations.gettext(SUBJECTS[kind]) % values
    parts = {**values, "subject": subject, "lang": locale}
    text = environment.get_template(f"{kind}.txt").render(parts)
    return subject, text.strip() + "\n", environment.get_template(f"{kind}.html").render(parts)


@lru_cache
def _load(locale: str) -> tuple[Environment, NullTranslations]:
    translations = Translations.load(TRANSLATIONS, [locale])
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
    return environment, translations


def write_time(moment: datetime, *, locale: str, time_zone: str) -> str:
    """Date, time and zone as the site's pages show them, such as `November 21, 2026 at 8:00 AM CET`."""
    try:
        language = Locale.parse(locale)
    except (UnknownLocaleError, ValueError):
        language = Locale.parse(DEFAULT_LOCALE)
    local = moment.astimezone(get_timezone(time_zone))
    clock = f"{format_time(local.time(), 'short', locale=language)} {local.tzname()}"
    pattern = str(get_datetime_format("long", locale=language)).replace("'", "")
    return pattern.replace("{1}", format_date(local, "long", locale=language)).replace("{0}", clock)


def mask_address(email: str) -> str:
    """An address that only who knows it recognises: `n***@e***.org`."""
    name, _, host = email.rpartition("@")
    first, _, top = host.rpartition(".")
    return f"{name[:1]}***@{first[:1]}***.{top}"
