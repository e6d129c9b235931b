"""Large base64 payloads live as files, named by their SHA-256, and come back byte for byte.

An image of 3 MB in a row would be read with every look at its turn. In the row stands a reference in place of the
string::

    {"$poe_file": "<sha256 of the decoded bytes>", "prefix": "data:image/png;base64,", "size": 3145728}

Only what decodes and encodes to exactly the same string is moved, so that nothing can change. A key of that name that
came over the wire gets one more ``$`` while it is stored.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from poe_tui.model import new_id
from poe_tui.paths import ensure_private_dir

THRESHOLD = 65_536
"""Strings longer than this many characters are looked at."""

KEY = "$poe_file"
_TAIL = KEY[1:]
_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)?(?:;[\w.+=-]+)*;base64,", re.ASCII)
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}", re.ASCII)
_SHA = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(slots=True, frozen=True)
class StoredFile:
    """What the ``files`` table knows about one payload."""

    sha256: str
    media_type: str
    name: str
    size: int


class Files:
    """The directory ``files/`` beside the database; ``None`` for a store in memory, which keeps payloads in its rows.

    ``writable=False`` is for a store that only shows what is on a disk it cannot write to.
    """

    def __init__(self, directory: Path | None, *, writable: bool = True) -> None:
        self.directory = directory
        self._writable = writable

    def path(self, sha256: str) -> Path | None:
        """Where that payload is, or would be; ``None`` when that is no checksum."""
        if self.directory is None or not _SHA.fullmatch(sha256):
            return None
        return self.directory / sha256

    def extract(self, value: Any, found: list[StoredFile]) -> Any:
        """``value`` with its large payloads written to files and replaced by references; OSError when that fails."""
        return self._extract(value, "", found)

    def _extract(self, value: Any, name: str, found: list[StoredFile]) -> Any:
        if isinstance(value, dict):
            named = value.get("filename")
            inner = named if isinstance(named, str) else ""
            return {_escape(str(key)): self._extract(item, inner, found) for key, item in value.items()}
        if isinstance(value, list):
            return [self._extract(item, name, found) for item in value]
        if isinstance(value, str) and len(value) > THRESHOLD and self.directory is not None and self._writable:
            return _move(value, name, found, self.directory)
        return value

    def keep_only(self, known: set[str]) -> None:
        """Delete every payload but those."""
        if self.directory is None or not self._writable or not self.directory.is_dir():
            return
        with contextlib.suppress(OSError):
            for file in list(self.directory.iterdir()):
                if _SHA.fullmatch(file.name) and file.name not in known:
                    file.unlink()

    def restore(self, value: Any) -> Any:
        """``value`` with its references put back; a payload whose file is gone comes back empty."""
        if isinstance(value, dict):
            sha = value.get(KEY)
            if isinstance(sha, str):
                return self._read(sha, value)
            return {_unescape(key): self.restore(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.restore(item) for item in value]
        return value

    def _read(self, sha: str, reference: dict[str, Any]) -> str:
        prefix = str(reference.get("prefix", ""))
        path = self.path(sha)
        if path is None or path.is_symlink():
            return prefix
        try:
            return prefix + base64.b64encode(path.read_bytes()).decode("ascii")
        except OSError:
            return prefix


def _move(value: str, name: str, found: list[StoredFile], directory: Path) -> Any:
    """Write one string's payload to a file; its reference, or the string itself where it is no base64."""
    match = _DATA_URL.match(value, 0, 300)
    prefix = match.group() if match else ""
    payload = value[len(prefix) :]
    if len(payload) % 4 or not _BASE64.fullmatch(payload):
        return value
    raw = base64.b64decode(payload)
    if base64.b64encode(raw).decode("ascii") != payload:
        return value  # Unused bits were set: it would not come back as it was.
    sha = hashlib.sha256(raw).hexdigest()
    _write(directory / sha, raw)
    media_type = (match.group(1) or "") if match else ""
    found.append(StoredFile(sha, media_type, name, len(raw)))
    return {KEY: sha, "prefix": prefix, "size": len(raw)}


def _write(target: Path, raw: bytes) -> None:
    """Write a payload under its name, whole or not at all."""
    if target.is_file() and not target.is_symlink() and target.stat().st_size == len(raw):
        return
    temporary = ensure_private_dir(target.parent) / f".{new_id()}"
    descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def needs_look(text: str) -> bool:
    """Whether a JSON text may hold something to move, or a key to escape; nearly all texts do not."""
    return len(text) > THRESHOLD or holds_reference(text)


def holds_reference(text: str) -> bool:
    """Whether a JSON text out of a row may hold references."""
    return _TAIL in text


def _escape(key: str) -> str:
    return f"${key}" if key.endswith(_TAIL) and key.strip("$") == _TAIL and key != _TAIL else key


def _unescape(key: str) -> str:
    return key[1:] if key.startswith("$$") and key.strip("$") == _TAIL else key
