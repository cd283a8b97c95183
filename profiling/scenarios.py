"""Named pieces of work that every harness runs: requests and jobs, in this process, on real servers.

A request goes through the whole WSGI application, a job through the worker's own code; only gunicorn, Celery
and the sockets between them are left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO
from typing import Any

from PIL import Image
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from microblog.data.feeds import feed_key
from microblog.data.models import Account, DailyStatistic, Job
from microblog.data.queries.relationships import get_feeds_of_followers
from microblog.jobs import names
from microblog.jobs.names import JobType
from microblog.observability.logs import clear_context, log_context
from microblog.services import media, posting
from microblog.services.posting import Draft
from microblog.worker.base import Outcome, run_job
from microblog.worker.bindings import BINDINGS
from profiling.measuring import MeasuringError
from profiling.worlds import Visit, World, open_world

__all__ = ["SCENARIOS", "Run", "Scenario", "World", "open_world"]

TIMELINE = 20
HTML_POST = b"<article"
JSON_POST = b'"replies_count"'
#: Of the seed's vocabulary: a few posts of a hundred hold it.
WORD = "garden"
#: More followers than anybody has.
MOST = 2**31 - 1
#: As a telephone's camera crops them.
UPLOAD_PIXELS = 1200
WRITTEN = "Walked along the river before breakfast. The heron was there, as ever, and would not be hurried."

Run = Callable[[], None]


@dataclass(frozen=True)
class Scenario:
    """A piece of work. `prepare` makes what it needs in a world; what that returns does the work once.

    Both raise `MeasuringError` where an answer isn't what it should be. `hot`: dotted names of the functions
    that most of its time goes through.
    """

    name: str
    help: str
    prepare: Callable[[World], Run]
    hot: tuple[str, ...]


# --- Reading -------------------------------------------------------------------------------------


def list_of_posts(world: World, path: str, mark: bytes, headers: Mapping[str, str] | None = None) -> Run:
    """Read a list; each time it must have as many posts (told by `mark`) as the first time, and some."""
    visit = Visit(world, path, headers)
    wanted = visit().body.count(mark)
    if not wanted:
        raise MeasuringError(f"{path} was answered without a post")

    def run() -> None:
        posts = visit().body.count(mark)
        if posts != wanted:
            raise MeasuringError(f"{path} was answered with {posts} posts, before with {wanted}")

    return run


def _public_timeline(world: World) -> Run:
    return list_of_posts(world, f"/api/v1/timelines/public?limit={TIMELINE}", JSON_POST)


def _home(world: World) -> Run:
    return list_of_posts(world, f"/api/v1/timelines/home?limit={TIMELINE}", JSON_POST, world.bearer)


def _home_html(world: World) -> Run:
    return list_of_posts(world, "/home", HTML_POST, world.cookie)


def _front_html(world: World) -> Run:
    return list_of_posts(world, "/", HTML_POST)


def _profile_html(world: World) -> Run:
    with world.resources.database.unit_of_work() as session:
        statement = select(Account.username).order_by(Account.statuses_count.desc(), Account.id).limit(1)
        username = session.scalars(statement).one()
    return list_of_posts(world, f"/@{username}", HTML_POST)


def _search(world: World) -> Run:
    return search_for(world, WORD)


def search_for(world: World, word: str) -> Run:
    """Search for everything that holds a word."""
    return list_of_posts(world, f"/api/v2/search?q={word}&limit={TIMELINE}", JSON_POST)


def _feed_rebuild(world: World) -> Run:
    read = _home(world)

    def run() -> None:
        forget_feed(world)
        read()

    return run


def forget_feed(world: World) -> None:
    """Delete the member's feed from Redis, as a restart of it would."""
    with world.resources.database.unit_of_work() as session:
        version = session.scalars(select(Account.feed_version).where(Account.id == world.account_id)).one()
    world.resources.cache.delete(feed_key(world.account_id, version))


# --- Writing -------------------------------------------------------------------------------------


def _create(world: World) -> Run:
    visit = Visit(world, "/api/v1/statuses", world.bearer, {"status": WRITTEN})

    def run() -> None:
        if WRITTEN.encode() not in visit().body:
            raise MeasuringError("a new post was answered without its text")

    return run


def run_task(world: World, job: JobType, **arguments: Any) -> None:
    """Put a job into the outbox and do it as a worker does. Raises `MeasuringError` where it fails."""
    with world.resources.database.unit_of_work() as session:
        row = {"name": job.name, "queue": job.queue, "arguments": arguments}
        job_id = session.scalars(insert(Job).values(row).returning(Job.id)).one()
    _work(world, job, job_id)


def _work(world: World, job: JobType, job_id: int) -> None:
    clear_context()
    with log_context(job=job.name, job_id=job_id):
        outcome = run_job(world.resources, BINDINGS[job], job_id=job_id)
    if outcome is not Outcome.DONE:
        with world.resources.database.unit_of_work() as session:
            error = session.scalar(select(Job.error).where(Job.id == job_id))
        raise MeasuringError(f"the job {job.name} ended with {outcome}: {error or 'it left no error'}")


def _fan_out(world: World) -> Run:
    """By whoever has the most followers."""
    return fan_out_to(world, MOST)[1]


def fan_out_to(world: World, followers: int) -> tuple[int, Run]:
    """A post by whose number of followers comes nearest to this; the number, and the work. All have feeds."""
    resources = world.resources
    with resources.database.unit_of_work() as session:
        author = session.execute(
            select(Account.id, Account.feed_version, Account.followers_count)
            .order_by(func.abs(Account.followers_count - followers), Account.id)
            .limit(1)
        ).one()
        status_id = posting.post_status(
            session,
            resources.feeds,
            author_id=author.id,
            feed_version=author.feed_version,
            draft=Draft(text=WRITTEN),
        )
        after_id = 0
        while batch := get_feeds_of_followers(session, author.id, after_id, 1000):
            for row in batch:
                epoch = resources.feeds.begin(row.id, row.feed_version)
                resources.feeds.finish(row.id, row.feed_version, epoch or "", ())
            after_id = batch[-1].follow_id
    if not after_id:
        raise MeasuringError("nobody has a follower")
    return author.followers_count, partial(run_task, world, names.FAN_OUT, status_id=status_id)


def _thumbnail(world: World) -> Run:
    """An avatar: taken in, and made into its sizes."""
    data = make_picture()

    def run() -> None:
        _work(world, names.PROCESS_AVATAR, upload_avatar(world, data))

    return run


def make_picture() -> bytes:
    """A picture as people upload it: JPEG, with much in it."""
    picture = BytesIO()
    size = (UPLOAD_PIXELS, UPLOAD_PIXELS)
    Image.effect_noise(size, 60).convert("RGB").save(picture, "JPEG", quality=88)
    return picture.getvalue()


def upload_avatar(world: World, data: bytes) -> int:
    """The member's new avatar, as the site takes it in; the job that makes its sizes."""
    resources, settings = world.resources, world.resources.settings
    with resources.database.unit_of_work() as session:
        media.store_avatar(
            session,
            resources.storage,
            account_id=world.account_id,
            data=data,
            max_bytes=settings.upload_max_bytes,
            max_pixels=settings.upload_max_pixels,
        )
        return _newest_job(session)


def _newest_job(session: Session) -> int:
    return session.scalars(select(Job.id).order_by(Job.id.desc()).limit(1)).one()


def _daily_statistics(world: World) -> Run:
    """Of the last day that was computed before, else of yesterday: never of today's runs."""
    with world.resources.database.unit_of_work() as session:
        computed = session.scalar(select(func.max(DailyStatistic.day)))
    day = computed or (datetime.now(UTC) - timedelta(days=1)).date()
    return partial(run_task, world, names.DAILY_STATISTICS, day=day.isoformat())


READING = ("microblog.data.queries.statuses.read_statuses", "microblog.data.queries.statuses.list_parts")
API_LIST = ("microblog.api.serving.serve", "microblog.api.presenters.statuses.present_statuses")
PAGE = (
    "microblog.http.auth._serve",
    "microblog.web.presenters.present_statuses",
    "microblog.web.rendering.render",
)
HOME = ("microblog.services.timelines.read_home", "microblog.data.feeds.Feeds.read")
JOB = ("microblog.worker.base.run_job",)

SCENARIOS: dict[str, Scenario] = {
    one.name: one
    for one in (
        Scenario("public-timeline", "everybody's newest posts, JSON", _public_timeline, READING + API_LIST),
        Scenario("home", "the member's home timeline by token, JSON", _home, HOME + API_LIST),
        Scenario("home-html", "the member's home timeline by cookie, HTML", _home_html, HOME + PAGE),
        Scenario("front-html", "the front page for a signed-out visitor", _front_html, READING + PAGE),
        Scenario("profile-html", "the profile of who posts most, signed out", _profile_html, READING + PAGE),
        Scenario(
            "create",
            "a post by token, its jobs left in the outbox",
            _create,
            ("microblog.services.posting.post_status", *API_LIST[:1]),
        ),
        Scenario(
            "search",
            "people, tags and posts that fit a word, JSON",
            _search,
            ("microblog.services.search.search", *READING, *API_LIST),
        ),
        Scenario(
            "feed-rebuild",
            "the home timeline by token after Redis lost the feed",
            _feed_rebuild,
            ("microblog.services.feeds.read_feed", "microblog.data.queries.home.list_feed_ids", *HOME),
        ),
        Scenario(
            "fan-out",
            "a post into the feeds of all its author's followers",
            _fan_out,
            ("microblog.services.feeds.fan_out", "microblog.data.feeds.Feeds.push", *JOB),
        ),
        Scenario(
            "thumbnail",
            "an avatar taken in and made into its sizes",
            _thumbnail,
            ("microblog.services.media.process_avatar", "microblog.services.pictures.make_sizes", *JOB),
        ),
        Scenario(
            "daily-statistics",
            "the figures of a day",
            _daily_statistics,
            ("microblog.services.statistics.compute_day", *JOB),
        ),
    )
}
