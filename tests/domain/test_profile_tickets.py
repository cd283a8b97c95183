import pytest

from microblog.domain.profile_tickets import JOB_SECONDS, REQUEST_SECONDS, make_target, read, sign

KEY = "k" * 32
NOW = 1_000_000.5
TARGET = b"/explore?page=2"


def test_a_ticket_is_good_for_what_it_was_made_for() -> None:
    ticket = read(KEY, sign(KEY, "GET", TARGET, NOW), "GET", TARGET, NOW + 1)

    assert ticket is not None
    assert len(ticket.nonce) == 22
    assert ticket.seconds == REQUEST_SECONDS - 1


def test_each_has_a_nonce_of_its_own() -> None:
    assert sign(KEY, "GET", TARGET, NOW) != sign(KEY, "GET", TARGET, NOW)


@pytest.mark.parametrize(
    ("key", "method", "target", "now"),
    [
        ("x" * 32, "GET", TARGET, NOW),
        ("", "GET", TARGET, NOW),
        (KEY, "POST", TARGET, NOW),
        (KEY, "GET", b"/explore?page=3", NOW),
        (KEY, "GET", b"/explore", NOW),
        (KEY, "GET", TARGET, NOW + REQUEST_SECONDS),
        # Signed by a clock that is hours ahead: it would stay good for too long.
        (KEY, "GET", TARGET, NOW - JOB_SECONDS),
    ],
)
def test_it_is_good_for_nothing_else(key: str, method: str, target: bytes, now: float) -> None:
    assert read(key, sign(KEY, "GET", TARGET, NOW), method, target, now) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: "1.2.3",
        lambda text: text[:-1],
        lambda text: text + "0",
        lambda text: text.replace(text[:7], "9999999"),
        lambda text: text[:-64] + "0" * 64,
        lambda text: text[:-64] + "é" * 64,
        lambda text: text + "\n",
    ],
)
def test_a_forged_one_is_none(change: object) -> None:
    assert callable(change)
    assert read(KEY, change(sign(KEY, "GET", TARGET, NOW)), "GET", TARGET, NOW) is None


def test_without_a_key_not_even_one_signed_without_a_key() -> None:
    assert read("", sign("", "GET", TARGET, NOW), "GET", TARGET, NOW) is None


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/explore", b"/explore"),
        ("/tags/caf%C3%A9?q=caf%C3%A9", b"/tags/caf\xc3\xa9?q=caf%C3%A9"),
        ("/a%3Fb", b"/a?b"),
    ],
)
def test_a_path_is_signed_as_servers_hand_it_on(path: str, target: bytes) -> None:
    assert make_target(path) == target
