"""Reading what EXPLAIN (FORMAT JSON) answers: times, rows, buffers, scans, and the node that costs most."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Node = dict[str, Any]
#: What PostgreSQL reads a table by, and how it says which rows it reads or drops.
CONDITIONS = ("Index Cond", "Hash Cond", "Merge Cond", "Recheck Cond", "Filter", "Join Filter", "Sort Key")
DROPPED = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
CONDITION_CHARACTERS = 160


@dataclass(frozen=True)
class Scan:
    """Reading a table from end to end. `rows`: read in all, of which `kept` passed; 0 where not analysed."""

    table: str
    rows: int
    kept: int


@dataclass(frozen=True)
class Share:
    """What one node takes by itself, without those below it."""

    name: str
    milliseconds: float


@dataclass(frozen=True)
class Plan:
    """One answer of EXPLAIN, its JSON's only item. Times, rows and buffers are 0 where not analysed."""

    raw: dict[str, Any]

    @property
    def root(self) -> Node:
        """The node on top."""
        node: Node = self.raw["Plan"]
        return node

    @property
    def milliseconds(self) -> float:
        """Time of the execution, triggers (such as foreign keys) included."""
        return float(self.raw.get("Execution Time", 0.0))

    @property
    def planning_milliseconds(self) -> float:
        """Time of making the plan."""
        return float(self.raw.get("Planning Time", 0.0))

    @property
    def rows(self) -> int:
        """Rows that the statement answered with."""
        return _rows_of(self.root)

    @property
    def rows_read(self) -> int:
        """Rows taken out of tables and indexes, those dropped at once included."""
        return sum(_rows_of(node) + _dropped_of(node) for node in walk(self.root) if _reads_table(node))

    def blocks(self, kind: str) -> int:
        """Blocks of 8 KiB that were `Hit` in PostgreSQL's memory, `Read` from outside it, or `Dirtied`."""
        return int(self.root.get(f"Shared {kind} Blocks", 0))

    @property
    def sequential_scans(self) -> list[Scan]:
        """All tables read from end to end, but in branches that were never run."""
        return [
            Scan(node["Relation Name"], _rows_of(node) + _dropped_of(node), _rows_of(node))
            for node in walk(self.root)
            if node["Node Type"] == "Seq Scan" and node.get("Actual Loops", 1)
        ]

    @property
    def costliest(self) -> Share:
        """The node (or trigger) that took most by itself."""
        shares = [Share(name_of(node), _own_milliseconds(node)) for node in walk(self.root)]
        shares += [
            Share(f"trigger {one.get('Constraint Name') or one['Trigger Name']}", float(one.get("Time", 0)))
            for one in self.raw.get("Triggers", ())
        ]
        return max(shares, key=lambda share: share.milliseconds)


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it."""
    yield node
    for one in node.get("Plans", ()):
        yield from walk(one)


def name_of(node: Node) -> str:
    """Such as `Index Scan ix_statuses_account_id_id on statuses`."""
    name = str(node["Node Type"])
    if name == "ModifyTable":
        name = str(node.get("Operation", name))
    if "Index Name" in node:
        name += f" {node['Index Name']}"
    return f"{name} on {node['Relation Name']}" if "Relation Name" in node else name


def describe_tree(plan: Plan) -> list[str]:
    """The plan as lines, each node below the one that asks it."""
    lines = list(_describe_node(plan.root, 0))
    lines += [
        f"  trigger {one.get('Constraint Name') or one['Trigger Name']}: {one.get('Time', 0):.3f} ms,"
        f" {one.get('Calls', 0)} calls"
        for one in plan.raw.get("Triggers", ())
    ]
    return lines


def _describe_node(node: Node, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if node.get("Actual Loops", 1) == 0:
        yield f"{indent}{name_of(node)}: never run"
        return
    blocks = node.get("Shared Hit Blocks", 0) + node.get("Shared Read Blocks", 0)
    yield (
        f"{indent}{name_of(node)}: {_own_milliseconds(node):.3f} ms by itself,"
        f" {_rows_of(node)} rows (planned {node.get('Plan Rows', 0) * node.get('Actual Loops', 1)}),"
        f" {node.get('Actual Loops', 1)} times, {blocks} blocks"
    )
    for kind in CONDITIONS:
        if kind in node:
            text = node[kind] if isinstance(node[kind], str) else ", ".join(node[kind])
            yield f"{indent}    {kind}: {text[:CONDITION_CHARACTERS]}"
    if dropped := _dropped_of(node):
        yield f"{indent}    {dropped} rows dropped"
    for one in node.get("Plans", ()):
        yield from _describe_node(one, depth + 1)


def _reads_table(node: Node) -> bool:
    # A bitmap's index scans are told by the heap scan above them.
    return "Relation Name" in node and node["Node Type"] != "ModifyTable"


def _rows_of(node: Node) -> int:
    return round(float(node.get("Actual Rows", 0)) * int(node.get("Actual Loops", 0)))


def _dropped_of(node: Node) -> int:
    dropped = sum(float(node.get(kind, 0)) for kind in DROPPED)
    return round(dropped * int(node.get("Actual Loops", 0)))


def _milliseconds(node: Node) -> float:
    return float(node.get("Actual Total Time", 0.0) * node.get("Actual Loops", 0))


def _own_milliseconds(node: Node) -> float:
    # Never below 0: a subplan's time is told apart from that of the node that asks it only roughly.
    below = sum(_milliseconds(one) for one in node.get("Plans", ()))
    return float(max(_milliseconds(node) - below, 0.0))
