import pytest
from itsdangerous import URLSafeSerializer

from microblog.domain.errors import InvalidToken
from microblog.services.links import LinkSigner

OTHER = LinkSigner("another secret key, also long enough")


def test_a_link_brings_its_id_back(links: LinkSigner) -> None:
    text = links.sign_token(117654343988740097, "confirm_email")
    assert links.read_token(text, "confirm_email") == 117654343988740097


def test_a_link_works_for_its_purpose_only(links: LinkSigner) -> None:
    text = links.sign_token(5, "confirm_email")
    for purpose in ("reset_password", "change_email", "unsubscribe"):
        with pytest.raises(InvalidToken):
            links.read_token(text, purpose)
    with pytest.raises(InvalidToken):
        links.read_unsubscribe(text)


def test_unsubscribe_links_tell_account_and_kind(links: LinkSigner) -> None:
    assert links.read_unsubscribe(links.sign_unsubscribe(7, "mentions")) == (7, "mentions")
    assert links.read_unsubscribe(links.sign_unsubscribe(7, "follows")) == (7, "follows")
    with pytest.raises(InvalidToken):
        links.read_unsubscribe(links.sign_unsubscribe(7, "everything"))
    with pytest.raises(InvalidToken):
        links.read_token(links.sign_unsubscribe(7, "follows"), "unsubscribe")


@pytest.mark.parametrize("text", ["", "x", "a.b", "é" * 20, "\x00", "A" * 1_000_000, "WzVd.abc", "WzVd"])
def test_nonsense_is_refused(links: LinkSigner, text: str) -> None:
    with pytest.raises(InvalidToken):
        links.read_token(text, "confirm_email")
    with pytest.raises(InvalidToken):
        links.read_unsubscribe(text)


def test_another_sites_links_are_refused(links: LinkSigner) -> None:
    with pytest.raises(InvalidToken):
        links.read_token(OTHER.sign_token(5, "confirm_email"), "confirm_email")


@pytest.mark.parametrize("content", [5, "5", ["5"], [True], [5, 6], {"id": 5}, [None]])
def test_other_content_under_a_good_signature_is_refused(content: object) -> None:
    key = "a secret key of the tests, long enough"
    text = URLSafeSerializer(key, salt="microblog.links.confirm_email").dumps(content)
    with pytest.raises(InvalidToken):
        LinkSigner(key).read_token(str(text), "confirm_email")


def test_a_changed_link_is_refused(links: LinkSigner) -> None:
    text = links.sign_token(5, "confirm_email")
    with pytest.raises(InvalidToken):
        links.read_token(text[:-1] + ("A" if text[-1] != "A" else "B"), "confirm_email")
