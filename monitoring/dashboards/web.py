"""The site's own answers, by route, and what stands before them: nginx and the edge."""

from typing import Final

from monitoring.panels import Board, Row, Thresholds, Unit, graph, or_zero, quantile, rate, stat, table

REQUESTS: Final = "microblog_http_requests_total"
FAILED: Final = 'microblog_http_requests_total{status=~"5.."}'
HISTOGRAM: Final = "microblog_http_request_duration_seconds"
STATEMENTS: Final = f"{rate('microblog_db_statements_total')} / ({rate(REQUESTS)} > 0)"
_RETRIES: Final = 'haproxy_backend_retry_warnings_total{proxy="web"}'
_REDISPATCHES: Final = 'haproxy_backend_redispatch_warnings_total{proxy="web"}'
_CONNECT_ERRORS: Final = 'haproxy_backend_connection_errors_total{proxy="web"}'

NOW: Final = Row(
    "Now",
    (
        stat("Requests", Unit.PER_SECOND, "Answered by the application.", or_zero(rate(REQUESTS))),
        stat(
            "Errors",
            Unit.PER_SECOND,
            "Answers with 5xx; there should be none.",
            or_zero(rate(FAILED)),
            Thresholds(warn=0.01, bad=0.1),
        ),
        stat(
            "p95 of all",
            Unit.SECONDS,
            "95 % of all answers took less.",
            or_zero(quantile(0.95, HISTOGRAM)),
            Thresholds(warn=0.3, bad=1),
        ),
        stat(
            "In progress",
            Unit.COUNT,
            "Requests being answered; near processes times threads the site is full.",
            "sum(microblog_http_requests_in_progress) or vector(0)",
        ),
        stat(
            "Statements per request",
            Unit.COUNT,
            "A jump after a deployment is a query in a loop.",
            or_zero(STATEMENTS),
            Thresholds(warn=20, bad=50),
        ),
        stat(
            "Web hosts not ready",
            Unit.COUNT,
            "Hosts whose /readyz refuses, seen from the monitoring host.",
            'count(probe_success{probe="readiness"} == 0) or vector(0)',
            Thresholds(warn=1, bad=1),
        ),
    ),
)

ROUTES: Final = Row(
    "By route",
    (
        graph(
            "Busiest routes",
            Unit.PER_SECOND,
            "One route far above its usual rate is a client in a loop or a crawler.",
            (f"topk(8, {rate(REQUESTS, 'route')})", "[[route]]"),
        ),
        graph(
            "Slowest routes, p95",
            Unit.SECONDS,
            "One slow route is a query, all slow is the database or a full host.",
            (f"topk(8, {quantile(0.95, HISTOGRAM, 'route')})", "[[route]]"),
        ),
        graph(
            "Errors by route",
            Unit.PER_SECOND,
            "Which pages fail, and with what; the logs of that route have the request ids.",
            (or_zero(rate(FAILED, "route, status")), "[[status]] [[route]]"),
        ),
        graph(
            "Refused by a rate limit",
            Unit.PER_MINUTE,
            "A rise is an attack or a client that doesn't wait.",
            (f"60 * ({or_zero(rate('microblog_rate_limited_total', 'limit'))})", "[[limit]]"),
            (
                f"60 * ({or_zero(rate('microblog_rate_limiter_unavailable_total'))})",
                "not counted: Redis away",
            ),
        ),
        table(
            "Routes",
            Unit.PER_SECOND,
            "The twenty busiest.",
            f"sort_desc(topk(20, {rate(REQUESTS, 'route, method')}))",
            ("method", "route"),
            "requests",
        ),
        table(
            "Answers by status",
            Unit.PER_SECOND,
            "Many 401 or 403 are a broken client, 429 a rate limit, 404 on (unmatched) a scanner.",
            f"sort_desc({rate(REQUESTS, 'status')})",
            ("status",),
            "answers",
        ),
    ),
)

HOSTS: Final = Row(
    "By host",
    (
        graph(
            "Requests by host",
            Unit.PER_SECOND,
            "Hosts get equal shares; one at 0 is drained or not ready.",
            (rate(REQUESTS, "instance"), "[[instance]]"),
        ),
        graph(
            "In progress by host",
            Unit.COUNT,
            "A host that fills up while others idle has a stuck thread.",
            ("sum by (instance) (microblog_http_requests_in_progress)", "[[instance]]"),
        ),
        graph(
            "Statements per request by host",
            Unit.COUNT,
            "Equal on all hosts; differs while two releases run.",
            (
                f"{rate('microblog_db_statements_total', 'instance')} / ({rate(REQUESTS, 'instance')} > 0)",
                "[[instance]]",
            ),
        ),
        graph(
            "Memory of gunicorn",
            Unit.BYTES,
            "A saw is recycling; a slope without falls is a leak.",
            (
                'sum by (instance) (namedprocess_namegroup_memory_bytes{groupname="web",memtype="resident"})',
                "[[instance]]",
            ),
        ),
        graph(
            "CPU of gunicorn",
            Unit.COUNT,
            "Cores in use: near the number of cores the host is full.",
            (
                rate('namedprocess_namegroup_cpu_seconds_total{groupname="web"}', "instance"),
                "[[instance]]",
            ),
        ),
        graph(
            "Parts found away",
            Unit.PER_MINUTE,
            "How often processes found Redis, the database or a media host away.",
            (f"60 * ({or_zero(rate('microblog_part_outages_total', 'part'))})", "[[part]]"),
            (f"60 * ({or_zero(rate('microblog_cache_errors_total'))})", "cache errors"),
        ),
    ),
)

EDGE: Final = Row(
    "Edge (HAProxy)",
    (
        graph(
            "Servers in use",
            Unit.COUNT,
            "All web hosts; at 0 visitors see the error page.",
            ('haproxy_backend_active_servers{proxy="web"}', "[[instance]]"),
        ),
        graph(
            "Queue",
            Unit.COUNT,
            "Requests that wait for a web host: above 0 all of them are full.",
            ('sum by (instance) (haproxy_backend_current_queue{proxy="web"})', "[[instance]]"),
        ),
        graph(
            "Retries and refused connections",
            Unit.PER_MINUTE,
            "A web host that fails between two health checks shows here first.",
            (f"60 * {rate(_RETRIES)}", "retries"),
            (f"60 * {rate(_REDISPATCHES)}", "sent to another host"),
            (f"60 * {rate(_CONNECT_ERRORS)}", "connections failed"),
        ),
        graph(
            "Answers of the edge",
            Unit.PER_SECOND,
            "As visitors get them; 5xx here and none in the application come from nginx or the edge itself.",
            (rate('haproxy_frontend_http_responses_total{proxy="public"}', "code"), "[[code]]"),
        ),
    ),
)

NGINX: Final = Row(
    "nginx",
    (
        graph(
            "Connections",
            Unit.COUNT,
            "Open connections; growth without requests is a slow-client attack or a leak.",
            ("nginx_connections_active", "[[instance]]"),
        ),
        graph(
            "Requests",
            Unit.PER_SECOND,
            "With static files and pictures, unlike the application's.",
            (rate("nginx_http_requests_total", "instance"), "[[instance]]"),
        ),
    ),
)

BOARD: Final = Board(
    "web",
    "Web",
    "Which route is slow or failing, on which host, and what the edge and nginx see.",
    (NOW, ROUTES, HOSTS, EDGE, NGINX),
)
