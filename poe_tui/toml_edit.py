"""Change one value in a TOML text and leave every other character alone: comments, order and blank lines stay.

The scanner below knows strings, brackets and comments, and nothing else of TOML. That is enough for the files people
write; whoever uses it parses the result again and compares, so a text it misreads is never saved.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|(?P<comment>\#[^\n]*)|[\n\[\]{}=]''',
    re.DOTALL,
)
_BARE = re.compile(r"[A-Za-z0-9_-]+\Z")
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\Z")
_SPACES = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")


@dataclass(slots=True, frozen=True)
class Statement:
    """A table header or a ``key = value`` of a TOML text, by character offsets."""

    key: str
    """The whole dotted path, the table's own included; names are joined by dots as they are."""
    header: bool
    start: int
    value_start: int
    value_end: int
    end: int
    """Behind the line break that ends it."""


def statements(text: str) -> Iterator[Statement]:
    """Yield the statements of ``text`` in order; what cannot be understood is passed over."""
    table, position = "", 0
    while True:
        blank = _BLANK.match(text, position)
        position = blank.end() if blank else position
        if position >= len(text):
            return
        equals, value_end, end = _extent(text, position)
        if text[position] == "[":
            table = _path(text[position:value_end], header=True)
            yield Statement(table, True, position, position, value_end, end)
        elif equals >= 0:
            name = _path(text[position:equals])
            spaces = _SPACES.match(text, equals + 1)
            value_start = spaces.end() if spaces else equals + 1
            yield Statement(f"{table}.{name}" if table else name, False, position, value_start, value_end, end)
        position = end


def lines(text: str) -> dict[str, int]:
    """Return the 1-based line of every key and table; of a key that stands there twice, the first."""
    found: dict[str, int] = {}
    line, counted = 1, 0
    for statement in statements(text):
        line += text.count("\n", counted, statement.start)
        counted = statement.start
        found.setdefault(statement.key, line)
    return found


def nearest(lines: dict[str, int], key: str) -> int | None:
    """Return the line of ``key``, else of the table or inline value that holds it, else ``None``."""
    while key:
        if key in lines:
            return lines[key]
        key = key.rpartition(".")[0]
    return None


def set_value(text: str, section: str, name: str, literal: str) -> str | None:
    """Return ``text`` with ``name`` of table ``section`` set to a TOML ``literal``; ``None`` where that takes more.

    A value that stands there is replaced in its place, its comment kept. Otherwise a line is added to the table, or the
    table to the end of the text.
    """
    key, newline = f"{section}.{name}", "\r\n" if "\r\n" in text else "\n"
    found = list(statements(text))
    for statement in found:
        if not statement.header and statement.key == key:
            return text[: statement.value_start] + literal + text[statement.value_end :]
        if not statement.header and key.startswith(f"{statement.key}."):
            return None  # An inline table holds it.
    line = f"{quoted(name)} = {literal}{newline}"
    after, place = None, ""
    for statement in found:
        place = statement.key if statement.header else place
        if place == section or (not place and statement.key.startswith(f"{section}.")):
            after = statement
            line = line if place else f"{quoted(section)}.{quoted(name)} = {literal}{newline}"
        elif after is not None:
            break
    if after is not None:
        head, tail = text[: after.end], text[after.end :]
        return (head if head.endswith("\n") else head + newline) + line + tail
    head = text if not text or text.endswith("\n") else text + newline
    return f"{head}{newline if head.strip() else ''}[{quoted(section)}]{newline}{line}"


def remove(text: str, section: str, name: str) -> str | None:
    """Return ``text`` without the line of ``name`` in table ``section``; ``None`` where it has no line of its own."""
    for statement in statements(text):
        if not statement.header and statement.key == f"{section}.{name}":
            start = text.rfind("\n", 0, statement.start) + 1
            return text[:start] + text[statement.end :]
    return None


def has_comment(text: str) -> bool:
    """Tell whether a rewrite of ``text`` would lose a comment."""
    return any(token.group("comment") for token in _TOKEN.finditer(text))


def quoted(name: str) -> str:
    """Return ``name`` as a TOML key: bare where it may be, else in quotes."""
    return name if _BARE.match(name) else json.dumps(name)


def _extent(text: str, start: int) -> tuple[int, int, int]:
    """Return where the first ``=`` stands (or -1), where the value ends, and where the statement's last line ends."""
    depth, equals, value_end = 0, -1, len(text)
    for token in _TOKEN.finditer(text, start):
        kind = token.group()
        if kind in "[{":
            depth += 1
        elif kind in "]}":
            depth -= 1
        elif kind == "=" and equals < 0 and depth == 0:
            equals = token.start()
        elif token.group("comment") and depth <= 0:
            value_end = min(value_end, token.start())
        elif kind == "\n" and depth <= 0:
            end = token.end()
            break
    else:
        end = len(text)
    value_end = min(value_end, end)
    return equals, start + len(text[start:value_end].rstrip()), end


def _path(text: str, *, header: bool = False) -> str:
    """Return the dotted path of a key or header; names that hold dots are not told apart, the caller verifies."""
    if not header and _PLAIN_KEY.match(text.rstrip(" \t")):
        return text.rstrip(" \t")
    try:
        found: object = tomllib.loads(text if header else f"{text} = 0")
    except ValueError:
        return "\0"
    names: list[str] = []
    while isinstance(found, dict) and found:
        name, found = next(iter(found.items()))
        names.append(name)
    # Tables of an array are many; none of them is the one table that a setting lives in.
    return ".".join([*names, "\0"] if isinstance(found, list) else names)
