"""The reasoning efforts that are offered for a model, and the way from one to the next. Pure."""

from __future__ import annotations

from collections.abc import Collection

from poe_tui.engine import drops
from poe_tui.model import ModelInfo
from poe_tui.request_fields import DOCUMENTED_EFFORTS


def offered(info: ModelInfo | None, refused: Collection[str] = ()) -> tuple[str, ...]:
    """Return the efforts for a model: those that it declares, else the documented ones; none where it refused any.

    Args:
        info: its entry in the list, where there is one.
        refused: what it was seen to refuse (``Catalog.refused``).
    """
    known = drops.names(refused)
    if known & {"reasoning", "reasoning.effort"}:
        return ()
    efforts = (info.efforts if info is not None else ()) or DOCUMENTED_EFFORTS
    return tuple(effort for effort in efforts if f"reasoning.effort={effort}" not in known)


def following(effort: str | None, efforts: Collection[str]) -> str | None:
    """Return the effort after ``effort``: behind the last comes none at all (``None``), then the first again."""
    steps = [None, *efforts]
    return steps[(steps.index(effort) + 1) % len(steps)] if effort in steps else next(iter(efforts), None)
