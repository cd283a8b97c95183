"""Bounds on what people write, in characters (code points after NFC normalisation), and on lists."""

STATUS_CHARACTERS = 500
# A link counts as this many characters however long it is, as Mastodon's clients count it.
URL_CHARACTERS = 23
# What is stored, links at their full length.
STATUS_STORED_CHARACTERS = 5_000
URL_STORED_CHARACTERS = 2_000
SPOILER_CHARACTERS = 500
STATUS_MENTIONS = 20
STATUS_TAGS = 30
LANGUAGE_CHARACTERS = 35
PINS = 5
# Former versions of a post that are shown.
VERSIONS = 100
# Of a longer text only the beginning is looked for.
SEARCH_CHARACTERS = 500
# Accounts whose relationships can be asked for at once.
RELATIONSHIPS_ASKED = 100
# Of longer ones the beginning counts.
IDEMPOTENCY_KEY_CHARACTERS = 500
# Tags that one timeline may combine.
TIMELINE_TAGS = 4
# Uses of each among which a combination is looked for, a page.
TAG_USES = 1_000

USERNAME_CHARACTERS = 30
DISPLAY_NAME_CHARACTERS = 50
NOTE_CHARACTERS = 500
PROFILE_FIELDS = 4
FIELD_CHARACTERS = 255
# What one person notes about another.
ACCOUNT_NOTE_CHARACTERS = 2_000
REPORT_CHARACTERS = 1_000
REPORT_STATUSES = 100
EMAIL_CHARACTERS = 254
PASSWORD_MIN_CHARACTERS = 8
PASSWORD_MAX_CHARACTERS = 128
TAG_CHARACTERS = 100
USER_AGENT_CHARACTERS = 255

PAGE_STATUSES = 20
PAGE_ACCOUNTS = 40
PAGE_NOTIFICATIONS = 40
THREAD_ANCESTORS = 100
THREAD_DESCENDANTS = 400
UNREAD_NOTIFICATIONS = 100
FOLLOW_REQUESTS_COUNTED = 1_000
# What is looked for, and how far down a list of finds goes.
SEARCH_WORDS = 8
SEARCH_WORD_CHARACTERS = 60
SEARCH_OFFSET = 1_000
# Up to so many posts that hold all words are sorted. Where there are more, and where posts of one account are
# looked for, so many of the newest are looked through.
SEARCH_MATCHES = 10_000
SEARCH_POSTS = 20_000
