"""A site that isn't confirmed is left alone, and a file of accounts is read."""

from pathlib import Path

import pytest

from profiling.journeys.plan import read_accounts
from profiling.measuring import MeasuringError
from profiling.sites import find_site


@pytest.mark.parametrize("confirmed", ["", "staging.example.org", "https://example.org"])
def test_a_site_that_is_not_confirmed_is_left_alone(confirmed: str) -> None:
    with pytest.raises(MeasuringError, match=r"add --yes-load-this-site example\.org$"):
        find_site("https://example.org", confirmed, None)


def test_a_site_that_is_confirmed_is_loaded() -> None:
    assert find_site("https://example.org:8443/", "example.org", None).url == "https://example.org:8443"
    for here in ("http://localhost:8000", "http://127.0.0.1:8000", "http://[::1]:8000"):
        assert find_site(here, "", None).url == here


def test_a_file_of_accounts_is_read(tmp_path: Path) -> None:
    accounts = tmp_path / "people.txt"
    accounts.write_text("# Who may log in\nada a-word\n\nalan secret word\ta-token\n")

    found = read_accounts(accounts)

    assert [(one.name, one.token) for one in found] == [("ada", ""), ("alan", "a-token")]
    assert found[-1].password == "secret word"
    assert "secret word" not in repr(found)
    accounts.write_text("ada\n")
    with pytest.raises(MeasuringError, match=r"people\.txt, line 1: write NAME PASSWORD"):
        find_site("http://localhost", "", accounts)
    with pytest.raises(MeasuringError, match="no-file"):
        find_site("http://localhost", "", tmp_path / "no-file")
