"""Microblog: a plain Flask and Celery microblog. Its floors are drawn in docs/architecture.md."""

__version__ = "0.1.0"
