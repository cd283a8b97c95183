"""Whether what a load was told is so: each acknowledged post once, each job's effect once, no job lost."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from devstack.mailbox import MailFolder
from devstack.processes import StackError, wait_for
from tests.lab.load import Post
from tests.lab.sites import Site

#: A killed worker's job is handed over again after 120 s, and the broker's own visibility of 90 s is over.
SETTLED_SECONDS = 240
#: By post: its marker, and how many rows its jobs and its request left.
EFFECTS = """
SELECT split_part(text, ' ', 1),
  (SELECT count(*) FROM notifications WHERE status_id = statuses.id AND kind = 'mention'),
  (SELECT count(*) FROM mails WHERE subject_id = statuses.id AND kind = 'mention')
FROM statuses WHERE text LIKE '{run}x%'
"""
ECHOES = """
SELECT split_part(text, ' ', 1), (SELECT count(*) FROM status_echoes WHERE status_id = statuses.id)
FROM statuses WHERE text LIKE '{run}x%'
"""
UNFINISHED = "SELECT name, count(*) FROM jobs WHERE state <> 'done' GROUP BY name"
DEAD = "SELECT name, error FROM dead_jobs"


def settle(
    site: Site, posts: Sequence[Post], *, left: Collection[str] = (), seconds: float = SETTLED_SECONDS
) -> list[str]:
    """What is wrong, a line each, once all jobs are done but those named by `left`, or the time is over."""
    problems = []

    def unfinished() -> list[str]:
        return [" ".join(row) for row in ask(site, UNFINISHED) if row[0] not in left]

    try:
        wait_for(lambda: not unfinished(), seconds, lambda: f"unfinished jobs: {', '.join(unfinished())}")
    except StackError as error:
        problems.append(str(error))
    problems += [f"a dead letter: {' '.join(row)}" for row in ask(site, DEAD)]
    if posts:
        run = run_of(posts)
        problems += find_wrong(posts, ask(site, EFFECTS.format(run=run)), ("notification", "mail"))
        problems += find_repeated_mails(site.mails, run)
    return problems


def find_wrong_echoes(site: Site, posts: Sequence[Post]) -> list[str]:
    """As `settle`, for posts written while all web hosts ran a release of the kind next_schema."""
    return find_wrong(posts, ask(site, ECHOES.format(run=run_of(posts))), ("echo",))


def run_of(posts: Sequence[Post]) -> str:
    """What the markers of one load's posts begin with."""
    (run,) = {post.marker.rpartition("x")[0] for post in posts}
    return run


def ask(site: Site, statement: str) -> list[list[str]]:
    """A statement's rows, as the server's superuser sees them."""
    line = " ".join(statement.split())
    answer = site.sudo("db1", f'sudo -u postgres psql -X -At -F "\t" microblog -c "{line}"')
    return [row.split("\t") for row in answer.splitlines() if row]


def find_wrong(posts: Sequence[Post], rows: Sequence[Sequence[str]], effects: Sequence[str]) -> list[str]:
    """Posts that are missing, doubled or never sent, and those without exactly one row of each effect.

    `rows`: a post's marker, then how many rows it has of each effect. A post without an answer may be there.
    """
    found: defaultdict[str, list[Sequence[str]]] = defaultdict(list)
    for marker, *counts in rows:
        found[marker].append(counts)
    known = {post.marker for post in posts}
    problems = [f"{marker} was never sent" for marker in found.keys() - known]
    for post in posts:
        times = len(found[post.marker])
        if times > 1 or (times == 0 and post.is_acknowledged):
            problems.append(f"{post.marker} of {post.author} is there {times} times")
        problems += [
            f"{post.marker} has {count} rows of {effect}"
            for row in found[post.marker]
            for effect, count in zip(effects, row, strict=True)
            if count != "1"
        ]
    return problems


def find_repeated_mails(mails: MailFolder, run: str) -> list[str]:
    """Posts that somebody was mailed about twice: by mails of different Message-IDs. Old mails are gone."""
    ids: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for message in mails.messages():
        body = message.get_body(("plain",))
        text = body.get_content() if body is not None else ""
        marker = next((word for word in text.split() if word.startswith(f"{run}x")), "")
        ids[marker, message["To"]].add(message["Message-ID"])
    return [
        f"{to} has {len(found)} mails about {marker}"
        for (marker, to), found in ids.items()
        if marker and len(found) > 1
    ]
