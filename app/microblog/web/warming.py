"""What a web process would else do in its first visitor's time: compile templates, read Babel's tables."""

from datetime import UTC, datetime

from flask import Flask, render_template
from flask_babel import format_datetime, format_decimal


def warm_up(app: Flask) -> None:
    """Compile all templates, and render a page and a moment to nobody. Needs neither database nor Redis."""
    for name in app.jinja_env.list_templates():
        app.jinja_env.get_template(name)
    with app.test_request_context("/"):
        render_template("privacy.html")
        format_datetime(datetime.now(UTC))
        format_decimal(1)
