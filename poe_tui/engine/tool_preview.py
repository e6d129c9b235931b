"""What is about to run, in full and harmless: the person decides by this, so it hides nothing and is never cut.

The command comes from the person's own settings, the arguments from the model. In the arguments a character that a
terminal must not get, or that would turn or hide text, is shown as its ``\\uXXXX`` escape: the JSON means the same.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any, Final

from poe_tui.engine.shipped_tools import Place
from poe_tui.engine.tools import Call, Tool
from poe_tui.engine.turn import ToolPreview
from poe_tui.sanitize import clean

LINE_LENGTH: Final = 200
"""Characters of the one-line form, which is for the transcript and not for a decision."""
_NOT_ASCII: Final = re.compile(r"[^\x20-\x7e\n]")


def preview(call: Call, place: Place) -> ToolPreview:
    """Return the preview of a call whose arguments fit."""
    tool = call.tool
    assert tool is not None
    config = tool.config
    folder = config.directory or place.directory
    return ToolPreview(
        name=call.name,
        arguments=json_text(call.values, indent=2),
        command=clean(shlex.join(config.command), single_line=True) if config.command else "",
        directory=clean(str(folder), single_line=True) if config.command and folder else "",
        does=does(tool, call.values, place),
        description=clean(tool.description),
        timeout=config.timeout,
        manual=config.manual,
    )


def does(tool: Tool, values: Mapping[str, Any], place: Place) -> str:
    """Return what a shipped tool will do, in words; empty for the others."""
    return harmless(tool.shipped.does(values, place)).replace("\n", "\\n") if tool.shipped else ""


def one_line(values: Mapping[str, Any]) -> str:
    """Return arguments on one line, cut where they are long."""
    text = json_text(values)
    return text if len(text) <= LINE_LENGTH else f"{text[: LINE_LENGTH - 1]}…"


def json_text(value: Any, indent: int | None = None) -> str:
    """Return a value as JSON that may be shown."""
    return harmless(json.dumps(value, ensure_ascii=False, indent=indent))


def harmless(text: str) -> str:
    """Return a text with its dangerous characters as ``\\uXXXX`` escapes; line ends stay."""
    return _NOT_ASCII.sub(lambda match: _escaped(match.group()), text)


def _escaped(character: str) -> str:
    # Direction marks alone are dropped by clean(); beside Hebrew they would stay, and could still move text about.
    if clean(character, single_line=True) == character:
        return character
    point = ord(character)
    if point < 0x10000:
        return f"\\u{point:04x}"
    point -= 0x10000
    return f"\\u{0xD800 + (point >> 10):04x}\\u{0xDC00 + (point & 0x3FF):04x}"
