"""Floor 7: the OAuth 2 authorization server (RFC 6749, 7009, 7636, 8414, 9700) on Authlib."""
