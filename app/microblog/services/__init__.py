"""Floor 5: use cases. Verbs over plain arguments, the session first; no request, no commit."""
