"""What ``ask`` does with ``--schema`` and ``--tool``: from words to request fields, from answers to exit codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from poe_tui.cli.exits import OK, SCHEMA, USAGE, Failure
from poe_tui.cli.output import line

if TYPE_CHECKING:
    from poe_tui.config import Settings
    from poe_tui.engine.runtime import Runtime
    from poe_tui.model import Thread, Turn

# The engine is imported where it is used: a typing mistake should not wait for it.


def put(fields: dict[str, Any], words: str, settings: Settings) -> None:
    """Set ``text.format`` to the schema that ``--schema`` names.

    Raises:
        Failure: there is none (exit code 2).
    """
    from poe_tui.engine import schema

    try:
        found = schema.from_words(words, settings.schemas)
        text = fields.get("text")
        wanted = found.format(settings.structured.strict)
        fields["text"] = {**(text if isinstance(text, dict) else {}), "format": wanted}
    except schema.SchemaRefused as refused:
        raise Failure(f"--schema: {line(refused)}", USAGE) from None


def exit_code(turn: Turn) -> int:
    """Return whether the answer fits its schema, as an exit code."""
    from poe_tui.engine.schema import check_turn

    checked = check_turn(turn)
    return OK if checked is None or checked.is_valid else SCHEMA


def told(turn: Turn) -> dict[str, Any]:
    """Return what ``--json`` tells besides: the answer's value, and where it does not fit."""
    from poe_tui.engine.schema import check_turn

    checked = check_turn(turn)
    if checked is None:
        return {"parsed": None, "violations": []}
    found = [{"path": violation.path, "message": violation.message} for violation in checked.violations]
    return {"parsed": checked.value, "violations": found}


def offer(fields: Mapping[str, Any], names: Sequence[str], runtime: Runtime, thread: Thread) -> dict[str, Any]:
    """Return fields that offer the tools of ``--tool`` and those that the thread itself names, and no others.

    What the settings enable for every thread is left out: there is nobody to ask.

    Raises:
        Failure: a tool is not there, or needs a person (exit code 2).
    """
    from poe_tui.engine.thread_options import AppOptions, with_tools

    box = runtime.toolbox
    for name in names:
        tool = box.tools.get(name)
        if tool is None:
            near = box.near(name) or list(box.tools)
            raise Failure(f"there is no tool {line(name)[:60]!r}. Did you mean {line(' or '.join(near))}?", USAGE)
        if tool.config.manual:
            raise Failure(f"the output of {line(name)} is typed by a person, which ask cannot wait for.", USAGE)
    own = AppOptions.read(thread.options).tools or ()
    return with_tools(fields, [*names, *own])
