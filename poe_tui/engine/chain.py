"""Is a server's ``previous_response_id`` to be trusted? Pure rules on what it answered.

Two ways to lose a thread: a server refuses the id (then the same turn is repeated as a replay), or it takes the id and
knows nothing (then its count of input tokens is too small). An honest server must never be accused, so that every
number here errs on its side.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from poe_tui.engine.cost import reasoning_tokens
from poe_tui.model import Item, Turn

REFUSES: Final = "chain"
"""The feature name under which a refused ``previous_response_id`` is remembered."""
FORGETS: Final = "chain-forgets"
"""The feature name for a server that takes the id and does not know the thread."""
REMEMBER_DAYS: Final = {REFUSES: 3.0, FORGETS: 7.0}
"""After that many days the chain is tried again."""

_NAMES_THE_CHAIN: Final = re.compile(
    r"previous[\s_-]*response|data[\s_-]*retention|\bZDR\b|protocol_messages", re.IGNORECASE
)
_THOUGHTS: Final = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
"""Chat templates drop these from the history, so that an honest server does not count them."""
_RUNS: Final = re.compile(r"(\s|[^\w\s])\1{2,}")
"""Rulers, indents and table borders: many characters, few tokens."""
_PLAIN_OUTPUT: Final = frozenset({"message", "reasoning"})
_OVERHEAD: Final = 64
"""Tokens that a chat template may add to what we sent before a count is taken for padded."""


@dataclass(slots=True, frozen=True)
class Refusal:
    """A ``previous_response_id`` that was not taken."""

    message: str
    """The server's words."""
    certain: bool
    """Whether the error names the chain; a bare 500 may have had any cause."""


def refusal(error: Mapping[str, Any], previous_id: str) -> Refusal | None:
    """Return what an error on a chained request says of the chain, if it says that the id was not accepted.

    A 400 or 404 that names the previous response or data retention, also inside a stream; or any 500: on Poe that is
    how Claude answered every chained request (observed on Poe).
    """
    status = error.get("http_status")
    message = str(error.get("message") or "")
    said = f"{error.get('code') or ''} {message}"
    if status in (None, 400, 404, 422, 500) and (_NAMES_THE_CHAIN.search(said) or previous_id in message):
        return Refusal(message, certain=True)
    return Refusal(message, certain=False) if status == 500 else None


def forgotten(path: Sequence[Turn], turn: Turn) -> tuple[int, int] | None:
    """Return (tokens that an honest count has at least, tokens counted) when ``turn``'s server forgot ``path``.

    Two tests, and ``None`` when neither is sure. The count is below half of what the texts of the thread weigh; or,
    which tells in small threads too, it is below the count for the turn before plus what was said since. The second
    is used only where the two counts are comparable: nothing but text went either way, under the same instructions
    and tools, and the earlier count is explained by what was sent.
    """
    counted = input_count(turn.usage)
    if not path or counted is None:
        return None
    new = _weight(turn.input) * _HALF
    history = sum(_weight(before.input) + _answer_weight(before) for before in path)
    half = (history + _text_weight(turn.options.get("instructions"))) * _HALF + new
    if counted < half:
        return round(half), counted
    parent = path[-1]
    before = input_count(parent.usage)
    if before is None or not _comparable(path, turn, before):
        return None
    floor = before + _answer_weight(parent) + new
    return (round(floor), counted) if counted < floor else None


_HALF: Final = 0.75
"""Half of the usual estimate (a token for 4 characters), in terms of weights (a token for 6)."""


def input_count(usage: Mapping[str, Any] | None) -> int | None:
    """Return the input tokens of a usage, cached ones included; ``None`` when the server does not count.

    Some servers leave cached tokens out of ``input_tokens``. Only then can there be more of them than of the whole.
    """
    value = (usage or {}).get("input_tokens")
    if not isinstance(value, (int, float)) or value <= 0:
        return None
    details = (usage or {}).get("input_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    for name in ("cache_read_input_tokens", "cache_creation_input_tokens"):
        extra = (usage or {}).get(name)
        value += extra if isinstance(extra, (int, float)) and extra > 0 else 0
    return int(value + cached) if isinstance(cached, (int, float)) and cached > value else int(value)


def _comparable(path: Sequence[Turn], turn: Turn, before: int) -> bool:
    parent = path[-1]
    if any(parent.options.get(name) != turn.options.get(name) for name in ("instructions", "tools", "text")):
        return False
    if any(tool.get("type") != "function" for tool in turn.options.get("tools") or () if isinstance(tool, dict)):
        return False
    if not all(_is_text(item) for item in (*parent.input, *turn.input)):
        return False
    if any(item.get("type") not in _PLAIN_OUTPUT for item in parent.output):
        return False
    sent = sum(_weight(known.input) for known in path) + sum(_answer_weight(known) for known in path[:-1])
    sent += _text_weight(parent.options.get("instructions")) + _text_weight(str(parent.options.get("tools") or ""))
    return before <= 3 * sent + _OVERHEAD


def _is_text(item: Item) -> bool:
    content = item.get("content")
    if item.get("type", "message") != "message" or not isinstance(content, list):
        return False
    return all(isinstance(part, dict) and part.get("type") == "input_text" for part in content)


def _answer_weight(turn: Turn) -> float:
    """The least that the turn's answer weighs as history: by its text, and by the server's own count of it."""
    text = _text_weight(_THOUGHTS.sub("", turn.output_text))
    made = (turn.usage or {}).get("output_tokens")
    if isinstance(made, (int, float)) and made > 0:
        return min(text, max(0, made - reasoning_tokens(turn.usage)))
    return text


def _weight(items: Sequence[Item]) -> float:
    parts = (part for item in items if isinstance(item.get("content"), list) for part in item["content"])
    return sum(_text_weight(part.get("text")) for part in parts if isinstance(part, dict))


def _text_weight(text: object) -> float:
    """The fewest tokens that ``text`` can be expected to make: one for six characters, runs counted once."""
    return len(_RUNS.sub(r"\1", text)) / 6 if isinstance(text, str) else 0.0
