"""Arithmetic as text, by a parser of its own: nothing is ever handed to an interpreter.

Whole numbers and fractions are exact (``0.1 + 0.2`` is 0.3), roots and functions are floating point. Every bound below
keeps one line of text from taking more than a moment.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from typing import Final, NoReturn

from poe_tui.engine.shipped_tools import LONGEST_EXPRESSION

LONGEST: Final = LONGEST_EXPRESSION
DEEPEST: Final = 60
MOST_BITS: Final = 14_000
"""Of any exact number on the way: about 4200 digits, which is also what Python turns into text."""
MOST_DIGITS: Final = 1000
"""Of an exact answer; longer ones are rounded."""
_ROUNDED: Final = 15

Number = Fraction | float

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>0[xX][0-9a-fA-F_]+|0[bB][01_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-zπτ][A-Za-z0-9_]*)|(?P<sign>\*\*|//|[-+*/%^(),!]))"
)
_SPELLED: Final = str.maketrans({"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "\u00a0": " ", "\u202f": " "})
_CONSTANTS: Final[dict[str, float]] = {"pi": math.pi, "π": math.pi, "e": math.e, "tau": math.tau, "τ": math.tau}


class CannotCalculate(ValueError):
    """There is no answer; the text says why in a sentence."""


def calculate(expression: str) -> str:
    """Return the value of ``expression`` in decimal notation.

    Raises:
        CannotCalculate
    """
    if len(expression) > LONGEST:
        raise CannotCalculate(f"The expression is longer than {LONGEST} characters.")
    try:
        return _shown(_Parser(expression.translate(_SPELLED)).whole())
    except ZeroDivisionError:
        raise CannotCalculate("Division by zero.") from None
    except OverflowError:
        raise CannotCalculate("A number on the way is too large.") from None


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def whole(self) -> Number:
        """The whole text is one expression."""
        value = self._sum()
        if self._text[self._at :].strip():
            self._fail()
        return value

    def _sum(self) -> Number:
        value = self._product()
        while sign := self._take("+", "-"):
            other = self._product()
            value = _exact(value + other if sign == "+" else value - other)
        return value

    def _product(self) -> Number:
        value = self._signed()
        while sign := self._take("*", "//", "/", "%"):
            other = self._signed()
            match sign:
                case "*":
                    value = value * other
                case "/":
                    value = value / other
                case "//":
                    value = Fraction(math.floor(value / other))
                case _:
                    value = value - other * Fraction(math.floor(value / other))
            value = _exact(value)
        return value

    def _signed(self) -> Number:
        self._depth += 1
        if self._depth > DEEPEST:
            raise CannotCalculate("The expression is nested too deeply.")
        sign = self._take("+", "-")
        value = self._signed() if sign else self._power()
        self._depth -= 1
        return -value if sign == "-" else value

    def _power(self) -> Number:
        base = self._primary()
        while self._take("!"):
            base = _factorial(base)
        return _power(base, self._signed()) if self._take("**", "^") else base

    def _primary(self) -> Number:
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            self._fail()
        self._at = match.end()
        if number := match["number"]:
            return _number(number)
        if match["sign"] == "(":
            value = self._sum()
            self._expect(")")
            return value
        if not match["name"]:
            self._at = match.start()
            self._fail()
        name = match["name"].lower()
        if self._take("("):
            return _call(name, self._arguments())
        if name not in _CONSTANTS:
            known = "it needs parentheses" if name in _FUNCTIONS else "there are pi, e and tau"
            raise CannotCalculate(f"{match['name'][:40]!r} is not a number: {known}.")
        return _CONSTANTS[name]

    def _arguments(self) -> list[Number]:
        if self._take(")"):
            return []
        values = [self._sum()]
        while self._take(","):
            values.append(self._sum())
        self._expect(")")
        return values

    def _take(self, *signs: str) -> str:
        match = _TOKEN.match(self._text, self._at)
        if match is None or match["sign"] not in signs:
            return ""
        self._at = match.end()
        return str(match["sign"])

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            self._fail(f"{sign!r} is missing")

    def _fail(self, words: str = "") -> NoReturn:
        rest = self._text[self._at :].strip()
        place = f"before {rest[:20]!r}" if rest else "at the end"
        raise CannotCalculate(f"It cannot be read: {words or 'something is missing or wrong'} {place}.")


def _number(text: str) -> Number:
    text = text.replace("_", "").lower()
    if text[:2] in ("0x", "0b"):
        if len(text) < 3:
            raise CannotCalculate(f"{text!r} is not a number.")
        return _exact(Fraction(int(text, 16 if text[1] == "x" else 2)))
    _, _, exponent = text.partition("e")
    if len(exponent) > 5 or abs(int(exponent or 0)) > 5000:
        raise OverflowError
    return _exact(Fraction(text))


def _exact(value: Number) -> Number:
    """Return the value if it is one and not too long."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise OverflowError
        return value
    if value.numerator.bit_length() > MOST_BITS or value.denominator.bit_length() > MOST_BITS:
        raise OverflowError
    return value


def _power(base: Number, exponent: Number) -> Number:
    if isinstance(base, Fraction) and isinstance(exponent, Fraction) and exponent.denominator == 1:
        size = max(base.numerator.bit_length(), base.denominator.bit_length())
        if size > 1 and abs(exponent.numerator) * (size - 1) > MOST_BITS:
            raise OverflowError
        if abs(base) == 1:
            return base if exponent.numerator % 2 else abs(base)
        return _exact(base**exponent.numerator)
    if base < 0:
        raise CannotCalculate("A negative number has no real power of that kind.")
    return _exact(float(base) ** float(exponent))


def _whole(value: Number, most: int) -> int:
    if value != math.floor(value) or value < 0:
        raise CannotCalculate("A whole number, 0 or more, is needed there.")
    if value > most:
        raise OverflowError
    return int(value)


def _factorial(value: Number) -> Number:
    return _exact(Fraction(math.factorial(_whole(value, 2000))))


def _root(value: Number) -> Number:
    if value < 0:
        raise CannotCalculate("A negative number has no real root.")
    if isinstance(value, Fraction):
        top, bottom = math.isqrt(value.numerator), math.isqrt(value.denominator)
        if top * top == value.numerator and bottom * bottom == value.denominator:
            return Fraction(top, bottom)
    return math.sqrt(value)


def _logarithm(value: Number, base: Number = math.e) -> Number:
    if value <= 0 or base <= 0 or base == 1:
        raise CannotCalculate("A logarithm needs positive numbers, and a base other than 1.")
    if base in (2, 10):
        return math.log2(value) if base == 2 else math.log10(value)
    return math.log(value) if base == math.e else math.log(value) / math.log(base)


def _round(value: Number, digits: Number = Fraction(0)) -> Number:
    places = int(digits)
    if digits != places or abs(places) > 30:
        raise CannotCalculate("round takes a whole number of digits, up to 30.")
    scaled = Fraction(value) * Fraction(10) ** places
    # As at school: a half goes away from zero.
    return Fraction(math.floor(abs(scaled) + Fraction(1, 2)) * (1 if scaled >= 0 else -1)) / Fraction(10) ** places


def _floating(function: Callable[[float], float]) -> Callable[[Number], Number]:
    def call(value: Number) -> Number:
        try:
            return function(float(value))
        except ValueError:
            raise CannotCalculate(f"{function.__name__} has no value there.") from None

    return call


def _integers(function: Callable[..., int]) -> Callable[..., Number]:
    def call(*values: Number) -> Number:
        return Fraction(
            function(*(_whole(value, 1 << 4000 if function is not math.comb else 5000) for value in values))
        )

    return call


_FUNCTIONS: Final[dict[str, tuple[Callable[..., Number], int, int]]] = {
    "sqrt": (_root, 1, 1),
    "exp": (_floating(math.exp), 1, 1),
    "ln": (_logarithm, 1, 1),
    "log": (_logarithm, 1, 2),
    "log10": (lambda value: _logarithm(value, Fraction(10)), 1, 1),
    "log2": (lambda value: _logarithm(value, Fraction(2)), 1, 1),
    **{
        function.__name__: (_floating(function), 1, 1)
        for function in (
            *(math.sin, math.cos, math.tan, math.asin, math.acos, math.atan),
            *(math.sinh, math.cosh, math.tanh, math.degrees, math.radians),
        )
    },
    "abs": (abs, 1, 1),
    "round": (_round, 1, 2),
    "floor": (lambda value: Fraction(math.floor(value)), 1, 1),
    "ceil": (lambda value: Fraction(math.ceil(value)), 1, 1),
    "min": (min, 1, 100),
    "max": (max, 1, 100),
    "sum": (lambda *values: sum(values, Fraction(0)), 1, 100),
    "mean": (lambda *values: sum(values, Fraction(0)) / len(values), 1, 100),
    "gcd": (_integers(math.gcd), 2, 2),
    "lcm": (_integers(math.lcm), 2, 2),
    "comb": (_integers(math.comb), 2, 2),
    "factorial": (_factorial, 1, 1),
}
"""Name -> function, fewest and most arguments."""


def _call(name: str, values: Sequence[Number]) -> Number:
    if name not in _FUNCTIONS:
        raise CannotCalculate(f"There is no function {name[:40]!r}; there are {', '.join(sorted(_FUNCTIONS))}.")
    function, fewest, most = _FUNCTIONS[name]
    if not fewest <= len(values) <= most:
        number = str(fewest) if fewest == most else f"{fewest} to {most}"
        raise CannotCalculate(f"{name} takes {number} numbers in its parentheses, not {len(values)}.")
    return _exact(function(*values))


def _shown(value: Number) -> str:
    if isinstance(value, float):
        return f"{value:.{_ROUNDED}g}"
    if value.denominator == 1:
        digits = str(value.numerator)
        return digits if len(digits) <= MOST_DIGITS else str(_decimal(value))
    bottom = value.denominator
    places = 0
    while bottom % 10 == 0:
        bottom, places = bottom // 10, places + 1
    while bottom % 2 == 0:
        bottom, places = bottom // 2, places + 1
    while bottom % 5 == 0:
        bottom, places = bottom // 5, places + 1
    if bottom == 1 and places <= 30 and value.numerator.bit_length() < 100:
        whole = abs(value.numerator) * 10**places // value.denominator
        text = f"{whole:0{places + 1}d}"
        return f"{'-' if value < 0 else ''}{text[:-places]}.{text[-places:].rstrip('0')}".rstrip(".")
    return str(_decimal(value))


def _decimal(value: Fraction) -> Decimal:
    context = Context(prec=_ROUNDED)
    return context.divide(Decimal(value.numerator), Decimal(value.denominator)).normalize(context)
