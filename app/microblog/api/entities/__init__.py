"""What the API answers with: one struct an entity, with the full field set of Mastodon 4.2."""
