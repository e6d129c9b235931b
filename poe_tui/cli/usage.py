"""``poe-tui usage [--json]``: the balance, and what was spent lately as the server tells it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from poe_tui.cli.exits import FAILED, NO_KEY, OK, Failure
from poe_tui.cli.output import Column, is_terminal, line, print_json, print_list, say
from poe_tui.cli.parsing import Parser
from poe_tui.cli.setup import load_settings, need_key, run_async
from poe_tui.cli.threads import local_time, utc_time
from poe_tui.config import Settings
from poe_tui.credentials import Secret

if TYPE_CHECKING:
    from poe_tui.api.types import PointsEntry

_COLUMNS = (
    Column("When"),
    Column("Model", gives_way=True),
    Column("By"),
    Column("Points", right=True),
    Column("$", right=True),
)


def run(argv: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser("usage", "Print the balance and the latest requests that the server counted (30 days at most).")
    parser.add_argument("--json", action="store_true", help="one JSON object with balance and entries")
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="how many entries, 1 to 100 (default 20)")
    options = parser.parse_args(argv)
    if not 1 <= options.limit <= 100:
        parser.error("--limit must be 1 to 100")
    settings = load_settings().settings
    return run_async(_usage(settings, need_key(settings).secret, as_json=options.json, limit=options.limit))


async def _usage(settings: Settings, secret: Secret, *, as_json: bool, limit: int) -> int:
    from poe_tui.api.errors import APIError, AuthenticationError
    from poe_tui.api.types import PointsEntry
    from poe_tui.cli.setup import open_client

    async with open_client(settings, secret) as client:
        try:
            balance = await client.balance()
        except AuthenticationError as refused:
            raise Failure(f"the server does not take this key: {line(refused)}", NO_KEY) from None
        except APIError as failed:
            raise Failure(line(failed), FAILED) from None
        try:
            page = await client.usage_history(limit)
        except APIError as failed:
            # The balance is worth showing without the history.
            say(f"the history could not be fetched: {line(failed)}")
            page = None
    data = page.get("data") if page else None
    entries = [PointsEntry.read(entry) for entry in data] if isinstance(data, list) else []
    if as_json:
        print_json({"balance": balance, "entries": [_entry(entry) for entry in entries]})
        return OK
    if balance is None and page is None:
        raise Failure(f"{line(settings.account.base_url)} tells neither a balance nor a history.")
    left = f"{'?' if balance is None else f'{balance:,}'.replace(',', ' ')} points are left."
    if is_terminal(sys.stdout):
        print(f"{left}\n")
    else:
        say(left)
    print_list(_COLUMNS, (_cells(entry) for entry in entries), pipe=(_plain(entry) for entry in entries))
    return OK


def _entry(entry: PointsEntry) -> dict[str, Any]:
    return {
        "id": entry.query_id,
        "model": entry.bot_name,
        "usage_type": entry.usage_type,
        "created_at": utc_time(entry.created_at or 0.0),
        "points": entry.points,
        "usd": entry.usd,
        "breakdown": entry.breakdown,
    }


def _cells(entry: PointsEntry) -> list[str]:
    points = "?" if entry.points is None else f"{entry.points:g}"
    dollars = "?" if entry.usd is None else f"{entry.usd:.5f}"
    return [local_time(entry.created_at or 0.0), entry.bot_name, entry.usage_type, points, dollars]


def _plain(entry: PointsEntry) -> list[object]:
    return [
        entry.query_id,
        utc_time(entry.created_at or 0.0),
        entry.bot_name,
        entry.usage_type,
        entry.points,
        entry.usd,
    ]
