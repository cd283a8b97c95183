"""Pages for signed-out visitors out of nginx's micro-cache, against a file of the same bytes from nginx."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import select

from microblog.data.models import Account, Status
from microblog.domain.visibility import Visibility
from profiling.bars import PERCENT, Bar
from profiling.client import Client
from profiling.measuring import MeasuringError, tree_seconds
from profiling.nginx import find_program, start_nginx
from profiling.pairs import Amount, Found, Pair, Side
from profiling.servers import BIN, Servers, Web
from profiling.worlds import open_world

LIMIT = 80.0
#: A request costs nginx so little that each turn takes many.
PIECE_REQUESTS = 50
PIECES = 10
#: A page is asked for anew every few seconds; more often than this, it didn't come from the cache.
MOST_PASSED_ON = 0.05
STATIC = "/static/bench.html"


@dataclass(frozen=True)
class Page:
    """A page, its path, and how it may be compressed."""

    bar: Bar
    path: str
    encoding: str = "identity"


def _bar(name: str) -> Bar:
    return Bar(f"{name}, nginx's cache", LIMIT, PERCENT, at_least=True)


#: Compressing costs a page and a file the same, more than all else: without it, differences are seen.
PAGES = (
    Page(_bar("public timeline, HTML"), "/"),
    Page(_bar("profile, HTML"), "/@{author}"),
    Page(_bar("a post, HTML"), "/@{author}/{post}"),
    Page(_bar("public timeline, HTML, gzip"), "/", "gzip"),
)


def measure(
    servers: Servers, pages: Sequence[Page], pairs: int, say: Callable[[str], None]
) -> dict[str, Found]:
    """Pairs of nginx's CPU seconds for a request, a file's against a page's, by the bar's name.

    Raises `NoNginxError`, and `MeasuringError` where pages didn't come from the cache.
    """
    program, paths = find_program(), find_paths(servers, pages)
    found = {page.bar.name: Found() for page in pages}
    folder = servers.folder / "nginx"
    environment = {"MICROBLOG_WEB_WORKERS": "1", "MICROBLOG_LOG_FORMAT": "json"}
    with (
        servers.serve("cached", [str(BIN / "microblog"), "web"], environment) as web,
        start_nginx(program, folder, web.socket) as nginx,
    ):
        for page, path in zip(pages, paths, strict=True):
            put_file(nginx, path, folder / "static" / Path(STATIC).name)
            with nginx.connect() as client:
                client.headers = {"Accept-Encoding": page.encoding}
                file, cached = make_side(nginx, client, STATIC), make_side(nginx, client, path)
                # A whole pair first: nginx's own first one is often the dearest.
                amount = Amount(pairs, PIECES, PIECE_REQUESTS, warm_up=PIECES)
                found[page.bar.name].measure(file, cached, amount, partial(tell, say, page))
        check_log(web.log, sum(one.requests for one in found.values()))
    return found


def find_paths(servers: Servers, pages: Sequence[Page]) -> list[str]:
    """The pages' paths: of who posts most besides the member, whose posts come and go; of their newest."""
    with open_world(servers) as world, world.resources.database.unit_of_work() as session:
        found = session.execute(
            select(Account.username, Status.id)
            .join(Status, Status.account_id == Account.id)
            .where(Account.id != world.account_id, Status.visibility == Visibility.PUBLIC)
            .order_by(Account.statuses_count.desc(), Status.id.desc())
            .limit(1)
        ).one()
    return [page.path.format(author=found.username, post=found.id) for page in pages]


def put_file(nginx: Web, path: str, file: Path) -> None:
    """Let nginx serve the page's bytes as a file. Raises `MeasuringError` where there is no such page."""
    with nginx.connect() as client:
        answer = client.get(path)
        if answer.status != 200:
            raise MeasuringError(f"{path} was answered by {answer.status}")
        file.write_bytes(answer.body)
        if client.get(STATIC).body != answer.body:
            raise MeasuringError(f"nginx serves {STATIC} otherwise than it is")


def make_side(nginx: Web, client: Client, path: str) -> Side:
    """Requests for one address, in nginx's CPU."""

    def work() -> None:
        for _ in range(PIECE_REQUESTS):
            answer = client.get(path)
            if answer.status != 200 or not answer.body:
                raise MeasuringError(f"{path} was answered by {answer.status}")

    return Side(work, partial(tree_seconds, nginx.process.pid))


def tell(say: Callable[[str], None], page: Page, pair: Pair) -> None:
    """A pair as a line of progress."""
    file, cached = (f"{seconds * 1e6:.0f} µs" for seconds in (pair.ours, pair.base))
    say(f"  {page.bar.name}: {cached}, a file {file}: {100 * pair.ratio:.0f} %")


def check_log(log: Path, requests: int) -> None:
    """The bench is of the cache. Raises `MeasuringError` where many requests reached the application."""
    passed_on = log.read_bytes().count(b'"http.request"')
    if not 0 < passed_on <= MOST_PASSED_ON * requests + len(PAGES) * 4:
        raise MeasuringError(f"{passed_on} of {requests} requests for pages reached the application")
