"""Core statements, one module a noun: built once at import, rows out, no ORM objects on hot paths."""
