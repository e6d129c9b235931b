"""
Output items in the making: what the deltas of one item add up to, and how that meets the finished item.

A finished item (``output_item.done``, the terminal snapshot) always wins, except that an empty or missing text never
replaces one that was streamed: Gemini through LiteLLM leaves ``text`` out, and some servers send ``output: []``.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from poe_tui.api.surrogates import join
from poe_tui.model import Item

NEIGHBOURHOOD = 8
"""How far back a sequence number may point and still mean a swapped neighbour, not another way of counting."""

_TEXT_KEYS = {"refusal": "refusal"}


def text_key(kind: Any) -> str:
    """Return the field that holds a part's text: ``refusal`` for a refusal, else ``text``."""
    return _TEXT_KEYS.get(kind, "text") if isinstance(kind, str) else "text"


class Part:
    """A content or summary part."""

    __slots__ = ("_by_place", "_chunks", "_numbers", "final", "kind", "logprobs", "notes", "shell")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.shell: dict[str, Any] = {}
        """The part as ``added`` or ``done`` gave it."""
        self.final: str | None = None
        self.notes: list[tuple[float, Any]] = []
        """Annotations with their ``annotation_index``, infinity where there is none."""
        self._by_place: dict[float, Any] = {}
        self.logprobs: list[Any] = []
        self._chunks: list[str] = []
        self._numbers: list[int] = []

    def add(self, delta: str, number: int | None) -> None:
        """
        Add a delta. ``number`` is its sequence number, ``None`` where the server's counting means nothing.

        The same event a second time is left out; one that a swapped neighbour overtook goes to its place.
        """
        if self.final:
            return
        last = self._numbers[-1] if self._numbers else -1
        if number is None or number > last:
            self._chunks.append(delta)
            self._numbers.append(last if number is None else number)
            return
        at = bisect_right(self._numbers, number)
        if at and self._numbers[at - 1] == number and self._chunks[at - 1] == delta:
            return
        if last - number > NEIGHBOURHOOD or (at and self._numbers[at - 1] == number):
            number, at = last, len(self._numbers)
        self._chunks.insert(at, delta)
        self._numbers.insert(at, number)

    def finish(self, text: Any) -> None:
        """Take the whole text; an empty one changes nothing."""
        if isinstance(text, str) and text:
            self.final = text

    def note(self, annotation: Any, index: int | None) -> None:
        """Add an annotation, unless it is the one that this place, or the event before, gave already."""
        if annotation is None:
            return
        place = float("inf") if index is None else index
        if self.notes and (self.notes[-1][1] == annotation or self._by_place.get(place) == annotation):
            return
        self._by_place.setdefault(place, annotation)
        self.notes.append((place, annotation))

    @property
    def text(self) -> str:
        """The text so far."""
        if self.final:
            return join(self.final)
        if self._chunks:
            return join("".join(self._chunks))
        given = self.shell.get(text_key(self.kind))
        return join(given) if isinstance(given, str) else ""

    @property
    def annotations(self) -> list[Any]:
        """The annotations in their order: the part's own when it has any, else the streamed ones."""
        own = self.shell.get("annotations")
        return own if isinstance(own, list) and own else [note for _, note in sorted(self.notes, key=_first)]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        known = self.kind in ("output_text", "refusal", "reasoning_text", "summary_text", "text")
        return known and not self.text

    def value(self) -> dict[str, Any]:
        """Return the part as the wire would give it."""
        if not self.text and text_key(self.kind) not in self.shell and self.shell:
            return {"type": self.kind, **self.shell}
        result = {"type": self.kind, **self.shell, text_key(self.kind): self.text}
        if self.kind == "output_text":
            result["annotations"] = self.annotations
            if self.logprobs and not result.get("logprobs"):
                result["logprobs"] = self.logprobs
        return result


def _first(pair: tuple[float, Any]) -> float:
    return pair[0]


class Slot:
    """One output item: where it stands, what was said of it, and what was streamed into it."""

    __slots__ = ("added", "arrival", "content", "done", "index", "kind", "shell", "state", "strings", "summary")

    def __init__(self, index: int, arrival: int, kind: str | None) -> None:
        self.index = index
        self.arrival = arrival
        self.kind = kind
        self.shell: Item = {}
        self.done: Item | None = None
        self.added = False
        self.state: str | None = None
        """The state of a server-side tool, from its progress events."""
        self.content: dict[int, Part] = {}
        self.summary: dict[int, Part] = {}
        self.strings: dict[str, Part] = {}
        """Streamed string fields: ``arguments``, ``input``, ``code``, ``diff``, ``commands.0`` …"""

    @property
    def known(self) -> Item:
        """The item as far as ``added`` or ``done`` told it."""
        return self.shell if self.done is None else self.done

    @property
    def id(self) -> str | None:
        """The item's id as last told."""
        value = self.known.get("id")
        return value if isinstance(value, str) else None

    def is_called(self, name: Any, key: str = "id") -> bool:
        """Tell whether ``name`` was ever this item's ``id`` (or ``call_id``)."""
        if not isinstance(name, str) or not name:
            return False
        return self.shell.get(key) == name or (self.done is not None and self.done.get(key) == name)

    def part(self, parts: dict[int, Part], index: int | None, kind: str, *, closing: bool = False) -> Part:
        """
        Return the part at ``index``, made on first sight.

        Without an index it is the last part, or a new one when the last is finished and this is not an event that
        finishes (``closing``) it once more.
        """
        if index is None:
            last = max(parts, default=-1)
            index = last + 1 if last < 0 or (parts[last].final and not closing) else last
        found = parts.get(index)
        if found is None:
            found = parts[index] = Part(kind)
        return found

    def string(self, name: str) -> Part:
        """Return the streamed field ``name``, made on first sight."""
        found = self.strings.get(name)
        if found is None:
            found = self.strings[name] = Part("text")
        return found

    @property
    def droppable(self) -> bool:
        """Whether this is a message that was announced but never said anything, or said nothing unannounced."""
        if self.kind not in ("message", None) or (self.added and self.done is not None):
            return False
        value = self.value()
        content = value.get("content")
        return not content or (isinstance(content, list) and all(_is_empty(part) for part in content))

    def value(self) -> Item:
        """Return the item as it stands."""
        item: Item = {"type": self.kind or "message", **self.known}
        if self.done is None and self.state is not None:
            item["status"] = self.state
        if self.done is None and self.kind in ("message", None):
            item.setdefault("role", "assistant")
            item.setdefault("status", "in_progress")
        return self.complete(item)

    def complete(self, item: Item) -> Item:
        """Return a finished ``item`` with what it lacks taken from the stream. ``item`` itself is not changed."""
        result = dict(item)
        kind = result.get("type")
        if not isinstance(kind, str):
            kind = result["type"] = self.kind or kind_of(item)
        if kind == "message":
            _fill_parts(result, "content", self.content)
        elif kind == "reasoning" and not _tells(item):
            _fill_parts(result, "summary", self.summary)
            _fill_parts(result, "content", self.content)
        for name, part in self.strings.items():
            _fill_string(result, name, part.text)
        for name in ("call_id", "name", "role"):
            if result.get(name) is None and isinstance(self.known.get(name), str):
                result[name] = self.known[name]
        return result


def kind_of(item: Item) -> str:
    """Guess the type of an item that does not say it."""
    if "call_id" in item and "output" not in item:
        return "custom_tool_call" if "input" in item else "function_call"
    if "summary" in item or "encrypted_content" in item:
        return "reasoning"
    return "message" if "content" in item or "role" in item else "unknown"


def _tells(item: Item) -> bool:
    """Whether a reasoning item says anything by itself."""
    for name in ("summary", "content"):
        value = item.get(name)
        if isinstance(value, str) and value:
            return True
        if isinstance(value, list) and any(isinstance(part, dict) and part.get("text") for part in value):
            return True
    return False


def _is_empty(part: Any) -> bool:
    """Whether a part of a message has nothing to show; unknown kinds of parts always have."""
    if not isinstance(part, dict):
        return True
    return part.get("type") in ("output_text", "refusal", "text", None) and not (
        part.get("text") or part.get("refusal")
    )


def _fill_parts(item: Item, name: str, streamed: dict[int, Part]) -> None:
    given = item.get(name)
    if isinstance(given, str) and given:
        return
    parts = [part for part in given if isinstance(part, dict)] if isinstance(given, list) else []
    if not any(not _is_empty(part) for part in parts) and any(not part.empty for part in streamed.values()):
        kept = {index: part for index, part in enumerate(parts) if index not in streamed}
        built = {index: _fill_part(parts, index, part) for index, part in streamed.items()}
        item[name] = [value for _, value in sorted({**kept, **built}.items())]
        return
    if parts:
        item[name] = [
            _fill_part(parts, index, streamed[index]) if index in streamed else part for index, part in enumerate(parts)
        ]


def _fill_part(parts: list[dict[str, Any]], index: int, streamed: Part) -> dict[str, Any]:
    """Return the finished part at ``index`` with its missing text and annotations, or the streamed one."""
    if index >= len(parts):
        return streamed.value()
    part = dict(parts[index])
    kind = part.setdefault("type", streamed.kind)
    if kind != streamed.kind and kind is not None:
        return part
    part["type"] = streamed.kind
    key = text_key(streamed.kind)
    if not part.get(key) and streamed.text:
        part[key] = streamed.text
    if streamed.kind == "output_text" and not part.get("annotations") and streamed.annotations:
        part["annotations"] = streamed.annotations
    return part


def _fill_string(item: Item, name: str, text: str) -> None:
    """Put a streamed string where the finished item has none; ``name`` is a path: ``action/commands/0``."""
    if not text:
        return
    *path, last = name.split("/")
    at = int(last) if last.isdigit() else None
    if at is not None:
        last = path.pop()
    target: Any = item
    for step in path:
        inner = target.get(step)
        target[step] = dict(inner) if isinstance(inner, dict) else {}
        target = target[step]
    if at is None:
        target[last] = target.get(last) or text
        return
    given = target.get(last)
    entries = list(given) if isinstance(given, list) else []
    entries.extend([""] * (at + 1 - len(entries)))
    entries[at] = entries[at] or text
    target[last] = entries
