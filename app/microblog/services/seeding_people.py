"""The people of a seeded site, and who follows whom."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from faker import Faker

from microblog.domain.limits import DISPLAY_NAME_CHARACTERS, USERNAME_CHARACTERS
from microblog.services.seeding_words import write_bio

# Names from several countries; each with the letters that a first name has there.
LOCALES = ("en_GB", "de_DE", "fr_FR", "es_ES", "pl_PL", "it_IT")
NAMES_PER_LOCALE = 400
NO_NAME = re.compile(r"[^a-z0-9]+")
MAX_FOLLOWED = 500
DAY = 86_400_000


@dataclass(slots=True)
class Person:
    """An account to be written, or (`is_guest`) one that is there. Times are milliseconds since 1970."""

    id: int
    username: str
    display_name: str
    note: str
    created_ms: int
    # How much somebody writes, and how gladly others follow and name them.
    activity: float
    popularity: float
    is_guest: bool = False
    statuses: int = 0
    followers: int = 0
    following: int = 0
    last_status_ms: int | None = None


class Crowd:
    """People in the order of their sign-up, to be drawn by weight among those who are there at a time."""

    def __init__(self, people: Sequence[Person]) -> None:
        self.people = sorted(people, key=lambda one: one.created_ms)
        self._created = [one.created_ms for one in self.people]
        self._activity = list(accumulate(one.activity for one in self.people))
        self._popularity = list(accumulate(one.popularity for one in self.people))

    def draw_author(self, random: Random, moment_ms: int) -> int:
        """The index of somebody who writes."""
        return self._draw(random, self._activity, moment_ms)

    def draw_popular(self, random: Random, moment_ms: int) -> int:
        """The index of somebody whom others follow or name."""
        return self._draw(random, self._popularity, moment_ms)

    def _draw(self, random: Random, weights: Sequence[float], moment_ms: int) -> int:
        # There is always the first: nobody writes before anybody is there.
        there = max(1, bisect_right(self._created, moment_ms))
        return min(bisect_right(weights, random.random() * weights[there - 1]), there - 1)


def make_people(random: Random, count: int, taken: set[str], *, since_ms: int, until_ms: int) -> list[Person]:
    """People with free names (`taken`: those in use, lower-cased); two thirds signed up before `since_ms`."""
    names, jobs, cities = _draw_pools(random)
    taken = set(taken)
    people = []
    for index in range(count):
        name = random.choice(names)
        before = index == 0 or random.random() < 2 / 3
        created = since_ms - random.randrange(90 * DAY) if before else random.randrange(since_ms, until_ms)
        people.append(
            Person(
                id=0,
                username=_make_username(random, name, taken),
                display_name=_decorate(random, name)[:DISPLAY_NAME_CHARACTERS],
                note=write_bio(random, random.choice(jobs), random.choice(cities)),
                created_ms=created,
                activity=min(random.paretovariate(1.1), 60.0),
                popularity=min(random.paretovariate(0.9), 400.0),
            )
        )
    return people


def _draw_pools(random: Random) -> tuple[list[str], list[str], list[str]]:
    names: list[str] = []
    jobs: list[str] = []
    cities: list[str] = []
    for locale in LOCALES:
        faker = Faker(locale)
        faker.seed_instance(random.getrandbits(32))
        names += [f"{faker.first_name()} {faker.last_name()}" for _ in range(NAMES_PER_LOCALE)]
        cities += [faker.city() for _ in range(40)]
        if locale.startswith("en"):
            jobs = [faker.job().partition(",")[0].capitalize() for _ in range(150)]
    return names, jobs, cities


def _make_username(random: Random, name: str, taken: set[str]) -> str:
    """A free name made of somebody's own, with a number where others have it."""
    plain = unicodedata.normalize("NFKD", name.lower().replace("ł", "l").replace("ß", "ss"))
    parts = NO_NAME.sub(" ", "".join(one for one in plain if not unicodedata.combining(one))).split()
    first, last = parts[0], parts[-1]
    form = random.choice(
        (first, f"{first}_{last}", f"{first}{last[:1]}", f"{first[:1]}{last}", f"{first}{last}")
    )
    base = form[: USERNAME_CHARACTERS - 6]
    username = base
    while username in taken:
        username = f"{base}{random.randrange(2, 10 ** random.randint(2, 6))}"
    taken.add(username)
    return username


def _decorate(random: Random, name: str) -> str:
    chance = random.random()
    if chance < 0.3:
        return name.split(maxsplit=1)[0]
    if chance < 0.36:
        return f"{name} {random.choice('🌱🚲📚🎻🐈🍞🌊⛰')}"
    return name


def draw_follows(random: Random, crowd: Crowd, until_ms: int) -> list[tuple[int, int, int]]:
    """Follows by time: (moment in ms, index of the follower, index of the followed). A few have very many."""
    people = crowd.people
    follows = []
    for index, person in enumerate(people):
        wanted = min(int(4 * random.paretovariate(1.0)) + 2, MAX_FOLLOWED, len(people) - 1)
        if person.is_guest:
            wanted = min(40, len(people) - 1)
        chosen = {crowd.draw_popular(random, until_ms) for _ in range(wanted)} - {index}
        for other in sorted(chosen):
            first = max(person.created_ms, people[other].created_ms)
            follows.append((random.randrange(first, max(until_ms, first + 1)), index, other))
    follows.sort()
    return follows
