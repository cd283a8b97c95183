"""What a cost may grow with: the site's posts, somebody's follows or followers, the page that is read."""

from collections.abc import Callable, Sequence
from itertools import islice

from sqlalchemy import select, text

from microblog.data.feeds import MERGED
from microblog.data.models import Follow
from profiling.costs import Place, Run, measure
from profiling.curves import Bar, Curve, compare, make_bar
from profiling.databases import set_follows
from profiling.fitting import CONSTANT, LEAST_POINTS, LINEAR, LOGARITHMIC
from profiling.generating import CELEBRITY_FOLLOWERS, count_accounts
from profiling.measuring import MeasuringError
from profiling.scenarios import JSON_POST, SCENARIOS, fan_out_to, list_of_posts, search_for
from profiling.worlds import World, walk_pages

FOLLOWS = (20, 60, 200, 600, 2_000)
USUAL_FOLLOWS = 50
#: Those who read pages of their home timeline follow few and many: below the feed these are read in two ways.
FOLLOWS_READ = (60, 600)
PAGES = (1, 10, 20, 30, 40, 50)
FOLLOWERS = (30, 100, 300, 1_000, CELEBRITY_FOLLOWERS)
TIMELINES = {"public-timeline": "/api/v1/timelines/public", "home": "/api/v1/timelines/home"}
#: How fast a scenario may grow with the posts where that isn't O(log n): a day of a larger site has more, and
#: the index has more places of a word, which are all read before the few posts that are wanted.
WITH_POSTS = {"daily-statistics": LINEAR, "search": LINEAR}
#: Measured by follows, which none of them may grow with.
WITH_FOLLOWS = ("home", "feed-rebuild")
HOME_BAR = 1.3
#: What is a bar by itself has so many times the rounds of a curve: a busy moment holds several of them.
BAR_TURNS = 3
PAGE_BAR = 1.2
#: A feed is built from few posts of each who is followed, whatever their number.
REBUILD_BAR = 2.0
FAN_OUT_SECONDS = 2.0
#: Authors of very many followers, whom a reader follows; and what merging their posts may cost.
MERGED_AUTHORS = 20
MERGED_BAR = 1.5
#: Of the seed's vocabulary, from rare to very common; and how much dearer any may be than the first.
WORDS = ("spoon", "garden", "same", "more", "at", "the")
WORD_BAR = 2.5
HOLD = """
    SELECT count(*) FROM statuses WHERE visibility = 'public' AND reblog_of_id IS NULL
        AND to_tsvector('simple', spoiler_text || ' ' || text) @@ to_tsquery('simple', :word)
"""

Say = Callable[[str], None]


def by_posts(scenario: str, sites: Sequence[tuple[int, World]], rounds: int, say: Say) -> Curve:
    """A scenario on sites of several sizes (posts, world)."""
    say(f"{scenario} by posts")
    places = [Place(posts, world, _always(SCENARIOS[scenario].prepare(world))) for posts, world in sites]
    return Curve(scenario, "posts", measure(places, rounds), WITH_POSTS.get(scenario, LOGARITHMIC))


def by_page(scenario: str, site: tuple[int, World], rounds: int, say: Say) -> list[Curve]:
    """A timeline's pages up to the last of PAGES that it has, each found by the one before; home for each of
    FOLLOWS_READ.

    Raises `MeasuringError` where these are too few to tell anything.
    """
    if scenario != "home":
        return [_by_page(scenario, site, USUAL_FOLLOWS, rounds, say)]
    counts = sorted({min(count, count_accounts(site[0])) for count in FOLLOWS_READ})
    return [_by_page(scenario, site, count, rounds, say) for count in counts]


def _by_page(scenario: str, site: tuple[int, World], follows: int, rounds: int, say: Say) -> Curve:
    posts, world = site
    say(f"{scenario} by page, {posts:,} posts, {follows} follows")
    set_follows(world.servers, follows)
    headers = world.bearer if scenario == "home" else {}
    paths = list(islice(walk_pages(world, TIMELINES[scenario], headers), PAGES[-1] + 1))
    # The last one is another thing: too short a page is looked for in a second way.
    pages = [page for page in PAGES if page < len(paths)]
    if len(pages) < LEAST_POINTS:
        raise MeasuringError(f"{scenario} has {len(paths)} pages only: take more posts")
    places = [
        Place(page, world, _always(list_of_posts(world, paths[page - 1], JSON_POST, headers)))
        for page in pages
    ]
    points = measure(places, rounds)
    set_follows(world.servers, USUAL_FOLLOWS)
    name = f"home of {follows} follows" if scenario == "home" else scenario
    return Curve(name, "page", points, CONSTANT)


def page_bar(curve: Curve) -> Bar:
    """The last page against the first."""
    last = curve.points[-1]
    ratios = compare(curve.points[0], last)
    return make_bar(f"{curve.scenario}: page {last.size} against page 1", ratios, PAGE_BAR)


def by_follows(scenario: str, site: tuple[int, World], rounds: int, say: Say) -> Curve:
    """A member of one site who follows ever more accounts."""
    posts, world = site
    say(f"{scenario} by follows, {posts:,} posts")
    counts = [count for count in FOLLOWS if count <= count_accounts(posts)]
    places = [Place(count, world, _following(world, count, scenario)) for count in counts]
    points = measure(places, rounds)
    set_follows(world.servers, USUAL_FOLLOWS)
    return Curve(scenario, "follows", points, LOGARITHMIC)


def rebuild_bar(curve: Curve) -> Bar:
    """The dearest number of follows against the fewest."""
    first, most = curve.points[0], max(curve.points, key=lambda point: point.cost)
    name = f"feed-rebuild: {most.size:,} follows against {first.size}"
    return make_bar(name, compare(first, most), REBUILD_BAR)


def home_bar(sites: Sequence[tuple[int, World]], rounds: int, say: Say) -> Bar:
    """The home timeline of many follows on the largest site against that of few on the smallest."""
    ends = []
    for (posts, world), wanted in ((sites[0], FOLLOWS[0]), (sites[-1], FOLLOWS[-1])):
        count = min(wanted, count_accounts(posts))
        set_follows(world.servers, count)
        ends.append((posts, count, Place(posts, world, _always(SCENARIOS["home"].prepare(world)))))
    (few_posts, few, _), (many_posts, many, _) = ends
    name = f"home: {many:,} follows, {many_posts:,} posts against {few} follows, {few_posts:,} posts"
    say(name)
    first, last = measure([place for *_, place in ends], BAR_TURNS * rounds)
    for _, world in (sites[0], sites[-1]):
        set_follows(world.servers, USUAL_FOLLOWS)
    return make_bar(name, compare(first, last), HOME_BAR)


def merged_bar(site: tuple[int, World], rounds: int, say: Say) -> Bar:
    """The home timeline of who follows authors that are in no feed, against the same of who follows none."""
    _, world = site
    name = f"home: posts of {MERGED_AUTHORS} authors merged at reading, against none"
    say(name)
    with world.resources.database.unit_of_work() as session:
        followed = select(Follow.target_account_id).where(Follow.account_id == world.account_id)
        authors = list(session.scalars(followed.limit(MERGED_AUTHORS)))
    work = SCENARIOS["home"].prepare(world)
    places = [Place(len(some), world, merging(world, some, work)) for some in ([], authors)]
    none, all_of_them = measure(places, BAR_TURNS * rounds)
    world.resources.cache.delete(MERGED)
    return make_bar(name, compare(none, all_of_them), MERGED_BAR)


def merging(world: World, authors: Sequence[int], work: Run) -> Callable[[], Run]:
    """What makes these the only authors that are in no feed, and gives the work."""

    def enter() -> Run:
        world.resources.cache.delete(MERGED)
        for author_id in authors:
            world.resources.feeds.add_merged(author_id)
        # The feed is built anew, and the next reading finds out whom its reader follows.
        work()
        return work

    return enter


def by_matches(site: tuple[int, World], rounds: int, say: Say) -> Curve:
    """Searches for words that ever more posts hold."""
    posts, world = site
    say(f"search by matches, {posts:,} posts")
    with world.resources.database.unit_of_work() as session:
        counts = {session.scalar(text(HOLD), {"word": word}): word for word in WORDS}
    places = [Place(count, world, _always(search_for(world, word))) for count, word in sorted(counts.items())]
    return Curve("search", "matches", measure(places, rounds), LINEAR)


def word_bar(curve: Curve) -> Bar:
    """The dearest word against the rarest one."""
    first, most = curve.points[0], max(curve.points, key=lambda point: point.cost)
    name = f"search: a word of {most.size:,} posts against one of {first.size:,}"
    return make_bar(name, compare(first, most), WORD_BAR)


def by_followers(world: World, rounds: int, say: Say) -> Curve:
    """A post's way into the feeds of ever more followers."""
    say("fan-out by followers")
    found = dict(fan_out_to(world, count) for count in FOLLOWERS)
    places = [Place(count, world, _always(work)) for count, work in sorted(found.items())]
    return Curve("fan-out", "followers", measure(places, rounds), LINEAR)


def fan_out_bars(curve: Curve) -> list[Bar]:
    """The worker's own CPU for the celebrity's post; none where nobody has so many followers."""
    last = curve.points[-1]
    if last.size < CELEBRITY_FOLLOWERS:
        return []
    seconds = [one.python for one in last.rounds]
    return [make_bar(f"fan-out to {last.size:,} followers, worker", seconds, FAN_OUT_SECONDS, "s")]


def _always(work: Run) -> Callable[[], Run]:
    return lambda: work


def _following(world: World, count: int, scenario: str) -> Callable[[], Run]:
    def enter() -> Run:
        set_follows(world.servers, count)
        # Other follows, other posts.
        return SCENARIOS[scenario].prepare(world)

    return enter
