"""Floor 6: Flask plumbing that site and API share. It knows requests and cookies, but no page and no noun."""
