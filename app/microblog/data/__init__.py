"""Floor 3: the shared data-access package. Only it speaks to PostgreSQL, Redis and the picture store."""
