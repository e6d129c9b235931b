"""
The items of one response, and which of them an event speaks of.

The key is ``output_index``. Behind it stand the item's id, its ``call_id`` and its kind, because servers leave the
index out, send 0 for every item, or change an item's id from event to event (observed on Poe).
"""

from __future__ import annotations

from typing import Any

from poe_tui.api.slots import Slot, kind_of
from poe_tui.model import Item


class Shelf:
    """Holds the slots of one response."""

    def __init__(self) -> None:
        self._slots: list[Slot] = []
        self._by_index: dict[int, list[Slot]] = {}

    @property
    def ordered(self) -> list[Slot]:
        """The slots by index; those that share one, by arrival."""
        return sorted(self._slots, key=lambda slot: (slot.index, slot.arrival))

    def _new(self, index: int | None, kind: str | None) -> Slot:
        if index is None:
            index = max(self._by_index, default=-1) + 1
        slot = Slot(index, len(self._slots), kind)
        self._slots.append(slot)
        self._by_index.setdefault(index, []).append(slot)
        return slot

    def find(self, event: Any, kind: str | None) -> Slot:
        """Return the item that a delta or a part belongs to; ``kind`` is the item type the event speaks of."""
        index, name = event.output_index, event.item_id
        found = self._by_index.get(index) if index is not None else self._slots
        if found:
            last = found[-1]
            if len(found) == 1 and index is not None and (last.kind == kind or kind is None or last.kind is None):
                last.kind = last.kind or kind
                return last
            for slot in reversed(found):
                if slot.is_called(name):
                    return slot
            for slot in reversed(found):
                if (slot.kind == kind or kind is None) and (index is not None or slot.done is None):
                    return slot
        return self._new(index, kind)

    def place(self, index: int | None, item: Item) -> Slot:
        """Return the slot of an item that is announced: the one it has, unless that is surely another item's."""
        kind = _kind(item)
        slot = self._match(index, item, kind)
        if slot is None or ((slot.added or slot.done is not None) and _other(slot, item)):
            slot = self._new(index, kind)
        slot.kind = kind or slot.kind
        return slot

    def match(self, index: int | None, item: Item) -> Slot:
        """Return the slot of an item that is finished."""
        kind = _kind(item)
        slot = self._match(index, item, kind) or self._new(index, kind)
        slot.kind = kind or slot.kind or kind_of(item)
        return slot

    def _match(self, index: int | None, item: Item, kind: str | None) -> Slot | None:
        """Find an item by id, by call id, else by place and kind, unfinished ones first."""
        found = self._slots if index is None else self._by_index.get(index, [])
        named = by_name(item, kind, found)
        if named is not None:
            return named
        of_kind = [slot for slot in found if slot.kind in (kind, None) or kind is None]
        unfinished = [slot for slot in of_kind if slot.done is None]
        return next(iter(unfinished or (of_kind if index is not None else [])), None)


def by_name(item: Item, kind: str | None, slots: list[Slot]) -> Slot | None:
    """Return the slot of this kind that shares the item's id, else its call id (a call and its output share one)."""
    for key in ("id", "call_id"):
        for slot in slots:
            if slot.is_called(item.get(key), key) and (kind is None or slot.kind in (kind, None)):
                return slot
    return None


def _kind(item: Item) -> str | None:
    kind = item.get("type")
    return kind if isinstance(kind, str) and kind else None


def _other(slot: Slot, item: Item) -> bool:
    """Whether ``item`` is surely not the one in ``slot``: both have names, and no name is shared."""
    known = slot.known
    same_call = item.get("call_id") is not None and item.get("call_id") == known.get("call_id")
    return not same_call and slot.id is not None and item.get("id") is not None and not slot.is_called(item["id"])
