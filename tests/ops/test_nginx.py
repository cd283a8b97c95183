"""What nginx's templates promise and a test can hold without a host."""

import re

import pytest

from microblog.http.profiling import HEADER
from ops.rendering import render

ADDRESSES = {"private_address": "192.0.2.21", "private_host": "192.0.2.21", "nginx_port": 8080}
SITE = {
    "nginx_names": ["social.example.org"],
    "nginx_edge_addresses": ["192.0.2.11"],
    "nginx_health_addresses": ["192.0.2.51"],
    "nginx_media_hosts": ["192.0.2.31"],
    "error_pages_texts": {404: {"title": "Not found"}, 503: {"title": "Back soon", "retry_after": 10}},
    "error_pages_headers": {"Content-Security-Policy": "default-src 'none'"},
    "nginx_body_max_bytes": 16777216,
    "media_port": 8090,
}
IPV6 = {
    "private_address": "2001:db8::21",
    "private_host": "[2001:db8::21]",
    "nginx_edge_addresses": ["2001:db8::11"],
    "nginx_health_addresses": ["2001:db8::51"],
    "nginx_media_hosts": ["[2001:db8::31]", "[2001:db8::32]"],
}


def make_site(**values: object) -> str:
    return render("nginx", "site.conf.j2", **{**ADDRESSES, **SITE, **values})


def find_bare_addresses(configuration: str) -> list[str]:
    """Lines where a port would be read as the end of an address."""
    return re.findall(r"^.*(?:listen|server|http:/)[^[\n]* ?2001:db8:.*$", configuration, re.MULTILINE)


HEALTH = re.compile(re.findall(r"location ~ (\S*healthz\S*) \{", make_site())[0])


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/healthz/", "/readyz/", "/readyz//"])
def test_health_is_kept_from_the_public_with_any_slash(path: str) -> None:
    assert HEALTH.search(path)
    assert re.search(r"location ~ \S*healthz\S* \{\n(\s*allow \S+;\n)+\s*deny all;", make_site())


@pytest.mark.parametrize("path", ["/", "/readyzz", "/@readyz", "/tags/healthz"])
def test_other_pages_are_not(path: str) -> None:
    assert not HEALTH.search(path)


def test_pictures_may_be_shown_by_web_clients_elsewhere() -> None:
    media, other = make_site().split('location ~ "^/media/', 1)[1].split("location /media/ {", 1)
    assert "Cross-Origin-Resource-Policy cross-origin" in media
    assert "Access-Control-Allow-Origin *" in media
    assert "cross-origin" not in other


@pytest.mark.parametrize("edge", [["2001:db8::11"], []], ids=["behind an edge", "alone"])
def test_addresses_of_ipv6_stand_in_brackets_before_a_port(edge: list[str]) -> None:
    tls = {"nginx_certificate_path": "/tls/site", "nginx_certificate_file": {"stat": {}}}
    site = make_site(**{**IPV6, **tls, "nginx_edge_addresses": edge})

    assert find_bare_addresses(site) == []
    assert "server [2001:db8::31]:8090 " in site
    assert ("listen [2001:db8::21]:8080;" in site) == bool(edge)


def test_the_store_listens_on_an_address_of_ipv6() -> None:
    store = render(
        "media",
        "media.conf.j2",
        **{**ADDRESSES, **IPV6, "media_port": 8090},
        media_client_addresses=["2001:db8::21"],
        media_max_bytes=5000000,
    )

    assert find_bare_addresses(store) == []
    assert "listen [2001:db8::21]:8090 " in store
    assert "allow 2001:db8::21;" in store


def make_edge(web1: str, own: str) -> str:
    return render(
        "haproxy",
        "haproxy.cfg.j2",
        haproxy_names=["social.example.org"],
        haproxy_web_hosts={"web1": web1},
        haproxy_statuses=[503],
        haproxy_certificate_file={"stat": {}},
        haproxy_metrics_port=8405,
        private_host=own,
        nginx_port=8080,
    )


def test_the_edge_reaches_web_hosts_by_ipv6() -> None:
    edge = make_edge("[2001:db8::21]", "[2001:db8::11]")

    assert find_bare_addresses(edge) == []
    assert edge.count("server web1 [2001:db8::21]:8080\n") == 2


def test_both_servers_have_pages_for_errors() -> None:
    """Where nginx can't read a request as far as its host, it is the other server's."""
    first, second = re.split(r"\n    server_name ", make_site())

    for server in (first, second):
        assert "error_page 494 =400 /400.$error_form;" in server
        assert r"location ~ ^/404\.(html|json)$ {" in server


def test_only_who_is_on_a_web_host_may_have_a_request_profiled() -> None:
    site, edge = make_site(), make_edge("192.0.2.21", "192.0.2.11")

    # A location that sets one header inherits none.
    assert site.count(f'proxy_set_header {HEADER} "";') == site.count("proxy_set_header Host $host;") > 1
    assert f"\n    http-request del-header {HEADER}\n" in edge
