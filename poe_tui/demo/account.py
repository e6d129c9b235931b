"""The points: a balance that goes down and a history in the shape of ``/usage/points_history``."""

from __future__ import annotations

import random
import time
import uuid
from dataclasses import dataclass
from typing import Any

from poe_tui.demo.errors import invalid

POINTS_PER_DOLLAR = 1 / 0.00003
START_BALANCE = 120_000
_PAST = 96
"""Entries of the time before the demo began, so that the usage screen has something to show."""
_PAST_MODELS = ("Claude-Sonnet-4.5", "GPT-5.2", "Gemini-3-Pro", "Claude-Haiku-4.5", "Flux-Kontext", "Grok-4")


@dataclass(slots=True, frozen=True)
class Tariff:
    """What a model costs: US dollars per token, or points per request."""

    prompt: float = 0.0
    completion: float = 0.0
    cache_read: float | None = None
    request: int = 0

    def points(self, usage: dict[str, Any]) -> tuple[int, int, int]:
        """Return the points for input, output and the cache's discount (not positive)."""
        cached = usage["input_tokens_details"]["cached_tokens"]
        read = self.prompt if self.cache_read is None else self.cache_read
        given = usage["input_tokens"] * self.prompt * POINTS_PER_DOLLAR
        made = usage["output_tokens"] * self.completion * POINTS_PER_DOLLAR
        discount = -cached * (self.prompt - read) * POINTS_PER_DOLLAR
        return round(given), round(made) + self.request, round(discount)


class Account:
    """A balance and its entries, newest first."""

    def __init__(self) -> None:
        self.balance = START_BALANCE
        self._entries: list[dict[str, Any]] = _past_entries()

    def charge(self, model: str, tariff: Tariff, usage: dict[str, Any]) -> int:
        """Take the points of one turn and write them down; return how many."""
        given, made, discount = tariff.points(usage)
        entry = _entry(model, time.time(), usage, (given, made, discount))
        self._entries.insert(0, entry)
        self.balance -= entry["cost_points"]
        return int(entry["cost_points"])

    def balance_body(self) -> dict[str, Any]:
        """Return the answer of ``/usage/current_balance``."""
        return {"current_point_balance": self.balance}

    def history_body(self, query: dict[str, str]) -> dict[str, Any]:
        """Return one page of ``/usage/points_history``.

        :raises APIProblem: 400, ``limit`` is not between 1 and 100 or ``starting_after`` is no entry's id.
        """
        wanted = query.get("limit", "20")
        if not wanted.isdigit() or not 1 <= int(wanted) <= 100:
            raise invalid("limit", "limit must be between 1 and 100.")
        start = 0
        if "starting_after" in query:
            places = [n for n, entry in enumerate(self._entries) if entry["query_id"] == query["starting_after"]]
            if not places:
                raise invalid("starting_after", "starting_after is not the query_id of an entry.")
            start = places[0] + 1
        page = self._entries[start : start + int(wanted)]
        return {"has_more": start + len(page) < len(self._entries), "length": len(page), "data": page}


def _entry(model: str, moment: float, usage: dict[str, Any], parts: tuple[int, int, int]) -> dict[str, Any]:
    given, made, discount = parts
    total = given + made + discount
    breakdown = {
        "Input": f"{given} points ({usage['input_tokens']} tokens)",
        "Output": f"{made} points ({usage['output_tokens']} tokens)",
    }
    if discount:
        cached = usage["input_tokens_details"]["cached_tokens"]
        breakdown["Cache discount"] = f"{discount} points ({cached} tokens)"
    breakdown["Total"] = f"{total} points"
    return {
        "bot_name": model,
        "creation_time": int(moment * 1_000_000),
        "query_id": uuid.uuid4().hex,
        "cost_usd": f"{total / POINTS_PER_DOLLAR:.5f}",
        "cost_points": total,
        "cost_breakdown_in_points": breakdown,
        "usage_type": "API",
        "api_key_name": "demo",
        "chat_name": None,
        "canvas_tab_name": None,
    }


def _past_entries() -> list[dict[str, Any]]:
    dice = random.Random(20)
    moment = time.time()
    entries: list[dict[str, Any]] = []
    for number in range(_PAST):
        moment -= dice.uniform(600, 30 * 86_400 / _PAST * 1.6)
        given, made = dice.randrange(200, 9_000), dice.randrange(20, 1_800)
        usage = {"input_tokens": given, "output_tokens": made, "input_tokens_details": {"cached_tokens": 0}}
        entry = _entry(dice.choice(_PAST_MODELS), moment, usage, (given // 12, made // 2, 0))
        if number % 7 == 3:
            entry |= {"usage_type": "Chat", "api_key_name": None, "chat_name": "Notes on typography"}
        entries.append(entry)
    return entries
