"""The console pages in Prometheus itself: filled in, no query refused, and what is text shown as text."""

import json
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
import yaml

from devstack.processes import wait_for
from monitoring.boards import BOARDS, all_queries, write_boards
from monitoring.check import find_tool
from tests.ops.test_rules import needs

pytestmark = needs("prometheus")

HOSTILE = "<script>alert(1)</script>{{ 1 }}\" onload='x'"
#: Series with hostile labels: of a table, of a stat's query, and of the head of all pages.
MADE = {
    "microblog_release_current": "1",
    "microblog_deploy_event_timestamp_seconds": "1767322800",
    "microblog_program_up": "0",
}


def configuration(folder: Path) -> Path:
    """Prometheus that scrapes nothing and makes a few series itself."""
    labels = {"release": HOSTILE, "event": "deployed", "program": HOSTILE, "instance": HOSTILE}
    rules = [{"record": name, "expr": f"vector({value})", "labels": labels} for name, value in MADE.items()]
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "made", "rules": rules}]}))
    settings = {
        "global": {"evaluation_interval": "100ms", "external_labels": {"environment": "<test>"}},
        "rule_files": [str(folder / "rules.yml")],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(settings))
    return folder / "prometheus.yml"


def get(address: str) -> str:
    with urllib.request.urlopen(address, timeout=20) as answer:
        return str(answer.read().decode())


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prometheus below a prefix, with the boards."""
    folder = tmp_path_factory.mktemp("prometheus")
    write_boards(folder)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        str(find_tool("prometheus")),
        f"--config.file={configuration(folder)}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.external-url=https://monitoring.example/prometheus/",
        f"--web.console.templates={folder / 'consoles'}",
        f"--web.console.libraries={folder / 'console_libraries'}",
        f"--web.user-assets={folder / 'assets'}",
        "--log.level=warn",
    ]
    address = f"http://127.0.0.1:{port}/prometheus"
    log = folder / "log"
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as server:
        try:
            wait_for(lambda: has_made(address), 30, log.read_text)
            yield address
        finally:
            server.kill()


def has_made(address: str) -> bool:
    """Whether the made-up series are there."""
    try:
        return HOSTILE in json.dumps(ask(address, "microblog_program_up")).replace('\\"', '"')
    except (urllib.error.URLError, ConnectionError):
        return False


def ask(address: str, query: str) -> list[object]:
    answer = json.loads(get(f"{address}/api/v1/query?{urlencode({'query': query})}"))
    assert answer["status"] == "success"
    return list(answer["data"]["result"])


@pytest.mark.parametrize("page", ["index", *(board.uid for board in BOARDS)])
def test_a_page_is_filled_in(prometheus: str, page: str) -> None:
    text = get(f"{prometheus}/consoles/{page}.html")

    assert "{{" not in text.replace("{{ 1 }}", "")
    assert 'data-prefix="/prometheus"' in text
    assert "2026-01-02 03:00" in text
    assert "&lt;test&gt;" in text
    assert "</html>" in text


@pytest.mark.parametrize("page", ["overview", "hosts"])
def test_labels_are_text(prometheus: str, page: str) -> None:
    text = get(f"{prometheus}/consoles/{page}.html")

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>" not in text
    assert "onload='x'" not in text


def test_a_number_has_its_colour(prometheus: str) -> None:
    text = get(f"{prometheus}/consoles/hosts.html")

    programs_down = text.split("<h3>Programs down</h3>")[1].split("</article>")[0]
    assert '<p class="value bad">1</p>' in programs_down
    hosts_up = text.split("<h3>Hosts up</h3>")[1].split("</article>")[0]
    assert "no data" in hosts_up


@pytest.mark.parametrize("name", ["boards.js", "boards.css"])
def test_assets_have_a_type_that_browsers_take(prometheus: str, name: str) -> None:
    with urllib.request.urlopen(f"{prometheus}/user/{name}", timeout=20) as answer:
        assert answer.headers.get_content_type() in {"text/javascript", "text/css"}


def test_no_query_is_refused(prometheus: str) -> None:
    for _, _, expr in all_queries():
        ask(prometheus, expr)
