"""Composition root of the web process: settings in, Flask application out."""

from flask import Flask

from microblog.api.routes import install_api
from microblog.bootstrap import Resources, bootstrap
from microblog.data.profiles import Profiles
from microblog.http import health
from microblog.http.bodies import install_body_limits
from microblog.http.context import attach
from microblog.http.converters import install_converters
from microblog.http.cookies import configure_cookies
from microblog.http.cors import install_cors
from microblog.http.csrf import install_csrf
from microblog.http.headers import install_headers
from microblog.http.profiling import install_profiling
from microblog.http.proxies import TrustedProxies
from microblog.http.ratelimit import RateLimiter
from microblog.http.request_log import install_request_log
from microblog.oauth import authorize, tokens
from microblog.observability import metrics
from microblog.settings import Settings
from microblog.web.site import install_site

# Pages take milliseconds. Above it stands the margin of data/session.py: a frozen PostgreSQL holds a thread
# for 10 seconds at most, the time for connecting included.
STATEMENT_TIMEOUT_SECONDS = 5
# A refused log-in counts in a second transaction while Redis is away, hence one connection more than threads.
SPARE_CONNECTIONS = 1


def create_app(settings: Settings, resources: Resources | None = None) -> Flask:
    """The WSGI application. It opens no connection until the first request, so that gunicorn may fork it."""
    if resources is None:
        resources = bootstrap(
            settings,
            application="microblog web",
            pool_size=settings.web_threads + SPARE_CONNECTIONS,
            statement_timeout_seconds=STATEMENT_TIMEOUT_SECONDS,
        )
    app = Flask("microblog", static_folder=None, template_folder="web/templates")
    metrics.BUILD_INFO.labels("web", settings.release, settings.revision).set(1)
    app.config["SECRET_KEY"] = settings.secret_key
    app.url_map.strict_slashes = False
    attach(app, resources, RateLimiter(settings, resources.database, resources.cache))
    configure_cookies(app, settings)
    # Hooks run in this order before a request, and in the reverse order after it.
    install_request_log(app)
    install_profiling(app, settings, Profiles(resources.cache))
    install_body_limits(app, settings)
    install_csrf(app)
    install_headers(app, settings)
    install_cors(app)
    install_converters(app)
    app.register_blueprint(health.blueprint)
    install_api(app)
    app.register_blueprint(authorize.blueprint)
    app.register_blueprint(tokens.blueprint)
    install_site(app, settings)
    app.wsgi_app = TrustedProxies(app.wsgi_app, settings.trusted_proxies)  # type: ignore[method-assign]
    return app
