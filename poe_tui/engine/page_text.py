"""The text of a web page: what a reader would read, without marks, scripts and styles. Pure; never fails.

A scanner of its own, in time that grows with the page and no faster: the standard library's parser takes minutes for
100 kB of ``<a <a <a``.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Final

_SKIPPED: Final = frozenset({"script", "style", "noscript", "template", "svg", "iframe", "object", "canvas", "math"})
_BLOCKS: Final = frozenset(
    {
        *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "fieldset", "figcaption"),
        *("figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol"),
        *("option", "p", "pre", "section", "table", "tbody", "tfoot", "thead", "title", "tr", "ul"),
    }
)
_ONE_LINE: Final = {"br": "\n", "tr": "\n", "option": "\n", "li": "\n- ", "td": " ", "th": " "}
_NAME: Final = re.compile(r"/?([a-zA-Z][a-zA-Z0-9:-]*)")
_SPACES: Final = re.compile(r"[^\S\n]+")
_ALL_SPACES: Final = re.compile(r"\s+")
_EDGES: Final = re.compile(r" ?\n ?")
_GAPS: Final = re.compile(r"\n{3,}")


def page_text(page: str) -> str:
    """Return the text of an HTML page: its title first, a blank line between blocks, lists with dashes."""
    title: list[str] = []
    body: list[str] = []
    into, kept = body, False
    for tag, text in _pieces(page):
        if not tag:
            words = html.unescape(text)
            into.append(words if kept else _ALL_SPACES.sub(" ", words))
            continue
        opens, name = tag[0] != "/", tag.lstrip("/")
        if name == "title":
            into = title if opens and not title else body
        elif name == "pre":
            kept = opens
        if opens and name in _ONE_LINE:
            body.append(_ONE_LINE[name])
        elif name in _BLOCKS and name not in _ONE_LINE:
            body.append("\n\n")
    text = _GAPS.sub("\n\n", _EDGES.sub("\n", _SPACES.sub(" ", "".join(body)))).strip()
    heading = " ".join("".join(title).split())
    return f"{heading}\n\n{text}".strip() if heading else text


def _pieces(page: str) -> Iterator[tuple[str, str]]:
    """Yield ``("", text)`` and ``("name" or "/name", "")`` in order. What is never closed ends the page."""
    at = 0
    while at < len(page):
        opening = page.find("<", at)
        if opening < 0:
            yield "", page[at:]
            return
        if opening > at:
            yield "", page[at:opening]
        if page.startswith("<!--", opening):
            closing = page.find("-->", opening + 4)
            at = closing + 3 if closing >= 0 else len(page)
            continue
        name = _NAME.match(page, opening + 1)
        if name is None and page[opening + 1 : opening + 2] not in ("!", "?", "/"):
            yield "", "<"
            at = opening + 1
            continue
        closing = page.find(">", opening)
        if closing < 0:
            return
        at = closing + 1
        if name is None:
            continue
        tag = name.group().lower()
        if tag in _SKIPPED and page[closing - 1] != "/":
            end = re.compile(f"</{tag}[^>]{{0,200}}>", re.IGNORECASE).search(page, at)
            at = end.end() if end is not None else len(page)
            continue
        yield tag, ""
