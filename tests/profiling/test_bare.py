"""The bare views answer what ours answer, by the same statements: else they would be no ceiling."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from profiling import bare
from profiling.kinds import HTML_POST, KINDS, TEXT, Kind, Member, find_member, make_request
from profiling.recorded import record
from profiling.scenarios import World
from profiling.worlds import Visit

JSON = [kind for kind in KINDS if "JSON" in kind.name]
HTML = [kind for kind in KINDS if "HTML" in kind.name]


@pytest.fixture
def member(world: World) -> Member:
    return find_member(world)


@pytest.fixture
def ask(
    world: World, member: Member, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Kind], Any]:
    """Sends a kind of request to the bare application."""
    recorded = record({kind.name: make_request(world, kind, member) for kind in KINDS})
    path = tmp_path / "statements.json"
    path.write_text(json.dumps(recorded), encoding="utf-8")
    monkeypatch.setenv(bare.STATEMENTS, str(path))
    client: FlaskClient = bare.make_app(world.resources.settings).test_client(use_cookies=False)

    def send(kind: Kind) -> Any:
        method = client.post if kind.is_new else client.get
        data = {"status": TEXT} if kind.is_new else None
        answer = method(member.path(kind), headers=member.headers(kind), data=data)
        assert answer.status_code == 200, answer.text
        return answer

    return send


@pytest.mark.parametrize("kind", JSON, ids=lambda kind: kind.name)
def test_programs_are_told_the_same(
    world: World, member: Member, ask: Callable[[Kind], Any], kind: Kind
) -> None:
    theirs = ask(kind)
    ours = make_request(world, kind, member)()

    assert forget_new(kind, theirs.json) == forget_new(kind, ours.json)
    assert theirs.headers.get("Link", "").partition(",")[0] == ours.headers.get("Link", "").partition(",")[0]


def forget_new(kind: Kind, found: Any) -> Any:
    """Without what differs between two posts."""
    if not kind.is_new:
        return found
    number = found["id"]
    plain = json.loads(json.dumps(found).replace(number, "ID"))
    counted = {"statuses_count": 0}
    return plain | {"created_at": "", "account": plain["account"] | counted}


@pytest.mark.parametrize("kind", HTML, ids=lambda kind: kind.name)
def test_people_see_the_same_posts(
    world: World, member: Member, ask: Callable[[Kind], Any], kind: Kind
) -> None:
    ours = Visit(world, member.path(kind), member.headers(kind))().body
    theirs = ask(kind).data

    assert theirs.count(HTML_POST) == ours.count(HTML_POST) == kind.posts


def test_a_statement_that_only_ours_executes_is_noticed(
    ask: Callable[[Kind], Any], tmp_path: Path, world: World
) -> None:
    path = tmp_path / "statements.json"
    recorded = json.loads(path.read_text(encoding="utf-8"))
    for statements in recorded.values():
        statements.append(["SELECT 1", {}])
    path.write_text(json.dumps(recorded), encoding="utf-8")
    app = bare.make_app(world.resources.settings)
    app.testing = True

    with pytest.raises(RuntimeError, match="public timeline, HTML: ours executes 1 statements more"):
        app.test_client().get("/")
