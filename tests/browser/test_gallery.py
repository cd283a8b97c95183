"""`make test-full` takes pictures of every page, light and dark, desktop and phone, into var/gallery."""

import shutil
from dataclasses import asdict
from html import escape
from pathlib import Path

import pytest

from devstack.layout import ROOT
from tests.browser.content import Content
from tests.browser.live_site import LiveSite
from tests.browser.targets import MEMBER, VISITOR, Target
from tests.browser.visits import DESKTOP, PHONE, Visits

GALLERY = ROOT / "var" / "gallery"


def take_pictures(target: Target, content: Content, site: LiveSite, visit: Visits, folder: Path) -> list[str]:
    """Pictures of one page; their names."""
    names = []
    token = site.log_in(target.viewer) if target.viewer else None
    for device, size in (("desktop", DESKTOP), ("phone", PHONE)):
        page = visit(size=size, is_phone=device == "phone", token=token)
        visit.open(page, target.path.format(**asdict(content)), target.status)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            names.append(f"{len(list(folder.iterdir())):03d}-{device}-{scheme}.png")
            page.screenshot(path=folder / names[-1], full_page=True)
    return names


@pytest.mark.full
def test_the_gallery(content: Content, live_site: LiveSite, visit: Visits) -> None:
    shutil.rmtree(GALLERY, ignore_errors=True)
    GALLERY.mkdir(parents=True)
    sections = []
    for target in (*VISITOR, *MEMBER):
        names = take_pictures(target, content, live_site, visit, GALLERY)
        pictures = "".join(f'<img src="{name}" alt="{name}" width="300">' for name in names)
        sections.append(f"<h2>{escape(str(target))}</h2>{pictures}")
    (GALLERY / "index.html").write_text(f"<!doctype html><title>Gallery</title>{''.join(sections)}")
    assert len(list(GALLERY.glob("*.png"))) == 4 * len([*VISITOR, *MEMBER])
