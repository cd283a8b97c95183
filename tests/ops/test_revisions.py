"""What became of releases, and which one a rollback goes to."""

import io
import json
import sys

import pytest

from ops.revisions import NoRelease, check_release, choose_previous, find_way, main, read_revisions

COMMIT = "0" * 40


def log(*events: str) -> list[str]:
    """Lines of revisions.log, a minute apart: `deployed A` …, `failed B why`."""
    lines = []
    for minute, text in enumerate(events):
        event, release, *note = text.split(" ", 2)
        lines.append(f"2026-11-21T20:{minute:02}:00Z ada {event} {release} {COMMIT} {' '.join(note)}")
    return lines


@pytest.mark.parametrize(
    ("events", "running", "previous"),
    [
        (["provisioned A", "deployed B"], "B", "A"),
        (["deployed A", "deployed B", "deployed C"], "C", "B"),
        (["deployed A", "deployed B", "failed C the gate", "deployed D"], "D", "B"),
        # Left on purpose: back again would be the release that was fled from.
        (["deployed A", "deployed B", "deployed C", "left C", "deployed B"], "B", "A"),
        # What failed once may have been good later.
        (["deployed A", "failed B", "deployed A", "deployed B", "deployed C"], "C", "B"),
        # An interrupted deploy never ended.
        (["deployed A", "started B", "started C"], "C", "A"),
        (["deployed A", "deployed B", "contracted B", "deployed C"], "C", "B"),
    ],
    ids=["first", "before", "failed", "left", "mended", "interrupted", "contracted"],
)
def test_the_last_good_release_is_gone_back_to(events: list[str], running: str, previous: str) -> None:
    assert choose_previous(read_revisions(log(*events)), running) == previous


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        (["provisioned A"], "no other release than A"),
        (["failed B why", "deployed A"], "B failed or was left"),
        (["deployed B", "deployed A", "contracted A"], "B failed or was left"),
    ],
    ids=["only", "failed", "contracted"],
)
def test_there_may_be_none(events: list[str], reason: str) -> None:
    with pytest.raises(NoRelease, match=reason):
        choose_previous(read_revisions(log(*events)), "A")


@pytest.mark.parametrize(
    ("events", "previous"),
    [
        (["deployed A", "deployed B", "started C"], "B"),
        (["deployed A", "deployed B", "started B", "deployed B", "started A"], "A"),
        # Deployed once more after it was left.
        (["deployed A", "deployed B", "left B", "deployed A", "started B"], "A"),
        (["provisioned A", "provisioned B"], "B"),
    ],
    ids=["deploy", "rollback", "again", "nothing-started"],
)
def test_an_interrupted_deploy_is_undone_and_an_interrupted_rollback_goes_on(
    events: list[str], previous: str
) -> None:
    assert choose_previous(read_revisions(log(*events)), "B", "A", "C") == previous


@pytest.mark.parametrize(
    ("events", "way"),
    [
        ([], {"former": "", "is_good": False}),
        (["deployed A", "deployed C"], {"former": "C", "is_good": False}),
        (["deployed A", "deployed B", "started B"], {"former": "A", "is_good": True}),
        (["deployed A", "deployed B", "failed B why", "deployed A"], {"former": "A", "is_good": False}),
        (["deployed B", "deployed A", "contracted A", "uncontracted A"], {"former": "A", "is_good": True}),
    ],
    ids=["first", "new", "again", "failed", "uncontracted"],
)
def test_a_deploy_knows_its_way_back(events: list[str], way: dict[str, str | bool]) -> None:
    assert find_way(read_revisions(log(*events)), "B") == way


def test_no_deploy_goes_behind_the_schema() -> None:
    with pytest.raises(NoRelease, match="has lost what B uses"):
        find_way(read_revisions(log("deployed B", "deployed A", "contracted A")), "B")


def test_what_was_said_before_holds_where_the_schema_was_not_contracted() -> None:
    """Each host has its lines of it."""
    revisions = read_revisions(
        log("failed A why", "deployed B", "deployed C", *["contracted C"] * 2, *["uncontracted C"] * 2)
    )

    check_release(revisions, "B")
    with pytest.raises(NoRelease, match="A failed"):
        check_release(revisions, "A")


def test_a_named_one_must_not_have_failed() -> None:
    revisions = read_revisions(log("deployed A", "failed B web1: the gate", "deployed C", "contracted C"))

    with pytest.raises(NoRelease, match=r"B failed|has lost what B uses"):
        check_release(revisions, "B")
    with pytest.raises(NoRelease, match="has lost what A uses"):
        check_release(revisions, "A")
    check_release(revisions, "C")
    check_release(revisions, "unknown")


def test_a_failure_says_when_and_why() -> None:
    revisions = read_revisions(log("failed B web1: the gate stays shut"))

    with pytest.raises(NoRelease, match="B failed on 2026-11-21T20:00:00Z: web1: the gate stays shut; name"):
        check_release(revisions, "B")


def test_lines_of_several_hosts_count_once_and_others_not_at_all() -> None:
    lines = log("deployed A", "deployed B")

    assert read_revisions([*lines, "", "what is this", *lines]) == read_revisions(lines)


def test_the_command_prints_a_name_or_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(log("deployed A", "failed B", "deployed C"))))
    main(["previous", "C"])
    assert capsys.readouterr().out == "A\n"

    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(log("deployed A", "deployed B"))))
    main(["way", "B"])
    assert json.loads(capsys.readouterr().out) == {"former": "A", "is_good": True}

    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(log("failed B no reason"))))
    with pytest.raises(SystemExit, match="B failed on"):
        main(["check", "B"])
