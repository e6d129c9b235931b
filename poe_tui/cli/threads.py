"""``poe-tui threads [--json]``: the saved threads, the latest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from poe_tui.cli.exits import OK
from poe_tui.cli.output import Column, print_json, print_list, say
from poe_tui.cli.parsing import Parser
from poe_tui.cli.setup import load_settings, open_store, run_async
from poe_tui.model import Thread

SHORTEST_ID = 8
"""Characters; ids made within the same minute share their beginning, so a list may need more."""

_COLUMNS = (Column("Id"), Column("Last used"), Column("Model", gives_way=True), Column("Title", gives_way=True))


def run(argv: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser("threads", "List the threads, pinned ones first, then the latest.")
    parser.add_argument("--json", action="store_true", help="one JSON array")
    parser.add_argument("--limit", type=int, default=500, metavar="N", help="at most so many (default 500)")
    options = parser.parse_args(argv)
    if options.limit < 1:
        parser.error("--limit must be 1 or more")
    return run_async(_list(as_json=options.json, limit=options.limit))


async def _list(*, as_json: bool, limit: int) -> int:
    async with open_store(load_settings().settings) as store:
        threads = await store.threads(limit=limit, include_archived=True)
    if as_json:
        print_json([entry(thread) for thread in threads])
        return OK
    length = unique_length([thread.id for thread in threads])
    print_list(
        _COLUMNS,
        ([t.id[:length], local_time(t.updated_at), t.model or "", t.title or "Untitled"] for t in threads),
        pipe=([t.id, utc_time(t.updated_at), t.model or "", t.title] for t in threads),
    )
    if not threads:
        say("there are no threads yet. poe-tui starts one.")
    return OK


def entry(thread: Thread) -> dict[str, Any]:
    """Return what ``--json`` tells of a thread."""
    return {
        "id": thread.id,
        "title": thread.title,
        "model": thread.model,
        "tip_id": thread.tip_id,
        "pinned": thread.pinned,
        "archived": thread.archived,
        "created_at": utc_time(thread.created_at),
        "updated_at": utc_time(thread.updated_at),
    }


def unique_length(ids: Sequence[str]) -> int:
    """Return how many characters tell all ids apart; ``SHORTEST_ID`` or more."""
    longest = max(map(len, ids), default=SHORTEST_ID)
    return next((n for n in range(SHORTEST_ID, longest) if len({i[:n] for i in ids}) == len(ids)), longest)


def local_time(seconds: float) -> str:
    """Return a time of this computer's clock, to the minute."""
    try:
        return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M")
    except (OverflowError, OSError, ValueError):
        return "?"


def utc_time(seconds: float) -> str:
    """Return a time in ISO 8601, to the second, in UTC."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, OSError, ValueError):
        return ""
