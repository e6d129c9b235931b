"""``[[tools]]`` and ``[[schemas]]`` of ``config.toml`` as values; each mistake named with its line, none of them fatal.

A tool is a command, a person (``manual = true``), or one of the shipped ones by its name::

    [[tools]]
    name = "get_weather"
    description = "Current weather for a city"
    command = ["weather", "--json"]
    [tools.parameters]
    properties.city = { type = "string" }
    required = ["city"]
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from poe_tui import json_check, shorthand
from poe_tui.array_tables import Entry, Report, Unusable, entries

Approval = Literal["ask", "always", "never"]

SHIPPED: Final = ("current_time", "calculator", "read_file", "fetch_url")
"""The tools that need no declaration; off until a setting, an entry, a thread or ``--tool`` names them."""
TIMEOUT: Final = 30.0
OUTPUT_LIMIT: Final = 50_000
"""Bytes of a tool's output that the model is given: about 12 000 tokens."""
LONGEST_NAME: Final = 64
APPROVALS: Final[tuple[Approval, ...]] = ("ask", "always", "never")

_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")
_NOT_IN_A_NAME: Final = re.compile(r"[^a-zA-Z0-9_-]")
_TOOL_KEYS: Final = (
    "name", "description", "parameters", "strict", "command", "manual", "timeout", "approval", "directory",
    "output_limit", "enabled",
)  # fmt: skip
_SCHEMA_KEYS: Final = ("name", "schema", "shorthand", "file", "strict")


@dataclass(slots=True, frozen=True)
class ToolConfig:
    """A declared tool. Exactly one of ``command``, ``manual`` and a shipped name says what runs."""

    name: str
    """``[a-zA-Z0-9_-]{1,64}``: as it is sent."""
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """JSON Schema of the arguments, always of an object."""
    command: tuple[str, ...] = ()
    """argv; there is no shell."""
    manual: bool = False
    timeout: float = TIMEOUT
    """Seconds."""
    approval: Approval | None = None
    """``None``: as the settings say."""
    directory: Path | None = None
    """Where it runs; ``None`` is where poe-tui was started."""
    output_limit: int = OUTPUT_LIMIT
    """Bytes."""
    enabled: bool = True
    """Whether every thread offers it; otherwise only those that name it."""
    strict: bool | None = None
    """Sent as it is; ``None`` is what every model was seen to take (observed on Poe)."""

    @property
    def shipped(self) -> bool:
        """Whether it is one of ours."""
        return not self.command and not self.manual


@dataclass(slots=True, frozen=True)
class SchemaPreset:
    """A named schema for answers: one of its three sources is set."""

    name: str
    schema: Mapping[str, Any] | None = None
    shorthand: str = ""
    file: Path | None = None
    """Read when it is used."""
    strict: bool | None = None
    """``None``: as the settings say."""


def mapped_name(name: str) -> str:
    """Return a tool's name as servers take it: other characters become ``_`` (observed on Poe)."""
    return _NOT_IN_A_NAME.sub("_", name.strip())


def read_tools(text: str, value: Any, report: Report) -> tuple[ToolConfig, ...]:
    """Return the usable tools of a document.

    Args:
        text: the file, for the lines of problems.
        value: what the document has as ``tools``.
        report: takes the problems.
    """
    found: dict[str, ToolConfig] = {}
    for entry in entries(text, "tools", value, report):
        entry.values = _flat(entry)
        name = _name(entry, found)
        if name:
            tool = _tool(entry, name)
            if tool is not None:
                found[name] = tool
        entry.used |= {"type"}
        entry.report_unknown(_TOOL_KEYS)
    return tuple(found.values())


def read_schemas(text: str, value: Any, report: Report) -> tuple[SchemaPreset, ...]:
    """Return the usable presets of a document; otherwise as ``read_tools``."""
    found: dict[str, SchemaPreset] = {}
    for entry in entries(text, "schemas", value, report):
        name = _name(entry, found)
        if name:
            preset = _preset(entry, name)
            if preset is not None:
                found[name] = preset
        entry.report_unknown(_SCHEMA_KEYS)
    return tuple(found.values())


def _flat(entry: Entry) -> Mapping[str, Any]:
    """Return the entry with what stands in ``function`` (the chat shape) beside the rest."""
    function = entry.values.get("function")
    if not isinstance(function, dict):
        return entry.values
    entry.lines = {key.removeprefix("function."): line for key, line in entry.lines.items()}
    return {**{key: value for key, value in entry.values.items() if key != "function"}, **function}


def _name(entry: Entry, taken: Mapping[str, Any]) -> str:
    """Return the entry's name, empty when it has none that can be used."""
    given = entry.get("name")
    if not isinstance(given, str) or not given.strip():
        entry.used |= set(entry.values)
        entry.problem("name", "Must be text. Without a name it is not used.")
        return ""
    name = mapped_name(given)
    if not _NAME.match(name):
        entry.used |= set(entry.values)
        entry.problem("name", f"Must be at most {LONGEST_NAME} letters, digits, _ and -. It is not used.")
        return ""
    entry.name = name
    if name in taken:
        entry.used |= set(entry.values)
        entry.problem("name", "There is one of that name already. The first one is used.")
        return ""
    if name != given:
        entry.problem("name", f"Servers take letters, digits, _ and - only: it is called {name}.", "warning")
    return name


def _tool(entry: Entry, name: str) -> ToolConfig | None:
    values: dict[str, Any] = {}
    bad = False
    readers: dict[str, Callable[[], Any]] = {
        "description": lambda: entry.text("description"),
        "parameters": lambda: _parameters(entry),
        "command": lambda: _command(entry),
        "manual": lambda: entry.switch("manual", False),
        "timeout": lambda: float(entry.number_in("timeout", TIMEOUT, 0.1, 3600)),
        "approval": lambda: entry.word("approval", None, APPROVALS),
        "directory": lambda: entry.folder("directory"),
        "output_limit": lambda: int(entry.number_in("output_limit", OUTPUT_LIMIT, 1, 10_000_000)),
        "enabled": lambda: entry.switch("enabled", True),
        "strict": lambda: entry.switch("strict", False) if entry.get("strict") is not None else None,
    }
    for key, read in readers.items():
        try:
            values[key] = read()
        except Unusable as refused:
            # A tool that does something other than its owner wrote is worse than none.
            entry.problem(key, f"{refused} The tool is not used.")
            bad = True
    if bad:
        return None
    ways = bool(values["command"]) + values["manual"]
    if ways > 1:
        entry.problem("manual", "A tool has a command or is manual, not both. It is not used.")
        return None
    if not ways and name not in SHIPPED:
        entry.problem("", f"Needs a command, or manual = true; shipped tools are {', '.join(SHIPPED)}. It is not used.")
        return None
    if not ways and values["parameters"] is not None:
        entry.problem("parameters", "A shipped tool has parameters of its own; these are not used.", "warning")
    if ways and name in SHIPPED:
        entry.problem("name", "There is a shipped tool of that name; this one stands in its place.", "warning")
    values["parameters"] = values["parameters"] or {"type": "object", "properties": {}}
    return ToolConfig(name, **values)


def _command(entry: Entry) -> tuple[str, ...]:
    given = entry.get("command")
    if given is None:
        return ()
    words = given if isinstance(given, list) else []
    if not words or not all(isinstance(word, str) and "\0" not in word for word in words) or not words[0].strip():
        raise Unusable('Must be a list of words such as ["weather", "--json"]; there is no shell.')
    return (str(Path(words[0]).expanduser()) if words[0].startswith("~/") else words[0], *words[1:])


def _parameters(entry: Entry) -> dict[str, Any] | None:
    """Return the parameters' schema, checked. ``type`` may be missing, and the whole may be a text of JSON."""
    given = _table(entry, "parameters")
    if given is None:
        return None
    if given.get("type", "object") != "object":
        raise Unusable('Must be the schema of an object: type = "object".')
    return {"type": "object", **({} if "properties" in given else {"properties": {}}), **given}


def _table(entry: Entry, key: str) -> dict[str, Any] | None:
    """Return a JSON Schema given as a table or as a text of JSON."""
    given = entry.get(key)
    if given is None:
        return None
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            raise Unusable("Must be a table, or a text of JSON.") from None
    if not isinstance(given, dict):
        raise Unusable("Must be a JSON Schema: a table, or a text of JSON.")
    try:
        given = json.loads(json.dumps(given, allow_nan=False))
        json_check.check_schema(given)
    except (TypeError, ValueError, RecursionError) as refused:
        reason = str(refused) if isinstance(refused, json_check.BadSchema) else "it holds what JSON has no word for"
        raise Unusable(f"Is not a JSON Schema: {reason}.") from None
    return dict(given)


def _preset(entry: Entry, name: str) -> SchemaPreset | None:
    try:
        key = "schema"
        schema = _table(entry, key)
        key = "shorthand"
        short = entry.text(key, longest=shorthand.LONGEST)
        if short.strip():
            shorthand.parse(short)
        key = "file"
        file = entry.folder(key)
        key = "strict"
        strict = entry.switch(key, False) if entry.get(key) is not None else None
    except (Unusable, shorthand.BadShorthand) as refused:
        entry.problem(key, f"{refused} The schema is not used.")
        return None
    if sum((schema is not None, bool(short.strip()), file is not None)) != 1:
        entry.problem("", "Needs one of schema, shorthand and file. It is not used.")
        return None
    return SchemaPreset(name, schema, short, file, strict)
