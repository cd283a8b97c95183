"""Puts the HTML site together on an application."""

from flask import Flask

from microblog.settings import Settings
from microblog.web import (
    accounts,
    applications,
    auth,
    mail,
    media,
    notifications,
    public,
    relationships,
    settings,
    statuses,
    tags,
    timelines,
)
from microblog.web.assets import install_assets
from microblog.web.errors import register_site_errors
from microblog.web.filters import register_filters
from microblog.web.i18n import install_translations
from microblog.web.rendering import install_page_context

NOUNS = (
    accounts, applications, auth, mail, media, notifications, public, relationships, settings, statuses, tags,
    timelines,
)  # fmt: skip


def install_site(app: Flask, configuration: Settings) -> None:
    """Register the site's pages, filters, translations and error pages."""
    install_translations(app)
    install_assets(app)
    register_filters(app)
    install_page_context(app, configuration)
    register_site_errors(app)
    for noun in NOUNS:
        app.register_blueprint(noun.blueprint)
