"""The journey of members in a browser. (The site's pages have no button to like: apps do, in apps.py.)"""

import random

from locust.env import Environment

from profiling.journeys import habits
from profiling.journeys.browsers import Browser
from profiling.journeys.pages import Page
from profiling.journeys.people import take_account, write_text


class Member(Browser):
    """Logs in once and comes back to the home timeline."""

    journey = "member"
    weight = habits.MEMBERS

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.account = take_account()
        self.is_in = False

    def act(self) -> None:
        """Home, and what one finds there."""
        home = self.enter()
        if (older := home.older()) and self.may(habits.MEMBER_NEXT_PAGE):
            self.think(habits.READING)
            self.open("home, next page", older)
        if (posts := home.posts()) and self.may(habits.MEMBER_THREAD):
            self.think(habits.READING)
            self.read_thread(random.choice(posts))  # noqa: S311 - no secret
        if self.may(habits.MEMBER_PROFILE):
            self.think(habits.READING)
            self.meet_somebody(home)
        if self.may(habits.WRITE):
            self.think(habits.READING)
            home = self.open("home", self.send("write a post", home, "/write", {"text": write_text()}))
        if self.may(habits.MEMBER_NOTIFICATIONS):
            self.think(habits.READING)
            self.open("notifications", "/notifications")
        if self.may(habits.LOG_OUT):
            self.leave(home)

    def enter(self) -> Page:
        """Home, by the door where they aren't in."""
        if self.is_in:
            return self.open("home", "/home", needs="/write")
        self.log_in(self.account.name, self.account.password)
        self.is_in = True
        return self.open("home", "/home", needs="/write")

    def read_thread(self, path: str) -> None:
        """A conversation, and sometimes a word to it."""
        page = self.open("a thread", path)
        if page.form("/write") and self.may(habits.REPLY):
            self.think(habits.READING)
            self.open("a thread", self.send("reply", page, "/write", {"text": write_text()}))

    def meet_somebody(self, home: Page) -> None:
        """Somebody's profile, from home or, for people whom they don't know, from explore."""
        page = self.open("explore", "/explore") if self.may(habits.MEMBER_EXPLORE) else home
        if found := [one for one in page.authors() if one != f"/@{self.account.name}"]:
            self.meet(random.choice(found))  # noqa: S311 - no secret

    def meet(self, path: str) -> None:
        """A profile; sometimes they begin to follow, or stop."""
        page = self.open("a profile", path)
        if page.form(f"{path}/follow") and self.may(habits.FOLLOW):
            page = self.open("a profile", self.send("follow", page, f"{path}/follow"))
        if page.form(f"{path}/unfollow") and self.may(habits.UNFOLLOW):
            self.open("a profile", self.send("unfollow", page, f"{path}/unfollow"))

    def leave(self, page: Page) -> None:
        """By the door."""
        self.is_in = False
        self.open("public timeline", self.send("log out", page, "/log-out"))
