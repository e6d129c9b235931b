"""The request fields of the Responses API and their bounds: one table for settings, threads, ``ask`` and the engine.

The names and bounds are the vendor's (*Detailed API Support*), the efforts those that models were seen to declare
(observed on Poe). A field that is not in the table passes: servers and single models have fields of their own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
Summary = Literal["auto", "concise", "detailed"]
Verbosity = Literal["low", "medium", "high"]
Truncation = Literal["auto", "disabled"]
ServiceTier = Literal["auto", "default", "flex", "priority"]

EFFORTS: Final[tuple[str, ...]] = get_args(Effort)
DOCUMENTED_EFFORTS: Final = ("low", "medium", "high")
"""What is offered for a model that declares nothing."""
FORMATS: Final = ("text", "json_object", "json_schema")
TOOL_CHOICES: Final = ("auto", "required", "none")
TEMPERATURE: Final = (0, 2)
TOP_P: Final = (0, 1)
TOP_LOGPROBS: Final = (0, 20)
MAX_OUTPUT_TOKENS: Final = (1, 10_000_000)
"""The upper bound only guards against slips of the finger."""
METADATA_PAIRS: Final = 16
METADATA_NAME: Final = 64
METADATA_TEXT: Final = 512
LONGEST_INSTRUCTIONS: Final = 1_000_000

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(slots=True, frozen=True)
class FieldProblem:
    """A value that a field does not take."""

    field: str
    """The field as a path: ``reasoning.effort``."""
    message: str
    """A sentence that names the bound: ``Must be 0 to 2.``"""

    @property
    def words(self) -> str:
        """The problem on one line: ``temperature: must be 0 to 2.``"""
        return f"{self.field}: {self.message[:1].lower()}{self.message[1:]}"


def check_fields(fields: Mapping[str, Any], *, efforts: Sequence[str] | None = ()) -> list[FieldProblem]:
    """Return what is wrong with request fields; ``None`` unsets a field and is never wrong.

    Args:
        fields: by their API names, nested as on the wire.
        efforts: the reasoning efforts that the model declares, taken besides the known ones; ``None`` when the model
            is not known yet, so that any word may be one.
    """
    found: list[FieldProblem] = []
    for name, value in fields.items():
        if value is None:
            continue
        if name == "reasoning":
            found += _reasoning(value, efforts)
        elif name in _CHECKS:
            found += _CHECKS[name](name, value)
    return found


def is_text(name: str) -> bool:
    """Whether a field's value is a text, so that a number typed for it is one, too."""
    return name in ("instructions", "previous_response_id", "truncation", "service_tier")


def near(name: str) -> str:
    """Return the field that ``name``, which is in no table, may have been meant for; empty when there is none."""
    if name in NAMES:
        return ""
    # Imported here: needed for a mistake only.
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, NAMES, 1, 0.75)), "")


def metadata_words(pairs: Mapping[Any, Any]) -> str:
    """Return what is wrong with metadata, in a sentence; empty when nothing is."""
    wrong = len(pairs) > METADATA_PAIRS or any(
        not isinstance(name, str) or not isinstance(text, str) or not 1 <= len(name) <= METADATA_NAME
        or len(text) > METADATA_TEXT
        for name, text in pairs.items()
    )  # fmt: skip
    if not wrong:
        return ""
    return (
        f"Must be at most {METADATA_PAIRS} pairs; names up to {METADATA_NAME} characters, texts up to {METADATA_TEXT}."
    )


def is_tool_name(word: str) -> bool:
    """Whether a word can name a function tool."""
    return _NAME.fullmatch(word) is not None


def named_tool(word: str) -> str | dict[str, str]:
    """Return ``tool_choice`` as it is sent for a word that a person wrote: one of the three, or a tool's name."""
    return word if word in TOOL_CHOICES else {"type": "function", "name": word}


# --- checks -----------------------------------------------------------------------------------------------------------
Problems = Iterator[FieldProblem]


def either(words: Sequence[str]) -> str:
    """``a, b or c``."""
    return " or ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _number(low: float, high: float) -> Callable[[str, Any], Problems]:
    def check(name: str, value: Any) -> Problems:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or not low <= value <= high:
            yield FieldProblem(name, f"Must be {low} to {high}.")

    return check


def _whole(low: int, high: int) -> Callable[[str, Any], Problems]:
    bounds = f"{low} or more" if high >= 1_000_000 else f"{low} to {high}"

    def check(name: str, value: Any) -> Problems:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            yield FieldProblem(name, f"Must be a whole number, {bounds}.")

    return check


def _word(*words: str) -> Callable[[str, Any], Problems]:
    def check(name: str, value: Any) -> Problems:
        if not isinstance(value, str) or value not in words:
            yield FieldProblem(name, f"Must be {either(words)}.")

    return check


def _switch(name: str, value: Any) -> Problems:
    if not isinstance(value, bool):
        yield FieldProblem(name, "Must be true or false.")


def _instructions(name: str, value: Any) -> Problems:
    if not isinstance(value, str):
        yield FieldProblem(name, "Must be text.")
    elif len(value) > LONGEST_INSTRUCTIONS:
        yield FieldProblem(name, f"Must be at most {LONGEST_INSTRUCTIONS} characters.")


def _id(name: str, value: Any) -> Problems:
    if not isinstance(value, str) or not value.strip():
        yield FieldProblem(name, "Must be the id of a response.")


def _include(name: str, value: Any) -> Problems:
    if not isinstance(value, list | tuple) or not all(isinstance(entry, str) and entry for entry in value):
        yield FieldProblem(name, "Must be a list of names.")


def _metadata(name: str, value: Any) -> Problems:
    if not isinstance(value, Mapping):
        yield FieldProblem(name, "Must be pairs of name and text.")
    elif words := metadata_words(value):
        yield FieldProblem(name, words)


def _reasoning(value: Any, efforts: Sequence[str] | None) -> Problems:
    if not isinstance(value, Mapping):
        yield FieldProblem("reasoning", "Must be an object with effort and summary.")
        return
    effort, summary = value.get("effort"), value.get("summary")
    if effort is not None and (
        not isinstance(effort, str) or not effort or (efforts is not None and effort not in (*EFFORTS, *efforts))
    ):
        yield FieldProblem("reasoning.effort", f"Must be {either(tuple(efforts or ()) or EFFORTS)}.")
    if summary is not None:
        yield from _word(*get_args(Summary))("reasoning.summary", summary)


def _text(name: str, value: Any) -> Problems:
    if not isinstance(value, Mapping):
        yield FieldProblem(name, "Must be an object with format and verbosity.")
        return
    if value.get("verbosity") is not None:
        yield from _word(*get_args(Verbosity))("text.verbosity", value["verbosity"])
    wanted = value.get("format")
    if wanted is None:
        return
    kind = wanted.get("type") if isinstance(wanted, Mapping) else None
    if not isinstance(wanted, Mapping) or kind not in FORMATS:
        yield FieldProblem("text.format", f"Must be an object whose type is {either(FORMATS)}.")
    elif kind == "json_schema":
        if not isinstance(wanted.get("name"), str) or not _NAME.fullmatch(wanted["name"]):
            yield FieldProblem("text.format.name", "Must be at most 64 letters, digits, _ and -.")
        if not isinstance(wanted.get("schema"), Mapping):
            yield FieldProblem("text.format.schema", "Must be a JSON Schema.")


def _tools(name: str, value: Any) -> Problems:
    if not isinstance(value, list | tuple):
        yield FieldProblem(name, "Must be a list of tools.")
        return
    for place, tool in enumerate(value):
        where = f"tools.{place}"
        if not isinstance(tool, Mapping) or not isinstance(tool.get("type"), str) or not tool["type"]:
            yield FieldProblem(where, "Must be an object with a type.")
        elif tool["type"] == "function":
            inner = tool.get("function")
            called = (inner if isinstance(inner, Mapping) else tool).get("name")
            if not isinstance(called, str) or not _NAME.fullmatch(called):
                yield FieldProblem(f"{where}.name", "Must be at most 64 letters, digits, _ and -.")


def _tool_choice(name: str, value: Any) -> Problems:
    named = isinstance(value, Mapping) and isinstance(value.get("type"), str) and value["type"]
    if named and value["type"] == "function":
        inner = value.get("function")
        named = isinstance((inner if isinstance(inner, Mapping) else value).get("name"), str)
    if not named and not (isinstance(value, str) and value in TOOL_CHOICES):
        yield FieldProblem(name, f'Must be {", ".join(TOOL_CHOICES)} or {{"type":"function","name":"…"}}.')


_CHECKS: Final[dict[str, Callable[[str, Any], Problems]]] = {
    "instructions": _instructions,
    "text": _text,
    "tools": _tools,
    "tool_choice": _tool_choice,
    "parallel_tool_calls": _switch,
    "max_output_tokens": _whole(*MAX_OUTPUT_TOKENS),
    "temperature": _number(*TEMPERATURE),
    "top_p": _number(*TOP_P),
    "truncation": _word(*get_args(Truncation)),
    "previous_response_id": _id,
    "include": _include,
    "metadata": _metadata,
    "store": _switch,
    "service_tier": _word(*get_args(ServiceTier)),
    "top_logprobs": _whole(*TOP_LOGPROBS),
    "stream": _switch,
}
NAMES: Final = ("model", "input", "reasoning", *_CHECKS)
"""Every documented field."""
