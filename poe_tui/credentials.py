"""The key: where it is found, where it is kept, and how it never shows.

The environment's ``POE_API_KEY`` wins; then ``credentials.toml`` (mode 0600). Never ``config.toml``, never an argument.
A stored key belongs to the server it was stored for and is not sent to another one; the environment's key goes wherever
the person points the app in that same environment. No message, repr or exception here holds a key.
"""

from __future__ import annotations

import hmac
import json
import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Never

from poe_tui import servers
from poe_tui.paths import PathRefused, ensure_private_dir
from poe_tui.private_files import FileRefused, locked, read_regular, write_private

VARIABLE: Final = "POE_API_KEY"
LONGEST: Final = 4096
"""Bytes; servers refuse longer headers."""

_FILE_LIMIT = 256_000


class BadKey(ValueError):
    """A key that cannot be a header's value. The text names what is wrong with it, never the key."""


class CredentialsError(Exception):
    """``credentials.toml`` cannot be used or written; the text says why in words."""


class Secret:
    """A key that shows itself as ``***``: in repr, str, format, logs and tracebacks. ``reveal`` gives it away.

    Raises:
        BadKey: it is empty, too long, or holds anything but visible ASCII (surrounding white space is taken off).
    """

    __slots__ = ("_value",)

    def __init__(self, text: str) -> None:
        value = text.strip()
        if not value:
            raise BadKey("The key is empty.")
        if len(value) > LONGEST:
            raise BadKey(f"The key is longer than {LONGEST} characters.")
        if any(character.isspace() for character in value):
            raise BadKey("The key holds a space or a line break. Was more than the key copied?")
        if not all("!" <= character <= "~" for character in value):
            raise BadKey("The key holds a character that no key has. Was it copied from formatted text?")
        self._value = value

    def reveal(self) -> str:
        """Return the key itself: for the Authorization header and for storing it."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value, other._value)

    def __reduce_ex__(self, protocol: object) -> Never:
        raise TypeError("a key is not pickled or copied")


@dataclass(slots=True, frozen=True)
class Credential:
    """A key and where it was found."""

    secret: Secret
    source: str
    """``POE_API_KEY`` or the path of ``credentials.toml``."""
    notices: tuple[str, ...] = ()
    """What a person should know: the file was readable by others and has been tightened."""


def find_key(environ: Mapping[str, str], file: Path, base_url: str = servers.POE) -> Credential | None:
    """Return the key for the server at ``base_url``, or ``None`` when there is none.

    Args:
        environ: where ``POE_API_KEY`` is looked up; empty or blank counts as not set.
        file: ``credentials.toml``; it need not exist.
        base_url: whose key is wanted. A stored key of another host is never returned.

    Raises:
        BadKey: there is a key, and it cannot be one.
        CredentialsError: the file is somebody else's, a symbolic link, or not TOML.
    """
    if environ.get(VARIABLE, "").strip():
        return Credential(_secret(environ[VARIABLE], f"{VARIABLE} cannot be used."), VARIABLE)
    document, notices = _read(file)
    stored = _stored(document).get(servers.origin(base_url))
    if stored is None:
        return None
    return Credential(_secret(stored, f"The key in {file} cannot be used."), str(file), notices)


def store_key(file: Path, secret: Secret, base_url: str = servers.POE) -> None:
    """Keep the key for one server, mode 0600, atomically; the keys of other servers stay.

    Raises:
        CredentialsError: it could not be stored; the file is as it was.
    """
    _change(file, base_url, secret.reveal())


def remove_key(file: Path, base_url: str = servers.POE) -> bool:
    """Forget the stored key of one server; whether there was one. Raises as ``store_key`` does."""
    return _change(file, base_url, None)


def _secret(text: str, words: str) -> Secret:
    try:
        return Secret(text)
    except BadKey as refused:
        raise BadKey(f"{words} {refused}") from None


def _change(file: Path, base_url: str, key: str | None) -> bool:
    server = servers.origin(base_url)
    try:
        ensure_private_dir(file.parent)
        with locked(file.parent):
            document, _ = _read(file)
            stored = _stored(document)
            known = stored.pop(server, None) is not None
            if key is None and not known:
                return False
            if key is not None:
                stored[server] = key
            write_private(file, _dump(stored).encode())
            return known
    except (PathRefused, FileRefused) as refused:
        raise CredentialsError(f"Not stored: {refused}.") from None
    except OSError as refused:
        raise CredentialsError(f"Not stored: {file}: {refused.strerror or type(refused).__name__}.") from None


def _read(file: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the file's content, after a look at whose it is and who can read it."""
    try:
        notices = _tightened(file)
        data = read_regular(file, _FILE_LIMIT)
    except FileNotFoundError:
        return {}, ()
    except FileRefused as refused:
        raise CredentialsError(f"{file} is not used: it {refused.reason}.") from None
    except OSError as refused:
        raise CredentialsError(f"{file} cannot be read: {refused.strerror or type(refused).__name__}.") from None
    try:
        return tomllib.loads(data.decode("utf-8-sig")), notices
    except (ValueError, RecursionError):
        # The parser's own words may quote the line, and the line may hold the key.
        raise CredentialsError(f"{file} is not valid TOML. Move it away, then run poe-tui login.") from None


def _tightened(file: Path) -> tuple[str, ...]:
    """Refuse a link and a foreign file; take others' rights away from a loose one and say so."""
    found = file.lstat()
    if stat.S_ISLNK(found.st_mode):
        raise FileRefused(file, "is a symbolic link")
    if found.st_uid != os.geteuid():
        raise FileRefused(file, "belongs to another user")
    if not stat.S_ISREG(found.st_mode):
        raise FileRefused(file, "is not a regular file")
    if not stat.S_IMODE(found.st_mode) & 0o077:
        return ()
    file.chmod(0o600)
    return (f"{file} was readable by others. It is yours alone now; a new key would be safer.",)


def _stored(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the stored keys by origin. A plain ``key = …`` is the key of Poe itself."""
    stored: dict[str, str] = {}
    if isinstance(document.get("key"), str):
        stored[servers.origin(servers.POE)] = document["key"]
    table = document.get("keys")
    for url, key in table.items() if isinstance(table, dict) else ():
        try:
            if isinstance(key, str):
                stored[servers.origin(url)] = key
        except servers.BadServer:
            continue
    return stored


def _dump(stored: Mapping[str, str]) -> str:
    lines = ["# Written by poe-tui: a key for each server. Do not share this file.", "[keys]"]
    # A JSON text of visible ASCII is a TOML basic string as well.
    lines += [f"{json.dumps(server)} = {json.dumps(key)}" for server, key in sorted(stored.items())]
    return "\n".join(lines) + "\n"
