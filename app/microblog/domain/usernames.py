"""Names that nobody may register: they could be taken for the site's own voice or its addresses."""

RESERVED = frozenset(
    "about abuse admin administrator api auth contact everyone explore help home hostmaster info log_in log_out login"
    " logout mail media microblog moderator noreply no_reply notifications oauth official owner postmaster privacy"
    " root search security settings sign_up signup site static statistics status statuses support system tags terms"
    " unsubscribe webmaster write".split()
)
