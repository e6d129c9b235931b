"""
Where the terminal snapshot meets the stream: the snapshot is the output, and nothing is counted twice.

What the snapshot leaves out of an item (a text, arguments, annotations) is taken from the streamed item it belongs to:
the one with its id, its call id, its place and kind, or the next one of its kind. Items that only the stream knows are
left out, as the server's last word says, with two exceptions: a message with text when the snapshot has no text at all,
and finished calls when the snapshot knows no call: losing one leaves the model waiting for a result.
"""

from __future__ import annotations

from poe_tui.api.shelf import by_name
from poe_tui.api.slots import Slot, kind_of
from poe_tui.api.types import output_text
from poe_tui.model import Item

_CALLS = frozenset({"function_call", "custom_tool_call", "mcp_approval_request"})


def reconcile(snapshot: list[Item], slots: list[Slot]) -> list[Item]:
    """Return the snapshot's items, completed from ``slots`` (sorted by place)."""
    free = list(slots)
    result: list[Item] = []
    for place, item in enumerate(snapshot):
        slot = _partner(item, place, free)
        if slot is None:
            item = item if isinstance(item.get("type"), str) else {**item, "type": kind_of(item)}
            result.append(item)
            continue
        free.remove(slot)
        result.append(slot.complete(item))
    if not output_text(result):
        result.extend(slot.value() for slot in free if slot.kind == "message" and not slot.droppable)
    if not any(item.get("type") in _CALLS for item in result):
        result.extend(slot.value() for slot in free if slot.kind in _CALLS and slot.done is not None)
    return result


def streamed(slots: list[Slot], *, finished_only: bool) -> list[Item]:
    """
    Return the items of a response whose terminal event brought none, or never came.

    ``finished_only``: the server says that it failed, with no output; then what was only begun (a thought, a search, a
    call) is no part of the response. The answer's text is kept in any case.
    """
    return [
        slot.value()
        for slot in slots
        if not slot.droppable and (slot.done is not None or slot.kind == "message" or not finished_only)
    ]


def _partner(item: Item, place: int, free: list[Slot]) -> Slot | None:
    said = item.get("type")
    kind = said if isinstance(said, str) else None
    named = by_name(item, kind, free)
    if named is not None:
        return named
    of_kind = [slot for slot in free if kind is None or slot.kind == kind]
    for slot in of_kind:
        if slot.index == place:
            return slot
    return of_kind[0] if of_kind else None
