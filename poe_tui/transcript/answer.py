"""An answer as parts in order, filled from a finished row or from the events of a stream.

Both ways end in the same parts: what a stream brought is compared with the row when the turn ends, and texts that are
equal are kept, so that nothing is parsed or moved again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from poe_tui.model import Item
from poe_tui.payload_fold import fold
from poe_tui.sanitize import clean
from poe_tui.transcript import items
from poe_tui.transcript.lines import Citation
from poe_tui.transcript.text import Text, cleaned_offset
from poe_tui.transcript.turn_blocks import Source

Key = tuple[int, int]
"""Output index, content index."""


@dataclass(slots=True, eq=False)
class Part:
    """One thing an answer holds: a text, a refusal, or an item that is drawn as one line."""

    kind: str
    """``text``, ``refusal`` or ``item``."""
    text: Text | None = None
    raw: str | None = None
    """The text as the server sent it, where a row holds it: what its offsets count in."""
    item: Item = field(default_factory=dict)
    annotations: list[dict[str, Any]] = field(default_factory=list)


class Answer:
    """The parts of one turn's output."""

    def __init__(self) -> None:
        self.parts: dict[Key, Part] = {}
        self._thoughts: dict[tuple[int, int, int], Text] = {}

    @classmethod
    def of(cls, output: Iterable[Item]) -> Answer:
        """The answer a finished row holds."""
        answer = cls()
        for index, item in enumerate(output):
            answer.add_item(index, item)
        answer.cite()
        return answer

    # --- content ------------------------------------------------------------------------------------------------------
    def add_item(self, index: int, item: Item) -> None:
        """Take a whole output item in."""
        kind = item.get("type")
        if kind == "message":
            self._add_message(index, item)
        elif kind == "reasoning":
            for at, text in enumerate(items.reasoning_texts(item)):
                self._thoughts[index, 0, at] = Text(clean(text), complete=True, tone="thought")
        else:
            self.parts[index, 0] = Part("item", item=item)

    def _add_message(self, index: int, item: Item) -> None:
        content = item.get("content")
        parts = content if isinstance(content, list) else [{"type": "output_text", "text": content}]
        for at, part in enumerate(parts):
            if not isinstance(part, dict):
                continue
            kind = part.get("type")
            value = part.get("refusal") if kind == "refusal" else part.get("text")
            if isinstance(value, str):
                made = Part("refusal" if kind == "refusal" else "text", Text(fold(clean(value)), complete=True), value)
                annotations = part.get("annotations")
                if isinstance(annotations, list):
                    made.annotations = [note for note in annotations if isinstance(note, dict)]
                self.parts[index, at] = made
            elif kind not in ("output_text", "text", "refusal", None):
                self.parts[index, at] = Part("item", item=part)

    def text(self, key: Key, kind: str = "text") -> Text:
        """The text at that place, made on first sight."""
        part = self.parts.get(key)
        if part is None or part.text is None:
            part = self.parts[key] = Part(kind, Text())
            assert part.text is not None
        return part.text

    def item(self, index: int, kind: str) -> Item:
        """The item at that place, made on first sight; for changing as its events come."""
        part = self.parts.get((index, 0))
        if part is None:
            part = self.parts[index, 0] = Part("item", item={"type": kind, "status": "in_progress"})
        return part.item

    def think(self, key: tuple[int, int, int], delta: str) -> None:
        """Take reasoning in."""
        text = self._thoughts.get(key)
        if text is None:
            text = self._thoughts[key] = Text(tone="thought")
        text.feed(delta)

    def has_thought(self, index: int) -> bool:
        """Whether any reasoning of that item came."""
        return any(key[0] == index for key in self._thoughts)

    def has_thought_at(self, key: tuple[int, int, int]) -> bool:
        """Whether reasoning came at just that place."""
        return key in self._thoughts

    # --- what is drawn ------------------------------------------------------------------------------------------------
    @property
    def ordered(self) -> list[Part]:
        """The parts in the order of the response."""
        return [self.parts[key] for key in sorted(self.parts)]

    @property
    def texts(self) -> list[Text]:
        """The text parts in order."""
        return [part.text for part in self.ordered if part.text is not None]

    @property
    def characters(self) -> int:
        """Length of the answer's text so far."""
        return sum(text.length for text in self.texts)

    @property
    def thoughts(self) -> list[Text]:
        """The parts of the reasoning in order; empty ones left out."""
        return [self._thoughts[key] for key in sorted(self._thoughts) if not self._thoughts[key].blank]

    @property
    def thought_characters(self) -> int:
        """Length of the reasoning so far."""
        return sum(text.length for text in self.thoughts)

    def last_thoughts(self, characters: int) -> str:
        """The end of the reasoning, about that long; costs nothing however long the whole is."""
        found: list[str] = []
        for text in reversed(self.thoughts):
            if characters <= 0:
                break
            end = text.end(characters)
            found[:0] = [end, "\n\n"] if found else [end]
            characters -= len(end)
        return "".join(found)

    @property
    def sources(self) -> list[Source]:
        """The numbered web sources."""
        ordered = self.ordered
        annotations = [annotation for part in ordered for annotation in part.annotations]
        searches = [part.item for part in ordered if part.item.get("type") == "web_search_call"]
        return items.sources(annotations, searches) if annotations or searches else []

    def cite(self) -> None:
        """Give every text the marks of its citations, numbered as the sources are."""
        numbers = {source.url: source.number for source in self.sources}
        for part in self.ordered:
            if part.text is None or not part.annotations or (part.raw is None and not part.text.unchanged):
                continue
            part.text.cite([mark for note in part.annotations if (mark := _mark(part, note, numbers)) is not None])

    def finish(self) -> None:
        """No more will come."""
        for text in (*self.texts, *self._thoughts.values()):
            text.finish()

    def keep_from(self, earlier: Answer) -> None:
        """Take over the texts of ``earlier`` that are the same: they are parsed and laid out already."""
        earlier.finish()
        known = _by_source(earlier.texts)
        for part in self.ordered:
            if part.text is not None and (same := known.get(part.text.source)):
                kept = same.pop(0)
                if set(kept.citations) <= set(part.text.citations):
                    kept.cite(part.text.citations)
                    part.text = kept
        known = _by_source(earlier.thoughts)
        for key, text in self._thoughts.items():
            if same := known.get(text.source):
                self._thoughts[key] = same.pop(0)


def _by_source(texts: Iterable[Text]) -> dict[str, list[Text]]:
    found: dict[str, list[Text]] = {}
    for text in texts:
        found.setdefault(text.source, []).append(text)
    return found


def _mark(part: Part, annotation: dict[str, Any], numbers: dict[str, int]) -> Citation | None:
    start, end = annotation.get("start_index"), annotation.get("end_index")
    url = annotation.get("url")
    shown = items.clean_url(url) if isinstance(url, str) else None
    if shown is None or shown not in numbers or not isinstance(start, int) or not isinstance(end, int):
        return None
    if part.raw is not None:
        start, end = cleaned_offset(part.raw, start), cleaned_offset(part.raw, end)
    length = part.text.length if part.text is not None else 0
    start = max(0, min(start, length))
    return Citation(start, max(start, min(end, length)), numbers[shown], shown)
