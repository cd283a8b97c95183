"""Floor 7: the API. A small room for now: it answers every address below `/api` that nobody has built yet."""
