"""A JSON Schema in a few words: ``name, age int, tags [str]``; pure.

::

    name, age int, tags [str]                an object with three properties
    city: where they live, zip str?          descriptions behind a colon; ``?`` may be null
    owner {name, mail}, state open|closed    an object, one of two words
    [title, year int]                        a list of objects, as the property ``items``

Fields stand apart by commas or line ends. A field without a type is text. What comes out is fit for strict mode: every
property is required, nothing else is allowed, and what may be left out may be null instead.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final, NoReturn

LONGEST: Final = 20_000
DEEPEST: Final = 20

TYPES: Final[dict[str, dict[str, str]]] = {
    "str": {"type": "string"},
    "string": {"type": "string"},
    "text": {"type": "string"},
    "int": {"type": "integer"},
    "integer": {"type": "integer"},
    "float": {"type": "number"},
    "number": {"type": "number"},
    "bool": {"type": "boolean"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
}
_SHOWN: Final = "str, int, float, bool, date, datetime"
LIST_NAME: Final = "items"
"""The property that holds the list of a schema that is a list: servers want an object at the root."""

_TOKEN: Final = re.compile(
    r"""(?P<space>[ \t\r]+)|(?P<string>"(?:\\.|[^"\\\n])*")|(?P<word>[^\W\d][\w-]*)|(?P<other>.)""", re.DOTALL
)
_DESCRIPTION: Final = re.compile(r"[^,\n\[\]{}]*")
_CLOSING: Final = {"[": "]", "{": "}"}


class BadShorthand(ValueError):
    """It cannot be read; the text says what is wrong and at which character (counted from 1)."""


def parse(text: str) -> dict[str, Any]:
    """Return the JSON Schema that ``text`` stands for.

    Raises:
        BadShorthand
    """
    if len(text) > LONGEST:
        raise BadShorthand(f"A shorthand has at most {LONGEST} characters.")
    return _Parser(text).root()


@dataclass(slots=True)
class _Token:
    kind: str
    text: str
    start: int


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    # --- grammar ------------------------------------------------------------------------------------------------
    def root(self) -> dict[str, Any]:
        """The whole text: fields, ``{fields}`` or ``[item]``."""
        self._skip_lines()
        first = self._peek()
        if first.text in _CLOSING:
            schema = self._type()
            self._skip_lines()
        else:
            schema = self._fields("")
        end = self._peek()
        if end.kind != "end":
            self._fail(f"{self._shown(end)} does not belong here", end)
        return schema if schema["type"] == "object" else _object({LIST_NAME: schema})

    def _fields(self, closing: str) -> dict[str, Any]:
        properties: dict[str, Any] = {}
        while True:
            self._skip_separators()
            token = self._peek()
            if token.kind == "end" or token.text == closing:
                break
            name, schema = self._field()
            if name in properties:
                self._fail(f"{name!r} stands there twice", token)
            properties[name] = schema
            after = self._peek()
            if after.text not in (",", "\n", closing) and after.kind != "end":
                self._fail(f"a comma is missing before {self._shown(after)}", after)
        if not properties:
            self._fail("there is no field", self._peek())
        return _object(properties)

    def _field(self) -> tuple[str, dict[str, Any]]:
        name = self._name()
        optional = self._take("?")
        token = self._peek()
        schema: dict[str, Any] = dict(TYPES["str"])
        if token.kind in ("word", "string") or token.text in _CLOSING:
            schema = self._type()
            optional = self._take("?") or optional
        if optional:
            _allow_null(schema)
        if self._take(":"):
            words = _DESCRIPTION.match(self._text, self._at)
            self._at = words.end() if words else self._at
            description = words.group().strip() if words else ""
            if description:
                schema["description"] = description
        return name, schema

    def _type(self) -> dict[str, Any]:
        token = self._next()
        if token.text in _CLOSING:
            self._depth += 1
            if self._depth > DEEPEST:
                self._fail("it is nested too deeply", token)
            schema = self._list() if token.text == "[" else self._fields("}")
            if not self._take(_CLOSING[token.text]):
                self._fail(f"the {token.text!r} is never closed", token)
            self._depth -= 1
            return schema
        words = [self._word(token)]
        while self._take("|"):
            following = self._next()
            if following.kind not in ("word", "string"):
                self._fail("a word is missing behind '|'", following)
            words.append(self._word(following))
        if len(words) > 1:
            if len(set(words)) < len(words):
                self._fail("a word stands there twice", token)
            return {"type": "string", "enum": words}
        if token.kind == "string" or words[0].lower() not in TYPES:
            self._fail(f"{words[0]!r} is not a type; there are {_SHOWN}, [lists], {{objects}} and one|of|these", token)
        return dict(TYPES[words[0].lower()])

    def _list(self) -> dict[str, Any]:
        self._skip_lines()
        before, token = self._at, self._peek()
        if token.text in _CLOSING or (token.kind == "word" and token.text.lower() in TYPES):
            item = self._type()
            if self._take("?"):
                _allow_null(item)
            self._skip_lines()
            if self._peek().text == "]":
                return {"type": "array", "items": item}
            self._at = before
        elif token.kind in ("word", "string") and self._is_choice():
            item = self._type()
            self._skip_lines()
            return {"type": "array", "items": item}
        return {"type": "array", "items": self._fields("]")}

    def _is_choice(self) -> bool:
        before = self._at
        self._next()
        found = self._peek().text == "|"
        self._at = before
        return found

    # --- tokens -------------------------------------------------------------------------------------------------
    def _name(self) -> str:
        token = self._next()
        if token.kind not in ("word", "string"):
            self._fail(f"a name is missing before {self._shown(token)}", token)
        name = self._word(token)
        if not name.strip():
            self._fail("a name is empty", token)
        return name

    def _word(self, token: _Token) -> str:
        if token.kind != "string":
            return token.text
        try:
            return str(json.loads(token.text))
        except ValueError:
            self._fail("the text in quotes cannot be read", token)

    def _peek(self) -> _Token:
        before = self._at
        token = self._next()
        self._at = before
        return token

    def _next(self) -> _Token:
        while (match := _TOKEN.match(self._text, self._at)) is not None:
            self._at = match.end()
            kind = match.lastgroup or "other"
            if kind != "space":
                return _Token(kind, match.group(), match.start())
        return _Token("end", "", len(self._text))

    def _take(self, text: str) -> bool:
        before = self._at
        if text in _CLOSING.values():
            self._skip_lines()
        if self._next().text == text:
            return True
        self._at = before
        return False

    def _skip_lines(self) -> None:
        while self._peek().text == "\n":
            self._next()

    def _skip_separators(self) -> None:
        while self._peek().text in ("\n", ","):
            self._next()

    @staticmethod
    def _shown(token: _Token) -> str:
        return {"end": "the end"}.get(token.kind, "the line's end" if token.text == "\n" else repr(token.text))

    @staticmethod
    def _fail(words: str, token: _Token) -> NoReturn:
        raise BadShorthand(f"{words[0].upper()}{words[1:]} (character {token.start + 1}).")


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _allow_null(schema: dict[str, Any]) -> None:
    if isinstance(schema["type"], str):
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
