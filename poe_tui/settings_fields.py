"""Rows: what the settings screen, ``config explain`` and every message about a bad value know of a setting.

Built once from the settings model. A row knows its label, its words, its bounds and its default; ``parse`` and
``check`` say no in words that name the bound ("Must be 0 to 1."); ``show`` turns a value into what a person reads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from poe_tui import actions
from poe_tui.settings_model import Section, Settings

Kind = Literal["choice", "switch", "integer", "number", "text", "long", "pairs", "model", "theme"]

PAGES: Final[tuple[tuple[str, str, str], ...]] = (
    ("general", "General", "how the app starts, sends and ends"),
    ("account", "Account", "the server and the key"),
    ("defaults", "Model defaults", "for every new thread; a thread's own options win"),
    ("instructions", "Instructions & presets", "for every new thread; a thread's own instructions win"),
    ("search", "Web search", "what the server looks up for a model"),
    ("tools", "Tools & approvals", "what models may run here"),
    ("structured", "Structured output", "answers that keep to a schema"),
    ("appearance", "Appearance", "changes show at once"),
    ("keys", "Keys", "every action can have another key"),
    ("storage", "Storage & privacy", "what stays on this computer"),
    ("advanced", "Advanced", "the connection and the engine"),
)
"""The pages of the settings screen: id, label, the dim words beside the page's title. ``keys`` has no rows: it is
built from the table of actions."""

_ON = {"on", "true", "yes", "1"}
_OFF = {"off", "false", "no", "0"}


class BadValue(ValueError):
    """A value that a setting does not take; the text says in words what it takes."""


class UnknownSetting(KeyError):
    """There is no setting of that name. ``near`` holds names like it."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key
        self.near = near(key)

    def __str__(self) -> str:
        more = f" Did you mean {' or '.join(self.near)}?" if self.near else ""
        return f"There is no setting {self.key!r}.{more}"


@dataclass(slots=True, frozen=True)
class Row:
    """One setting."""

    key: str
    """``section.name``, as in ``config.toml``."""
    page: str
    group: str
    title: str
    help: str
    """A few words for the column beside the value."""
    description: str
    """One to three sentences for the pane at the bottom."""
    kind: Kind
    default: Any
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    api: str = ""
    """The request field it fills, as a path (``reasoning.effort``); empty for the app's own settings."""
    optional: bool = False
    """Whether ``None`` is a value: the field is then not sent."""
    unset: str = "not sent"
    """What ``None`` is called."""
    unit: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    """Choices that a person reads differently (``ctrl+j`` is ``^J``)."""

    @property
    def section(self) -> str:
        """The table of ``config.toml`` it lives in."""
        return self.key.partition(".")[0]

    @property
    def name(self) -> str:
        """Its name within the table."""
        return self.key.partition(".")[2]

    @property
    def type_words(self) -> str:
        """What kind of value it takes, in one or two words."""
        return {
            "choice": "one of",
            "switch": "on or off",
            "integer": "whole number",
            "number": "number",
            "pairs": "pairs of texts",
        }.get(self.kind, "text")

    @property
    def bounds_words(self) -> str:
        """Its bounds in words (``0 to 1``, ``low, medium, high``, ``1 or more``); empty where there are none."""
        if self.kind == "choice":
            return ", ".join(self.words.get(choice, choice) for choice in self.choices)
        low, high = self.minimum, self.maximum
        if low is None or high is None:
            return ""
        # A limit that only guards against slips of the finger is no news for a person.
        return f"{_number(low)} or more" if high >= 1_000_000 else f"{_number(low)} to {_number(high)}"

    @property
    def expectation(self) -> str:
        """The sentence for a value that does not fit."""
        if self.kind == "choice":
            return f"Must be {_list(self.choices)}."
        if self.kind == "switch":
            return "Must be on or off."
        if self.kind in ("integer", "number"):
            whole = "a whole number, " if self.kind == "integer" else ""
            return f"Must be {whole}{self.bounds_words}."
        return "Must be pairs of name and text." if self.kind == "pairs" else "Must be text."

    @property
    def facts(self) -> str:
        """The dim line of the bottom pane: API name, type, bounds and default."""
        kind = "" if self.kind == "choice" else self.type_words
        bounds = self.bounds_words + (f" {self.unit}" if self.unit and self.bounds_words else "")
        return " · ".join(filter(None, (self.api, kind, bounds, f"default: {show(self, self.default)}")))


@cache
def rows() -> tuple[Row, ...]:
    """Return every setting in the order of the screen."""
    found: list[Row] = []
    for section, section_field in Settings.model_fields.items():
        kind = section_field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            found += [_row(section, name, field) for name, field in kind.model_fields.items()]
    order = [page for page, _, _ in PAGES]
    return tuple(sorted(found, key=lambda row: order.index(row.page)))


@cache
def _by_key() -> dict[str, Row]:
    return {row.key: row for row in rows()}


def row(key: str) -> Row:
    """Return the row of ``section.name``.

    Raises:
        UnknownSetting: there is none.
    """
    try:
        return _by_key()[key]
    except KeyError:
        raise UnknownSetting(key) from None


def require(key: str) -> None:
    """Do nothing if ``key`` names a setting or the key of a known action (``keys.model.pick``).

    Raises:
        UnknownSetting: it names neither.
    """
    if key not in _names():
        raise UnknownSetting(key)


@cache
def _names() -> frozenset[str]:
    return frozenset(_by_key()) | {f"keys.{action.id}" for action in actions.ACTIONS}


def near(key: str) -> list[str]:
    """Return up to three names of settings like ``key``, the likeliest first."""
    # Imported here: needed for a mistake only.
    from difflib import get_close_matches

    name = key.rpartition(".")[2]
    same = [known for known in _by_key() if known.rpartition(".")[2] == name]
    likely = get_close_matches(key, sorted(_names()), 3, 0.6)
    return (same + [known for known in likely if known not in same])[:3]


def value_of(settings: Settings, key: str) -> Any:
    """Return the value of ``section.name`` or of ``keys.<action id>`` (``None`` when that action has its own key).

    Raises:
        UnknownSetting: there is no such setting.
    """
    require(key)
    section, _, name = key.partition(".")
    if section == "keys":
        return settings.keys.get(name)
    return getattr(getattr(settings, section), name)


def with_value(settings: Settings, key: str, value: Any) -> Settings:
    """Return settings in which ``key`` has ``value``, checked. ``None`` for a key binding takes it away.

    Raises:
        UnknownSetting, BadValue
    """
    require(key)
    section, _, name = key.partition(".")
    if section == "keys":
        bindings = {action: keys for action, keys in settings.keys.items() if action != name}
        if value is not None:
            bindings[name] = check_binding(value)
        return settings.model_copy(update={"keys": bindings})
    checked = check(row(key), value)
    part: Section = getattr(settings, section)
    return settings.model_copy(update={section: part.model_copy(update={name: checked})})


def changed(settings: Settings) -> list[str]:
    """Return the keys whose values differ from the default, bindings included."""
    own = [row.key for row in rows() if value_of(settings, row.key) != row.default]
    return own + [f"keys.{action}" for action in sorted(settings.keys)]


def check(row: Row, value: Any) -> Any:
    """Return ``value`` as the setting holds it (a URL in its normal form, an integer as a float where one belongs).

    Raises:
        BadValue: in words, with the bound.
    """
    section = _section(row.section)
    try:
        return getattr(section.model_validate({row.name: value}), row.name)
    except ValidationError as refused:
        # A validator of ours has said it in words already; pydantic's own texts are for programmers.
        own = [error["ctx"]["error"] for error in refused.errors() if error["type"] == "value_error"]
        raise BadValue(str(own[0]) if own else _expectation(row, value)) from None


def parse(row: Row, text: str) -> Any:
    """Return the value that a person typed; nothing, or the word for it, unsets an optional setting.

    Raises:
        BadValue: in words, with the bound.
    """
    typed = text if row.kind == "long" else text.strip()
    if row.optional and (not typed.strip() or typed.casefold() in {row.unset.casefold(), "unset"}):
        return None
    return check(row, _read(row, typed))


def show(row: Row, value: Any) -> str:
    """Return ``value`` in the words a person reads; text may still need ``sanitize.clean``."""
    if value is None:
        return row.unset
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, (int, float)):
        return _number(value)
    if isinstance(value, dict):
        return ", ".join(f"{name}={text}" for name, text in value.items()) or "none"
    return row.words.get(value, str(value))


def check_binding(keys: Any) -> str:
    """Return the keys of a binding in Textual's spelling: ``ctrl+o,f5``, also for ``^O, F5``. A single letter stays.

    Raises:
        BadValue: it is not such a text.
    """
    text = ",".join(keys) if isinstance(keys, list) and all(isinstance(key, str) for key in keys) else keys
    if isinstance(text, str):
        parts = [part.strip() for part in text.split(",")]
        if len(text) <= 200 and all(part and part.isprintable() and " " not in part for part in parts):
            return ",".join(_key(part) for part in parts)
    raise BadValue('Must be a key such as "ctrl+o", or several with commas between them.')


def _key(part: str) -> str:
    if len(part) == 2 and part[0] == "^":
        return f"ctrl+{part[1].lower()}"
    return part if len(part) == 1 else part.lower()


def _read(row: Row, typed: str) -> Any:
    if row.kind == "switch":
        word = typed.casefold()
        return True if word in _ON else False if word in _OFF else typed
    if row.kind in ("integer", "number"):
        return _read_number(row, typed)
    if row.kind == "pairs":
        return _read_pairs(typed)
    if row.kind == "choice":
        shown = {text.casefold(): choice for choice, text in row.words.items()}
        return shown.get(typed.casefold(), typed.casefold())
    return typed


def _read_number(row: Row, typed: str) -> Any:
    bare = typed.replace("\u202f", "").replace("\u00a0", "").replace(" ", "").replace("_", "")
    if not bare.isascii() or len(bare) > 40:
        return typed
    try:
        return int(bare) if row.kind == "integer" else float(bare)
    except ValueError:
        return typed


def _read_pairs(typed: str) -> Any:
    pairs: dict[str, str] = {}
    for line in typed.replace(",", "\n").split("\n") if "\n" not in typed else typed.split("\n"):
        if not line.strip():
            continue
        name, separator, text = line.partition("=")
        if not separator:
            return typed
        pairs[name.strip()] = text.strip()
    return pairs


def _expectation(row: Row, value: Any) -> str:
    if row.kind in ("text", "model", "theme", "long") and isinstance(value, str):
        return "Is too long."
    return row.expectation


def _section(name: str) -> type[Section]:
    kind = Settings.model_fields[name].annotation
    assert isinstance(kind, type) and issubclass(kind, Section)
    return kind


def _row(section: str, name: str, info: FieldInfo) -> Row:
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    inner, optional, metadata = _unwrap(info.annotation, list(info.metadata))
    words = extra.get("words")
    return Row(
        key=f"{section}.{name}",
        page=str(extra["page"]),
        group=str(extra["group"]),
        title=info.title or name,
        help=str(extra["help"]),
        description=info.description or "",
        kind=_kind(inner, extra.get("kind")),
        default=info.default,
        choices=tuple(get_args(inner)) if get_origin(inner) is Literal else (),
        minimum=next((float(str(rule.ge)) for rule in metadata if isinstance(rule, Ge)), None),
        maximum=next((float(str(rule.le)) for rule in metadata if isinstance(rule, Le)), None),
        api=str(extra.get("api", "")),
        optional=optional,
        unset=str(extra.get("unset", "not sent")),
        unit=str(extra.get("unit", "")),
        words={str(choice): str(text) for choice, text in words.items()} if isinstance(words, dict) else {},
    )


def _unwrap(annotation: Any, metadata: list[Any]) -> tuple[Any, bool, list[Any]]:
    """Take ``Annotated`` and ``| None`` off a type; return the bare type, whether None is one, and the rules met."""
    optional = False
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation, *rules = get_args(annotation)
            metadata += [part for rule in rules for part in getattr(rule, "metadata", [rule])]
        elif origin in (Union, UnionType):
            optional = True
            (annotation,) = (part for part in get_args(annotation) if part is not NoneType)
        else:
            return annotation, optional, metadata


def _kind(inner: Any, wanted: object) -> Kind:
    if wanted == "model":
        return "model"
    if wanted == "theme":
        return "theme"
    if wanted == "long":
        return "long"
    if get_origin(inner) is Literal:
        return "choice"
    if get_origin(inner) is dict:
        return "pairs"
    kinds: dict[Any, Kind] = {bool: "switch", int: "integer", float: "number"}
    return kinds.get(inner, "text")


def _number(value: float) -> str:
    return str(int(value)) if math.isfinite(value) and value == int(value) else f"{value:g}"


def _list(words: tuple[str, ...]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
