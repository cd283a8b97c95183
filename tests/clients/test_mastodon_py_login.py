"""Mastodon.py: registering, logging in and out, and what the server tells of itself."""

import re
from collections.abc import Callable

import pytest
from mastodon import (
    Mastodon,
    MastodonAPIError,
    MastodonIllegalArgumentError,
    MastodonNotFoundError,
    MastodonUnauthorizedError,
)

from tests.browser.live_site import LiveSite
from tests.clients.conftest import OUT_OF_BAND
from tests.clients.consent import Person

Connect = Callable[..., Mastodon]


def make_client(site: LiveSite, keys: tuple[str, str]) -> Mastodon:
    return Mastodon(*keys, api_base_url=site.url)


def test_log_in_by_a_code_that_the_page_shows(
    site: LiveSite, client_keys: tuple[str, str], secret: Callable[[str], str]
) -> None:
    site.add_account("oobert")
    api = make_client(site, client_keys)
    url = api.auth_request_url(redirect_uris=OUT_OF_BAND, allow_http=True)
    assert url.startswith(f"{site.url}/oauth/authorize?")
    code = secret(Person("oobert").allow(url))

    token = secret(api.log_in(code=code, allow_http=True))

    assert api.me().username == "oobert"
    assert api.app_verify_credentials().name == "Mastodon.py"
    # A code works once, and who uses it again takes away what it gave.
    with pytest.raises(MastodonIllegalArgumentError, match="invalid_grant"):
        make_client(site, client_keys).log_in(code=code, allow_http=True)
    with pytest.raises(MastodonUnauthorizedError):
        Mastodon(access_token=token, api_base_url=site.url).me()


def test_log_in_by_a_redirect_with_narrow_scopes(site: LiveSite, secret: Callable[[str], str]) -> None:
    site.add_account("redirecta")
    target, scopes = "http://127.0.0.1:9/callback", ["read:accounts", "write:statuses"]
    keys = Mastodon.create_app(
        "Two addresses",
        api_base_url=site.url,
        scopes=scopes,
        redirect_uris=["another.client://callback", target],
    )
    secret(keys[1])
    api = make_client(site, keys)
    url = api.auth_request_url(redirect_uris=target, scopes=scopes, state="xyz", allow_http=True)

    assert Person("redirecta").deny(url) == "access_denied"
    code = secret(Person("redirecta").allow(url))
    with pytest.raises(MastodonIllegalArgumentError):
        api.log_in(code=code, redirect_uri=OUT_OF_BAND, scopes=scopes, allow_http=True)
    code = secret(Person("redirecta").allow(url))
    secret(api.log_in(code=code, redirect_uri=target, scopes=scopes, allow_http=True))

    assert api.me().username == "redirecta"
    assert api.status_post("With little").content == "<p>With little</p>"
    with pytest.raises(MastodonAPIError, match="403"):
        api.timeline_home()


def test_revoking_ends_it(connect: Connect, site: LiveSite) -> None:
    api = connect("revoker")
    token = api.access_token
    api.revoke_access_token(allow_http=True)

    with pytest.raises(MastodonUnauthorizedError, match="The access token is invalid"):
        Mastodon(access_token=token, api_base_url=site.url).me()


def test_no_password_grant(site: LiveSite, client_keys: tuple[str, str]) -> None:
    with pytest.raises(MastodonIllegalArgumentError, match="not supported"):
        make_client(site, client_keys).log_in("oobert@example.org", "wrong", allow_http=True)


def test_what_the_instance_tells(connect: Connect, site: LiveSite) -> None:
    api = connect("inspector")
    first, second = api.instance_v1(), api.instance_v2()

    assert re.fullmatch(r"4\.2\.0 \(compatible; Microblog \S+\)", first.version)
    assert first.version == second.version
    assert first.uri == second.domain == f"localhost:{site.port}"
    assert (api.mastodon_major, api.mastodon_minor, api.mastodon_patch) == (4, 2, 0)
    assert api.mastodon_api_version == 1
    assert first.configuration.statuses.max_characters == second.configuration.statuses.max_characters > 0
    assert first.stats.user_count > 0
    assert second.registrations.enabled == first.registrations
    assert api.instance_rules() == first.rules
    nodeinfo = api.instance_nodeinfo()
    assert nodeinfo.software.name == "microblog"
    assert nodeinfo.metadata.upstream.name == "mastodon"
    assert api.verify_minimum_version("4.2.0")
    assert not api.verify_minimum_version("4.3.0")


def test_what_there_is_none_of_is_an_empty_list(connect: Connect) -> None:
    api = connect("emptor")
    assert api.lists() == []
    assert api.filters() == []
    assert api.filters_v2() == []
    assert api.custom_emojis() == []
    assert api.announcements() == []
    assert api.featured_tags() == []
    assert api.conversations() == []
    assert api.trending_tags() == []
    assert api.trending_statuses() == []
    assert api.trending_links() == []
    with pytest.raises(MastodonNotFoundError):
        api.poll(1)


def test_every_answer_tells_of_the_limit(connect: Connect) -> None:
    api = connect("limited")
    api.me()
    before = api.ratelimit_remaining
    api.me()
    assert before is not None
    assert api.ratelimit_limit >= api.ratelimit_remaining
    assert api.ratelimit_reset is not None
