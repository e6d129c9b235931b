"""Arithmetic without an interpreter: exact where it can be, refused in words where it cannot."""

from __future__ import annotations

import operator
import time
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from poe_tui.engine.calculator import CannotCalculate, calculate


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1+1", "2"),
        ("0.1 + 0.2", "0.3"),
        ("2^10", "1024"),
        ("2**-1", "0.5"),
        ("-2^2", "-4"),
        ("2^3^2", "512"),
        ("1/3", "0.333333333333333"),
        ("1/8", "0.125"),
        ("-1/20", "-0.05"),
        ("10//3", "3"),
        ("-7 % 3", "2"),
        ("7.5 % 2", "1.5"),
        ("3 × 4 ÷ 2 − 1", "5"),
        ("((2+3)) * 4", "20"),
        ("--5", "5"),
        ("1_000 * 2", "2000"),
        ("0x1f + 0b1", "32"),
        ("1.5e3", "1500"),
        ("sqrt(16)", "4"),
        ("sqrt(9/4)", "1.5"),
        ("sqrt(2)", "1.4142135623731"),
        ("5!", "120"),
        ("3!!", "720"),
        ("sin(pi/2)", "1"),
        ("LOG10(1000)", "3"),
        ("log2(8)", "3"),
        ("log(8, 2)", "3"),
        ("ln(e)", "1"),
        ("round(2.5)", "3"),
        ("round(-2.345, 2)", "-2.35"),
        ("round(1250, -2)", "1300"),
        ("floor(-1.5) + ceil(1.2)", "0"),
        ("max(1, 2.5, -3)", "2.5"),
        ("mean(1, 2, 4)", "2.33333333333333"),
        ("gcd(12, 18) + lcm(4, 6)", "18"),
        ("comb(5, 2)", "10"),
        ("(-1)^1000001", "-1"),
        ("100 * 1.081", "108.1"),
        ("2^200", str(2**200)),
        ("1000!", "4.02387260077094E+2567"),
    ],
)
def test_values(expression: str, value: str) -> None:
    assert calculate(expression) == value


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("", "something is missing or wrong at the end"),
        ("1 +", "at the end"),
        ("1 2", "before '2'"),
        ("(1", "')' is missing at the end"),
        ("1)", "before ')'"),
        ("foo(1)", "There is no function 'foo'; there are abs,"),
        ("foo", "'foo' is not a number: there are pi, e and tau."),
        ("sqrt", "'sqrt' is not a number: it needs parentheses."),
        ("min()", "min takes 1 to 100 numbers in its parentheses, not 0."),
        ("1/0", "Division by zero."),
        ("1 % 0", "Division by zero."),
        ("0^-1", "Division by zero."),
        ("sqrt(-1)", "no real root"),
        ("(-8)^(1/3)", "no real power"),
        ("log(0)", "A logarithm needs positive numbers"),
        ("asin(2)", "asin has no value there."),
        ("1.5!", "A whole number, 0 or more, is needed there."),
        ("9^9^9^9", "A number on the way is too large."),
        ("1e99999999", "A number on the way is too large."),
        ("2000!", "A number on the way is too large."),
        ("exp(1000)", "A number on the way is too large."),
        ("10^4000 * 10^4000", "A number on the way is too large."),
        ("(" * 200 + "1" + ")" * 200, "nested too deeply"),
        ("-" * 200 + "1", "nested too deeply"),
        ("1" * 3000, "longer than 2000 characters"),
        ("__import__('os')", "It cannot be read"),
        ("(1).real", "It cannot be read"),
        ("1 if 1 else 2", "It cannot be read"),
        ("a=1", "is not a number"),
    ],
)
def test_what_it_cannot_do(expression: str, told: str) -> None:
    with pytest.raises(CannotCalculate) as refused:
        calculate(expression)
    assert told in str(refused.value)


numbers = st.integers(-10_000, 10_000) | st.decimals(-1000, 1000, places=3, allow_nan=False)
operators = st.sampled_from([("+", operator.add), ("-", operator.sub), ("*", operator.mul), ("/", operator.truediv)])
Sum = tuple[str, Fraction]


def joined(parts: tuple[Sum, tuple[str, Callable[[Fraction, Fraction], Fraction]], Sum]) -> Sum:
    (left, one), (sign, apply), (right, other) = parts
    assume(sign != "/" or other != 0)
    return f"({left}) {sign} ({right})", apply(one, other)


sums: st.SearchStrategy[Sum] = st.recursive(
    numbers.map(lambda number: (str(number), Fraction(number))),
    lambda inner: st.tuples(inner, operators, inner).map(joined),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(sums)
def test_sums_are_right(found: Sum) -> None:
    expression, value = found
    answer = Fraction(calculate(expression))
    assert abs(answer - value) <= abs(value) * Fraction(1, 10**14)


@settings(max_examples=200, deadline=None)
@given(
    st.text(alphabet="0123456789.+-*/%^(),!e piqrtsnlogx_", max_size=60)
    | st.lists(
        st.sampled_from(["9", "9!", "^9", "**9", "(", ")", "e5", "1e999", "sqrt(", "/", "-", "comb(9,", "!", "%0"]),
        max_size=20,
    ).map("".join)
)
def test_any_text_has_an_answer_or_a_reason_in_a_moment(text: str) -> None:
    started = time.perf_counter()
    try:
        assert calculate(text)
    except CannotCalculate as refused:
        assert str(refused)
    assert time.perf_counter() - started < 2
