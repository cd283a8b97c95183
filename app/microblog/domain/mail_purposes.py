"""What the tokens of mails are for, as the database names it."""

from typing import Final

CONFIRM: Final = "confirm_email"
CHANGE: Final = "change_email"
RESET: Final = "reset_password"
# Tokens that no link is made of: a change was asked for, or made.
NOTICE_CHANGING: Final = "notice_changing"
NOTICE_CHANGED: Final = "notice_changed"
