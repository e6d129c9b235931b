"""From a document to settings: every key judged by itself, so that one mistake costs one default and no more.

Nothing here raises for content. What cannot be used becomes a ``Problem`` with its line; a key that somebody put into
``config.toml`` is reported by name, never used and never repeated.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from poe_tui import servers, toml_edit
from poe_tui.early import LIMIT, flat
from poe_tui.private_files import FileRefused, read_regular
from poe_tui.settings_fields import BadValue, UnknownSetting, check, check_binding, near, require, rows
from poe_tui.settings_model import Settings
from poe_tui.tool_config import read_schemas, read_tools

MOST_PROBLEMS = 50
"""A file that is something else altogether would name thousands."""

_SECRET_NAME = re.compile(r"(.*[_.-])?(api[_-]?key|key|token|secret|password|bearer|authorization)\Z", re.IGNORECASE)
_AT_LINE = re.compile(r"\s*\(at line (\d+), column \d+\)")
_AT_END = re.compile(r"\s*\(at end of document\)")


class Unparsable(Exception):
    """The file is not TOML. The text is a sentence without the file's name; ``line`` is 1-based."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


@dataclass(slots=True, frozen=True)
class Problem:
    """Something in the settings that is not used, and where it stands. ``str()`` is one line, not yet cleaned."""

    file: str
    line: int | None
    key: str
    message: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        place = f"line {self.line}" if self.line else ""
        return f"{', '.join(filter(None, (self.file, place, self.key)))}: {self.message}"


def read_document(path: Path) -> tuple[str, dict[str, Any]]:
    """Return the text of a TOML file and what it says.

    Raises:
        Unparsable: it is not UTF-8 or not TOML.
        OSError: it cannot be read, is too large or not a file; ``FileNotFoundError`` when there is none.
    """
    data = read_regular(path, LIMIT)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as refused:
        line = data.count(b"\n", 0, refused.start) + 1
        raise Unparsable("Not UTF-8 text.", line) from None
    try:
        return text, tomllib.loads(text)
    except RecursionError:
        raise Unparsable("Nested too deeply.") from None
    except ValueError as refused:
        message = str(refused)
        at = _AT_LINE.search(message)
        line = int(at.group(1)) if at else text.count("\n") + 1 if _AT_END.search(message) else 0
        message = _AT_END.sub("", _AT_LINE.sub("", message))
        raise Unparsable(f"Not valid TOML: {message}.", line or None) from None


@dataclass(slots=True)
class Reading:
    """One reading of a document: the settings it gives, its problems, and where each value stands."""

    file: str
    text: str
    problems: list[Problem] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    _lines: dict[str, int] = field(default_factory=dict)

    def settings(self, document: Mapping[str, Any]) -> Settings:
        """Return the settings that ``document`` gives, with a default for everything that cannot be used."""
        sections = {row.section for row in rows()}
        good: dict[str, dict[str, Any]] = {}
        lists: dict[str, tuple[Any, ...]] = {}
        for section, table in document.items():
            if section == "tools":
                lists[section] = read_tools(self.text, table, self._found)
            elif section == "schemas":
                lists[section] = read_schemas(self.text, table, self._found)
            elif section not in sections and section != "keys":
                self._unknown(section, table)
            elif not isinstance(table, dict):
                self._problem(section, "Must be a table of settings. The defaults are used.")
            elif section == "keys":
                good["keys"] = self._bindings(table)
            else:
                good[section] = self._section(section, table)
        settings = Settings()
        update: dict[str, Any] = {
            section: values if section == "keys" else getattr(settings, section).model_copy(update=values)
            for section, values in good.items()
        }
        return settings.model_copy(update=update | lists)

    def _section(self, section: str, table: Mapping[str, Any]) -> dict[str, Any]:
        known = {row.name: row for row in rows() if row.section == section}
        good: dict[str, Any] = {}
        for name, value in table.items():
            key = f"{section}.{name}"
            if name not in known:
                self._unknown(key, value)
                continue
            try:
                good[name] = check(known[name], value)
                self.sources[key] = self._place(key)
            except BadValue as refused:
                self._problem(key, f"{refused} The default is used.")
        return good

    def _bindings(self, table: dict[str, Any]) -> dict[str, str]:
        good: dict[str, str] = {}
        for action, keys in flat(table):
            try:
                require(f"keys.{action}")
            except UnknownSetting:
                self._problem(f"keys.{action}", "There is no such action; it is kept but not used.", "warning")
                continue
            try:
                good[action] = check_binding(keys)
                self.sources[f"keys.{action}"] = self._place(f"keys.{action}")
            except BadValue as refused:
                self._problem(f"keys.{action}", f"{refused} The default is used.")
        return good

    def _unknown(self, key: str, value: Any) -> None:
        if len(self.problems) >= MOST_PROBLEMS:
            return
        leaves = dict(flat(value, f"{key}.")) if isinstance(value, dict) else {key: value}
        secrets = [leaf for leaf, held in leaves.items() if isinstance(held, str) and _SECRET_NAME.match(leaf)]
        for leaf in secrets:
            self._problem(
                leaf,
                "A key does not belong in this file and is not used. Take it out, then set POE_API_KEY or run "
                "poe-tui login.",
            )
        if not secrets:
            likely = near(key)
            hint = f" Did you mean {' or '.join(likely)}?" if likely else ""
            self._problem(key, f"Unknown setting; it is kept but not used.{hint}", "warning")

    def _problem(self, key: str, message: str, severity: Literal["error", "warning"] = "error") -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(self.file, self._line(key), key, message, severity))

    def _found(self, key: str, line: int | None, message: str, severity: Literal["error", "warning"]) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(self.file, line, key, message, severity))

    def _place(self, key: str) -> str:
        line = self._line(key)
        return f"{self.file}, line {line}" if line else self.file

    def _line(self, key: str) -> int | None:
        if not self._lines and self.text:
            self._lines = toml_edit.lines(self.text)
        return toml_edit.nearest(self._lines, key)


def with_environment(settings: Settings, environ: Mapping[str, str], sources: dict[str, str]) -> tuple[Settings, str]:
    """Return settings in which ``POE_BASE_URL`` holds, and why nothing may be sent when it cannot be used."""
    url = environ.get("POE_BASE_URL", "").strip()
    if not url:
        return settings, ""
    try:
        account = settings.account.model_copy(update={"base_url": servers.normalise(url)})
    except servers.BadServer as refused:
        return settings, f"POE_BASE_URL cannot be used. {refused}"
    sources["account.base_url"] = "POE_BASE_URL"
    return settings.model_copy(update={"account": account}), ""


def reason(error: OSError) -> str:
    """Return why a file could not be read or written, in words and without its path."""
    if isinstance(error, FileRefused):
        return error.reason
    return error.strerror or type(error).__name__
