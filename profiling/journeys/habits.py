"""How often people do what, and how long they think: those of a small microblog, in one place.

Reading is most of it: of a hundred people some ninety only read, nine react and one writes (the rule of
participation that Nielsen described, nngroup.com/articles/participation-inequality). Each share below is the
chance that a person does a thing in one visit, or an app in one round. With these figures two or three of a
hundred requests change something, log-ins and files left out.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pause:
    """How long somebody thinks: `mean` seconds, never under `least`; as often short as sometimes long."""

    mean: float
    least: float


#: Of those who are there at the same time: links and search engines bring strangers, most members use an app.
VISITORS, MEMBERS, APPS = 5, 2, 3

#: Reading a page, before the next one is asked for.
READING = Pause(mean=12, least=2)
#: Between two visits of the same chair: whoever sits on it next comes after this.
AWAY = Pause(mean=30, least=5)
#: An app that lies open asks for news so often.
ROUND = Pause(mean=45, least=15)
#: Somebody looks at what the app shows.
TOUCH = Pause(mean=5, least=1)

# --- Strangers, signed out ---------------------------------------------------------------------------------

#: They have never been here: their browser holds none of the site's files.
FIRST_TIME = 0.7
STRANGER_NEXT_PAGE = 0.3
STRANGER_PROFILE = 0.5
STRANGER_THREAD = 0.6
STRANGER_EXPLORE = 0.15
#: The browser's button: each file that it holds is asked for, whether it has changed.
RELOAD = 0.1

# --- Members, in a browser ---------------------------------------------------------------------------------

MEMBER_NEXT_PAGE = 0.4
MEMBER_THREAD = 0.5
MEMBER_PROFILE = 0.3
#: Where it is somebody whom they may not know yet.
MEMBER_EXPLORE = 0.3
MEMBER_NOTIFICATIONS = 0.4
WRITE = 0.1
REPLY = 0.05
FOLLOW = 0.4
UNFOLLOW = 0.02
#: Browsers stay logged in; few people leave by the door.
LOG_OUT = 0.03

# --- Members, with an app ----------------------------------------------------------------------------------

APP_NOTIFICATIONS = 0.7
#: Somebody looks at the app: what follows happens only then.
LOOKED_AT = 0.4
APP_OLDER = 0.3
APP_THREAD = 0.4
APP_PROFILE = 0.15
FAVOURITE = 0.25
APP_WRITE = 0.08
#: The network failed: the app sends the same post again, under the same key.
SEND_AGAIN = 0.1
#: A new picture of oneself, told in a post.
NEW_PICTURE = 0.005
