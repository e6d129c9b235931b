"""The request fields of a command line: read, and checked against the API's bounds before anything else happens."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from poe_tui import request_fields
from poe_tui.cli.exits import USAGE, Failure
from poe_tui.cli.output import line, say

_NOT_A_FIELD: Final = {
    "input": "the prompt is the input",
    "model": "-m names the model",
    "app": "no server knows such a field",
}


def read(options: argparse.Namespace) -> dict[str, Any]:
    """Return the fields that a person set.

    Raises:
        Failure: one is out of bounds, or no field (exit code 2).
    """
    fields: dict[str, Any] = {}
    for text in options.fields:
        name, separator, value = text.partition("=")
        name = name.strip()
        if not separator or not name:
            raise Failure(f"-o {line(text)[:60]}: write FIELD=VALUE.", USAGE)
        if name in _NOT_A_FIELD:
            raise Failure(f"-o {name}: {_NOT_A_FIELD[name]}.", USAGE)
        if meant := request_fields.near(name):
            say(f"-o {line(name)[:60]}: no such field is known. It is sent as it is. Did you mean {meant}?")
        fields[name] = _value(value, is_text=request_fields.is_text(name))
    for name in ("max_output_tokens", "temperature", "top_p"):
        given = getattr(options, name)
        if given is not None:
            fields[name] = _value(given)
    if options.effort is not None:
        reasoning = fields.get("reasoning")
        fields["reasoning"] = {**(reasoning if isinstance(reasoning, dict) else {}), "effort": options.effort}
    if options.no_stream:
        fields["stream"] = False
    _refuse(request_fields.check_fields(fields, efforts=None))
    if options.search:
        # Imported here: a typing mistake should not wait for the engine.
        from poe_tui.engine.thread_options import with_search

        return with_search(fields, True)
    return fields


def check_effort(fields: Mapping[str, Any], efforts: Sequence[str]) -> None:
    """Check the reasoning effort against those that the asked model declares.

    Raises:
        Failure: it is none of them, and none that any model knows (exit code 2).
    """
    _refuse(request_fields.check_fields({"reasoning": fields.get("reasoning")}, efforts=efforts))


def _refuse(problems: Sequence[request_fields.FieldProblem]) -> None:
    if problems:
        raise Failure(line(problems[0].words), USAGE)


def _value(text: str, *, is_text: bool = False) -> Any:
    """Return what was typed, read as JSON or else as a string; a number for a field of text is text."""
    try:
        value = json.loads(text, parse_constant=lambda word: word)
    except (ValueError, RecursionError):
        return text
    return text if is_text and value is not None and not isinstance(value, str) else value
