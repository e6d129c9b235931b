"""Does a value fit a JSON Schema? The ``jsonschema`` library's answer, in words and with paths.

Nothing is ever fetched: a ``$ref`` that leads out of the schema (but to a published metaschema) makes the schema
unusable. The library takes 30 ms to import, so that it is imported at the first check only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, Final

MOST: Final = 20
"""Violations that are told; a long list of broken rows says no more than its beginning."""
_LONGEST_VALUE: Final = 60


@dataclass(slots=True, frozen=True)
class Violation:
    """One place where a value does not fit. Both texts may hold whatever the value holds: clean before showing."""

    path: str
    """From the root: ``$.people[0].age``."""
    message: str
    """What is wrong there, in a few words without a full stop."""
    parts: tuple[str | int, ...] = ()
    """The same path step by step, for those who draw the value."""

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class BadSchema(ValueError):
    """The schema itself cannot be used; the text is a sentence without a full stop."""


def violations(schema: Any, value: Any, limit: int = MOST) -> list[Violation]:
    """Return where ``value`` does not fit ``schema``, at most ``limit`` places, in the order of the value.

    Raises:
        BadSchema: the schema cannot be used.
    """
    from jsonschema.exceptions import SchemaError, ValidationError
    from referencing.exceptions import Unresolvable

    check_schema(schema)
    try:
        errors: list[ValidationError] = list(islice(_validator(schema).iter_errors(value), limit))
    except Unresolvable as refused:
        raise BadSchema(f"it refers to {str(getattr(refused, 'ref', ''))[:200]!r}, which is not in it") from None
    except RecursionError:
        raise BadSchema("it is nested too deeply, or it never comes to an end") from None
    except (SchemaError, TypeError, ValueError, AttributeError, KeyError, OverflowError) as refused:
        raise BadSchema(f"it cannot be applied ({type(refused).__name__})") from None
    ordered = sorted(errors, key=lambda error: _place(error.absolute_path))
    return [Violation(error.json_path, _words(error), tuple(error.absolute_path)) for error in ordered]


def check_schema(schema: Any) -> None:
    """Do nothing if ``schema`` is a JSON Schema.

    Raises:
        BadSchema: it is not; the text names the place.
    """
    from jsonschema.exceptions import SchemaError

    if not isinstance(schema, Mapping):
        raise BadSchema("it must be an object")
    try:
        _validator_class(schema).check_schema(schema)
    except SchemaError as refused:
        path = "".join(f".{part}" if isinstance(part, str) else f"[{part}]" for part in refused.path)
        raise BadSchema(f"{path.lstrip('.') or 'it'}: {refused.message[:200]}") from None
    except RecursionError:
        raise BadSchema("it is nested too deeply") from None
    except Exception as refused:  # A hostile schema meets regular expressions and URLs of the library's own.
        raise BadSchema(f"it cannot be read ({type(refused).__name__})") from None


@cache
def _registry() -> Any:
    from jsonschema_specifications import REGISTRY

    return REGISTRY


def _validator_class(schema: Any) -> Any:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import validator_for

    return validator_for(schema, default=Draft202012Validator)


def _validator(schema: Any) -> Any:
    # The library's own registry would fetch what a $ref names; this one knows the metaschemas and nothing else.
    return _validator_class(schema)(schema, registry=_registry())


def _place(path: Any) -> tuple[tuple[int, Any], ...]:
    return tuple((0, part) if isinstance(part, int) else (1, str(part)) for part in path)


def _words(error: Any) -> str:
    """Say in words, and in JSON's notation, what the library says in Python's."""
    rule, value = error.validator, error.validator_value
    match rule:
        case "type":
            kinds = [value] if isinstance(value, str) else list(value)
            return f"must be {' or '.join(_KINDS.get(kind, str(kind)) for kind in kinds)}, is {_shown(error.instance)}"
        case "required":
            missing = [name for name in value if isinstance(error.instance, dict) and name not in error.instance]
            told = error.message.removesuffix(" is a required property")
            name = next((name for name in missing if repr(name) == told), missing[0] if missing else told)
            return f"{json.dumps(name, ensure_ascii=False)} is missing"
        case "additionalProperties" if value is False:
            known = (error.schema.get("properties") or {}) if isinstance(error.schema, Mapping) else {}
            extra = [name for name in error.instance if name not in known]
            return f"must not hold {', '.join(_shown(name) for name in extra[:5])}"
        case "enum":
            return f"must be one of {_short(', '.join(_shown(one) for one in value), 200)}, is {_shown(error.instance)}"
        case "const":
            return f"must be {_shown(value)}, is {_shown(error.instance)}"
        case "anyOf" | "oneOf":
            return f"fits none of the {len(value)} forms it may have" if error.context else "fits more than one form"
        case _ if rule in _LIMITS:
            return f"{_LIMITS[rule]} {_shown(value)}, is {_shown(error.instance)}"
    return f"does not fit {rule}: {_shown(value)}"


_KINDS: Final = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}
_LIMITS: Final = {
    "minimum": "must be at least",
    "maximum": "must be at most",
    "exclusiveMinimum": "must be more than",
    "exclusiveMaximum": "must be less than",
    "multipleOf": "must be a multiple of",
    "minLength": "must be text at least as long as",
    "maxLength": "must be text at most as long as",
    "minItems": "must have a number of entries of at least",
    "maxItems": "must have a number of entries of at most",
    "pattern": "must match",
    "format": "must have the format",
}


def _shown(value: Any) -> str:
    try:
        return _short(json.dumps(value, ensure_ascii=False), _LONGEST_VALUE)
    except (TypeError, ValueError, RecursionError):
        return type(value).__name__


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
