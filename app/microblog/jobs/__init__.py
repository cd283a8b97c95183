"""Floor 4: the jobs' names, the outbox they leave through, and the one Celery instance."""
