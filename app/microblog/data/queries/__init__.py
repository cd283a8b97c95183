"""Core statements, one module a noun: built once at import, compiled once, rows out; no ORM objects on hot paths."""
