"""The contract itself: each schema takes what it should, and refuses what clients stumble over."""

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.api.contract.checking import ENTITIES, ContractError, check, validator
from tests.api.contract.shapes import DATE, DATETIME, ID, URL, Schema

#: A value of each form that the schemas know by its pattern.
EXAMPLES = {
    ID["pattern"]: "112233445566778899",
    DATETIME["pattern"]: "2026-11-21T08:00:00.000Z",
    DATE["pattern"]: "2026-11-21",
    URL["pattern"]: "https://blog.example/@alice",
}
OTHER_EXAMPLES = [
    "wss://blog.example", "en", "alice", "4.2.0 (compatible; Microblog 1.2.3)", "<p>Hi</p>", "640x480",
    "image/png", "1763712000", "urn:ietf:wg:oauth:2.0:oob", "LEHV6nWB2yk8pyo0adR*.7kCMdnj", "x" * 40,
    "acct:bob@localhost", "https://blog.example/{uri}",
]  # fmt: skip
Path = tuple[str | int, ...]
DEEP = 3


def matches(schema: Schema, value: Any) -> bool:
    return bool(Draft202012Validator(schema).is_valid(value))


def string_of(schema: Schema) -> str:
    if schema.get("pattern") in EXAMPLES:
        return EXAMPLES[schema["pattern"]]
    return next(one for one in OTHER_EXAMPLES if matches(schema, one))


def sample(schema: Schema) -> Any:
    """Something that the schema takes, with all required and optional fields, lists of one, and no null."""
    if "$ref" in schema:
        return sample(ENTITIES[schema["$ref"].rpartition("/")[2]])
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return sample(schema[key][0])
    if "const" in schema or "enum" in schema:
        return schema["const"] if "const" in schema else schema["enum"][0]
    makers: dict[str, Callable[[], Any]] = {
        "object": lambda: {name: sample(one) for name, one in schema.get("properties", {}).items()},
        "array": lambda: [sample(schema["items"])] if "items" in schema else [],
        "string": lambda: string_of(schema),
        "integer": lambda: 3,
        "number": lambda: 0.5,
        "boolean": lambda: True,
        "null": lambda: None,
    }
    return makers[schema["type"]]()


def places(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Each place of a sample, with what is there; deep down are other entities, which have their own turn."""
    yield path, value
    inner: Iterable[tuple[str | int, Any]] = ()
    if len(path) == DEEP:
        return
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    for key, one in inner:
        yield from places(one, (*path, key))


def changed(value: Any, path: Path, new: Any) -> Any:
    """A copy that has something else at a place."""
    whole = copy.deepcopy(value)
    container = whole
    for key in path[:-1]:
        container = container[key]
    container[path[-1]] = copy.deepcopy(new)
    return whole


def refuses(entity: str, data: Any) -> bool:
    return not validator(entity).is_valid(data)


@pytest.mark.parametrize("entity", ENTITIES)
def test_a_schema_is_one_and_takes_a_sample(entity: str) -> None:
    Draft202012Validator.check_schema(validator(entity).schema)
    check(entity, sample(ENTITIES[entity]))
    check(f"[{entity}]", [sample(ENTITIES[entity])] * 2)
    assert refuses(f"[{entity}]", [sample(ENTITIES[entity]), 7])


@pytest.mark.parametrize("entity", sorted(set(ENTITIES) - {"Nothing", "Empty", "Markers"}))
def test_no_field_is_missing_and_none_unknown(entity: str) -> None:
    good = sample(ENTITIES[entity])
    required = ENTITIES[entity].get("required", good)
    assert required
    for name in required:
        assert refuses(entity, {key: value for key, value in good.items() if key != name}), name
    assert refuses(entity, {**good, "password_hash": "x"})


WRONG: dict[str, list[Any]] = {
    ID["pattern"]: [112233445566778899, "", "-1", "0x10", "12.0", "1e3", " 1", "1\n", "00012", "१"],
    DATETIME["pattern"]: [
        "2026-11-21T08:00:00Z", "2026-11-21T08:00:00.000000Z", "2026-11-21T08:00:00.000+00:00", 1763712000,
        "2026-11-21 08:00:00.000Z", "2026-11-21", "2026-11-21T08:00:00.000Z\n", "",
    ],
    DATE["pattern"]: ["2026-11-21T08:00:00.000Z", "21.11.2026", "2026-11-21\n", ""],
    URL["pattern"]: ["/@alice", "", "//blog.example/x", "javascript:alert(1)", "https://", "https://x/ y", 1],
}  # fmt: skip


@pytest.mark.parametrize("entity", ENTITIES)
def test_ids_datetimes_and_urls_have_one_form(entity: str) -> None:
    good = sample(ENTITIES[entity])
    forms = {example: pattern for pattern, example in EXAMPLES.items()}
    for path, value in places(good):
        if not path or not isinstance(value, str) or value not in forms:
            continue
        for wrong in WRONG[forms[value]]:
            assert refuses(entity, changed(good, path, wrong)), (path, wrong)


@pytest.mark.parametrize("entity", ENTITIES)
def test_counts_and_flags_are_no_strings(entity: str) -> None:
    good = sample(ENTITIES[entity])
    for path, value in places(good):
        if path and isinstance(value, bool | int | float):
            wrongs: list[Any] = [str(value).lower(), -1, []]
            for wrong in wrongs:
                is_refused = refuses(entity, changed(good, path, wrong))
                assert is_refused or (isinstance(value, float) and wrong == -1), (path, wrong)


@pytest.mark.parametrize(
    ("html", "is_good"),
    [
        ("", True),
        ('<p>Hi <a href="https://a.example" rel="nofollow">x</a><br>1 &lt; 2</p>', True),
        ('<span class="h-card">@<span>bob</span></span>', True),
        ("<script>alert(1)</script>", False),
        ("<p>x</p><img src=x>", False),
        ("<abbr>x</abbr>", False),
        ("1 < 2", False),
    ],
)
def test_html_has_the_elements_that_clients_know(html: str, is_good: bool) -> None:
    good = sample(ENTITIES["Status"])
    assert refuses("Status", {**good, "content": html}) is not is_good


def test_a_boost_holds_no_boost() -> None:
    good = sample(ENTITIES["Status"])
    assert good["reblog"]["reblog"] is None
    nested = changed(good, ("reblog", "reblog"), good["reblog"])
    assert refuses("Status", nested)


def test_a_notification_has_its_status_where_it_is_about_one() -> None:
    good = sample(ENTITIES["Notification"])
    assert good["type"] == "mention"
    follow = {name: value for name, value in good.items() if name != "status"} | {"type": "follow"}
    check("Notification", follow)
    assert refuses("Notification", {**good, "type": "follow"})
    assert refuses("Notification", {**follow, "type": "favourite"})


def test_a_failure_names_its_place() -> None:
    bad = sample(ENTITIES["Status"])
    bad["account"]["id"] = 7
    bad["mentions"][0]["url"] = "/@bob"
    del bad["uri"]
    with pytest.raises(ContractError) as told:
        check("Status", bad)
    lines = str(told.value).splitlines()
    assert lines[0] == "not Status:"
    assert any("$.account.id" in line and "7" in line for line in lines)
    assert any("$.mentions[0].url" in line and "/@bob" in line for line in lines)
    assert any("'uri' is a required property" in line for line in lines)
    with pytest.raises(KeyError, match="no schema of Toot"):
        check("Toot", {})
