"""The pane under the model table: what the list says of one model."""

from __future__ import annotations

import re
import time

from textual.content import Content

from poe_tui.model import ModelInfo
from poe_tui.sanitize import clean
from poe_tui.widgets.keys import DIM, STRONG
from poe_tui.widgets.model_table import fit

_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_MARKS = (
    re.compile(r"(\*{1,3}|`)(?=\S)([^*`]+?)(?<=\S)\1"),
    re.compile(r"(?<!\w)(_{1,3})(?=\S)([^_]+?)(?<=\S)\1(?!\w)"),
    re.compile(r"^(#{1,6}\s+)(.*)$"),
)
_LABEL = 14
"""Cells of a label and the gap behind it."""


def detail_lines(info: ModelInfo, width: int, rows: int) -> list[Content]:
    """Return at most ``rows`` lines, none wider than ``width`` cells; with one row, name, maker and description share.

    Every text of the list is untrusted and cleaned here.
    """
    description = plain(clean(info.description, single_line=True)).strip()
    facts = " · ".join(part for part in (clean(info.owner, single_line=True), _added(info.created)) if part)
    head = Content.assemble((clean(info.name, single_line=True), f"{STRONG} bold"), (f"  {facts}", DIM))
    if rows < 4:
        line = Content.assemble(head, ("   " + description if description else "", "$ink"))
        return [line.truncate(width, ellipsis=True)]
    lines = [head.truncate(width, ellipsis=True), Content(fit(description or "No description.", width)), Content("")]
    if info.parameters:
        lines.append(_labelled("Parameters", [_parameter(one) for one in info.parameters], width))
    endpoints = ", ".join(clean(end, single_line=True).rsplit("/v1/", 1)[-1] for end in info.endpoints)
    lines.append(_labelled("Endpoints", [Content(endpoints.replace("/", " ") or "not said")], width))
    return lines[:rows]


def plain(text: str) -> str:
    """Return one line without its Markdown: the marks of emphasis and code go, a link keeps its words."""
    text = _LINK.sub(r"\1", text)
    for mark in _MARKS:
        text = mark.sub(r"\2", text)
    return text


def _labelled(label: str, values: list[Content], width: int) -> Content:
    line = Content.assemble((label.ljust(_LABEL), DIM))
    return Content.assemble(line, Content("   ").join(values)).truncate(width, ellipsis=True)


def _parameter(parameter: dict[str, object]) -> Content:
    schema = parameter.get("schema")
    schema = schema if isinstance(schema, dict) else {}
    choices = schema.get("enum")
    if isinstance(choices, list):
        values = ", ".join(str(choice) for choice in choices)
    elif "minimum" in schema or "maximum" in schema:
        values = f"{schema.get('minimum', '')}–{schema.get('maximum', '')}"
    elif schema.get("type") == "boolean":
        values = "on, off"
    else:
        values = ""
    name = clean(str(parameter.get("name", "")), single_line=True)
    return Content.assemble(name, (f" {clean(values, single_line=True)}" if values else "", DIM))


def _added(created: float | None) -> str:
    if created is None:
        return ""
    days = int((time.time() - created) // 86_400)
    if days < 1:
        return "added today"
    if days < 60:
        return f"added {days} day{'s' if days > 1 else ''} ago"
    return f"added {days // 30} months ago" if days < 730 else f"added {days // 365} years ago"
