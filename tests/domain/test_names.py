"""What makes a display name one that people see."""

import pytest

from microblog.domain.usernames import is_seen


@pytest.mark.parametrize("name", ["Ada", "Ｌ", "李", "मी", "7", "…", "🙂", "\u3164a", "\u200fعلي"])
def test_names_that_show(name: str) -> None:
    assert is_seen(name)


@pytest.mark.parametrize(
    "name",
    [
        "", " ", "\u00a0", "\u115f", "\u1160", "\u3164", "\uffa0", "\u2800", "\ufffc", "\u3164\u2800 \uffa0",
        "\u200b", "\u200d", "\u200c\u200e", "\u2060", "\ufeff", "\u00ad", "\u034f", "\u180e", "\u17b4",
        "\u0301", "\ufe0f", "\U000e0041", "\U0001d159", "\ue000", "\U0010ffff",
    ],
)  # fmt: skip
def test_names_that_nobody_sees(name: str) -> None:
    assert not is_seen(name)
