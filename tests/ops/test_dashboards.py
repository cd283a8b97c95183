"""The dashboards: each panel asks for what there is, says what to look for, and is the same in Grafana."""

import html
import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from monitoring import grafana
from monitoring.__main__ import main
from monitoring.boards import BOARDS, all_queries, write_boards
from monitoring.check import find_tool
from monitoring.consoles import pages
from monitoring.dashboards.overview import TIMELINES
from monitoring.hurry import RULES
from monitoring.panels import Board, Kind, Panel, Row, Thresholds, Unit, graph, stat, table
from ops.inventory import REPOSITORY
from tests.ops.board_series import SHOWN
from tests.ops.series import EXPORTED
from tests.ops.test_rules import RECORDS, SCRAPED, needs, own_series, series_of

PANELS = [(board, panel) for board in BOARDS for panel in board.panels]
NAMES = [f"{board.uid}: {panel.title}" for board, panel in PANELS]
EVERY_PANEL = pytest.mark.parametrize(("board", "panel"), PANELS, ids=NAMES)
QUERIES = REPOSITORY / "ops/roles/postgres_exporter/files/queries.yml"


def queried_series() -> dict[str, set[str]]:
    """What PostgreSQL is asked for by queries of our own."""
    found: dict[str, set[str]] = {}
    for name, query in yaml.safe_load(QUERIES.read_text(encoding="utf-8")).items():
        columns = {column: about["usage"] for metric in query["metrics"] for column, about in metric.items()}
        labels = {column for column, usage in columns.items() if usage == "LABEL"}
        found |= {f"{name}_{column}": labels for column in columns if column not in labels}
    return found


KNOWN = EXPORTED | SHOWN | queried_series() | own_series() | {name: set() for name in RECORDS}


class Page(HTMLParser):
    """What a console page shows: its graphs' queries."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.queries: list[dict[str, str]] = []
        self.units: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if "data-queries" in found:
            self.queries += json.loads(found["data-queries"] or "")
            self.units.append(found["data-unit"] or "")


@EVERY_PANEL
def test_a_panel_says_what_it_is_and_what_to_look_for(board: Board, panel: Panel) -> None:
    assert panel.title
    assert panel.help.endswith(".")
    assert len(panel.help) <= 110
    assert panel.queries
    assert (panel.kind is Kind.TABLE) == bool(panel.columns)
    if panel.kind is Kind.GRAPH:
        assert all(query.legend for query in panel.queries)
    else:
        assert len(panel.queries) == 1


@EVERY_PANEL
def test_a_panel_asks_for_series_that_there_are(board: Board, panel: Panel) -> None:
    for query in panel.queries:
        for name, labels in series_of(query.expr).items():
            assert name in KNOWN, f"nothing exports {name}"
            assert labels <= KNOWN[name] | SCRAPED, f"{name} has no label {labels - KNOWN[name] - SCRAPED}"


@EVERY_PANEL
def test_a_panel_names_its_lines_by_labels_that_they_have(board: Board, panel: Panel) -> None:
    for query in panel.queries:
        kept = set(re.findall(r"\w+", " ".join(re.findall(r"\bby \(([^)]*)\)", query.expr))))
        own = set().union(*(KNOWN[name] for name in series_of(query.expr))) | SCRAPED
        named = {*re.findall(r"\[\[(\w+)\]\]", query.legend), *panel.columns}
        assert named <= (kept or own)


def test_titles_and_addresses_are_given_once() -> None:
    assert len({board.uid for board in BOARDS}) == len(BOARDS)
    assert all(re.fullmatch(r"[a-z]+", board.uid) for board in BOARDS)
    for board in BOARDS:
        for row in board.rows:
            titles = [(panel.kind, panel.title) for panel in row.panels]
            assert len(set(titles)) == len(titles)


def test_the_latency_shown_is_of_the_routes_that_were_promised_to_be_fast() -> None:
    routes = re.search(r'route=~"[^"]*"', TIMELINES)

    assert routes
    assert routes.group() in (RULES / "slo.yml").read_text(encoding="utf-8")


@needs("promtool")
def test_prometheus_can_read_every_query(tmp_path: Path) -> None:
    promtool = find_tool("promtool")
    assert promtool
    rules = [
        {"record": f"board:query{number}", "expr": expr} for number, (_, _, expr) in enumerate(all_queries())
    ]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "boards", "rules": rules}]}))

    done = subprocess.run(
        [promtool, "check", "rules", str(tmp_path / "rules.yml")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_a_grafana_dashboard_is_whole(board: Board) -> None:
    made = json.loads(grafana.dashboard_text(board, BOARDS))
    panels = made["panels"]

    assert made["uid"] == f"microblog-{board.uid}"
    assert [panel["id"] for panel in panels] == list(range(1, len(panels) + 1))
    assert {link["url"] for link in made["links"]} == {
        f"/d/microblog-{other.uid}" for other in BOARDS if other is not board
    }
    assert {note["expr"].split('"')[1] for note in made["annotations"]["list"]} == {
        "deployed",
        "left",
        "failed",
    }
    for panel in panels:
        if panel["type"] == "row":
            continue
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        references = [target["refId"] for target in panel["targets"]]
        assert len(set(references)) == len(references) > 0
        assert all(target["expr"] for target in panel["targets"])


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_panels_of_a_grafana_dashboard_do_not_overlap(board: Board) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in grafana.dashboard(board, BOARDS)["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        assert place["x"] + place["w"] <= grafana.COLUMNS
        taken |= cells


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_both_outputs_have_the_same_panels_and_queries(board: Board) -> None:
    text = pages(BOARDS)[f"{board.uid}.html"]
    page = Page(text)
    panels = [panel for panel in grafana.dashboard(board, BOARDS)["panels"] if panel["type"] != "row"]
    graphs = [
        {"expr": target["expr"], "legend": re.sub(r"{{(\w+)}}", r"[[\1]]", target["legendFormat"])}
        for panel in panels
        if panel["type"] == "timeseries"
        for target in panel["targets"]
    ]

    assert [panel["title"] for panel in panels] == [
        html.unescape(title) for title in re.findall(r"<h3>(.*)</h3>", text)
    ]
    assert page.queries == graphs
    assert set(page.units) <= set(Unit)
    for panel in panels:
        if panel["type"] != "timeseries":
            assert f"`{panel['targets'][0]['expr']}`" in text


def test_thresholds_colour_the_same_way_in_both_outputs() -> None:
    few = stat("Few", Unit.COUNT, "Few are bad.", "up", Thresholds(warn=3, bad=1))
    many = stat("Many", Unit.COUNT, "Many are bad.", "up", Thresholds(warn=3, bad=5))
    board = Board("b", "B", "Both.", (Row("r", (few, many)),))

    steps = [
        [(step["color"], step["value"]) for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]
        for panel in grafana.dashboard(board, (board,))["panels"][1:]
    ]
    assert steps == [
        [("red", None), ("orange", 1), ("green", 3)],
        [("green", None), ("orange", 3), ("red", 5)],
    ]
    text = pages((board,))["b.html"]
    assert '`count` "low" 3.0 1.0' in text
    assert '`count` "high" 3.0 5.0' in text


def test_the_command_writes_all_of_it_again_and_again(tmp_path: Path) -> None:
    for _ in range(2):
        assert main(["dashboards", "--output", str(tmp_path / "made")]) == 0

    written = {str(path.relative_to(tmp_path / "made")) for path in (tmp_path / "made").rglob("*.*")}
    uids = {board.uid for board in BOARDS}
    assert written == {
        *(f"grafana/{uid}.json" for uid in uids),
        *(f"consoles/{name}.html" for name in {*uids, "index"}),
        "console_libraries/boards.lib",
        "assets/boards.js",
        "assets/boards.css",
    }


def test_pages_hold_no_script_and_ask_no_other_host(tmp_path: Path) -> None:
    for path in write_boards(tmp_path):
        text = path.read_text(encoding="utf-8")
        if path.suffix in {".html", ".lib"}:
            assert not re.search(r"<script(?![^>]* src=)|<style| style=| on\w+=", text)
        assert not re.search(r"https?://", text)


def test_text_of_a_board_is_text() -> None:
    strange = "<b>\"{{ . }}\" & 'more'"
    panels = (
        graph(strange, Unit.COUNT, strange, ('up{job="<&>"}', strange)),
        table(strange, Unit.COUNT, strange, "up", ("job",), strange),
    )
    board = Board("b", strange, strange, (Row(strange, panels),))

    text = pages((board,))["b.html"]
    quoted = text.replace(f"`{strange}`", "")
    assert "<b>" not in quoted
    assert "{{ . }}" not in quoted
    assert Page(text).queries == [{"expr": 'up{job="<&>"}', "legend": strange}]
    with pytest.raises(ValueError, match="backquote"):
        pages((Board("b", "B", "B", (Row("r", (stat("`", Unit.COUNT, "x", "`"),)),)),))
