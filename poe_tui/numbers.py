"""Numbers as the app writes them: groups by a space, a unit after a space, ``≈`` for estimates.

Unknown is ``?``, never 0; a price between nothing and one point is ``< 1 pts``.
"""

from __future__ import annotations

from poe_tui.model import Cost

CHARACTERS_PER_TOKEN = 4
"""The usual rule of thumb; everything computed with it is marked as an estimate."""


def grouped(number: float) -> str:
    """``12480`` is ``12 480``."""
    return f"{round(number):,}".replace(",", " ")


def seconds(duration: float) -> str:
    """``4.1 s``; from a minute on ``2 min 5 s``, from an hour on ``1 h 12 min``."""
    if duration < 59.95:
        return f"{max(0.0, duration):.1f} s"
    whole = round(duration)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{grouped(whole // 3600)} h {whole % 3600 // 60} min"


def whole_seconds(duration: float) -> str:
    """``3 s``, at least ``1 s``; minutes as :func:`seconds` writes them."""
    whole = max(1, round(duration))
    return f"{whole} s" if whole < 60 else seconds(whole)


def tokens(count: float | None, *, estimated: bool = False, word: str = "tok") -> str:
    """``612 tok``, ``≈ 148 tok``; ``? tok`` where nothing is known."""
    if count is None:
        return f"? {word}"
    return f"{'≈ ' if estimated else ''}{grouped(count)} {word}"


def tokens_in_words(count: int, *, estimated: bool = False) -> str:
    """``210 tokens``, ``1 token``, for sentences."""
    return tokens(count, estimated=estimated, word="token" if count == 1 else "tokens")


def points(cost: Cost | None) -> str:
    """``41 pts``, ``≈ 11 pts``, ``< 1 pts``, ``0 pts`` for what is free; ``?`` where the price is unknown."""
    if cost is None or cost.points is None:
        return "?"
    if cost.points == 0:
        return "0 pts"
    if 0 < cost.points < 1:
        return "< 1 pts"
    return f"{'≈ ' if cost.estimated else ''}{grouped(cost.points)} pts"


def size(count: int) -> str:
    """Bytes: ``312 B``, ``120 kB``, ``1.7 MB``."""
    if count < 1000:
        return f"{count} B"
    for unit in ("kB", "MB", "GB"):
        count_in_unit = count / 1000
        if count_in_unit < 9.95 and unit != "kB":
            return f"{count_in_unit:.1f} {unit}"
        if count_in_unit < 999.5:
            return f"{round(count_in_unit)} {unit}"
        count = round(count_in_unit)
    return f"{grouped(count)} GB"


def estimated_tokens(characters: int) -> int:
    """About how many tokens a text of that many characters is; 0 only for no text at all."""
    return -(-characters // CHARACTERS_PER_TOKEN)


def context(length: int | None) -> str:
    """A context length in its shortest honest form: ``200k``, ``1M``, ``1.5M``, ``?``."""
    if length is None:
        return "?"
    if length >= 999_500:
        return f"{length / 1_000_000:.1f}".removesuffix(".0") + "M"
    return f"{round(length / 1000)}k" if length >= 1000 else str(length)


def price(per_token: float | None) -> str:
    """US dollars per million tokens with two decimals, three below a cent; ``?`` where unknown."""
    if per_token is None:
        return "?"
    dollars = per_token * 1_000_000
    return f"{dollars:.3f}" if 0 < dollars < 0.01 else f"{dollars:.2f}"
