"""``poe-tui search QUERY [--json]``: every thread, by title and by full text."""

from __future__ import annotations

from collections.abc import Sequence

from poe_tui.cli.exits import OK, USAGE, Failure
from poe_tui.cli.output import Column, line, print_json, print_list, say
from poe_tui.cli.parsing import Parser
from poe_tui.cli.setup import load_settings, open_store, run_async
from poe_tui.cli.threads import local_time, unique_length, utc_time

_COLUMNS = (Column("Thread"), Column("When"), Column("Title", gives_way=True), Column("Found", gives_way=True))


def run(argv: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser("search", "Search all threads: titles first, then prompts and answers.")
    parser.add_argument("query", nargs="+", metavar="QUERY", help="words; the last one may be unfinished")
    parser.add_argument("--json", action="store_true", help="one JSON array")
    options = parser.parse_args(argv)
    query = " ".join(options.query).strip()
    if not query:
        raise Failure("there is nothing to search for.", USAGE)
    return run_async(_search(query, as_json=options.json))


async def _search(query: str, *, as_json: bool) -> int:
    async with open_store(load_settings().settings) as store:
        hits = await store.search(query)
    if as_json:
        print_json(
            [
                {
                    "id": hit.turn_id or hit.thread_id,
                    "thread_id": hit.thread_id,
                    "turn_id": hit.turn_id,
                    "title": hit.title,
                    "snippet": hit.snippet,
                    "created_at": utc_time(hit.created_at),
                }
                for hit in hits
            ]
        )
        return OK
    length = unique_length(sorted({hit.thread_id for hit in hits}))
    print_list(
        _COLUMNS,
        ([hit.thread_id[:length], local_time(hit.created_at), hit.title, hit.snippet] for hit in hits),
        pipe=([hit.thread_id, hit.turn_id, utc_time(hit.created_at), hit.title, hit.snippet] for hit in hits),
    )
    if not hits:
        say(f"nothing found for {line(query)!r}.")
    return OK
