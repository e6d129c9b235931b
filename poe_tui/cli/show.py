"""``poe-tui show THREAD [--json]``: one thread, the path that is on screen, as clean text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from poe_tui.cli.exits import OK
from poe_tui.cli.output import line, print_json
from poe_tui.cli.parsing import Parser
from poe_tui.cli.setup import find_thread, load_settings, open_store, run_async
from poe_tui.cli.threads import entry, utc_time
from poe_tui.model import Thread, Turn
from poe_tui.sanitize import clean


def run(argv: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser("show", "Print a thread: the way through it that is on screen in the app.")
    parser.add_argument("thread", metavar="THREAD", help="the beginning of its id (4 characters or more), or its title")
    parser.add_argument("--json", action="store_true", help="one JSON object, items verbatim")
    options = parser.parse_args(argv)
    return run_async(_show(options.thread, as_json=options.json))


async def _show(words: str, *, as_json: bool) -> int:
    async with open_store(load_settings().settings) as store:
        thread = await find_thread(store, words)
        turns = await store.path(thread.tip_id, with_files=as_json)
    if as_json:
        print_json({**entry(thread), "turns": [_turn(turn) for turn in turns]})
        return OK
    for text in _lines(thread, turns):
        print(text)
    return OK


def _lines(thread: Thread, turns: Sequence[Turn]) -> Iterator[str]:
    yield line(thread.title) or "Untitled"
    for turn in turns:
        yield ""
        yield from (f"> {text}".rstrip() for text in clean(turn.input_text).split("\n"))
        yield ""
        yield line(_facts(turn))
        answer = clean(turn.output_text).strip("\n")
        if answer:
            yield ""
            yield answer
        if turn.error and turn.error.get("message"):
            yield ""
            yield line(turn.error["message"])


def _facts(turn: Turn) -> str:
    tokens = (turn.usage or {}).get("output_tokens")
    state = "" if turn.status == "completed" else turn.status.replace("_", " ")
    place = f"{turn.sibling_index}/{turn.sibling_count}" if turn.sibling_count > 1 else ""
    counted = f"{tokens} tok" if isinstance(tokens, int) else ""
    return " · ".join(filter(None, (turn.model, place, state, counted)))


def _turn(turn: Turn) -> dict[str, Any]:
    return {
        "id": turn.id,
        "parent_id": turn.parent_id,
        "response_id": turn.response_id,
        "model": turn.model,
        "upstream_model": turn.upstream_model,
        "status": turn.status,
        "chain": turn.chain,
        "created_at": utc_time(turn.created_at),
        "input": turn.input,
        "output": turn.output,
        "output_text": turn.output_text,
        "usage": turn.usage,
        "error": turn.error,
        "options": turn.options,
    }
