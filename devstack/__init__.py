"""The development stack: PostgreSQL, Redis and a mailbox from wheels, for `make run` and for the tests.

It imports nothing of the package `microblog` and is not part of the wheel: it starts its console commands.
"""
