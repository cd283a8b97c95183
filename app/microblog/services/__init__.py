"""Floor 5: use cases. Verbs over plain arguments, the session first; they know no request and never commit."""
