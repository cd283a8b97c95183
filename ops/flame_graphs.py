"""The flame graphs (SVG) that py-spy draws."""

import html
import re

_TITLE = re.compile(r'(?P<start><text id="title"[^>]*>)[^<]*<')


def name_graph(svg: str, title: str) -> str:
    """The graph with this title: its own is py-spy's command line, which has no room there."""
    return _TITLE.sub(lambda found: f"{found['start']}{html.escape(title)}<", svg, count=1)
