"""What verbs run on the hosts themselves, as root: Python's own library only, in ASCII (ops/verbs/ask.py)."""
