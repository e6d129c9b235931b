"""How numbers are written."""

from __future__ import annotations

import pytest

from poe_tui import numbers
from poe_tui.model import Cost


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (numbers.grouped(12480), "12 480"),
        (numbers.grouped(999), "999"),
        (numbers.seconds(4.12), "4.1 s"),
        (numbers.seconds(-1), "0.0 s"),
        (numbers.seconds(59.96), "1 min 0 s"),
        (numbers.seconds(125), "2 min 5 s"),
        (numbers.seconds(4320), "1 h 12 min"),
        (numbers.whole_seconds(0.2), "1 s"),
        (numbers.whole_seconds(3.4), "3 s"),
        (numbers.whole_seconds(61), "1 min 1 s"),
        (numbers.tokens(612), "612 tok"),
        (numbers.tokens(1480, estimated=True), "≈ 1 480 tok"),
        (numbers.tokens(None), "? tok"),
        (numbers.points(Cost(points=41, estimated=False)), "41 pts"),
        (numbers.points(Cost(points=10.6)), "≈ 11 pts"),
        (numbers.points(Cost(points=0.2)), "< 1 pts"),
        (numbers.points(Cost(points=0, estimated=False)), "0 pts"),
        (numbers.points(Cost(points=0)), "0 pts"),
        (numbers.points(Cost()), "?"),
        (numbers.points(None), "?"),
        (numbers.size(312), "312 B"),
        (numbers.size(120_000), "120 kB"),
        (numbers.size(1_680_000), "1.7 MB"),
        (numbers.size(999_700), "1.0 MB"),
        (numbers.size(12_000_000), "12 MB"),
        (numbers.size(3_200_000_000), "3.2 GB"),
    ],
)
def test_written(written: str, expected: str) -> None:
    assert written == expected


def test_a_text_is_never_no_token_unless_empty() -> None:
    assert [numbers.estimated_tokens(n) for n in (0, 1, 4, 5)] == [0, 1, 1, 2]


def test_context_lengths_and_prices() -> None:
    assert [numbers.context(n) for n in (None, 480, 200_000, 999_999, 1_500_000)] == ["?", "480", "200k", "1M", "1.5M"]
    assert [numbers.price(p) for p in (None, 0.85e-6, 0.000_000_004, 0.0)] == ["?", "0.85", "0.004", "0.00"]
