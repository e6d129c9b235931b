"""``@path`` in a prompt: where it stands, what fits it, what takes its place. Pure; the disk is asked elsewhere.

A path begins with ``@`` at the start of the text or behind a space or a bracket, so that an address
(``me@example.org``) is none. It ends at a space; in quotes (``@"my file.txt"``) it may hold some.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

LONGEST: Final = 1_024
_OPENING: Final = " \t([{<"


class PathToken(NamedTuple):
    """An ``@path`` on a line."""

    start: int
    """The column of its ``@``."""
    end: int
    """The column behind it: the caret, or the end of the word the caret is in."""
    fragment: str
    """What stands between the ``@`` and the caret, without quotes."""


@dataclass(slots=True, frozen=True)
class PathEntry:
    """A file or a directory that may be meant."""

    path: str
    """As it is written behind the ``@``: relative to the current directory, or from ``/`` or ``~``."""
    is_directory: bool = False
    size: int = 0
    """Bytes of a file."""
    is_link: bool = False
    """Whether it is a link to what it is said to be."""

    @property
    def name(self) -> str:
        """Its last part."""
        return self.path.rpartition("/")[2]

    @property
    def shown(self) -> str:
        """The path with a slash behind a directory."""
        return f"{self.path}/" if self.is_directory else self.path


def token_at(line: str, column: int) -> PathToken | None:
    """Return the ``@path`` that the caret is in or behind, if there is one."""
    head = line[:column]
    at = len(head)
    while (at := head.rfind("@", 0, at)) >= 0:
        if column - at > LONGEST:
            return None
        if at == 0 or head[at - 1] in _OPENING:
            return _token(line, at, column)
        if any(character.isspace() for character in head[at:]):
            return None
    return None


def _token(line: str, at: int, column: int) -> PathToken | None:
    fragment = line[at + 1 : column]
    if fragment.startswith('"'):
        if '"' in fragment[1:]:
            return None
        closing = line.find('"', column)
        return PathToken(at, closing + 1 if closing >= 0 else column, fragment[1:])
    if any(character.isspace() for character in fragment) or "@" in fragment:
        return None
    end = column
    while end < len(line) and not line[end].isspace():
        end += 1
    return PathToken(at, end, fragment)


def split(fragment: str) -> tuple[str, str]:
    """Return the directory that a fragment names, with its slash, and the beginning of a name in it."""
    if fragment in ("~", ".", ".."):
        return f"{fragment}/", ""
    directory, slash, name = fragment.rpartition("/")
    return directory + slash, name


def is_rooted(fragment: str) -> bool:
    """Whether a fragment names its directory, so that only that one is meant: ``/``, ``~/``, ``./``, ``../``."""
    return fragment.startswith(("/", "~", "./", "../")) or fragment in (".", "..")


def wants_hidden(fragment: str) -> bool:
    """Whether hidden names are asked for: by a name that begins with a dot."""
    return split(fragment)[1].startswith(".") and fragment not in (".", "..")


def rank(fragment: str, entries: Iterable[PathEntry], limit: int) -> list[PathEntry]:
    """Return the entries that fit, the likeliest first.

    A name that begins as typed goes before one that holds the letters somewhere, that before a path that does; shorter
    paths go first among equals. Without anything typed the order is kept.
    """
    # Imported here: every caret that moves asks for a token, and few for a file.
    from poe_tui.filters import fuzzy_score

    directory, wanted = split(fragment)
    whole = fragment.removeprefix("./")
    ranked: list[tuple[int, float, int, str, PathEntry]] = []
    for order, entry in enumerate(entries):
        if not wanted:
            ranked.append((0, 0.0, order, "", entry))
            continue
        begins = entry.name.casefold().startswith(wanted.casefold())
        score = fuzzy_score(wanted, entry.name)
        place = 0 if begins else 1
        if score is None or (directory and not entry.path.startswith(directory.removeprefix("./"))):
            score, place = fuzzy_score(whole, entry.path), 2
        if score is not None:
            ranked.append((place, -score, entry.path.count("/"), entry.path, entry))
    ranked.sort(key=lambda found: found[:4])
    return [entry for *_, entry in ranked[:limit]]


def written(entry: PathEntry) -> str:
    """Return what stands behind the ``@`` when one goes on into a directory; quoted where the path holds a space."""
    path = entry.shown
    return f'"{path}' if any(character.isspace() for character in path) else path
