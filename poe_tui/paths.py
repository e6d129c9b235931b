"""Where files live: the only place that knows the XDG directories.

Functions, never constants: nothing is looked up at import time, and tests move the home freely. ``XDG_*`` variables
win on every platform, macOS included, because people who live in terminals set them on purpose.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

APP = "poe-tui"


class PathRefused(OSError):
    """A directory or file that must be private is not ours, is a symbolic link, or is of the wrong kind."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


def _directory(variable: str, kind: str) -> Path:
    value = os.environ.get(variable, "")
    if value.startswith("/"):  # The XDG specification: relative paths are invalid and must be ignored.
        return Path(value) / APP
    # Imported here: platformdirs costs milliseconds that the first frame does not have to pay.
    import platformdirs

    return Path(str(getattr(platformdirs, f"user_{kind}_dir")(APP, appauthor=False)))


def config_dir() -> Path:
    """Return the directory of ``config.toml``, ``credentials.toml`` and user themes."""
    return _directory("XDG_CONFIG_HOME", "config")


def data_dir() -> Path:
    """Return the directory of the database and of received files."""
    return _directory("XDG_DATA_HOME", "data")


def cache_dir() -> Path:
    """Return the directory of what may be thrown away: the model list, the first frame's theme line."""
    return _directory("XDG_CACHE_HOME", "cache")


def state_dir() -> Path:
    """Return the directory of crash reports."""
    return _directory("XDG_STATE_HOME", "state")


def config_file() -> Path:
    """Return the path of the settings."""
    return config_dir() / "config.toml"


def credentials_file() -> Path:
    """Return the path of the stored keys (mode 0600)."""
    return config_dir() / "credentials.toml"


def database_file(*, demo: bool = False) -> Path:
    """Return the database's path; demo threads live in a directory of their own and never mix with real ones."""
    return (data_dir() / "demo" if demo else data_dir()) / "poe-tui.db"


def catalog_file(server: str) -> Path:
    """Return the cached model list of one server; ``server`` is a base URL and becomes a harmless file name."""
    name = "".join(c if c.isascii() and c.isalnum() else "-" for c in server.partition("://")[2] or server)
    return cache_dir() / "models" / f"{name.strip('-')[:120] or 'server'}.json"


def user_themes_dir() -> Path:
    """Return the directory in which a person's own themes are looked for."""
    return config_dir() / "themes"


def shipped_themes_dir() -> Path:
    """Return the directory of the shipped themes: in the wheel beside the package, in a checkout at the top."""
    package = Path(__file__).resolve().parent
    packaged = package / "themes_data"
    return packaged if packaged.is_dir() else package.parent / "themes"


def ensure_private_dir(path: Path) -> Path:
    """Create ``path`` with mode 0700, tighten it where it is looser, and return it.

    Only the last component is judged: the directories above belong to the system's owner.

    Raises:
        PathRefused: it is a symbolic link, not a directory, or somebody else's.
        OSError: it cannot be created.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode):
        raise PathRefused(path, "is a symbolic link")
    if not stat.S_ISDIR(found.st_mode):
        raise PathRefused(path, "is not a directory")
    if found.st_uid != os.geteuid():
        raise PathRefused(path, "belongs to another user")
    if stat.S_IMODE(found.st_mode) & 0o077:
        path.chmod(0o700)
    return path
