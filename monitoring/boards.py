"""All dashboards, and writing them for Grafana and for Prometheus' own consoles."""

from pathlib import Path
from typing import Final

from monitoring import consoles, grafana
from monitoring.dashboards import business, database, hosts, overview, redis, web, workers
from monitoring.panels import Board, Panel

BOARDS: Final[tuple[Board, ...]] = (
    overview.BOARD,
    web.BOARD,
    workers.BOARD,
    database.BOARD,
    redis.BOARD,
    hosts.BOARD,
    business.BOARD,
)


def all_queries() -> list[tuple[Board, Panel, str]]:
    """Every query of every panel, to be run against a live Prometheus."""
    return [
        (board, panel, query.expr) for board in BOARDS for panel in board.panels for query in panel.queries
    ]


def write_boards(folder: Path) -> list[Path]:
    """Writes the boards below a folder, which may exist, and returns the files.

    consoles/*.html and console_libraries/*.lib are Prometheus' templates, assets/ what it serves at /user/
    (`--web.user-assets`); grafana/*.json are for importing into Grafana.
    """
    files = {
        **{f"grafana/{board.uid}.json": grafana.dashboard_text(board, BOARDS) for board in BOARDS},
        **{f"consoles/{name}": text for name, text in consoles.pages(BOARDS).items()},
        **{f"console_libraries/{name}": text for name, text in consoles.libraries().items()},
        **{f"assets/{name}": text for name, text in consoles.assets().items()},
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return [folder / name for name in sorted(files)]
