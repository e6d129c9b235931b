"""``config.toml``: read so that nothing in it can stop the app, written so that nothing in it is lost.

``load`` never raises for content: what cannot be used is named with file, line and key, its default stands in, and the
file stays as it is. ``save_value`` changes one line where it can (``toml_edit``), so comments and order survive;
otherwise tomli-w writes the file anew, and ``config.toml.bak`` is left behind, once, if there were comments to lose.
"""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Final

import tomli_w

from poe_tui import toml_edit
from poe_tui.early import Early, early, flat
from poe_tui.paths import PathRefused
from poe_tui.private_files import locked, write_private
from poe_tui.settings_fields import (
    PAGES,
    BadValue,
    Row,
    UnknownSetting,
    changed,
    check,
    check_binding,
    parse,
    require,
    row,
    rows,
    show,
    value_of,
    with_value,
)
from poe_tui.settings_model import Settings
from poe_tui.settings_read import Problem, Reading, Unparsable, read_document, reason, with_environment

__all__ = [
    "PAGES",
    "UNSET",
    "BadValue",
    "ConfigError",
    "Early",
    "Explained",
    "Loaded",
    "Problem",
    "Row",
    "Settings",
    "UnknownSetting",
    "Unset",
    "changed",
    "check",
    "check_binding",
    "early",
    "explain",
    "load",
    "parse",
    "require",
    "reset_value",
    "row",
    "rows",
    "save_value",
    "show",
    "value_of",
    "with_value",
]


class Unset(Enum):
    """The type of :data:`UNSET`."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET
"""For ``save_value``: take the key out of the file, so that the default holds again."""


class ConfigError(Exception):
    """A setting could not be saved; the text says what happened and what was kept."""


@dataclass(slots=True, frozen=True)
class Loaded:
    """The settings in force and what is wrong with what was written."""

    settings: Settings
    problems: tuple[Problem, ...] = ()
    document: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The file as parsed, unknown keys included; empty when it could not be parsed."""
    path: Path | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    """Where each value that was written comes from: ``config.toml, line 3`` or ``POE_BASE_URL``."""
    refusal: str = ""
    """Why nothing may be sent: ``POE_BASE_URL`` is set and unusable, and Poe would be the wrong place to send to."""


@dataclass(slots=True, frozen=True)
class Explained:
    """One entry of ``poe-tui config explain``; texts as a person reads them."""

    key: str
    type: str
    bounds: str
    default: str
    value: str
    source: str
    """``default``, ``config.toml, line 3`` or ``POE_BASE_URL``."""
    description: str


def load(path: Path, environ: Mapping[str, str] | None = None) -> Loaded:
    """Read the settings. Whatever the file holds, the answer is usable settings and a list of problems.

    Args:
        path: ``config.toml``; it need not exist.
        environ: where ``POE_BASE_URL`` is looked up; ``None`` looks nowhere.
    """
    problems: list[Problem] = []
    text = ""
    document: dict[str, Any] = {}
    try:
        text, document = read_document(path)
    except FileNotFoundError:
        pass
    except Unparsable as refused:
        problems.append(Problem(path.name, refused.line, "", f"{refused} The defaults are used."))
    except OSError as refused:
        problems.append(Problem(path.name, None, "", f"Cannot be read: {reason(refused)}. The defaults are used."))
    reading = Reading(path.name, text, problems)
    settings, refusal = with_environment(reading.settings(document), environ or {}, reading.sources)
    return Loaded(settings, tuple(problems), document, path, reading.sources, refusal)


def save_value(path: Path, key: str, value: Any) -> Path | None:
    """Write one setting; everything else in the file stays.

    Args:
        path: ``config.toml``; it and its directory are made when they are missing.
        key: ``section.name`` or ``keys.<action id>``.
        value: a value of the setting's type; ``UNSET`` or ``None`` brings the default back.

    Returns:
        The backup that was made because comments could not be kept, if one was.

    Raises:
        UnknownSetting, BadValue: nothing was written.
        ConfigError: the file could not be parsed or written; it is as it was.
    """
    require(key)
    section, _, name = key.partition(".")
    if value is None or value is UNSET:
        return _change(path, section, name, UNSET)
    return _change(path, section, name, check_binding(value) if section == "keys" else check(row(key), value))


def reset_value(path: Path, key: str) -> Path | None:
    """Take one setting out of the file, so that its default holds; otherwise as ``save_value``."""
    return save_value(path, key, UNSET)


def explain(loaded: Loaded) -> list[Explained]:
    """Return every setting with its type, bounds, default, present value and where that comes from."""
    lines = [
        Explained(
            key=row.key,
            type=row.type_words,
            bounds=row.bounds_words,
            default=show(row, row.default),
            value=_without_password(show(row, value_of(loaded.settings, row.key))),
            source=loaded.sources.get(row.key, "default"),
            description=row.description,
        )
        for row in rows()
    ]
    return lines + [
        Explained(f"keys.{action}", "key", "", "", keys, loaded.sources.get(f"keys.{action}", ""), "")
        for action, keys in loaded.settings.keys.items()
    ]


def _change(path: Path, section: str, name: str, value: Any) -> Path | None:
    """Read, change and write in one go, with other instances kept out meanwhile."""
    try:
        if not path.parent.is_dir():
            # A directory that is there already may be a link into somebody's dotfiles: that is theirs to decide.
            path.parent.mkdir(mode=0o700, parents=True)
        with locked(path.parent):
            try:
                text, document = read_document(path)
            except FileNotFoundError:
                text, document = "", {}
            wanted = _with(document, section, name, value)
            if _same(wanted, document):
                return None
            return _write(path, text, wanted, _edited(text, section, name, value))
    except Unparsable as refused:
        line = f"line {refused.line}: " if refused.line else ""
        raise ConfigError(f"Not saved, {path.name} was left as it is. {line}{refused}") from None
    except (PathRefused, OSError) as refused:
        raise ConfigError(f"Not saved: {path}: {reason(refused)}.") from None


def _write(path: Path, text: str, wanted: dict[str, Any], edited: str | None) -> Path | None:
    backup: Path | None = None
    if edited is None or not _means(edited, wanted):
        edited = tomli_w.dumps(wanted)
        if toml_edit.has_comment(text):
            backup = path.with_name(f"{path.name}.bak")
            if backup.exists():
                backup = None
            else:
                write_private(backup, text.encode())
    write_private(path, edited.encode())
    return backup


def _edited(text: str, section: str, name: str, value: Any) -> str | None:
    if value is UNSET:
        return toml_edit.remove(text, section, name)
    return toml_edit.set_value(text, section, name, _literal(value))


def _literal(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{toml_edit.quoted(name)} = {_literal(held)}' for name, held in value.items())} }}"
    return tomli_w.dumps({"x": value}).removeprefix("x = ").rstrip("\n")


def _with(document: dict[str, Any], section: str, name: str, value: Any) -> dict[str, Any]:
    """Return a copy of ``document`` with the value set or taken out."""
    wanted = copy.deepcopy(document)
    table = wanted.setdefault(section, {})
    if not isinstance(table, dict):
        raise Unparsable(f"{section} must be a table.")
    if section == "keys":
        # ``model.pick = …`` without quotes is a table within a table; both spellings mean the same action.
        wanted[section] = table = dict(flat(table))
    if value is UNSET:
        table.pop(name, None)
    else:
        table[name] = value
    return wanted


def _means(text: str, wanted: dict[str, Any]) -> bool:
    """Tell whether ``text`` parses to ``wanted``: the proof that a change by line did what it should."""
    try:
        return _same(tomllib.loads(text), wanted)
    except (ValueError, RecursionError):
        return False


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    # By repr, because 1 == 1.0 == True, and NaN is unequal to itself.
    return repr(_canonical(one)) == repr(_canonical(other))


def _canonical(document: dict[str, Any]) -> dict[str, Any]:
    """Return ``document`` in one order, without empty tables, with key bindings flat."""
    tables = {
        name: _ordered(dict(flat(part)) if name == "keys" and isinstance(part, dict) else part)
        for name, part in document.items()
    }
    return {name: tables[name] for name in sorted(tables) if tables[name] != {}}


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _ordered(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [_ordered(part) for part in value]
    return value


def _without_password(text: str) -> str:
    """Return a proxy's URL without the password that may stand in it."""
    scheme, separator, rest = text.partition("://")
    login, at, host = rest.rpartition("@")
    return f"{scheme}://{login.partition(':')[0]}:***@{host}" if separator and at and ":" in login else text
