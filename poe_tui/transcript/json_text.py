"""Answers that are JSON: recognising them, and breaking into lines what came on one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_BEGINS = re.compile(r'\s*(?:\{\s*["}]|\[\s*[\[{])')
"""Words hardly begin like this, so that JSON that still arrives need not be told apart by its end."""
_WHOLE = re.compile(r"\s*[\[{]")
_SYNTAX = re.compile(r'[^"{}\[\],:\s]+|\s+|[{}\[\],:"]')
_STRING = re.compile(r'[^"\\]+|\\.?|"', re.DOTALL)
LONGEST = 5_000_000
"""Characters up to which a text is parsed to see whether it is JSON."""


def asked_for(options: Mapping[str, Any]) -> bool:
    """Whether a request wanted JSON (``text.format``)."""
    text = options.get("text")
    form = text.get("format") if isinstance(text, dict) else None
    return isinstance(form, dict) and form.get("type") in ("json_schema", "json_object")


def is_json(source: str, *, asked: bool, complete: bool) -> bool:
    """Whether an answer is to be drawn as JSON.

    Args:
        source: the text so far.
        asked: whether the request wanted JSON.
        complete: whether no more comes; only then is it parsed.
    """
    if not _WHOLE.match(source):
        return False
    if asked or not complete:
        return asked or _BEGINS.match(source) is not None
    if len(source) > LONGEST or source.rstrip()[-1:] not in "}]":
        return False
    import json  # 6 ms at start-up that most threads never need

    try:
        json.loads(source)
    except (ValueError, RecursionError):
        return False
    return True


class Indenter:
    """Breaks JSON into lines as it comes, two cells a level; what stands in strings and numbers stays as it is."""

    def __init__(self) -> None:
        self._depth = 0
        self._in_string = False
        self._escaped = False
        self._opened = False
        """Whether the last thing was a bracket that nothing stands in yet."""

    def feed(self, text: str) -> str:
        """More of it, broken into lines; any chunking gives the same."""
        made: list[str] = []
        at = 0
        while at < len(text):
            if self._in_string:
                at = self._string(text, at, made)
                continue
            match = _SYNTAX.match(text, at)
            assert match is not None, "every character is of one kind"
            at = match.end()
            self._token(match[0], made)
        return "".join(made)

    def _string(self, text: str, at: int, made: list[str]) -> int:
        if self._escaped:
            self._escaped = False
            made.append(text[at])
            return at + 1
        match = _STRING.match(text, at)
        assert match is not None, "every character is of one kind"
        made.append(match[0])
        self._escaped = match[0] == "\\"
        self._in_string = match[0] != '"'
        return match.end()

    def _token(self, token: str, made: list[str]) -> None:
        if token.isspace():
            return
        opened, self._opened = self._opened, False
        if token in "}]":
            self._depth = max(0, self._depth - 1)
            made.append(token if opened else self._break() + token)
            return
        if opened:
            made.append(self._break())
        made.append(": " if token == ":" else token)
        if token == ",":
            made.append(self._break())
        elif token in "{[":
            self._depth += 1
            self._opened = True
        elif token == '"':
            self._in_string = True

    def _break(self) -> str:
        return "\n" + "  " * min(self._depth, 40)
