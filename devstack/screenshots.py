"""`make screenshots`: the README's pictures, taken of a fresh site with demo data, in light and dark."""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, ViewportSize, sync_playwright

from devstack import layout as layouts
from devstack.__main__ import reset
from devstack.layout import ROOT
from devstack.processes import StackError
from devstack.terminal import Terminal, free_ports

TARGET = ROOT / "docs" / "images"
SIZE: ViewportSize = {"width": 1280, "height": 860}
#: Chromium in a container, as root, and without calls home.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def take(browser: Browser, address: str, theme: Literal["light", "dark"]) -> None:
    """One picture of the front page."""
    page = browser.new_page(viewport=SIZE, color_scheme=theme)
    page.goto(address)
    page.screenshot(path=TARGET / f"site-{theme}.png")
    page.close()


def main() -> int:
    """Start a site of its own, take the pictures, and remove it."""
    chromium = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    if chromium is None:
        raise StackError("Chromium is missing: apt-get install chromium, or name it by CHROMIUM")
    home = Path(tempfile.mkdtemp(prefix="mb-pictures-"))
    home.chmod(0o755)
    os.environ["DEVSTACK_HOME"] = str(home)
    terminal = Terminal(home, free_ports())
    try:
        terminal.until_it_runs()
        TARGET.mkdir(parents=True, exist_ok=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            address = f"http://localhost:{terminal.ports.site}"
            take(browser, address, "light")
            take(browser, address, "dark")
            browser.close()
    finally:
        terminal.press_ctrl_c()
        reset(layouts.open_layout(home))
        home.rmdir()
    print(f"Took {TARGET.relative_to(ROOT)}/site-light.png and site-dark.png")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StackError as error:
        print(f"microblog: {error}", file=sys.stderr)
        sys.exit(1)
