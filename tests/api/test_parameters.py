"""What clients send, in each form that they have for it."""

import io
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from microblog.bootstrap import Resources
from microblog.factory import create_app
from microblog.settings import Settings
from tests.api.conftest import Client
from tests.api.probes import install_probes

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def probing_app(site_settings: Settings, site_resources: Resources) -> Flask:
    app = create_app(site_settings, site_resources)
    install_probes(app)
    return app


@pytest.fixture
def probe(probing_app: Flask) -> Client:
    """Its endpoints ask the database nothing."""
    return Client(probing_app)


def send(client: Client, way: str, pairs: list[tuple[str, str]]) -> TestResponse:
    """In the order given, which test clients' own encoders don't keep."""
    if way == "query":
        return client.post(f"/api/probe?{urlencode(pairs)}")
    if way == "form":
        return client.post("/api/probe", data=urlencode(pairs), content_type=FORM)
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in pairs
    ]
    body = "".join([*parts, "--x--\r\n"]).encode()
    return client.post("/api/probe", data=body, content_type="multipart/form-data; boundary=x")


@pytest.mark.parametrize("way", ["form", "multipart", "query"])
@pytest.mark.parametrize(
    ("pairs", "understood"),
    [
        ([("text", "Grüße 🐘")], {"text": "Grüße 🐘"}),
        ([("text", "")], {"text": ""}),
        ([("text", "null")], {"text": "null"}),
        ([("text", "5")], {"text": "5"}),
        ([("maybe_text", "")], {"maybe_text": ""}),
        ([("given", "")], {"given": ""}),
        ([("number", "5")], {"number": 5}),
        ([("number", "-5")], {"number": -5}),
        ([("number", "")], {"number": None}),
        ([("number", "9" * 50)], {"number": 2**63 - 1}),
        ([("fraction", "-0.5")], {"fraction": -0.5}),
        ([("flag", "true")], {"flag": True}),
        ([("flag", "True")], {"flag": True}),
        ([("flag", "1")], {"flag": True}),
        ([("flag", "on")], {"flag": True}),
        ([("flag", "t")], {"flag": True}),
        ([("flag", "false")], {"flag": False}),
        ([("flag", "0")], {"flag": False}),
        ([("flag", "off")], {"flag": False}),
        ([("flag", "f")], {"flag": False}),
        ([("flag", "")], {"flag": False}),
        ([("maybe_flag", "")], {"maybe_flag": None}),
        ([("flag", "0"), ("flag", "1")], {"flag": True}),
        ([("choice", "a")], {"choice": "a"}),
        ([("choice", "")], {"choice": None}),
        ([("id", "12")], {"id": 12}),
        ([("id", "9" * 30)], {"id": 2**63 - 1}),
        ([("ids[]", "1"), ("ids[]", "2")], {"ids": [1, 2]}),
        ([("ids", "1"), ("ids", "2")], {"ids": [1, 2]}),
        ([("ids", "1")], {"ids": [1]}),
        ([("ids[]", "")], {"ids": []}),
        ([("ids[0]", "5"), ("ids[1]", "6")], {"ids": [5, 6]}),
        ([("words[]", "a"), ("words[]", "")], {"words": ["a", ""]}),
        ([("kinds[]", "a"), ("kinds[]", "b")], {"kinds": ["a", "b"]}),
        (
            [("inner[privacy]", "private"), ("inner[sensitive]", "true")],
            {"inner": {"privacy": "private", "sensitive": True}},
        ),
        (
            [("lines[0][name]", "a"), ("lines[0][value]", "b"), ("lines[1][name]", "c")],
            {"lines": [{"name": "a", "value": "b"}, {"name": "c", "value": ""}]},
        ),
        (
            [("lines[][name]", "a"), ("lines[][value]", "b"), ("lines[][name]", "c")],
            {"lines": [{"name": "a", "value": "b"}, {"name": "c", "value": ""}]},
        ),
        (
            [("lines[2][name]", "b"), ("lines[10][name]", "c")],
            {"lines": [{"name": "b", "value": ""}, {"name": "c", "value": ""}]},
        ),
        ([("unknown", "x"), ("unknown[y]", "z"), ("[]", "1"), ("a]b", "2"), ("", "3")], {}),
        ([("text", "a\0b")], {"text": "ab"}),
    ],
)
def test_forms(probe: Client, way: str, pairs: list[tuple[str, str]], understood: dict[str, Any]) -> None:
    answer = send(probe, way, pairs)
    assert answer.status_code == 200, answer.text
    assert {name: answer.get_json()[name] for name in understood} == understood


@pytest.mark.parametrize(
    ("body", "understood"),
    [
        (
            {"text": "x", "number": 5, "flag": True, "ids": ["1", 2]},
            {"number": 5, "flag": True, "ids": [1, 2]},
        ),
        ({"number": "5", "flag": "1", "small": "3"}, {"number": 5, "flag": True, "small": 3}),
        ({"flag": 1, "maybe_flag": 0}, {"flag": True, "maybe_flag": False}),
        ({"text": None, "flag": None, "ids": None, "lines": None}, {"text": "", "flag": False, "ids": []}),
        ({"ids": "7"}, {"ids": [7]}),
        (
            {"lines": {"0": {"name": "a"}, "1": {"name": "b"}}},
            {"lines": [{"name": "a", "value": ""}, {"name": "b", "value": ""}]},
        ),
        ({"inner": {"privacy": "private", "more": 1}}, {"inner": {"privacy": "private", "sensitive": None}}),
        ({"text": "a\0b", "words": ["\0"]}, {"text": "ab", "words": [""]}),
        ({}, {"text": ""}),
        (None, {"text": ""}),
    ],
)
def test_json(probe: Client, body: Any, understood: dict[str, Any]) -> None:
    answer = probe.post("/api/probe", json=body)
    assert answer.status_code == 200, answer.text
    assert {name: answer.get_json()[name] for name in understood} == understood


def test_the_body_wins_over_the_query_and_both_are_read(probe: Client) -> None:
    answer = probe.post("/api/probe?text=query&number=4", json={"text": "body"})
    assert (answer.get_json()["text"], answer.get_json()["number"]) == ("body", 4)


def test_an_empty_body_of_any_kind_says_nothing(probe: Client) -> None:
    for kind in ("application/json", "text/plain", FORM, None):
        assert probe.post("/api/probe", data=b"", content_type=kind).status_code == 200


def test_files(probe: Client) -> None:
    answer = probe.post("/api/probe", data={"text": "x", "file": (io.BytesIO(b"content"), "a.png")})
    assert (answer.get_json()["file"], answer.get_json()["text"]) == ("content", "x")
    # A form's file field that was left empty.
    answer = probe.post("/api/probe", data={"text": "x", "file": (io.BytesIO(b""), "")})
    assert answer.get_json()["file"] is None
    large = probe.post("/api/probe", data={"file": (io.BytesIO(b"x" * 400_000), "a.png")})
    assert large.status_code == 200
    assert probe.post("/api/probe", json={"file": "data:image/png;base64,"}).get_json() == {
        "error": "Validation failed: file is not a file"
    }
    assert probe.post("/api/needy", data={"text": (io.BytesIO(b"x"), "a.txt")}).status_code == 422


REFUSED = [
    ({"text": 5}, "text must be text"),
    ({"text": ["x"]}, "text must be text"),
    ({"short": "123456"}, "short is too long (<= 5 characters)"),
    ({"number": "five"}, "number must be a whole number"),
    ({"number": 1.5}, "number must be a whole number"),
    ({"number": {}}, "number must be a whole number"),
    ({"number": "-" + "9" * 50}, "number must be a whole number"),
    ({"small": 10}, "small must be <= 9"),
    ({"fraction": "nan"}, "fraction must be a number"),
    ({"flag": "perhaps"}, "flag must be true or false"),
    ({"choice": "c"}, "choice is not included in the list"),
    ({"id": "-1"}, "id is not an id"),
    ({"id": True}, "id is not an id"),
    ({"id": "x"}, "id is not an id"),
    ({"id": "１２"}, "id is not an id"),
    ({"ids": [[]]}, "ids[0] is not an id"),
    ({"ids": ["1", "x"]}, "ids[1] is not an id"),
    ({"inner": "x"}, "inner must be an object"),
    ({"inner": {"privacy": "secret"}}, "inner.privacy is not included in the list"),
    ({"lines": [{"name": {}}]}, "lines[0].name must be text"),
    ({"lines": ["x"]}, "lines[0] must be an object"),
]


@pytest.mark.parametrize(("body", "what"), REFUSED)
def test_wrong_types_are_named(probe: Client, body: dict[str, Any], what: str) -> None:
    answer = probe.post("/api/probe", json=body)
    assert answer.status_code == 422
    assert answer.get_json() == {"error": f"Validation failed: {what}"}


def test_what_is_missing_is_named(probe: Client) -> None:
    for body in ({}, {"text": None}):
        answer = probe.post("/api/needy", json=body)
        assert (answer.status_code, answer.get_json()) == (
            422,
            {"error": "Validation failed: text can't be blank"},
        )


BROKEN = [
    (b"{", "application/json", 400),
    (b'{"text": "\xff"}', "application/json", 400),
    (b'{"text": "\\ud800"}', "application/json", 400),
    (b'{"number": NaN}', "application/json", 400),
    (b'{"fraction": 1e999}', "application/json", 400),
    (b"[" * 100_000, "application/json", 400),
    (b'{"inner":' * 10_000, "application/json", 400),
    (b'{"number":' + b"9" * 100_000 + b"}", "application/json", 400),
    (b"[]", "application/json", 400),
    (b'"text"', "application/json", 400),
    (b"{}", "application/json; charset=latin-1", 400),
    (b"text=x", "application/x-www-form-urlencoded; charset=utf-16", 400),
    (b"text=%ff", FORM, 400),
    (b"text=\xff", FORM, 400),
    (b"a[b][c][d][e][f]=x", FORM, 400),
    (b"&".join(b"a%d=1" % number for number in range(2_000)), FORM, 413),
    (b"x", "text/plain", 415),
    (b"<x/>", "application/xml", 415),
    (b'{"text": "' + b"x" * 1_000_000 + b'"}', "application/json", 413),
    (b"text=" + b"x" * 1_000_000, FORM, 413),
    (b"--x\r\n", "multipart/form-data", 400),
    (
        b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n\xff\r\n--x--',
        "multipart/form-data; boundary=x",
        400,
    ),
]


@pytest.mark.parametrize(("body", "kind", "status"), BROKEN)
def test_broken_bodies(probe: Client, body: bytes, kind: str, status: int) -> None:
    answer = probe.post("/api/probe", data=body, content_type=kind)
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/json"
    assert set(answer.get_json()) == {"error"}


def test_broken_queries(probe: Client) -> None:
    assert probe.get("/api/probe?text=%ff").status_code == 400
    assert probe.get("/api/probe?" + "&".join(["ids[]=1"] * 300)).get_json()["ids"] == [1] * 300
    assert probe.get("/api/probe?" + "&".join(["ids[]=1"] * 2_000)).status_code == 413
    assert probe.get("/api/probe?" + "[" * 3_000).status_code == 200


@pytest.mark.parametrize("id_", ["x", "-1", "1.5", "9" * 19, "9" * 30, "%00", "１"])
def test_ids_in_addresses_that_can_not_be(probe: Client, id_: str) -> None:
    answer = probe.get(f"/api/probe/{id_}")
    assert (answer.status_code, answer.get_json()) == (404, {"error": "There is no such address."})


def test_ids_in_addresses_and_slashes(probe: Client) -> None:
    assert probe.get(f"/api/probe/{2**63 - 1}").get_json() == [str(2**63 - 1)]
    assert probe.get("/api/probe/7/").get_json() == ["7"]
    assert probe.get("/api/probe/").status_code == 200
