"""What the design promises and a test can hold: weights, contrast, no inline style or script, known icons."""

import gzip
import re
from pathlib import Path

import pytest

import microblog.web

WEB = Path(microblog.web.__file__).parent
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
CSS = (WEB / "static/css/site.css").read_text()
SCRIPTS = sorted((WEB / "static/js").glob("*.js"))
SPRITE = (WEB / "static/icons.svg").read_text()

ON_GROUNDS = ("text", "text-soft", "text-muted", "accent", "accent-strong", "danger")
PAIRS = [
    *((text, ground) for text in ON_GROUNDS for ground in ("ground", "surface", "sunken")),
    *((text, "accent-soft") for text in ("text", "text-soft", "accent", "accent-strong")),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("on-danger", "danger"),
    ("danger", "danger-soft"),
    ("info", "info-soft"),
]


def compressed(*paths: Path) -> int:
    return sum(len(gzip.compress(path.read_bytes(), 6)) for path in paths)


def palette(selector: str) -> dict[str, str]:
    block = CSS[CSS.index(selector) :]
    return dict(re.findall(r"--([a-z-]+):\s*(#[0-9a-f]{6})", block[: block.index("}")]))


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_weights_are_within_their_budgets() -> None:
    assert compressed(WEB / "static/css/site.css") <= 15_000
    assert compressed(*SCRIPTS) <= 12_000
    assert compressed(WEB / "static/icons.svg") <= 4_000


@pytest.mark.parametrize("selector", [":root {", ':root[data-theme="dark"]', ':root[data-theme="system"]'])
def test_text_is_readable_in_every_theme(selector: str) -> None:
    colours = palette(selector)

    low = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in PAIRS}

    assert {pair: round(ratio, 2) for pair, ratio in low.items() if ratio < 4.5} == {}
    assert contrast(colours["line-strong"], colours["surface"]) >= 3


def test_the_dark_palette_is_the_same_by_choice_and_by_system() -> None:
    assert palette(':root[data-theme="dark"]') == palette(':root[data-theme="system"]')


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_inline_style_or_script(path: Path) -> None:
    text = path.read_text()

    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))
    assert not re.search(r"(?:src|href|action)=[\"']?(?:https?:)?//", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_mark_no_text_as_safe(path: Path) -> None:
    assert not re.search(r"\|\s*safe\b|autoescape false", path.read_text())


def test_every_icon_used_is_in_the_sprite_and_every_one_there_is_used() -> None:
    text = "\n".join(path.read_text() for path in TEMPLATES)
    used = set(re.findall(r'\bicon\("([a-z-]+)"\)|#([a-z-]+)"/>', text))
    names = {name for pair in used for name in pair if name}
    names |= set(re.findall(r'nav_link\([^\n]*?, "([a-z-]+)", current', text))
    names |= {"at", "person-plus", "alert", "check", "info", "boost", "star"}

    assert set(re.findall(r'<symbol id="([a-z-]+)"', SPRITE)) == names


def test_only_logical_properties_are_used() -> None:
    physical = (
        r"(?:margin|padding|border)-(?:left|right|top|bottom)|[{;\s](?:left|right|top|bottom|width|height):"
    )

    assert re.findall(physical, CSS) == []
