"""Points and dollars: known prices are added up, unknown ones stay unknown."""

from __future__ import annotations

from typing import Any

import pytest

from poe_tui.engine.cost import (
    POINTS_PER_USD,
    context_share,
    context_tokens,
    estimate_tokens,
    next_turn,
    total,
    turn_cost,
)
from poe_tui.model import Cost, ModelInfo, Price
from tests.engine.makers import turn

USAGE = {"input_tokens": 1000, "output_tokens": 100, "input_tokens_details": {"cached_tokens": 600}}


def model(**price: Any) -> ModelInfo:
    """Return a model at a price."""
    return ModelInfo(id="m", name="M", price=Price(**price), context_length=10_000)


def test_usage_times_price() -> None:
    cost = turn_cost(turn(usage=USAGE), model(prompt=3e-6, completion=15e-6))
    assert cost.usd == pytest.approx(1000 * 3e-6 + 100 * 15e-6)
    assert cost.points == pytest.approx(cost.usd * POINTS_PER_USD)
    assert cost.points == pytest.approx(150)
    assert cost.estimated


def test_cached_tokens_have_their_own_price() -> None:
    cost = turn_cost(turn(usage=USAGE), model(prompt=3e-6, completion=15e-6, cache_read=3e-7))
    assert cost.usd == pytest.approx(400 * 3e-6 + 600 * 3e-7 + 100 * 15e-6)


def test_a_flat_price_needs_no_usage() -> None:
    assert turn_cost(turn(usage=None), model(request=250.0)).points == 250
    assert turn_cost(turn(usage=None), model(request=0.0)) == Cost(0.0, 0.0, True)


def test_a_flat_price_and_tokens_add_up() -> None:
    cost = turn_cost(
        turn(usage={"input_tokens": 1000, "output_tokens": 0}), model(prompt=3e-5, completion=0, request=10)
    )
    assert cost.points == pytest.approx(1010)


@pytest.mark.parametrize(
    ("usage", "info"),
    [
        (USAGE, None),
        (USAGE, ModelInfo(id="m", name="M")),
        (USAGE, model()),
        (USAGE, model(prompt=3e-6)),
        (None, model(prompt=3e-6, completion=15e-6)),
    ],
)
def test_what_is_not_known_is_not_free(usage: dict[str, Any] | None, info: ModelInfo | None) -> None:
    assert turn_cost(turn(usage=usage), info) == Cost(None, None)


def test_odd_usages_count_nothing() -> None:
    odd = {"input_tokens": None, "output_tokens": "12", "input_tokens_details": None}
    assert turn_cost(turn(usage=odd), model(prompt=1.0, completion=1.0)).points == 0


def test_the_next_turn_counts_the_thread_the_draft_and_a_usual_answer() -> None:
    path = [
        turn(usage={"input_tokens": 80, "output_tokens": 20}),
        turn(usage={"input_tokens": 110, "output_tokens": 40}),
    ]
    cost = next_turn(path, model(prompt=1.0, completion=100.0), "x" * 40)
    assert cost.usd == pytest.approx((110 + 40 + 10) + 30 * 100)
    assert next_turn([], model(prompt=0.0, completion=1.0)).usd == pytest.approx(400)
    assert next_turn([], None) == Cost()


def test_the_size_of_a_thread() -> None:
    thinking = {"input_tokens": 100, "output_tokens": 50, "output_tokens_details": {"reasoning_tokens": 45}}
    path = [turn("a" * 40, "b" * 40, usage=thinking), turn("c" * 40, "d" * 40, usage=None)]
    assert context_tokens(path[:1]) == 105
    assert context_tokens(path, "e" * 40) == 105 + 20 + 10
    assert context_tokens([turn("a" * 40, "b" * 40)]) == 20
    assert context_share(path[:1], model()) == pytest.approx(0.0105)
    assert context_share(path, ModelInfo(id="m", name="M")) is None
    assert context_share(path, None) is None


def test_estimating_tokens() -> None:
    assert estimate_tokens("") == 0
    assert estimate_tokens("a") == 1
    assert estimate_tokens("abcdefgh") == 2
    assert estimate_tokens("日本語日本語日本") == 6


def test_a_total_leaves_out_what_is_unknown() -> None:
    assert total([]) == Cost()
    assert total([Cost(), Cost()]) == Cost()
    assert total([Cost(10.0, 3e-4), Cost(), Cost(5.0, 1.5e-4, estimated=False)]).points == 15
    assert not total([Cost(5.0, 1.5e-4, estimated=False)]).estimated
