"""Answers that keep to a schema: where the schema comes from, how it is sent, and whether the answer obeys.

A schema is a JSON Schema (a file, a paste, a preset of ``config.toml``) or the shorthand of ``poe_tui.shorthand``. It
is sent as ``text.format``; a thread keeps it among its request fields (``options["text"]["format"]``). Servers differ
in how far they hold a model to it, so that every answer is checked here.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from poe_tui import json_check, shorthand
from poe_tui.json_check import Violation
from poe_tui.model import Turn
from poe_tui.private_files import FileRefused, read_regular
from poe_tui.tool_config import LONGEST_NAME, SchemaPreset, mapped_name

Strictness = Literal["auto", "on", "off"]

LARGEST: Final = 1_000_000
"""Bytes of a schema file."""
DEFAULT_NAME: Final = "answer"

_STRICT_WORDS: Final = frozenset(
    {
        *("type", "properties", "required", "additionalProperties", "items", "enum", "const", "anyOf"),
        *("$ref", "$defs", "definitions", "description", "title", "format", "pattern"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems", "maxItems"),
    }
)
"""What a schema may say where a server holds models to it exactly (OpenAI's list for structured outputs)."""
_MAPS: Final = ("properties", "$defs", "definitions")
_LISTS: Final = ("anyOf", "allOf", "oneOf", "prefixItems")
_PARTS: Final = ("items", "additionalProperties", "not", "if", "then", "else", "contains")
_FENCE: Final = re.compile(r"^```[a-zA-Z]*[ \t]*\n(.*?)\n```[ \t]*$", re.DOTALL | re.MULTILINE)


class SchemaRefused(ValueError):
    """A schema that cannot be used; the text is a sentence."""


@dataclass(slots=True, frozen=True)
class AnswerSchema:
    """A schema for answers."""

    schema: Mapping[str, Any]
    name: str = DEFAULT_NAME
    """As it is sent: letters, digits, _ and -."""
    strict: bool | None = None
    """``None``: as the settings say."""

    def format(self, strictness: Strictness = "auto") -> dict[str, Any]:
        """Return ``text.format``. Where the schema is made strict, the answer is held to what is sent."""
        wanted = strictness if self.strict is None else "on" if self.strict else "off"
        schema = make_strict(self.schema) if wanted == "on" else copy.deepcopy(dict(self.schema))
        strict = wanted == "on" or (wanted == "auto" and is_strict(schema))
        return {"type": "json_schema", "name": self.name, "schema": schema, "strict": strict}


# --- where it comes from --------------------------------------------------------------------------------------------
def from_text(text: str, name: str = "") -> AnswerSchema:
    """Return the schema that a text holds: JSON Schema, or the whole ``text.format`` as JSON, or the shorthand.

    Raises:
        SchemaRefused
    """
    if not text.strip().startswith("{") or not _is_json(text):
        try:
            return AnswerSchema(shorthand.parse(text), _name(name))
        except shorthand.BadShorthand as refused:
            raise SchemaRefused(_not_json(text) or str(refused)) from None
    found = json.loads(text)
    strict = None
    inner = found.get("json_schema", found) if found.get("type") == "json_schema" or "json_schema" in found else found
    if isinstance(inner, dict) and isinstance(inner.get("schema"), dict) and "properties" not in inner:
        name = name or str(inner.get("name") or "")
        strict = inner["strict"] if isinstance(inner.get("strict"), bool) else None
        found = inner["schema"]
    try:
        json_check.check_schema(found)
    except json_check.BadSchema as refused:
        raise SchemaRefused(f"That is not a JSON Schema: {refused}.") from None
    title = found.get("title")
    return AnswerSchema(found, _name(name or (title if isinstance(title, str) else "")), strict)


def from_file(path: Path) -> AnswerSchema:
    """Return the schema of a file, named after it.

    Raises:
        SchemaRefused
    """
    try:
        text = read_regular(path, LARGEST).decode("utf-8-sig")
    except FileRefused as refused:
        raise SchemaRefused(f"{path} {refused.reason}.") from None
    except UnicodeDecodeError:
        raise SchemaRefused(f"{path} is not text.") from None
    except (OSError, ValueError) as refused:
        raise SchemaRefused(f"{path}: {getattr(refused, 'strerror', None) or 'cannot be read'}.") from None
    return from_text(text, path.stem)


def from_preset(preset: SchemaPreset) -> AnswerSchema:
    """Return the schema of a preset.

    Raises:
        SchemaRefused: its file cannot be used.
    """
    if preset.schema is not None:
        return AnswerSchema(preset.schema, preset.name, preset.strict)
    found = from_file(preset.file) if preset.file is not None else from_text(preset.shorthand)
    return AnswerSchema(found.schema, preset.name, found.strict if preset.strict is None else preset.strict)


def from_words(words: str, presets: tuple[SchemaPreset, ...] = ()) -> AnswerSchema:
    """Return the schema that a person names on the command line: a preset, a file, or the schema itself.

    Raises:
        SchemaRefused
    """
    for preset in presets:
        if preset.name == words.strip():
            return from_preset(preset)
    bare = not re.search(r"[\s,{\[]", words.strip())
    if words.strip().endswith(".json") or (bare and re.search(r"[./]", words)) or _is_file(words):
        return from_file(Path(words))
    if bare:
        known = ", ".join(preset.name for preset in presets) or "none yet"
        raise SchemaRefused(
            f"There is no file {words[:60]!r} and no preset of that name; the presets are: {known}. "
            "A shorthand of one field is written {name}."
        )
    return from_text(words)


def _is_file(words: str) -> bool:
    try:
        return Path(words).exists()
    except (OSError, ValueError):
        return False


def _name(given: str) -> str:
    return mapped_name(given)[:LONGEST_NAME] or DEFAULT_NAME


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _not_json(text: str) -> str:
    """Return what is wrong with a text that was meant to be JSON; empty when it was not."""
    if '"' not in text or not text.strip().startswith("{"):
        return ""
    try:
        json.loads(text)
    except RecursionError:
        return "That is nested too deeply."
    except ValueError as refused:
        return f"That is not JSON: {refused}."
    return ""


def with_schema(
    options: Mapping[str, Any], wanted: AnswerSchema | None, strictness: Strictness = "auto"
) -> dict[str, Any]:
    """Return a thread's options in which its answers keep to a schema, or (``None``) are free again."""
    text = options.get("text")
    kept = {name: value for name, value in text.items() if name != "format"} if isinstance(text, Mapping) else {}
    if wanted is not None:
        kept["format"] = wanted.format(strictness)
    rest = {name: value for name, value in options.items() if name != "text"}
    return {**rest, "text": kept} if kept else rest


# --- strict ---------------------------------------------------------------------------------------------------------
def is_strict(schema: Any) -> bool:
    """Whether a server can hold a model to a schema exactly: everything required, nothing else allowed."""
    try:
        return isinstance(schema, Mapping) and schema.get("type") == "object" and _is_strict(schema)
    except RecursionError:
        return False


def _is_strict(schema: Any) -> bool:
    if not isinstance(schema, Mapping) or not set(schema) <= _STRICT_WORDS:
        return False
    if not schema.keys() & {"type", "enum", "const", "anyOf", "$ref"}:
        return False
    if "properties" in schema or "object" in _types(schema):
        names = schema.get("properties") or {}
        if schema.get("additionalProperties") is not False or set(schema.get("required") or ()) != set(names):
            return False
    if "array" in _types(schema) and "items" not in schema:
        return False
    maps = [part for key in _MAPS for part in (schema.get(key) or {}).values()]
    lists = [part for key in ("anyOf",) for part in schema.get(key) or ()]
    items = [schema["items"]] if "items" in schema else []
    return all(_is_strict(part) for part in (*maps, *lists, *items))


def make_strict(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema in which everything is required and nothing else allowed; what was optional may be null.

    Raises:
        SchemaRefused: it is nested too deeply.
    """
    try:
        return dict(_strict(schema))
    except RecursionError:
        raise SchemaRefused("The schema is nested too deeply.") from None


def _strict(schema: Any) -> Any:
    if not isinstance(schema, Mapping):
        return schema
    made = {key: copy.deepcopy(value) for key, value in schema.items() if key not in (*_MAPS, *_LISTS, *_PARTS)}
    for key in _MAPS:
        if isinstance(schema.get(key), Mapping):
            made[key] = {name: _strict(part) for name, part in schema[key].items()}
    for key in _LISTS:
        if isinstance(schema.get(key), list):
            made[key] = [_strict(part) for part in schema[key]]
    for key in _PARTS:
        if key in schema:
            made[key] = _strict(schema[key])
    if "properties" in made or "object" in _types(made):
        required = schema.get("required") or ()
        properties = made.get("properties") or {}
        made["properties"] = {name: part if name in required else _nullable(part) for name, part in properties.items()}
        made["required"] = list(properties)
        made["additionalProperties"] = False
    return made


def _nullable(schema: Any) -> Any:
    if not isinstance(schema, dict) or "null" in _types(schema):
        return schema
    kinds = _types(schema)
    if not kinds or "const" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    made = {**schema, "type": [*kinds, "null"]}
    if isinstance(schema.get("enum"), list):
        made["enum"] = [*schema["enum"], None]
    return made


def _types(schema: Mapping[str, Any]) -> list[str]:
    kinds = schema.get("type")
    return [kinds] if isinstance(kinds, str) else list(kinds) if isinstance(kinds, list) else []


# --- the answer -----------------------------------------------------------------------------------------------------
@dataclass(slots=True, frozen=True)
class Checked:
    """An answer held against its schema."""

    text: str = ""
    """The JSON of the answer, as the model wrote it; empty when it is none."""
    value: Any = None
    violations: tuple[Violation, ...] = ()

    @property
    def is_valid(self) -> bool:
        """Whether it is JSON and fits."""
        return bool(self.text) and not self.violations


def format_of(turn: Turn) -> dict[str, Any] | None:
    """Return the ``text.format`` a turn was asked with, if that was a schema or JSON at all."""
    text = turn.options.get("text")
    found = text.get("format") if isinstance(text, dict) else None
    return found if isinstance(found, dict) and found.get("type") in ("json_schema", "json_object") else None


def check_turn(turn: Turn) -> Checked | None:
    """Hold a turn's answer against the schema it was asked with; ``None`` when it was asked with none."""
    wanted = format_of(turn)
    if wanted is None:
        return None
    return check(turn.output_text, wanted.get("schema") or {})


def check(answer: str, schema: Any) -> Checked:
    """Hold an answer against a schema. Models that are not held to one wrap their JSON in a code block: that counts."""
    text, value, problem = _json_of(answer)
    if problem:
        return Checked(violations=(Violation("$", problem),))
    try:
        return Checked(text, value, tuple(json_check.violations(schema, value)))
    except json_check.BadSchema as refused:
        return Checked(text, value, (Violation("$", f"the schema cannot be used: {refused}"),))


def _json_of(answer: str) -> tuple[str, Any, str]:
    """Return the JSON of an answer, its value, and what is wrong when it is none."""
    text = answer.strip()
    if not text:
        return "", None, "the answer is empty"
    blocks = _FENCE.findall(text)
    problem = ""
    for candidate in (text, *blocks[:1]) if len(blocks) == 1 else (text,):
        try:
            return candidate.strip(), json.loads(candidate, parse_constant=_no_constant), ""
        except RecursionError:
            problem = problem or "the answer is nested too deeply"
        except ValueError as refused:
            problem = problem or f"the answer is not JSON: {refused}"
    return "", None, problem


def _no_constant(word: str) -> float:
    raise ValueError(f"{word} is not a number in JSON")
