"""Floor 7: the processes behind the site: Celery worker, relay and beat. Nothing here imports Flask."""
