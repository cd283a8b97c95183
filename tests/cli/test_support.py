import pytest

from microblog.cli.support import counted


@pytest.mark.parametrize(
    ("count", "nouns", "told"),
    [
        (0, ("day",), "0 days"),
        (1, ("day",), "1 day"),
        (2, ("day",), "2 days"),
        (1, ("was", "were"), "1 was"),
        (0, ("was", "were"), "0 were"),
    ],
)
def test_figures_with_their_nouns(count: int, nouns: tuple[str, ...], told: str) -> None:
    assert counted(count, *nouns) == told
