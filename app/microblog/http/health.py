"""`/healthz`: this process answers. `/readyz`: what it would find if it were asked for a page.

Readiness fails only for what another host would do better (a schema behind this release). A shared part that
is away is away for every host: it is reported as degraded with 200, or a load balancer would take the whole
site down.
"""

import redis
import structlog
from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from microblog.bootstrap import Resources
from microblog.data import migrations
from microblog.http.auth import machine
from microblog.http.context import get_resources

blueprint = Blueprint("health", __name__)
log = structlog.get_logger(__name__)
# Both routes are strict about slashes: web servers keep the public from the addresses as written here.


@blueprint.get("/healthz", strict_slashes=True)
@machine
def alive() -> ResponseReturnValue:
    """Tell that the process answers; asks nobody else."""
    return jsonify(status="alive", release=get_resources().settings.release)


@blueprint.get("/readyz", strict_slashes=True)
@machine
def ready() -> ResponseReturnValue:
    """Tell release, schema and the state of the shared parts."""
    resources = get_resources()
    schema, database = _look_at_database(resources)
    cache = _look_at_redis(resources)
    is_behind = schema is not None and not migrations.is_at_or_beyond(schema, migrations.required())
    status = "behind" if is_behind else "ready" if database == cache == "up" else "degraded"
    body = jsonify(
        status=status, release=resources.settings.release, schema=schema, database=database, redis=cache
    )
    return body, 503 if is_behind else 200


def _look_at_database(resources: Resources) -> tuple[str | None, str]:
    try:
        with resources.database.unit_of_work() as session:
            return migrations.current(session.connection()), "up"
    except SQLAlchemyError as error:
        log.warning("database.unavailable", error=type(error).__name__)
        return None, "away"


def _look_at_redis(resources: Resources) -> str:
    try:
        resources.cache.ping()
    except redis.RedisError:
        return "away"
    return "up"
