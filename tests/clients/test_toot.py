"""toot, the command line client: log in by a browser, write, read in pages, follow, search, and its TUI."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.live_site import LiveSite
from tests.clients.conftest import SECONDS, soon
from tests.clients.consent import Person
from tests.clients.terminal import Terminal

TOOT = str(Path(sys.executable).with_name("toot"))


class Toot:
    """toot with a home of its own, and the people whom it has logged in."""

    def __init__(self, site: LiveSite, home: Path, secret: Callable[[str], str]) -> None:
        self.site = site
        self.secret = secret
        self.home = home
        self.environment = {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_CACHE_HOME": str(home / "cache"),
            "PATH": os.environ["PATH"],
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "NO_PROXY": "*",
        }

    def name(self, username: str) -> str:
        return f"{username}@localhost:{self.site.port}"

    def run(self, username: str, *arguments: str) -> str:
        """What a command prints that has nothing to complain of."""
        done = subprocess.run(
            [TOOT, "--no-color", "--as", self.name(username), *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=2 * SECONDS,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def read(self, username: str, *arguments: str) -> Any:
        """What a command prints as JSON."""
        return json.loads(self.run(username, *arguments, "--json"))

    def open(self, username: str, *arguments: str, rows: int = 40) -> Terminal:
        """A command that talks to a person."""
        return Terminal([TOOT, "--as", self.name(username), *arguments], self.environment, rows=rows)

    def log_in(self, username: str) -> str:
        """By the browser: toot shows an address, and asks for the code that stands on the page there."""
        self.site.add_account(username)
        with Terminal([TOOT, "login"], self.environment, columns=400) as terminal:
            terminal.expect("Enter instance URL")
            terminal.send(f"{self.site.url}\n")
            url = terminal.expect(r"Login URL:\s+(http\S+)")[1]
            terminal.expect("Open link in default browser")
            terminal.send("n\n")
            terminal.expect("Authorization code: ")
            terminal.send(self.secret(Person(username).allow(url)) + "\n")
            terminal.expect("Successfully logged in")
            assert terminal.wait() == 0
        config = json.loads((self.home / "config/toot/config.json").read_text(encoding="utf-8"))
        self.secret(config["users"][self.name(username)]["access_token"])
        self.secret(config["apps"][f"localhost:{self.site.port}"]["client_secret"])
        return username


@pytest.fixture(scope="module")
def toot(site: LiveSite, tmp_path_factory: pytest.TempPathFactory, secret: Callable[[str], str]) -> Toot:
    made = Toot(site, tmp_path_factory.mktemp("toot"), secret)
    for username in ("tootalice", "tootbob"):
        made.log_in(username)
    return made


def test_who_one_is(toot: Toot) -> None:
    assert "@tootalice" in toot.run("tootalice", "whoami")
    assert toot.read("tootalice", "whois", "@tootbob")["acct"] == "tootbob"
    assert toot.read("tootalice", "whois", toot.name("tootbob"))["acct"] == "tootbob"
    assert "running Mastodon 4.2.0 (compatible; Microblog" in toot.run("tootalice", "instance")
    assert toot.name("tootalice") in toot.run("tootalice", "auth")
    toot.run(
        "tootalice", "update-account", "--display-name", "Alice of toot", "--no-bot", "--privacy", "public"
    )
    assert "Alice of toot" in toot.run("tootalice", "whoami")


def test_posts_and_replies(toot: Toot) -> None:
    post = toot.read(
        "tootalice", "post", "Hello from #toottag", "--language", "en", "--spoiler-text", "Greeting"
    )
    assert (post["visibility"], post["language"], post["spoiler_text"]) == ("public", "en", "Greeting")
    assert "Toot posted: http" in toot.run("tootbob", "post", "Hello yourself", "--reply-to", post["id"])
    toot.run("tootbob", "post", "Once more", "--reply-last", "--visibility", "unlisted")
    context = toot.read("tootalice", "thread", post["id"])
    assert [text(status) for status in context["descendants"]] == ["Hello yourself", "Once more"]
    assert "Hello from #toottag" in toot.run("tootalice", "timeline", "--account", "tootalice", "--once")
    shown = toot.run("tootalice", "thread", post["id"])
    assert shown.index("Hello from #toottag") < shown.index("Hello yourself") < shown.index("Once more")


def text(status: dict[str, Any]) -> str:
    return str(status["content"]).removeprefix("<p>").removesuffix("</p>")


def test_what_one_does_with_a_post(toot: Toot) -> None:
    post = toot.read("tootalice", "post", "One to like")
    assert toot.read("tootbob", "favourite", post["url"])["favourited"]
    assert toot.read("tootbob", "reblog", post["id"])["reblog"]["id"] == post["id"]
    assert toot.read("tootbob", "bookmark", post["id"])["bookmarked"]
    assert toot.read("tootalice", "pin", post["id"])["pinned"]
    assert "tootbob" in toot.run("tootalice", "reblogged-by", post["id"])
    assert [one["id"] for one in toot.read("tootbob", "timelines", "favourites")] == [post["id"]]
    assert "One to like" in toot.run("tootbob", "bookmarks", "--once")
    told = toot.run("tootalice", "notifications")
    assert "favourited your status" in told
    assert "boosted your status" in told
    assert not toot.read("tootbob", "unreblog", post["id"])["reblogged"]
    assert not toot.read("tootalice", "unpin", post["id"])["pinned"]
    assert "Status deleted" in toot.run("tootalice", "delete", post["id"])


def test_following_and_searching(toot: Toot) -> None:
    assert "You are now following" in toot.run("tootalice", "follow", "tootbob")
    assert "@tootbob" in toot.run("tootalice", "following")
    assert "@tootalice" in toot.run("tootbob", "followers")
    assert "now follows you" in toot.run("tootbob", "notifications", "--type", "follow")
    found = toot.read("tootalice", "search", "tootbob")
    assert [account["acct"] for account in found["accounts"]] == ["tootbob"]
    assert "You are now following #toottag" in toot.run("tootalice", "tags", "follow", "toottag")
    assert "#toottag" in toot.run("tootalice", "tags", "followed")
    assert "Followed" in toot.run("tootalice", "tags", "info", "toottag")
    assert "no longer following" in toot.run("tootalice", "unfollow", "tootbob")
    assert toot.read("tootalice", "mute", "tootbob")["muting"]
    assert "@tootbob" in toot.run("tootalice", "muted")
    assert not toot.read("tootalice", "unmute", "tootbob")["muting"]


def test_timelines_in_pages(toot: Toot) -> None:
    posts = [toot.read("tootalice", "post", f"Paged post number {number} #tootpages") for number in range(5)]
    newest = posts[-1]["id"]
    soon(
        lambda: toot.read("tootalice", "timelines", "home", "--limit", "1")[0]["id"] == newest,
        "a post at home",
    )
    older = toot.read("tootalice", "timelines", "public", "--max-id", newest, "--limit", "2")
    assert [one["id"] for one in older] == [posts[3]["id"], posts[2]["id"]]
    for arguments in (["home"], ["tag", "tootpages"], ["account", "tootalice"]):
        with toot.open(
            "tootalice", "timelines", *arguments, "--limit", "2", "--no-clear", rows=14
        ) as terminal:
            while terminal.find(r"to break\."):
                terminal.press(" ")
            assert terminal.wait() == 0
            assert re.findall(r"Paged post number (\d)", terminal.text) == ["4", "3", "2", "1", "0"], (
                terminal.text
            )


def test_the_tui_shows_the_home_timeline(toot: Toot) -> None:
    post = toot.read("tootbob", "post", "Seen in the TUI, with <brackets> & more")
    soon(
        lambda: toot.read("tootbob", "timelines", "home", "--limit", "1")[0]["id"] == post["id"], "it at home"
    )
    with toot.open("tootbob", "tui", "--colors", "1") as terminal:
        terminal.expect("press Enter to continue")
        terminal.send("\n")
        terminal.expect("Loading toots")
        terminal.expect("Seen in the TUI, with <brackets> & more")
        terminal.expect(rf"\[home\] {post['id']} - status 1 of ")
        terminal.press("q")
        assert terminal.wait() == 0
        assert "exception occurred" not in terminal.text


def test_logging_out(toot: Toot) -> None:
    assert "logged out" in toot.run("tootalice", "logout", toot.name("tootalice"))
