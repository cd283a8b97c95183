"""The journey of strangers: the public pages, signed out."""

import random

from profiling.journeys import habits
from profiling.journeys.browsers import Browser


class Visitor(Browser):
    """Comes by a link or a search engine, reads, and goes."""

    journey = "visitor"
    weight = habits.VISITORS

    def act(self) -> None:
        """The newest posts, then a person or a conversation or both."""
        if self.may(habits.FIRST_TIME):
            self.held.clear()
        front = self.open("public timeline", "/")
        if self.may(habits.RELOAD):
            self.think(habits.READING)
            self.reload(front)
        if (older := front.older()) and self.may(habits.STRANGER_NEXT_PAGE):
            self.think(habits.READING)
            self.open("public timeline, next page", older)
        if (authors := front.authors()) and self.may(habits.STRANGER_PROFILE):
            self.think(habits.READING)
            self.open("a profile", random.choice(authors))  # noqa: S311 - no secret
        if (posts := front.posts()) and self.may(habits.STRANGER_THREAD):
            self.think(habits.READING)
            self.open("a thread", random.choice(posts))  # noqa: S311 - no secret
        if self.may(habits.STRANGER_EXPLORE):
            self.think(habits.READING)
            self.open("explore", "/explore")
