"""Points and dollars: what a turn cost, what the next one may cost. Pure.

The API gives tokens, never a price, so that everything here is an estimate and marked as one. Unknown stays unknown:
a missing price is ``None``, never 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any, Final

from poe_tui.model import Cost, ModelInfo, Price, Turn

USD_PER_POINT: Final = 0.00003
"""our notes on Poe: 174 points were $0.0052, 239 were $0.0072. Plans differ, so results carry ``≈``."""
POINTS_PER_USD: Final = 1 / USD_PER_POINT

_TYPICAL_ANSWER: Final = 400
"""Tokens of an answer when the thread has none to judge by."""


def estimate_tokens(text: str) -> int:
    """Estimate tokens as a quarter of the UTF-8 bytes: about right for English and code, and for CJK too."""
    size = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
    return (size + 3) // 4


def turn_cost(turn: Turn, model: ModelInfo | None) -> Cost:
    """Estimate what ``turn`` cost from its usage and the list's prices."""
    if model is None or model.price is None:
        return Cost()
    usage = turn.usage
    if usage is None and model.price.request is None:
        return Cost()
    sent, cached, made = usage_tokens(usage)
    return _cost(model.price, sent=sent, cached=cached, made=made)


def next_turn(path: Sequence[Turn], model: ModelInfo | None, draft: str = "", extra: int = 0) -> Cost:
    """Estimate what sending ``draft`` after ``path`` would cost, with an answer as long as this thread's usual ones.

    ``extra`` is what goes along with it, in tokens: attached files.
    """
    if model is None or model.price is None:
        return Cost()
    answers = [made for turn in path if (made := usage_tokens(turn.usage)[2])]
    made = round(median(answers)) if answers else _TYPICAL_ANSWER
    return _cost(model.price, sent=context_tokens(path, draft) + extra, cached=0, made=made)


def total(costs: Iterable[Cost]) -> Cost:
    """Add costs up; the sum of nothing known is unknown."""
    known = [cost for cost in costs if cost.points is not None]
    if not known:
        return Cost()
    points = sum(cost.points for cost in known if cost.points is not None)
    return Cost(points, points * USD_PER_POINT, any(cost.estimated for cost in known))


def context_tokens(path: Sequence[Turn], draft: str = "") -> int:
    """Estimate the input tokens of a request that sends ``draft`` after ``path``.

    The last turn with a usage says best what the thread weighs; what came after it is estimated from its text.
    """
    tokens = estimate_tokens(draft)
    for turn in reversed(path):
        sent, _, made = usage_tokens(turn.usage)
        if sent:
            return tokens + sent + max(0, made - reasoning_tokens(turn.usage))
        tokens += estimate_tokens(turn.input_text) + estimate_tokens(turn.output_text)
    return tokens


def context_share(path: Sequence[Turn], model: ModelInfo | None, draft: str = "", extra: int = 0) -> float | None:
    """Return the share of the model's context window that the thread fills, 0 to 1 and above; None when unknown."""
    if model is None or not model.context_length:
        return None
    return (context_tokens(path, draft) + extra) / model.context_length


def usage_tokens(usage: dict[str, Any] | None) -> tuple[int, int, int]:
    """Return input tokens, how many of them were cached, and output tokens; 0 for what the server did not say."""
    if not usage:
        return 0, 0, 0
    sent = _count(usage.get("input_tokens"))
    cached = _count(_detail(usage, "input_tokens_details", "cached_tokens"))
    return sent, min(cached, sent), _count(usage.get("output_tokens"))


def reasoning_tokens(usage: dict[str, Any] | None) -> int:
    """Return the reasoning tokens among the output tokens; 0 when the server did not say."""
    return _count(_detail(usage or {}, "output_tokens_details", "reasoning_tokens"))


def _detail(usage: dict[str, Any], group: str, name: str) -> object:
    details = usage.get(group)
    return details.get(name) if isinstance(details, dict) else None


def _count(value: object) -> int:
    return int(value) if isinstance(value, (int, float)) and value > 0 else 0


def _cost(price: Price, *, sent: int, cached: int, made: int) -> Cost:
    points: float | None = price.request
    if price.prompt is not None and price.completion is not None:
        cache_price = price.prompt if price.cache_read is None else price.cache_read
        usd = (sent - cached) * price.prompt + cached * cache_price + made * price.completion
        points = (points or 0.0) + usd * POINTS_PER_USD
    if points is None:
        return Cost()
    return Cost(points, points * USD_PER_POINT, estimated=True)
