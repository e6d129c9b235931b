"""A figure: its values, its target, whether it was reached, what the peers were measured at."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bench.published import PUBLISHED

NA = "n/a"


@dataclass(slots=True)
class Figure:
    """One line of the table."""

    name: str
    values: Sequence[float | None]
    unit: str = ""
    limit: float | None = None
    """The target; ``None`` for a figure that is only told."""
    at_least: bool = False
    """Whether the target is a least value instead of a most one."""
    note: str = ""
    peers: str = ""
    """The key of the peers' published figures."""
    known: list[float] = field(init=False)

    def __post_init__(self) -> None:
        self.known = [value for value in self.values if value is not None and not math.isnan(value)]

    @property
    def median(self) -> float | None:
        """The middle value."""
        return statistics.median(self.known) if self.known else None

    @property
    def reached(self) -> bool | None:
        """Whether the target was reached; ``None`` without a target or a value."""
        median = self.median
        if self.limit is None or median is None:
            return None
        return median >= self.limit if self.at_least else median <= self.limit

    def cells(self) -> tuple[str, ...]:
        """The cells of its row."""
        if self.median is None:
            return (self.name, "0", NA, NA, self._target(), NA, self._beside())
        spread = f"{number(min(self.known))}–{number(max(self.known))}"
        verdict = "" if self.reached is None else "yes" if self.reached else "NO"
        middle = f"{number(self.median)}{self.unit}"
        return (self.name, str(len(self.known)), middle, spread, self._target(), verdict, self._beside())

    def _target(self) -> str:
        if self.limit is None:
            return ""
        return f"{'≥' if self.at_least else '≤'} {number(self.limit)}{self.unit}"

    def _beside(self) -> str:
        return "; ".join(part for part in (self.note, PUBLISHED.get(self.peers, "")) if part)


HEAD = ("figure", "n", "median", "min–max", "must be", "reached", "beside it")


def table(figures: Iterable[Figure]) -> str:
    """Return the table as text."""
    rows = [HEAD, *(figure.cells() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD) - 1)]
    lines = ["  ".join([*map(str.ljust, row, widths), row[-1]]) for row in rows]
    lines.insert(1, "  ".join("─" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)


def number(value: float) -> str:
    """Write a number with three digits that matter."""
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"


def ratio(above: float | None, below: float | None) -> float | None:
    """Return a quotient, ``None`` where one side is missing."""
    return None if above is None or not below else above / below


def difference(later: float | None, earlier: float | None) -> float | None:
    """Return a difference, ``None`` where one side is missing."""
    return None if later is None or earlier is None else later - earlier


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the value below which ``share`` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None
