"""
Output items in the making, told by the events of the Responses API.

One message holds all of the answer's text, however it is interrupted; reasoning before it is an item of its own, and
so is every call and every image. What is only white space waits: beside a call it would be an empty bubble.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from poe_tui.api import chat_shapes, events
from poe_tui.api.chat_messages import PROVIDER_FIELDS
from poe_tui.api.surrogates import TooDeep, deep, join
from poe_tui.model import Item

GAP: Final = "\n\n"


@dataclass(slots=True)
class _Part:
    kind: str
    """``output_text``, ``refusal`` or ``reasoning_text``."""
    pieces: list[str] = field(default_factory=list)
    annotations: list[dict[str, Any]] = field(default_factory=list)
    logprobs: list[Any] = field(default_factory=list)

    @property
    def key(self) -> str:
        return "refusal" if self.kind == "refusal" else "text"

    def value(self) -> dict[str, Any]:
        """Return the part as it stands."""
        text = "".join(self.pieces)
        if self.kind != "output_text":
            return {"type": self.kind, self.key: text}
        value: dict[str, Any] = {"type": self.kind, "text": text, "annotations": list(self.annotations)}
        return {**value, "logprobs": list(self.logprobs)} if self.logprobs else value


@dataclass(slots=True)
class _Speech:
    """A message or a reasoning item."""

    index: int
    id: str
    kind: str
    parts: list[_Part] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Everything that was said in it so far."""
        return "".join(piece for part in self.parts for piece in part.pieces)

    def item(self, status: str) -> Item:
        content = [part.value() for part in self.parts]
        if self.kind == "reasoning":
            return {"type": "reasoning", "id": self.id, "summary": [], "content": content, "status": status}
        return {"type": "message", "id": self.id, "role": "assistant", "status": status, "content": content}


@dataclass(slots=True)
class _Call:
    index: int
    id: str
    place: Any
    """The index by which its pieces name it."""
    call_id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)
    told: bool = False
    """Whether its beginning was told; that waits for its name."""
    extras: dict[str, Any] = field(default_factory=dict)

    def item(self, status: str) -> Item:
        return {
            "type": "function_call",
            "id": self.id,
            "call_id": self.call_id or f"call_{self.id.removeprefix('fc_')}",
            "name": self.name,
            "arguments": "".join(self.arguments) if status != "in_progress" else "",
            "status": status,
            **self.extras,
        }


class Output:
    """What has come out so far. Everything that it is told becomes events; ``take`` hands them over."""

    def __init__(self, name: str) -> None:
        """``name`` makes the ids of this answer's items different from those of any other."""
        self.items: list[Item] = []
        """The items in their order, finished ones as they are, others as they were when ``close`` ended them."""
        self._name = name
        self._events: list[events.StreamEvent] = []
        self._number = 0
        self._count = 0
        self._message: _Speech | None = None
        self._thought: _Speech | None = None
        self._calls: list[_Call] = []
        self._finished: dict[int, Item] = {}
        self._blank = {"output_text": "", "refusal": "", "reasoning_text": ""}
        self._images: set[str] = set()
        self._notes: list[dict[str, Any]] = []
        self._sources: dict[str, str | None] = {}

    def take(self) -> list[events.StreamEvent]:
        """Return the events since the last time."""
        taken, self._events = self._events, []
        return taken

    def tell(self, kind: type[events.StreamEvent], **fields: Any) -> None:
        """Add an event of the API, with its number."""
        self._events.append(kind(**fields, sequence_number=self._number))
        self._number += 1

    # --- speech -------------------------------------------------------------------------------------------------------

    def say(self, text: str, logprobs: list[Any] | None = None) -> None:
        """The answer goes on."""
        if text := self._ripe("output_text", text):
            part, at = self._speak("output_text")
            part.pieces.append(text)
            part.logprobs += logprobs or []
            more = {"logprobs": logprobs} if logprobs else {}
            self.tell(events.OutputTextDelta, **at, delta=text, **more)

    def refuse(self, text: str) -> None:
        """The refusal goes on."""
        if text := self._ripe("refusal", text):
            part, at = self._speak("refusal")
            part.pieces.append(text)
            self.tell(events.RefusalDelta, **at, delta=text)

    def think(self, text: str) -> None:
        """The thinking goes on; after some of the answer it is a thought of its own."""
        if not (text := self._ripe("reasoning_text", text)):
            return
        if self._thought is None:
            self._thought = self._open("reasoning", "rs")
        part, at = self._part(self._thought, "reasoning_text")
        part.pieces.append(text)
        self.tell(events.ReasoningTextDelta, **at, delta=text)

    def _ripe(self, kind: str, text: str) -> str:
        """Return what may be told now: white space waits for a word."""
        speech = self._thought if kind == "reasoning_text" else self._message
        if speech is not None and speech.parts[-1].kind == kind:
            return text
        text = self._blank[kind] + text
        self._blank[kind] = text if text.isspace() else ""
        return "" if text.isspace() else text

    def _speak(self, kind: str) -> tuple[_Part, dict[str, Any]]:
        self._close_thought()
        if self._message is None:
            self._message = self._open("message", "msg")
        return self._part(self._message, kind)

    def _open(self, kind: str, prefix: str) -> _Speech:
        speech = _Speech(self._count, f"{prefix}_{self._name}_{self._count}", kind)
        self._count += 1
        self.tell(events.OutputItemAdded, output_index=speech.index, item=speech.item("in_progress"))
        return speech

    def _part(self, speech: _Speech, kind: str) -> tuple[_Part, dict[str, Any]]:
        """Return the part that is being said and where it stands; another kind of part ends the one before."""
        if not speech.parts or speech.parts[-1].kind != kind:
            if speech.parts:
                self._close_part(speech)
            speech.parts.append(_Part(kind))
            self.tell(events.ContentPartAdded, **self._at(speech), part=speech.parts[-1].value())
            if kind == "output_text":
                self._note_all(speech)
        return speech.parts[-1], self._at(speech)

    @staticmethod
    def _at(speech: _Speech) -> dict[str, Any]:
        return {"output_index": speech.index, "item_id": speech.id, "content_index": len(speech.parts) - 1}

    def _close_part(self, speech: _Speech) -> None:
        part, at = speech.parts[-1], self._at(speech)
        value = part.value()
        match part.kind:
            case "output_text":
                self.tell(events.OutputTextDone, **at, text=value["text"])
            case "refusal":
                self.tell(events.RefusalDone, **at, refusal=value["refusal"])
            case _:
                self.tell(events.ReasoningTextDone, **at, text=value["text"])
        self.tell(events.ContentPartDone, **at, part=value)

    def _close_thought(self) -> None:
        if self._thought is not None:
            thought, self._thought = self._thought, None
            self._close_part(thought)
            self._done(thought.index, thought.item("completed"))

    def _done(self, index: int, item: Item) -> None:
        self._finished[index] = item
        self.tell(events.OutputItemDone, output_index=index, item=item)

    # --- citations ----------------------------------------------------------------------------------------------------

    def note(self, annotation: dict[str, Any]) -> None:
        """An annotation on the text, which may come before it."""
        try:
            self._notes.append(deep(annotation))
        except TooDeep:
            return
        speech = self._message
        if speech is not None and speech.parts[-1].kind == "output_text":
            self._note_all(speech)

    def source(self, url: str, title: str | None) -> None:
        """A source that is named beside the text; told at the end, unless the text cites it."""
        self._sources[url] = self._sources.get(url) or (None if title is None else join(title))

    def _note_all(self, speech: _Speech) -> None:
        part = speech.parts[-1]
        for annotation in self._notes:
            if annotation not in part.annotations:
                place = len(part.annotations)
                part.annotations.append(annotation)
                fields = {**self._at(speech), "annotation_index": place, "annotation": annotation}
                self.tell(events.OutputTextAnnotationAdded, **fields)
        self._notes.clear()

    def _name_sources(self, speech: _Speech) -> None:
        part = speech.parts[-1]
        if part.kind != "output_text":
            return
        cited = {note.get("url") for note in part.annotations}
        for url, title in self._sources.items():
            if url not in cited:
                self._notes.append({"type": "url_citation", "url": url, "title": title})
        self._note_all(speech)

    # --- calls and images ---------------------------------------------------------------------------------------------

    def call(self, entry: dict[str, Any]) -> None:
        """A piece of a tool call: OpenAI's by index, or a whole call at once, with or without index and id."""
        function = entry.get("function")
        name = function.get("name") if isinstance(function, dict) else None
        name = deep(name) if isinstance(name, str) else ""
        call_id = deep(entry["id"]) if isinstance(entry.get("id"), str) else ""
        call = self._call(entry.get("index"), call_id, name)
        call.call_id = call.call_id or call_id
        for key in PROVIDER_FIELDS:
            if isinstance(entry.get(key), dict):
                try:
                    call.extras[key] = {**call.extras.get(key, {}), **deep(entry[key])}
                except TooDeep:
                    continue
        if name and (not call.name or (name != call.name and not call.arguments)):
            call.name += name
        piece = chat_shapes.arguments_of(function)
        if piece:
            call.arguments.append(piece)
        if call.name and not call.told:
            call.told = True
            self._close_thought()
            self.tell(events.OutputItemAdded, output_index=call.index, item=call.item("in_progress"))
            piece = "".join(call.arguments)
        if call.told and piece:
            at = {"output_index": call.index, "item_id": call.id}
            self.tell(events.FunctionCallArgumentsDelta, **at, delta=deep(piece))

    def _call(self, place: Any, call_id: str, name: str) -> _Call:
        """
        Find the call that a piece belongs to: by its place, by its id, else the last one.

        Some servers number every call 0: another id with a name begins another call all the same. Some leave id and
        index out: then a name after arguments begins another call.
        """
        found = [call for call in self._calls if place is not None and call.place == place]
        known = [call for call in found or self._calls if call_id and call.call_id == call_id]
        if known:
            return known[-1]
        same = found if place is not None else self._calls
        if same and not (call_id and same[-1].call_id) and not (place is None and name and same[-1].arguments):
            return same[-1]
        if same and not name and place is not None:
            return same[-1]  # An id that changes from piece to piece; only a name begins a call.
        call = _Call(self._count, f"fc_{self._name}_{self._count}", place)
        self._count += 1
        self._calls.append(call)
        return call

    def image(self, url: str) -> None:
        """An image: one in base64 is an item of its own, any other a link in the text. The same one twice is one."""
        if url in self._images:
            return
        self._images.add(url)
        data = chat_shapes.data_url(url)
        if data is None:
            said = "" if self._message is None else self._message.text
            if url.startswith(("http://", "https://")) and url not in said:
                self.say(f"{said and GAP}![image]({url})")
            return
        self._close_thought()
        index = self._count
        self._count += 1
        item: Item = {"type": "image_generation_call", "id": f"ig_{self._name}_{index}", "status": "in_progress"}
        self.tell(events.OutputItemAdded, output_index=index, item=item)
        self._done(index, {**item, "status": "completed", "output_format": data[0], "result": data[1]})

    # --- the end ------------------------------------------------------------------------------------------------------

    def close(self, status: str) -> None:
        """The answer is over: finish every item, in their order, with this status."""
        self._close_thought()
        message = self._message
        for index in range(self._count):
            if message is not None and message.index == index:
                self._name_sources(message)
                self._close_part(message)
                self._done(index, message.item(status))
            for call in self._calls:
                if call.index == index:
                    self._close_call(call, status)
        self.items = [item for _, item in sorted(self._finished.items())]

    def _close_call(self, call: _Call, status: str) -> None:
        item = deep(call.item(status))
        if not call.told:
            if not call.arguments:
                return
            self.tell(events.OutputItemAdded, output_index=call.index, item=call.item("in_progress"))
        at = {"output_index": call.index, "item_id": call.id}
        fields = {"name": item["name"], "arguments": item["arguments"]}
        self.tell(events.FunctionCallArgumentsDone, **at, **fields)
        self._done(call.index, item)
