"""Microblog: a plain Flask and Celery microblog. The floors of the package are drawn in docs/architecture.md."""

__version__ = "0.1.0"
