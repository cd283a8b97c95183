"""The boards as console templates of Prometheus 2.42: pages that it fills in and serves itself.

Numbers and tables are queried by the template on the server, graphs by the browser (consoles/boards.js). The
pages hold no script of their own, so that they can be served with a policy that allows none.
"""

import html
import json
import re
from pathlib import Path
from typing import Final

from monitoring.panels import DRAWING_ORDER, Board, Kind, Panel, Row, Thresholds

STATIC: Final = Path(__file__).parent / "consoles"
LIBRARY: Final = "boards.lib"
ASSETS: Final = ("boards.js", "boards.css")
# The page that Prometheus shows at /consoles/.
START: Final = "index.html"


def pages(boards: tuple[Board, ...]) -> dict[str, str]:
    """A page for each board by its file's name; the first board is the start page too."""
    made = {f"{board.uid}.html": page(board, boards) for board in boards}
    return {START: made[f"{boards[0].uid}.html"], **made}


def libraries() -> dict[str, str]:
    """The library of templates that the pages use, by its file's name."""
    return {LIBRARY: (STATIC / LIBRARY).read_text(encoding="utf-8")}


def assets() -> dict[str, str]:
    """What Prometheus serves at /user/, by its file's name."""
    return {name: (STATIC / name).read_text(encoding="utf-8") for name in ASSETS}


def page(board: Board, boards: tuple[Board, ...]) -> str:
    """One board's template."""
    return "\n".join(
        (
            f'{{{{ template "boards_head" (args . {_quoted(board.title)}) }}}}',
            _navigation(board, boards),
            '{{ template "boards_time" . }}',
            '<main id="live">',
            '{{ template "boards_releases" . }}',
            f"<h1>{_text(board.title)}</h1>",
            f'<p class="lead">{_text(board.description)}</p>',
            *(_row(row) for row in board.rows),
            "</main>",
            '{{ template "boards_tail" . }}',
            "",
        )
    )


def _navigation(board: Board, boards: tuple[Board, ...]) -> str:
    """Links to all boards; the one that is shown is marked."""
    links = "\n".join(
        f'<a href="{other.uid}.html"{" aria-current=" + chr(34) + "page" + chr(34) if other is board else ""}'
        f' title="{_text(other.description)}">{_text(other.title)}</a>'
        for other in boards
    )
    return f'<nav aria-label="Boards">\n{links}\n{{{{ template "boards_links" . }}}}\n</nav>'


def _row(row: Row) -> str:
    parts = "\n".join(
        f'<div class="{kind}s">\n{_panels(row.of_kind(kind))}\n</div>'
        for kind in DRAWING_ORDER
        if row.of_kind(kind)
    )
    return f"<section>\n<h2>{_text(row.title)}</h2>\n{parts}\n</section>"


def _panels(panels: tuple[Panel, ...]) -> str:
    draw = {Kind.STAT: _stat, Kind.GRAPH: _graph, Kind.TABLE: _table}
    return "\n".join(draw[panel.kind](panel) for panel in panels)


def _stat(panel: Panel) -> str:
    call = f"(args {_quoted(panel.queries[0].expr)} {_quoted(panel.unit)} {_limits(panel.thresholds)})"
    return _article(panel, f'{{{{ template "boards_stat" {call} }}}}')


def _graph(panel: Panel) -> str:
    queries = json.dumps([{"expr": query.expr, "legend": query.legend} for query in panel.queries])
    top = "" if panel.top is None else f' data-top="{panel.top}"'
    return _article(
        panel,
        f'<div class="plot" data-queries="{_text(queries)}" data-unit="{panel.unit}"{top}></div>',
    )


def _table(panel: Panel) -> str:
    """A table: the number's colour and format as in a stat."""
    heads = "".join(f"<th>{_text(name)}</th>" for name in panel.columns)
    cells = "".join(f"<td>{{{{ .Labels.{name} }}}}</td>" for name in panel.columns)
    call = f"(args .Value {_quoted(panel.unit)} {_limits(panel.thresholds)})"
    empty = f'<tr><td class="none" colspan="{len(panel.columns) + 1}">no data</td></tr>'
    return _article(
        panel,
        f'<table><thead><tr>{heads}<th class="number">{_text(panel.value_name)}</th></tr></thead><tbody>\n'
        f"{{{{ range query {_quoted(panel.queries[0].expr)} }}}}"
        f'<tr>{cells}{{{{ template "boards_cell" {call} }}}}</tr>\n'
        f"{{{{ else }}}}{empty}{{{{ end }}}}</tbody></table>",
    )


def _article(panel: Panel, content: str) -> str:
    head = f'<h3>{_text(panel.title)}</h3>\n<p class="help">{_prose(panel.help)}</p>'
    return f'<article class="{panel.kind}">\n{head}\n{content}\n</article>'


def _limits(thresholds: Thresholds | None) -> str:
    """The arguments of a template that colours a number: which way is bad, from where on."""
    if thresholds is None:
        return '"" 0.0 0.0'
    way = "high" if thresholds.high_is_bad else "low"
    return f'"{way}" {float(thresholds.warn)} {float(thresholds.bad)}'


def _prose(value: str) -> str:
    """A sentence, with the commands in it set as such."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", _text(value))


def _text(value: str) -> str:
    """Text or an attribute of HTML, in which nothing is left for the template."""
    return html.escape(value).replace("{{", "{&#123;")


def _quoted(value: str) -> str:
    """A string of a Go template."""
    if "`" in value:
        raise ValueError(f"no backquote can stand in a board's text or query: {value!r}")
    return f"`{value}`"
