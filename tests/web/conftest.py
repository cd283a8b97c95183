from tests.site import (
    app,
    browser,
    make_app,
    people,
    site_app,
    site_resources,
    site_settings,
)

__all__ = ["app", "browser", "make_app", "people", "site_app", "site_resources", "site_settings"]
