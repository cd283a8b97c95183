"""The collected strings are those of the source."""

from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg  # type: ignore[attr-defined]
from babel.messages.pofile import read_po

from devstack.layout import ROOT

PACKAGE = ROOT / "app" / "microblog"


def test_the_catalogue_is_up_to_date() -> None:
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(PACKAGE, methods, options, {**DEFAULT_KEYWORDS, "N_": None})
    in_source = {message[2] for message in found}
    with (PACKAGE / "translations" / "messages.pot").open("rb") as file:
        collected = {message.id for message in read_po(file) if message.id}
    assert len(collected) > 200
    assert in_source == collected, "run `make translations`"
