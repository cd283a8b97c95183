"""Static files with a hash of them all in their address."""

from pathlib import Path

import pytest

from microblog.web.assets import read_static_files
from tests.site import Browser


def test_the_page_names_files_that_are_cached_for_a_year(browser: Browser) -> None:
    page = browser.get("/about").text
    addresses = {part.split('"')[0].split("#")[0] for part in page.split('"/static/')[1:]}
    assert len(addresses) >= 3
    for address in addresses:
        answer = browser.get(f"/static/{address}")
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "Set-Cookie" not in answer.headers
        again = browser.get(f"/static/{address}", headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304


def test_another_releases_address_is_not_kept(browser: Browser) -> None:
    answer = browser.get("/static/0123456789ab/css/site.css")
    assert answer.status_code == 200
    assert answer.mimetype == "text/css"
    assert answer.headers["Cache-Control"] == "public, max-age=60"


@pytest.mark.parametrize(
    "path", ["../factory.py", "%2e%2e/%2e%2e/settings.py", "css/../css/site.css", "css", "", "css/site.css/"]
)
def test_nothing_else_is_there(browser: Browser, path: str) -> None:
    assert browser.get(f"/static/0123456789ab/{path}").status_code == 404


def test_the_hash_follows_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "a.js").write_text("1")
    first = read_static_files(tmp_path)
    assert first.url("js/a.js") == f"/static/{first.version}/js/a.js"
    with pytest.raises(KeyError):
        first.url("js/b.js")
    (tmp_path / "js" / "a.js").write_text("2")
    second = read_static_files(tmp_path)
    (tmp_path / "js" / "a.js").rename(tmp_path / "js" / "b.js")
    assert len({first.version, second.version, read_static_files(tmp_path).version}) == 3
