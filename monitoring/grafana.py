"""The boards as Grafana's dashboards: JSON for Grafana 9 or newer, to be imported by hand or provisioned."""

import json
import re
from typing import Any, Final

from monitoring.panels import DRAWING_ORDER, Board, Kind, Panel, Row, Unit

UNITS: Final = {
    Unit.COUNT: "short",
    Unit.RATIO: "percentunit",
    Unit.SECONDS: "s",
    Unit.BYTES: "bytes",
    Unit.BYTES_PER_SECOND: "Bps",
    Unit.PER_SECOND: "cps",
    Unit.PER_MINUTE: "cpm",
    Unit.TIMESTAMP: "dateTimeAsIso",
}
# Grafana's grid has 24 columns; (width, height) of a panel in it.
SIZES: Final = {Kind.STAT: (4, 4), Kind.GRAPH: (12, 8), Kind.TABLE: (12, 9)}
COLUMNS: Final = 24
TYPES: Final = {Kind.STAT: "stat", Kind.GRAPH: "timeseries", Kind.TABLE: "table"}
SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
# Grafana's schema of version 9.5; newer ones migrate it when they read it.
SCHEMA_VERSION: Final = 38
DEPLOYS: Final = (
    ("deployed", "green", "deployed"),
    ("left", "orange", "left"),
    ("failed", "red", "failed"),
)


def dashboard_text(board: Board, boards: tuple[Board, ...]) -> str:
    """The file of a board; `boards` are those that it links to."""
    return json.dumps(dashboard(board, boards), indent=2, ensure_ascii=False) + "\n"


def dashboard(board: Board, boards: tuple[Board, ...]) -> dict[str, Any]:
    """A board as Grafana's dashboard model."""
    return {
        "uid": f"microblog-{board.uid}",
        "title": f"Microblog: {board.title}",
        "description": board.description,
        "tags": ["microblog"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "timezone": "utc",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": [_data_source_variable()]},
        "annotations": {"list": [_annotation(*deploy) for deploy in DEPLOYS]},
        "links": [_link(other) for other in boards if other is not board],
        "panels": _panels(board),
    }


def _data_source_variable() -> dict[str, Any]:
    return {
        "name": "datasource",
        "label": "Prometheus",
        "type": "datasource",
        "query": "prometheus",
        "current": {},
        "hide": 0,
        "includeAll": False,
        "multi": False,
        "options": [],
        "refresh": 1,
        "regex": "",
    }


def _annotation(event: str, color: str, name: str) -> dict[str, Any]:
    """Vertical lines at the times of an event, which are the values of its series."""
    series = f'microblog_deploy_event_timestamp_seconds{{event="{event}"}}'
    return {
        "name": f"Releases {name}",
        "datasource": SOURCE,
        "enable": True,
        "hide": False,
        "iconColor": color,
        # Grafana takes the value as a time in milliseconds.
        "expr": f"max by (release, event) ({series}) * 1000",
        "useValueForTime": True,
        "step": "60s",
        "titleFormat": "{{event}} {{release}}",
        "tagKeys": "event,release",
    }


def _link(board: Board) -> dict[str, Any]:
    return {
        "title": board.title,
        "type": "link",
        "url": f"/d/microblog-{board.uid}",
        "icon": "dashboard",
        "tooltip": board.description,
        "keepTime": True,
        "includeVars": True,
        "targetBlank": False,
        "asDropdown": False,
        "tags": [],
    }


def _panels(board: Board) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    top = 0
    for row in board.rows:
        made.append(_row(len(made) + 1, row, top))
        top += 1
        for kind in DRAWING_ORDER:
            panels = row.of_kind(kind)
            for number, panel in enumerate(panels):
                made.append(_panel(len(made) + 1, panel, _place(number, kind, top)))
            top += _height(len(panels), kind)
    return made


def _place(number: int, kind: Kind, top: int) -> dict[str, int]:
    width, height = SIZES[kind]
    per_line = COLUMNS // width
    return {
        "x": number % per_line * width,
        "y": top + number // per_line * height,
        "w": width,
        "h": height,
    }


def _height(count: int, kind: Kind) -> int:
    width, height = SIZES[kind]
    return -(-count // (COLUMNS // width)) * height


def _row(number: int, row: Row, top: int) -> dict[str, Any]:
    place = {"x": 0, "y": top, "w": COLUMNS, "h": 1}
    return {
        "id": number,
        "type": "row",
        "title": row.title,
        "collapsed": False,
        "gridPos": place,
        "panels": [],
    }


def _panel(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    return {
        "id": number,
        "type": TYPES[panel.kind],
        "title": panel.title,
        "description": panel.help,
        "datasource": SOURCE,
        "gridPos": place,
        "targets": [_target(panel, index) for index in range(len(panel.queries))],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": _options(panel),
        "transformations": _transformations(panel),
    }


def _target(panel: Panel, index: int) -> dict[str, Any]:
    query = panel.queries[index]
    now = panel.kind is not Kind.GRAPH
    return {
        "refId": chr(ord("A") + index),
        "datasource": SOURCE,
        "expr": query.expr,
        "legendFormat": re.sub(r"\[\[(\w+)\]\]", r"{{\1}}", query.legend),
        "instant": now,
        "range": not now,
        "format": "table" if panel.kind is Kind.TABLE else "time_series",
    }


def _defaults(panel: Panel) -> dict[str, Any]:
    values: dict[str, Any] = {"unit": UNITS[panel.unit], "thresholds": _thresholds(panel)}
    if panel.kind is Kind.GRAPH:
        values |= {
            "min": 0,
            "color": {"mode": "palette-classic"},
            "custom": {
                "lineWidth": 1,
                "fillOpacity": 5,
                "showPoints": "never",
            },
        }
        if panel.top is not None:
            values["max"] = panel.top
    return values


def _thresholds(panel: Panel) -> dict[str, Any]:
    """Grafana's colours count upwards: each step colours from its value on; the first has none."""
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    limits = panel.thresholds
    if limits and limits.high_is_bad:
        steps += [{"color": "orange", "value": limits.warn}, {"color": "red", "value": limits.bad}]
    elif limits:
        steps = [
            {"color": "red", "value": None},
            {"color": "orange", "value": limits.bad},
            {"color": "green", "value": limits.warn},
        ]
    return {"mode": "absolute", "steps": steps}


def _options(panel: Panel) -> dict[str, Any]:
    if panel.kind is Kind.GRAPH:
        return {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
            "tooltip": {"mode": "multi", "sort": "desc"},
        }
    if panel.kind is Kind.STAT:
        return {
            "colorMode": "value",
            "graphMode": "none",
            "justifyMode": "auto",
            "textMode": "value",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        }
    return {"showHeader": True, "cellHeight": "sm"}


def _transformations(panel: Panel) -> list[dict[str, Any]]:
    """A table shows its labels and its number, in that order, and nothing else."""
    if panel.kind is not Kind.TABLE:
        return []
    shown = (*panel.columns, "Value")
    return [
        {"id": "filterFieldsByName", "options": {"include": {"names": list(shown)}}},
        {
            "id": "organize",
            "options": {
                "indexByName": {name: index for index, name in enumerate(shown)},
                "renameByName": {"Value": panel.value_name},
                "excludeByName": {},
            },
        },
    ]
