"""Numbers as look.md writes them: thin groups by a space, a unit after a space, ``≈`` estimates, ``?`` unknown."""

from __future__ import annotations

from poe_tui.model import Cost


def thin(number: float) -> str:
    """Return a whole number in groups of three: ``12 480``."""
    return f"{round(number):,}".replace(",", " ")


def points(cost: Cost, *, approx: str = "≈") -> str:
    """Return a cost in points: ``41 pts``, ``≈ 38 pts``, ``< 1 pts`` instead of 0, ``?`` where unknown.

    Args:
        cost: what is known of it.
        approx: the estimate sign; ``~`` in the plain character set.
    """
    if cost.points is None:
        return "?"
    if 0 < cost.points < 1:
        return "< 1 pts"
    return f"{approx} {thin(cost.points)} pts" if cost.estimated else f"{thin(cost.points)} pts"


def seconds(duration: float) -> str:
    """Return a duration: ``0.4 s``, ``4.1 s``, ``38 s``, ``2 min 5 s``."""
    if duration < 10:
        return f"{duration:.1f} s"
    if duration < 100:
        return f"{duration:.0f} s"
    return f"{int(duration) // 60} min {int(duration) % 60} s"


def context(tokens: int | None) -> str:
    """Return a context length in its shortest honest form: ``200k``, ``1M``, ``1.5M``, ``?``."""
    if tokens is None:
        return "?"
    if tokens >= 999_500:
        return f"{tokens / 1_000_000:.1f}".removesuffix(".0") + "M"
    return f"{round(tokens / 1000)}k" if tokens >= 1000 else str(tokens)


def size(count: int) -> str:
    """Return a size in bytes: ``312 B``, ``120 kB``, ``1.4 MB`` (decimal units, as disks and vendors count)."""
    if count < 1000:
        return f"{count} B"
    if count < 999_500:
        return f"{count / 1000:.0f} kB"
    return f"{count / 1_000_000:.1f} MB"


def price(per_token: float | None) -> str:
    """Return US dollars per million tokens with two decimals, three below a cent, ``?`` where unknown."""
    if per_token is None:
        return "?"
    dollars = per_token * 1_000_000
    return f"{dollars:.3f}" if 0 < dollars < 0.01 else f"{dollars:.2f}"
