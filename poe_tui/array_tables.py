"""Lists of tables in ``config.toml`` (``[[tools]]``, ``[[schemas]]``): entry by entry, each key with its line.

What cannot be used is reported through a callable and costs its own entry or key, never the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from poe_tui import toml_edit

Severity = Literal["error", "warning"]
Report = Callable[[str, int | None, str, Severity], None]
"""Takes a key, its line, a sentence, and how bad it is."""

MOST_ENTRIES: Final = 200
_ENTRY: Final = "\0"
"""What ``toml_edit`` calls an entry of a list of tables."""


class Unusable(ValueError):
    """A key's value cannot be used; the text says what is expected."""


@dataclass(slots=True)
class Entry:
    """One ``[[table]]``. ``name`` stands in the keys of its problems once it is known."""

    table: str
    number: int
    """From 1."""
    values: Mapping[str, Any]
    lines: Mapping[str, int]
    report: Report
    name: str = ""
    used: set[str] = field(default_factory=set)

    def get(self, key: str) -> Any:
        """Return a value, ``None`` where there is none; the key counts as known."""
        self.used.add(key)
        return self.values.get(key)

    def problem(self, key: str, message: str, severity: Severity = "error") -> None:
        """Report what is wrong with a key of this entry, or with the entry (``key`` empty)."""
        place = f"{self.table}.{self.name}" if self.name else f"{self.table}[{self.number}]"
        self.report(f"{place}.{key}" if key else place, self.line(key), message, severity)

    def line(self, key: str = "") -> int | None:
        """Return the line of a key, else of the entry."""
        return toml_edit.nearest(dict(self.lines), key) or self.lines.get("")

    # --- values -------------------------------------------------------------------------------------------------
    def text(self, key: str, default: str = "", *, longest: int = 10_000) -> str:
        """Return a text. Raises Unusable."""
        value = self.get(key)
        if value is None:
            return default
        if not isinstance(value, str) or len(value) > longest or "\0" in value:
            raise Unusable(f"Must be text of at most {longest} characters.")
        return value

    def switch(self, key: str, default: bool) -> bool:
        """Return true or false. Raises Unusable."""
        value = self.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise Unusable("Must be true or false.")
        return value

    def number_in(self, key: str, default: float, low: float, high: float) -> float:
        """Return a number within bounds. Raises Unusable."""
        value = self.get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise Unusable(f"Must be a number, {low:g} to {high:g}.")
        return value

    def word(self, key: str, default: str | None, words: tuple[str, ...]) -> str | None:
        """Return one of some words. Raises Unusable."""
        value = self.get(key)
        if value is None:
            return default
        if value not in words:
            raise Unusable(f"Must be {', '.join(words[:-1])} or {words[-1]}.")
        return str(value)

    def folder(self, key: str) -> Path | None:
        """Return a directory or file by its path, ``~`` expanded. Raises Unusable."""
        given = self.text(key, longest=4096)
        if not given.strip():
            return None
        try:
            return Path(given).expanduser()
        except RuntimeError:
            raise Unusable("Names a home directory that nobody has.") from None

    def report_unknown(self, known: Sequence[str]) -> None:
        """Report the keys that nobody asked for; ``known`` holds those that there are."""
        # Imported here: needed for a mistake only.
        from difflib import get_close_matches

        for key in self.values:
            if key not in self.used:
                likely = get_close_matches(key, known, 1)
                hint = f" Did you mean {likely[0]}?" if likely else ""
                self.problem(key, f"Unknown key; it is kept but not used.{hint}", "warning")


def entries(text: str, table: str, value: Any, report: Report) -> Iterator[Entry]:
    """Yield the entries of a list of tables; what is no entry is reported.

    Args:
        text: the file, for the lines.
        table: the list's name.
        value: what the document has under that name.
        report: takes the problems.
    """
    found = list(_lines(text, table))
    whole = toml_edit.lines(text).get(table)
    if not isinstance(value, list):
        report(table, whole, f"Must be a list of tables: write [[{table}]] over each. It is not used.", "error")
        return
    if len(value) > MOST_ENTRIES:
        report(table, whole, f"Holds more than {MOST_ENTRIES} entries; the others are not used.", "error")
    for number, values in enumerate(value[:MOST_ENTRIES], 1):
        lines = found[number - 1] if number <= len(found) else {"": whole} if whole else {}
        if isinstance(values, dict):
            yield Entry(table, number, values, {key: line for key, line in lines.items() if line}, report)
        else:
            report(f"{table}[{number}]", lines.get(""), "Must be a table. It is not used.", "error")


def _lines(text: str, table: str) -> Iterator[dict[str, int]]:
    """Yield, for each ``[[table]]`` of the text, the lines of its keys; its own under the empty key."""
    current: dict[str, int] | None = None
    line, counted = 1, 0
    entry = f"{table}.{_ENTRY}"
    for statement in toml_edit.statements(text):
        line += text.count("\n", counted, statement.start)
        counted = statement.start
        if statement.header and statement.key == entry:
            if current is not None:
                yield current
            current = {"": line}
        elif current is not None:
            for prefix in (f"{entry}.", f"{table}."):
                if statement.key.startswith(prefix):
                    current.setdefault(statement.key.removeprefix(prefix).replace(f".{_ENTRY}", ""), line)
                    break
    if current is not None:
        yield current
