from flask import Flask
from sqlalchemy import Engine, event

from microblog.bootstrap import Resources
from microblog.factory import create_app
from microblog.web.warming import warm_up


def make_app(resources: Resources) -> Flask:
    return create_app(resources.settings, resources)


def test_the_first_visitor_waits_for_no_template(site_resources: Resources) -> None:
    app = make_app(site_resources)
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    engine: Engine = site_resources.database.engine
    event.listen(engine, "before_cursor_execute", note)
    warm_up(app)
    event.remove(engine, "before_cursor_execute", note)

    assert app.jinja_env.cache is not None
    assert {name for _, name in app.jinja_env.cache} >= set(app.jinja_env.list_templates())
    assert not statements
