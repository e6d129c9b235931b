r"""What a terminal pastes when a file is dropped on it, read as paths. Pure: whether they exist is asked elsewhere.

Every terminal has its own way: GNOME's quote for a shell (``'/home/me/a b.png' ``), Apple's put a backslash before a
space (``/Users/me/a\ b.png``), file managers give URLs (``file:///home/me/a%20b.png``), Windows its own paths
(``C:\Users\me\a.png``, which WSL has under ``/mnt/c``), several files come apart by spaces or by lines. The same text
may be read in several ways, so the readings are given in order; the one whose files are all there is right.

Only absolute paths, ``~/`` and ``file:`` URLs count: a word that happens to be the name of a file is a word.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

LONGEST: Final = 8_192
"""Characters; what is longer is a text."""
MOST: Final = 50
"""Files of one paste."""

_WINDOWS: Final = re.compile(r"([A-Za-z]):[\\/](?![\\/])")
_DRIVE: Final = re.compile(r"[A-Za-z]:(\\|$)")
_HOSTS: Final = ("", "localhost")


def readings(text: str) -> list[tuple[str, ...]]:
    """Return the ways in which a paste may be a list of paths, the likeliest first; none where it is a text.

    The paths are absolute or begin with ``~``; ``~`` is left as it stands.
    """
    stripped = text.strip()
    if not stripped or len(stripped) > LONGEST or "\x00" in stripped:
        return []
    lines = [line.strip() for line in stripped.splitlines() if line.strip()]
    found = [_all(lines), _all(_words("\n".join(lines)))]
    return list(dict.fromkeys(reading for reading in found if reading))


def named(text: str) -> list[tuple[str, ...]]:
    """Return the ways in which what was typed behind a command may name files; relative names count here."""
    stripped = text.strip()
    if not stripped or len(stripped) > LONGEST or "\x00" in stripped:
        return []
    words = _words(stripped)
    return list(dict.fromkeys([(stripped,), *([tuple(words)] if words else []), *readings(stripped)]))


def _all(words: list[str] | None) -> tuple[str, ...]:
    """The words as paths, if every one of them is one."""
    if not words or len(words) > MOST:
        return ()
    paths = [_path(word) for word in words]
    return tuple(path for path in paths if path) if all(paths) else ()


def _path(word: str) -> str:
    """One word as a path; empty where it is none."""
    if word[:5].casefold() == "file:":
        return _of_url(word)
    if word.startswith(("/", "~/")):
        # "//" begins a comment far more often than a path.
        return word if not word.startswith("//") and not any(ord(character) < 32 for character in word) else ""
    drive = _WINDOWS.match(word)
    if drive is not None:
        return f"/mnt/{drive[1].lower()}/" + word[drive.end() :].replace("\\", "/")
    return ""


def _of_url(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    path = unquote(parts.path, errors="surrogateescape")
    bad = (parts.hostname or "") not in _HOSTS or "\x00" in path or not path.startswith("/")
    return "" if bad else path


def _words(text: str) -> list[str] | None:
    """Take a text apart as a shell does: quotes, and backslashes before anything; ``None`` where a quote stays open.

    Backslashes of a Windows path are its own.
    """
    words: list[str] = []
    word: list[str] = []
    begun, at = False, 0
    while at < len(text):
        character = text[at]
        if character.isspace():
            if begun:
                words.append("".join(word))
            word, begun = [], False
        elif character in "'\"":
            end = _closing(text, at)
            if end < 0:
                return None
            inner = text[at + 1 : end]
            word.append(inner if character == "'" or _WINDOWS.match(inner) else re.sub(r'\\(["\\$`])', r"\1", inner))
            begun, at = True, end
        elif character == "\\" and at + 1 < len(text) and not _DRIVE.match("".join(word[:3])):
            at += 1
            word.append(text[at])
            begun = True
        else:
            word.append(character)
            begun = True
        at += 1
    if begun:
        words.append("".join(word))
    return words


def _closing(text: str, at: int) -> int:
    """The position of the quote that closes the one at ``at``; -1 for none."""
    quote, position = text[at], at + 1
    while position < len(text):
        if text[position] == quote:
            return position
        position += 2 if text[position] == "\\" and quote == '"' else 1
    return -1
