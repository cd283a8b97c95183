"""Floor 7: the HTML site. One module a noun; a handler parses, calls one service, presents."""
