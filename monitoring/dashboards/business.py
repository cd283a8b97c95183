"""What people do: an outage that no error shows is seen here."""

from typing import Final

from monitoring.panels import Board, Row, Unit, graph, or_zero, quantile, rate, stat, table

_POSTS: Final = "microblog_statuses_posted_total"
_FEEDS: Final = "microblog_fanout_recipients"


def _in_an_hour(counter: str, by: str = "") -> str:
    """How often something happened in the last hour; Prometheus estimates the ends of the hour."""
    return or_zero(f"round(sum{f' by ({by})' if by else ''} (increase({counter}[1h])))")


NOW: Final = Row(
    "Last hour",
    (
        stat("Sign-ups", Unit.COUNT, "Accounts made.", _in_an_hour("microblog_signups_total")),
        stat("Posts", Unit.COUNT, "Posts written.", _in_an_hour(_POSTS)),
        stat(
            "Log-ins",
            Unit.COUNT,
            "With the right password.",
            _in_an_hour('microblog_logins_total{outcome="succeeded"}'),
        ),
        stat(
            "Refused log-ins",
            Unit.COUNT,
            "Wrong passwords: many more than log-ins are an attack.",
            _in_an_hour('microblog_logins_total{outcome="refused"}'),
        ),
        stat("Feeds written", Unit.COUNT, "Posts put into home timelines.", _in_an_hour(f"{_FEEDS}_sum")),
        stat("Mails sent", Unit.COUNT, "Of all kinds.", _in_an_hour('microblog_mails_total{outcome="sent"}')),
    ),
)

OVER_TIME: Final = Row(
    "Over time",
    (
        graph(
            "Posts",
            Unit.PER_MINUTE,
            "A fall to 0 in the day is an outage, whatever the errors say.",
            (f"60 * ({or_zero(rate(_POSTS))})", "posts"),
        ),
        graph(
            "Sign-ups and log-ins",
            Unit.PER_MINUTE,
            "Refused ones without succeeded ones: nobody gets in, or somebody tries passwords.",
            (f"60 * ({or_zero(rate('microblog_signups_total'))})", "sign-ups"),
            (f"60 * ({or_zero(rate('microblog_logins_total', 'outcome'))})", "log-ins [[outcome]]"),
        ),
        graph(
            "Feeds written",
            Unit.PER_SECOND,
            "Posts times followers; far above the posts' rate means somebody with many followers.",
            (or_zero(rate(f"{_FEEDS}_sum")), "feeds"),
        ),
        graph(
            "Feeds per post",
            Unit.COUNT,
            "How many followers a post has to reach.",
            (or_zero(quantile(0.5, _FEEDS)), "p50"),
            (or_zero(quantile(0.95, _FEEDS)), "p95"),
        ),
        graph(
            "Mails",
            Unit.PER_MINUTE,
            "By kind, with those that nobody wanted or that failed.",
            (f"60 * ({or_zero(rate('microblog_mails_total', 'kind, outcome'))})", "[[kind]] [[outcome]]"),
        ),
        graph(
            "Pictures",
            Unit.PER_MINUTE,
            "broken: not a picture, or one that no decoder takes.",
            (f"60 * ({or_zero(rate('microblog_pictures_total', 'outcome'))})", "[[outcome]]"),
        ),
        graph(
            "Home timelines rebuilt",
            Unit.PER_MINUTE,
            "Rises after Redis was emptied, then falls.",
            (f"60 * ({or_zero(rate('microblog_feed_rebuilds_total'))})", "rebuilt"),
        ),
        graph(
            "Reads and writes",
            Unit.PER_SECOND,
            "GET reads, the rest changes something.",
            (rate('microblog_http_requests_total{method=~"GET|HEAD"}'), "reads"),
            (or_zero(rate('microblog_http_requests_total{method!~"GET|HEAD|OPTIONS"}')), "writes"),
        ),
        table(
            "Mails of the last hour",
            Unit.COUNT,
            "By kind and outcome.",
            f"sort_desc({_in_an_hour('microblog_mails_total', 'kind, outcome')})",
            ("kind", "outcome"),
            "mails",
        ),
        table(
            "Expired rows deleted in the last hour",
            Unit.COUNT,
            "What housekeeping purged; at 0 for days it doesn't run.",
            f"sort_desc({_in_an_hour('microblog_purged_rows_total', 'table')})",
            ("table",),
            "rows",
        ),
    ),
)

BOARD: Final = Board(
    "business",
    "Business",
    "What people do: sign-ups, log-ins, posts, feeds, mails, pictures.",
    (NOW, OVER_TIME),
)
