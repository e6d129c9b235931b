"""How blocks begin and end: recognisers for one line of text without its indentation (CommonMark 0.31 §4 and §5).

They agree with markdown-it's rules, which the tests hold them against. Every regular expression here is linear.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from poe_tui.transcript.linkparts import TRIM

_RULE = re.compile(r"(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
_HEADING = re.compile(r"#{1,6}(?=[ \t]|$)")
_HEADING_TAIL = re.compile(r"[ \t]#+$")
_FENCE = re.compile(r"(`{3,})([^`]*)$|(~{3,})(.*)$", re.DOTALL)
_BULLET = re.compile(r"[-+*](?=[ \t]|$)")
_NUMBER = re.compile(r"([0-9]{1,9})([.)])(?=[ \t]|$)")
_UNDERLINE = re.compile(r"(?:=+|-+)[ \t]*$")
_DELIMITERS = re.compile(r"(?:[|:]|-(?![ \t]))[-:| \t][-:| \t]*$")
_DELIMITER = re.compile(r":?-+:?$")

_HTML_NAMES = (
    "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt"
    "|fieldset|figcaption|figure|footer|form|frame|frameset|h1|h2|h3|h4|h5|h6|head|header|hr|html|iframe|legend|li"
    "|link|main|menu|menuitem|nav|noframes|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th"
    "|thead|title|tr|track|ul"
)
_ATTRIBUTE = r"\s+[a-zA-Z_:][a-zA-Z0-9:._-]*(?:\s*=\s*(?:[^\"'=<>`\x00-\x20]+|'[^']*'|\"[^\"]*\"))?"
OPEN_TAG = rf"<[A-Za-z][A-Za-z0-9\-]*(?:{_ATTRIBUTE})*\s*/?>"
CLOSE_TAG = r"</[A-Za-z][A-Za-z0-9\-]*\s*>"
_NEVER = re.compile(r"(?!)")
_HTML: tuple[tuple[re.Pattern[str], re.Pattern[str] | None], ...] = (
    (
        re.compile(r"<(?:script|pre|style|textarea)(?=\s|>|$)", re.IGNORECASE | re.ASCII),
        re.compile(r"</(?:script|pre|style|textarea)>", re.IGNORECASE | re.ASCII),
    ),
    (re.compile(r"<!--"), re.compile(r"-->")),
    (re.compile(r"<\?"), re.compile(r"\?>")),
    (re.compile(r"<![A-Za-z]"), re.compile(r">")),
    (re.compile(r"<!\[CDATA\["), re.compile(r"\]\]>")),
    (re.compile(rf"</?(?:{_HTML_NAMES})(?=\s|/?>|$)", re.IGNORECASE | re.ASCII), None),
)
_HTML_LONE_TAG = re.compile(rf"(?:{OPEN_TAG}|{CLOSE_TAG})\s*$")
_LONGEST_TAG = 2_000

MAX_COLUMNS = 256
"""Rows with more cells are no table but hostile: their text is shown as it is."""


class Fence(NamedTuple):
    """An opening fence."""

    mark: str
    info: str


class Marker(NamedTuple):
    """A list marker: what it says and how many characters it takes."""

    char: str
    """``-``, ``+``, ``*`` for bullets, ``.`` or ``)`` for numbers: a list goes on while this is the same."""
    number: int
    """-1 for bullets."""
    length: int


class HtmlStart(NamedTuple):
    """The first line of an HTML block."""

    end: re.Pattern[str] | None
    """What the last line holds; ``None`` for blocks that a blank line ends."""
    interrupts: bool
    """Whether it may stand directly under a paragraph."""


def is_rule(text: str) -> bool:
    """``***``, ``- - -``, ``___``."""
    return text[0] in "*-_" and _RULE.match(text) is not None


def fence(text: str) -> Fence | None:
    """Three backticks or tildes, and what is said about the code."""
    match = _FENCE.match(text)
    if match is None:
        return None
    return Fence(match[1] or match[3], (match[2] if match[1] else match[4]) or "")


def closes_fence(text: str, mark: str) -> bool:
    """Whether a line, without indentation, ends the block the mark opened."""
    stripped = text.rstrip(" \t")
    return len(stripped) >= len(mark) and not stripped.strip(mark[0])


def heading(text: str) -> tuple[int, int, int] | None:
    """Level of an ATX heading, and where its words begin and end."""
    match = _HEADING.match(text)
    if match is None:
        return None
    level = begin = match.end()
    end = len(text.rstrip(" \t"))
    if end > begin:
        tail = _HEADING_TAIL.search(text, begin, end)
        if tail:
            end = tail.start()
    words = text[begin:end]
    begin += len(words) - len(words.lstrip(TRIM))
    return level, begin, max(begin, begin + len(words.strip(TRIM)))


def underline(text: str) -> int:
    """Level of the setext heading this line makes of the paragraph above it; 0 for none."""
    if _UNDERLINE.match(text) is None:
        return 0
    return 1 if text[0] == "=" else 2


def marker(text: str) -> Marker | None:
    """A list marker at the beginning of a line."""
    if text[0] in "-+*":
        return Marker(text[0], -1, 1) if _BULLET.match(text) else None
    match = _NUMBER.match(text)
    return Marker(match[2], int(match[1]), match.end()) if match else None


def html(text: str) -> HtmlStart | None:
    """The beginning of an HTML block (the seven kinds of CommonMark §4.6)."""
    for start, end in _HTML:
        if start.match(text):
            return HtmlStart(end, interrupts=True)
    if len(text) <= _LONGEST_TAG and _HTML_LONE_TAG.match(text):
        return HtmlStart(None, interrupts=False)
    return None


def interrupts(text: str, *, numbers_from_one: bool, lists: bool = True) -> bool:
    """Whether this line ends a paragraph above it.

    Args:
        text: the line without indentation, not blank, not indented far enough to be code.
        numbers_from_one: directly under a paragraph a list must start with 1 and have words.
        lists: whether lists count.
    """
    first = text[0]
    if first in ">#`~":
        return first == ">" or bool((_HEADING if first == "#" else _FENCE).match(text))
    if first == "<":
        start = html(text)
        return start is not None and start.interrupts
    if first in "*-_" and _RULE.match(text):
        return True
    found = marker(text) if lists and first in "-+*0123456789" else None
    if found is None or not numbers_from_one:
        return found is not None
    return found.number in (-1, 1) and bool(text[found.length :].strip(" \t"))


def delimiters(text: str) -> list[str] | None:
    """Alignments of the columns, if this is the line under the heads of a table: ``left right center`` or empty."""
    if text[0] not in "|:-" or _DELIMITERS.match(text) is None:
        return None
    columns = text.split("|")
    aligns: list[str] = []
    for index, column in enumerate(columns):
        dashes = column.strip(TRIM)
        if not dashes:
            if index in (0, len(columns) - 1):
                continue
            return None
        if _DELIMITER.match(dashes) is None:
            return None
        if dashes[-1] == ":":
            aligns.append("center" if dashes[0] == ":" else "right")
        else:
            aligns.append("left" if dashes[0] == ":" else "")
    return aligns if len(aligns) <= MAX_COLUMNS else None


def split_row(text: str) -> list[tuple[int, int]]:
    """Where the cells of a table row begin and end in ``text`` (already trimmed); escaped pipes do not divide."""
    cells: list[tuple[int, int]] = []
    begin = 0
    at = text.find("|")
    while at >= 0:
        if at == 0 or text[at - 1] != "\\":
            cells.append((begin, at))
            begin = at + 1
        at = text.find("|", at + 1)
    cells.append((begin, len(text)))
    if cells[0][0] == cells[0][1]:
        del cells[0]
    if cells and cells[-1][0] == cells[-1][1]:
        del cells[-1]
    return cells


def heads_table(text: str, columns: int) -> bool:
    """Whether this line can be the heads of a table of so many columns."""
    stripped = text.strip(TRIM)
    return "|" in stripped and len(split_row(stripped)) == columns > 0
