"""A profile of a request or job (`microblog profiles show ID --json`): table, picture, file for pstats."""

import hashlib
import marshal
from collections import defaultdict
from collections.abc import Iterator
from html import escape
from typing import Any

Place = tuple[str, int, str]
Counts = tuple[int, int, float, float]

MILLION, BILLION = 1_000_000, 1_000_000_000
WIDTH, ROW, MARGIN, HEAD = 1400, 17, 10, 48
#: What is narrower in the picture, in pixels, is left out with all below it.
NARROWEST = 0.4
CHARACTER = 6.6
NAMESPACE = "http://www.w3.org/2000/svg"
#: Warm colours, each function's always the same.
HUES, LIGHTEST = 50, 78


def list_rows(profile: dict[str, Any], most: int) -> list[tuple[str, ...]]:
    """The dearest functions: own milliseconds, their share, those with all it called, calls, name, place."""
    whole = max(profile["wall_ns"], 1)
    return [
        (
            f"{one['own_ns'] / MILLION:.2f}",
            f"{one['own_ns'] / whole:.1%}",
            f"{one['total_ns'] / MILLION:.2f}",
            str(one["calls"]),
            one["name"],
            tell_place(one["file"], one["line"]),
        )
        for one in profile["sums"][:most]
    ]


def describe(profile: dict[str, Any]) -> list[str]:
    """What was profiled, where, and how long it took."""
    calls = sum(node[2] for node in profile["nodes"])
    took, busy, cost = (profile[f"{name}_ns"] / MILLION for name in ("wall", "cpu", "cost"))
    told = f"{took:.1f} ms in {calls} calls, and {cost:.1f} ms of looking on"
    lines = [
        f"{profile['kind']} {profile['id']}: {profile['name']}, {profile['outcome']}, {profile['ended']}",
        f"on {profile['host']}, process {profile['pid']}, release {profile['release']}",
        f"{told}; of both {busy:.1f} ms on a processor",
    ]
    if "db_statements" in profile:
        lines.append(f"{profile['db_statements']} statements of PostgreSQL, {profile['db_ms']} ms")
    if profile["is_cut"]:
        lines.append("Very many ways: the calls below some functions are counted as their own time")
    return lines


def tell_place(file: str, line: int) -> str:
    """Where a function is: `web/pages.py:12`; of C its module, if that is known."""
    return f"{file}:{line}" if line else file


def make_pstats(profile: dict[str, Any]) -> bytes:
    """The profile as `python -m pstats` reads it (https://docs.python.org/3/library/profile.html#pstats.Stats)."""
    nodes = profile["nodes"]
    places: list[Place] = [(file or "~", line, name) for name, file, line in profile["functions"]]
    own = find_own(nodes)
    sums: defaultdict[Place, Counts] = defaultdict(lambda: (0, 0, 0.0, 0.0))
    callers: defaultdict[Place, dict[Place, Counts]] = defaultdict(dict)
    for node, (caller, function, calls, total) in enumerate(nodes):
        outer = not is_inside_itself(nodes, node)
        counts = (calls if outer else 0, calls, own[node] / BILLION, total / BILLION if outer else 0.0)
        sums[places[function]] = add(sums[places[function]], counts)
        if caller >= 0:
            above = callers[places[function]]
            place = places[nodes[caller][1]]
            above[place] = add(above.get(place, (0, 0, 0.0, 0.0)), counts)
    return marshal.dumps({place: (*counts, callers[place]) for place, counts in sums.items()})


def add(one: Counts, other: Counts) -> Counts:
    """The sums of two."""
    return one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3]


def find_own(nodes: list[list[int]]) -> list[int]:
    """The nanoseconds of each node without those of what it called."""
    own = [node[3] for node in nodes]
    for caller, _, _, total in nodes:
        if caller >= 0:
            own[caller] -= total
    return [max(0, one) for one in own]


def is_inside_itself(nodes: list[list[int]], node: int) -> bool:
    """Whether a function called itself on the way: its time is in the outer call's already."""
    caller, function = nodes[node][:2]
    while caller >= 0:
        if nodes[caller][1] == function:
            return True
        caller = nodes[caller][0]
    return False


def draw(profile: dict[str, Any]) -> str:
    """A flame graph, callers above: an SVG without scripts, whose boxes tell more under the pointer."""
    boxes = list(place_boxes(profile))
    height = HEAD + (max((depth for _, _, _, depth in boxes), default=0) + 1) * ROW + MARGIN
    where = f"{profile['id']} {describe(profile)[1]}"
    title = f"{profile['name']}, {profile['outcome']}: {profile['wall_ns'] / MILLION:.1f} ms"
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="{NAMESPACE}" width="{WIDTH}" height="{height}" font-family="monospace" font-size="11">',
        f"<title>{escape(title)}</title>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{MARGIN}" y="20" font-size="15">{escape(title)}</text>',
        f'<text x="{MARGIN}" y="38" fill="#555">{escape(where)}</text>',
    ]
    own = find_own(profile["nodes"])
    lines += [draw_box(profile, own, *box) for box in boxes]
    return "\n".join([*lines, "</svg>", ""])


def place_boxes(profile: dict[str, Any]) -> Iterator[tuple[int, float, float, int]]:
    """Where each node that is wide enough stands: node, left, width in pixels, depth; the widest first."""
    nodes = profile["nodes"]
    scale = (WIDTH - 2 * MARGIN) / max(profile["wall_ns"], 1)
    below: defaultdict[int, list[int]] = defaultdict(list)
    for node, (caller, *_) in enumerate(nodes):
        below[caller].append(node)
    todo = [(-1, float(MARGIN), -1)]
    while todo:
        caller, left, depth = todo.pop()
        for node in sorted(below[caller], key=lambda one: -nodes[one][3]):
            width = nodes[node][3] * scale
            if width < NARROWEST:
                break
            yield node, left, width, depth + 1
            todo.append((node, left, depth + 1))
            left += width


def draw_box(
    profile: dict[str, Any], own: list[int], node: int, left: float, width: float, depth: int
) -> str:
    """A box with its function's name, as much of it as fits."""
    _, function, calls, total = profile["nodes"][node]
    name, file, line = profile["functions"][function]
    share = total / max(profile["wall_ns"], 1)
    more = f"{calls} calls, {total / MILLION:.2f} ms ({share:.1%}), {own[node] / MILLION:.2f} ms of its own"
    room = int((width - 4) / CHARACTER)
    label = name if len(name) <= room else f"{name[: room - 1]}…" if room > 3 else ""
    top, colour = HEAD + depth * ROW, choose_colour(name + file)
    text = f'<text x="{left + 2:.1f}" y="{top + 12}">{escape(label)}</text>' if label else ""
    return (
        f"<g><title>{escape(name)} {escape(tell_place(file, line))}\n{more}</title>"
        f'<rect x="{left:.1f}" y="{top}" width="{width:.2f}" height="{ROW - 1}" fill="{colour}"/>'
        f"{text}</g>"
    )


def choose_colour(text: str) -> str:
    """A warm colour."""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:2])
    return f"hsl({number % HUES} 90% {LIGHTEST - number // HUES % 16}%)"
