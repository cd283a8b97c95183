"""Floor 3: the shared data-access package. Only code in here speaks to PostgreSQL, Redis or the picture store."""
