"""The parts of links and reference definitions: labels, destinations, titles, entities (CommonMark 0.31 §6.3, §6.2).

Pure functions on a string and a position. None of them reads further than a fixed window, so that a text made of
openers costs linear time.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

TRIM = " \t\n\v\f\r\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
"""What CommonMark readers trim: ``str.strip()`` would also take control characters."""

WINDOW = 4_096
"""Characters a destination or a title may span. The specification has no limit; hostile text needs one."""
MAX_LABEL = 999

_SPACES = re.compile(r"[ \t\n]*")
_TRIM_RUN = re.compile(f"[{TRIM}]+")
_DESTINATION_STOP = re.compile(r"[\x00-\x20\x7f()\\]")
_BRACKETED_STOP = re.compile(r"[<>\\\n]")
_UNESCAPE = re.compile(r"\\([!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~])|&([A-Za-z#][A-Za-z0-9]{1,31});")
_LABEL = re.compile(r"\[((?:[^\\\[\]]|\\.){1,999})\]:", re.DOTALL)
_BAD_TARGET = re.compile(r"(?:vbscript|javascript|file|data):")
_GOOD_DATA = re.compile(r"data:image/(?:gif|png|jpeg|webp);")


class Part(NamedTuple):
    """A destination or a title: its unescaped text and the position behind it."""

    text: str
    end: int


@lru_cache(maxsize=512)
def entity(name: str) -> str | None:
    """Resolve ``amp``, ``#35`` or ``#x23``; ``None`` if there is no such entity or it must not reach a terminal.

    The text was cleaned before entities were resolved: one that stands for a control, format or private character
    (``&#27;``) is therefore left as the author wrote it.
    """
    if name[0] == "#":
        try:
            number = int(name[2:], 16) if name[1:2] in ("x", "X") else int(name[1:])
        except ValueError:
            return None
        valid = 0 < number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF
        text = chr(number) if valid else "\ufffd"
    else:
        # Costs a millisecond and two thousand strings: not before an answer holds an entity.
        from html.entities import html5

        found = html5.get(name + ";")
        if found is None:
            return None
        text = found
    return text if all(_harmless(character) for character in text) else None


def _harmless(character: str) -> bool:
    from unicodedata import category

    return category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def unescape(text: str) -> str:
    """Resolve backslash escapes and entities."""
    if "\\" not in text and "&" not in text:
        return text

    def replace(match: re.Match[str]) -> str:
        if match[1]:
            return match[1]
        return entity(match[2]) or match[0]

    return _UNESCAPE.sub(replace, text)


def skip_spaces(text: str, at: int) -> int:
    """Position of the first character from ``at`` that is no space, tab or newline."""
    match = _SPACES.match(text, at)
    return match.end() if match else at


def destination(text: str, at: int) -> Part | None:
    """Read a link destination, in angle brackets or bare."""
    if text[at : at + 1] == "<":
        return _bracketed(text, at)
    limit = min(len(text), at + WINDOW)
    position = at
    depth = 0
    while position < limit:
        stop = _DESTINATION_STOP.search(text, position, limit)
        if stop is None:
            position = limit
            break
        position = stop.start()
        character = text[position]
        if character == "\\" and position + 1 < limit and text[position + 1] != " ":
            position += 2
            continue
        if character == "(":
            depth += 1
            if depth > 32:
                return None
        elif character == ")":
            if depth == 0:
                break
            depth -= 1
        elif character != "\\" or text[position + 1 : position + 2] == " ":
            break
        position += 1
    if position == at or depth or position >= at + WINDOW:
        return None
    return Part(unescape(text[at:position]), position)


def _bracketed(text: str, at: int) -> Part | None:
    limit = min(len(text), at + WINDOW)
    position = at + 1
    while position < limit:
        stop = _BRACKETED_STOP.search(text, position, limit)
        if stop is None:
            return None
        position = stop.start()
        if text[position] == ">":
            return Part(unescape(text[at + 1 : position]), position + 1)
        if text[position] != "\\":
            return None
        position += 2
    return None


def title(text: str, at: int) -> Part | None:
    """Read a link title in quotes or parentheses."""
    opener = text[at : at + 1]
    if not opener or opener not in "\"'(":
        return None
    closer = ")" if opener == "(" else opener
    limit = min(len(text), at + WINDOW)
    position = at + 1
    while position < limit:
        character = text[position]
        if character == closer:
            return Part(text[at + 1 : position], position + 1)
        if character == "(" and closer == ")":
            return None
        position += 2 if character == "\\" else 1
    return None


def normal_label(label: str) -> str:
    """Two labels are the same reference if this is the same."""
    return _TRIM_RUN.sub(" ", label.strip(TRIM)).lower().upper()


def allowed_target(target: str) -> bool:
    """Whether a destination makes a link at all; ``javascript:`` and the like stay text, as in every reader."""
    target = target.strip().lower()
    return not _BAD_TARGET.match(target) or bool(_GOOD_DATA.match(target))


class Definition(NamedTuple):
    """A link reference definition at the beginning of a text."""

    label: str
    target: str
    end: int
    """Position behind the definition and its newline."""
    titled: bool
    open_title: bool
    """The title begins but does not end in this text; ``end`` is then where the definition ends without it."""


def definition(text: str) -> Definition | None:
    """Read the link reference definition ``text`` (lines without their indentation) begins with, if there is one.

    Footnote-like labels (``[^1]:``) define nothing: they are shown as they are.
    """
    match = _LABEL.match(text)
    if match is None or match[1][0] == "^":
        return None
    label = normal_label(match[1])
    found = destination(text, skip_spaces(text, match.end()))
    if not label or found is None or not allowed_target(found.text):
        return None
    after = skip_spaces(text, found.end)
    opened = False
    if after > found.end and text[after : after + 1] in ('"', "'", "("):
        named = title(text, after)
        end = None if named is None else _line_end(text, named.end)
        if end is not None:
            return Definition(label, found.text, end, titled=True, open_title=False)
        opened = named is None and _could_go_on(text, after)
    end = _line_end(text, found.end)
    if end is None:
        return None
    return Definition(label, found.text, end, titled=False, open_title=opened and after >= end)


def _could_go_on(text: str, at: int) -> bool:
    """Whether the title that begins at ``at`` only lacks its end."""
    return not (text[at] == "(" and "(" in text[at + 1 :]) and len(text) - at < WINDOW


def _line_end(text: str, at: int) -> int | None:
    """Position behind the newline if only spaces stand before it, else ``None``."""
    newline = text.find("\n", at)
    stop = len(text) if newline < 0 else newline
    if text[at:stop].strip(" \t"):
        return None
    return stop if newline < 0 else newline + 1
