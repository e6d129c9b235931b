"""An instance of a JSON Schema: what a model with structured output answers, without a model."""

from __future__ import annotations

from typing import Any

_DEEPEST = 8
"""Below this depth only what is required is filled in, so that schemas that name themselves come to an end."""
_WORDS = ("amber", "birch", "cinder", "dune", "ember", "fern", "grove", "harbour")
_FORMATS = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "PT90S",
    "email": "ada@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "6ba7b810-9dad-41d1-80b4-00c04fd430c8",
}


def instance(schema: Any, title: str = "answer") -> Any:
    """Return a value that the schema accepts; ``pattern`` and contradictions are beyond it."""
    return _Maker(schema if isinstance(schema, dict) else {}).value(schema, title, 0)


class _Maker:
    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root
        self._made = 0

    def value(self, schema: Any, name: str, depth: int) -> Any:
        """Return one value for a part of the schema; ``name`` is the property it is for."""
        if not isinstance(schema, dict):
            return None if schema is False else name
        if "$ref" in schema:
            return self.value(self._look_up(str(schema["$ref"])), name, depth + 1)
        if "const" in schema or schema.get("enum"):
            return schema["const"] if "const" in schema else schema["enum"][0]
        choices = schema.get("anyOf") or schema.get("oneOf")
        if choices:
            return self._one_of(choices, name, depth)
        if schema.get("allOf"):
            return self.value(self._merged([schema, *schema["allOf"]]), name, depth)
        return self._typed(schema, _type_of(schema, depth), name, depth)

    def _typed(self, schema: dict[str, Any], kind: str, name: str, depth: int) -> Any:
        match kind:
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, name, depth)
            case "number" | "integer":
                return self._number(schema, whole=kind == "integer")
            case "boolean":
                return True
            case "null":
                return None
        return self._text(schema, name)

    def _look_up(self, reference: str) -> Any:
        place: Any = self._root
        for step in reference.removeprefix("#").strip("/").split("/"):
            step = step.replace("~1", "/").replace("~0", "~")
            place = place.get(step, {}) if isinstance(place, dict) and step else place
        return place

    def _one_of(self, choices: list[Any], name: str, depth: int) -> Any:
        if depth > _DEEPEST and any(isinstance(c, dict) and c.get("type") == "null" for c in choices):
            return None
        return self.value(choices[0], name, depth + 1)

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties") or {}
        required = schema.get("required") or []
        names = [*properties, *(name for name in required if name not in properties)]
        if depth > _DEEPEST:
            names = list(required)
        return {name: self.value(properties.get(name, {}), name, depth + 1) for name in names}

    def _array(self, schema: dict[str, Any], name: str, depth: int) -> list[Any]:
        fixed = [self.value(entry, name, depth + 1) for entry in schema.get("prefixItems") or []]
        least, most = schema.get("minItems", 0), schema.get("maxItems", 3)
        wanted = max(least, min(most, 3 if depth <= _DEEPEST else 0))
        items = schema.get("items", {"type": "string"})
        while len(fixed) < wanted and items is not False:
            fixed.append(self.value(items, name, depth + 1))
        return fixed

    def _number(self, schema: dict[str, Any], *, whole: bool) -> float | int:
        self._made += 1
        step = schema.get("multipleOf") or 1
        stepped = whole or "multipleOf" in schema
        gap = step if stepped else 0.5
        low, high = schema.get("minimum"), schema.get("maximum")
        if "exclusiveMinimum" in schema:
            low = schema["exclusiveMinimum"] + gap
        if "exclusiveMaximum" in schema:
            high = schema["exclusiveMaximum"] - gap
        value: float = low if low is not None else high if high is not None else self._made
        if stepped:  # the nearest multiple on the allowed side
            value = -(-value // step) * step if low is not None or high is None else value // step * step
        return int(value) if whole else value

    def _text(self, schema: dict[str, Any], name: str) -> str:
        self._made += 1
        text = _FORMATS.get(schema.get("format", ""), f"{name} {_WORDS[self._made % len(_WORDS)]}")
        text = text.ljust(schema.get("minLength", 0), "-")
        return text[: schema.get("maxLength", len(text))]

    def _merged(self, schemas: list[Any]) -> dict[str, Any]:
        whole: dict[str, Any] = {}
        for schema in schemas:
            schema = self._look_up(str(schema["$ref"])) if "$ref" in schema else schema
            for key, value in schema.items():
                if key == "properties":
                    whole["properties"] = {**whole.get("properties", {}), **value}
                elif key == "required":
                    whole["required"] = [*whole.get("required", []), *value]
                elif key != "allOf":
                    whole[key] = value
        return whole


def _type_of(schema: dict[str, Any], depth: int) -> str:
    kind = schema.get("type") or ("object" if "properties" in schema else "string")
    if isinstance(kind, str):
        return kind
    if "null" in kind and depth > _DEEPEST:
        return "null"
    return next((choice for choice in kind if choice != "null"), "null")
