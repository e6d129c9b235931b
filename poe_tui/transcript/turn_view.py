"""TurnView: one turn as rows, from its row in the store or while it streams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from poe_tui import numbers
from poe_tui.media import Media, find_media, image_of
from poe_tui.model import Turn
from poe_tui.transcript import items, words
from poe_tui.transcript.answer import Answer, Part
from poe_tui.transcript.calls import Calls, Result, left_words, result_line, spent_words
from poe_tui.transcript.json_text import asked_for
from poe_tui.transcript.media_blocks import media_blocks
from poe_tui.transcript.rows import BLANK_ROW, GAP, Frame, Leaf, Row, Rows, Stack
from poe_tui.transcript.stream import Stream
from poe_tui.transcript.surroundings import Outline, Surroundings
from poe_tui.transcript.text import Text
from poe_tui.transcript.turn_blocks import (
    Activity,
    Block,
    Divider,
    Header,
    Raw,
    Reasoning,
    Refusal,
    Sources,
    Words,
    estimated_rows,
)
from poe_tui.transcript.turn_line import TurnLine

TAIL = 4000
"""Characters of live reasoning that its last lines are taken from."""


class TurnView(TurnLine):
    """A turn and the rows it is drawn as. Builds them when they are first walked over."""

    # Defaults of the class, not of each object: a long thread has thousands of turns that nobody looks at.
    loaded = True
    """Whether the turn's contents are here; else it is blank rows of about the right height."""
    reasoning_open: bool | None = None
    """Whether the person opened or folded this turn's reasoning; ``None``: as the settings say."""
    raw = False
    unsaved_reason = ""
    results: Mapping[str, Result] = MappingProxyType({})
    """Call id -> how the call ended, as a later turn tells it."""
    followed = False
    """Whether another turn of the path comes after it."""
    siblings: tuple[int, int] = (0, 0)
    blocks: Sequence[Block | None] = ()
    """The block of each member of the stack; ``None`` for a gap."""
    _answer: Answer | None = None
    _media: Sequence[Media] | None = None
    _kept_notes: Sequence[str] = ()
    _thought_for = 0.0
    _stack: Stack | None = None
    _drawn: Mapping[Block, Rows] = MappingProxyType({})
    _frame: Frame | None = None
    _weight: tuple[int, int, int, int] | None = None
    _height: int | None = None

    def __init__(self, turn: Turn, around: Surroundings, previous_model: str | None = None) -> None:
        self.turn = turn
        self.around = around
        self.previous_model = previous_model

    @classmethod
    def sketched(cls, outline: Outline, around: Surroundings, previous_model: str | None = None) -> TurnView:
        """A turn of which only the lengths are known."""
        turn = Turn(outline.id, "", parent_id=outline.parent_id, model=outline.model, status="completed")
        view = cls(turn, around, previous_model)
        view.siblings = outline.sibling_index, outline.sibling_count
        view.loaded = False
        view._weight = outline.input_length, outline.input_lines, outline.output_length, outline.output_lines
        return view

    # --- content ------------------------------------------------------------------------------------------------------
    def load(self, turn: Turn) -> None:
        """The contents of a sketched turn are here."""
        self.turn, self.loaded = turn, True
        self._weight = self._height = self._stack = self._answer = self._prompts = self._media = None

    @property
    def answer(self) -> Answer:
        """The answer as far as it is known."""
        if self.stream is not None:
            return self.stream.answer
        if self._answer is None:
            self._answer = Answer.of(self.turn.output)
        return self._answer

    @property
    def live(self) -> bool:
        """Whether the turn is running."""
        return self.stream is not None

    @property
    def behind(self) -> bool:
        """Whether some of its text waits for the next frames."""
        return self.live and any(text.behind for text in self.answer.texts)

    @property
    def place_among_siblings(self) -> tuple[int, int]:
        """Which of how many: the row's word, or what was seen to happen where the row does not count it yet."""
        return max((self.turn.sibling_index, self.turn.sibling_count), self.siblings, key=lambda place: place[1])

    def start(self) -> None:
        """The turn runs from now on."""
        self.stream = Stream(self.around.clock)
        self._answer = None

    def end(self, turn: Turn, unsaved_reason: str = "") -> None:
        """The turn is over: what is drawn is its row's from here on, and equal texts stay as they are."""
        stream, self.stream = self.stream, None
        self.turn = turn
        self.unsaved_reason = unsaved_reason
        self._answer = Answer.of(turn.output)
        self._prompts = self._media = None
        self._weight = None
        if stream is not None:
            self._answer.keep_from(stream.answer)
            self._thought_for = stream.thought_for
            if not (turn.error or {}).get("notes"):
                self._kept_notes = stream.notes

    def deal_with_calls(self) -> None:
        """Somebody deals with the calls that the turn ended in."""
        self.calls = Calls(self.around.clock)

    def see_tool(self, event: Any) -> None:
        """Something happens to one of its calls."""
        if self.calls is None:
            self.deal_with_calls()
        assert self.calls is not None
        self.calls.apply(event)

    def be_followed(self) -> None:
        """Another turn comes after it."""
        self.followed = True
        if self.calls is not None:
            self.calls.close()

    def drop(self) -> None:
        """Forget what was laid out and parsed; the height stays known."""
        if self.stream is None and self._stack is not None:
            self._height = self._stack.height
            self._stack = None
            self._answer = None
            self._prompts = self._media = None
            self._drawn = {}

    # --- rows ---------------------------------------------------------------------------------------------------------
    @property
    def built(self) -> bool:
        """Whether the turn was looked at since it was last dropped."""
        return self._stack is not None

    @property
    def height(self) -> int:
        """Rows; an estimate until the turn was looked at."""
        if self._stack is not None and self._frame is self.around.frame:
            return self._stack.height
        if self._height is not None and self._frame is self.around.frame:
            return self._height
        return self._estimate()

    def walk(self, row: int, delta: int) -> tuple[int, int]:
        """See ``rows.Rows``."""
        return self._open().walk(row, delta)

    def row(self, at: int) -> Row:
        """See ``rows.Rows``."""
        return self._open().row(at)

    @property
    def lead(self) -> int:
        """Rows before the prompt: the blank one, and the divider."""
        stack = self._open()
        own = (at for at, block in enumerate(self.blocks) if block is not None and not isinstance(block, Divider))
        return stack.index.before(next(own, 0))

    @property
    def stack(self) -> Stack:
        """The rows by block, built if need be."""
        return self._open()

    def _open(self) -> Stack:
        if self._stack is None or self._frame is not self.around.frame:
            self.sync()
        assert self._stack is not None
        return self._stack

    def sync(self) -> None:
        """Bring the rows up to the content. Only blocks that changed are laid out again."""
        frame = self.around.frame
        if not self.loaded:
            self._frame, self.blocks = frame, [None]
            self._stack = Stack([Leaf.of([BLANK_ROW] * self._estimate())])
            return
        if frame is not self._frame:
            self._drawn = {}
            self._frame = frame
        pace = self.around.pace if self.live else 1
        for text in (*self.answer.texts, *self.answer.thoughts):
            text.pace = pace
            text.sync()
        drawn: dict[Block, Rows] = {}
        members: list[Rows] = []
        blocks: list[Block | None] = []
        before: Block | None = None
        for block in self._blocks():
            rows = self._drawn.get(block) if not isinstance(block, Text) else None
            rows = drawn[block] = rows or block.rows(frame)
            if not (block.snug or (frame.density == "compact" and isinstance(before, Reasoning))):
                members.append(GAP)
                blocks.append(None)
            members.append(rows)
            blocks.append(block)
            before = block
        self._drawn, self.blocks = drawn, blocks
        if self._stack is None:
            self._stack = Stack(members)
        elif self._stack.members != members:
            self._stack.replace(members)
        else:
            for position in range(len(members)):
                self._stack.measure(position)

    def _estimate(self) -> int:
        """About how high, from lengths alone."""
        if self._weight is None:
            asked, answered = self.turn.input_text, self.turn.output_text
            self._weight = len(asked), asked.count("\n") + 1, len(answered), answered.count("\n") + 1
        asked_length, asked_lines, length, lines = self._weight
        width = self.around.frame.text
        return 5 + estimated_rows(asked_length, asked_lines, width) + estimated_rows(length, lines, width)

    # --- blocks -------------------------------------------------------------------------------------------------------
    def _blocks(self) -> list[Block]:
        """Everything that is drawn, from the divider to the last word."""
        blocks: list[Block] = []
        if self.previous_model and self.turn.model and self.previous_model != self.turn.model:
            blocks.append(Divider(self.around.name(self.turn.model)))
        if self._prompts is None:
            self._prompts = items.prompts(self.turn)
        blocks.extend(replace(prompt, whole=True) if self.raw else prompt for prompt in self._prompts)
        body = self._body()
        blocks.append(Header(self._model_line()))
        blocks.extend(self._reasoning(bool(body)))
        blocks.extend(body)
        blocks.extend(media_blocks(self.turn, self.media, self.around))
        if (not self.live or any(not text.blank for text in self.answer.texts)) and (sources := self.answer.sources):
            blocks.append(Sources(tuple(sources)))
        blocks.extend(self._afterwards())
        return blocks

    def _body(self) -> list[Block]:
        blocks: list[Block] = []
        ordered = self.answer.ordered
        last_text = max((i for i, part in enumerate(ordered) if part.text and not part.text.blank), default=-1)
        has_sources = not self.live and bool(self.answer.sources)
        first_code = 1
        for position, part in enumerate(ordered):
            if part.text is not None:
                if not part.text.blank:
                    blocks.append(self._text(part, part.text, first_code))
                    if position < last_text:
                        first_code += part.text.code_count
            elif not (
                (part.item.get("type") == "web_search_call" and (position < last_text or has_sources))
                or (part.item.get("type") == "image_generation_call" and self._is_media(part.item))
            ):
                line = self._line(part)
                snug = bool(blocks) and isinstance(blocks[-1], Activity)
                blocks.append(replace(line, snug=snug))
        return blocks

    def _is_media(self, item: Mapping[str, Any]) -> bool:
        """Whether an image of the answer is told about under it."""
        return not self.live and image_of(item) is not None

    @property
    def media(self) -> Sequence[Media]:
        """The images, films and sounds of the finished answer."""
        if self.live:
            return ()
        if self._media is None:
            self._media = find_media(self.turn.output)
        return self._media

    def _text(self, part: Part, text: Text, first_code: int) -> Block:
        if part.kind == "refusal":
            return Refusal(text.source)
        if self.raw:
            return Raw(text.source)
        text.first_code = first_code
        text.judge(asked=asked_for(self.turn.options))
        return text

    def _line(self, part: Part) -> Activity:
        """One line for what is no text."""
        item = part.item
        if self.live or item.get("type") not in items.CALLS:
            return items.activity(item, live=self.live)
        result = self._result(part)
        if result is not None:
            return result_line(items.call_words(item)[0], result)
        index = self._calls.index(part) if part in self._calls else -1
        if index >= 0 and self.calls is not None and self.calls.open:
            return self.calls.line(index, *items.call_words(item))
        return items.activity(item, live=False)

    @property
    def _calls(self) -> list[Part]:
        """The calls that tools of this machine may answer, in the order the engine counts them in."""
        return [part for part in self.answer.ordered if part.item.get("type") == "function_call"]

    def _result(self, part: Part) -> Result | None:
        call_id = part.item.get("call_id")
        if call_id and (told := self.results.get(str(call_id))):
            return told
        if self.calls is None or part not in self._calls:
            return None
        return self.calls.results.get(self._calls.index(part))

    def _left(self) -> Words | None:
        """What is said about calls that have no result."""
        keys = self.around.frame.keys
        if self.calls is not None and self.calls.steps:
            return Words((spent_words(self.calls.steps, keys),))
        dealt_with = self.calls is not None and self.calls.open
        if self.followed or dealt_with or self.turn.status != "completed":
            return None
        left = [items.call_words(part.item)[0] for part in self._calls if self._result(part) is None]
        stopped = self.calls is not None and self.calls.stopped
        return Words((left_words(self.turn, left, keys, stopped=stopped),)) if left else None

    def _reasoning(self, answered: bool) -> list[Block]:
        answer, mode = self.answer, self.around.frame.reasoning
        thoughts = answer.thoughts
        if not thoughts:
            return []
        thinking = self.stream is not None and not answered
        label = "Thinking" if thinking else self._thought_label()
        if self.shows_reasoning:
            for number, text in enumerate(thoughts):
                text.snug = not number
            return [Reasoning(label, folded=False), *thoughts]
        tail = answer.last_thoughts(TAIL) if thinking and mode != "off" else ""
        return [Reasoning(label, folded=not tail, tail=tail)]

    @property
    def shows_reasoning(self) -> bool:
        """Whether all of the reasoning is open: as the person chose for this turn, else as the settings say."""
        return self.around.frame.reasoning == "show" if self.reasoning_open is None else self.reasoning_open

    def _thought_label(self) -> str:
        seconds = self.turn.timing.get("reasoning") or (self.stream.thought_for if self.stream else self._thought_for)
        label = f"Thought for {numbers.whole_seconds(seconds)}" if seconds >= 0.05 else "Thought"
        details = (self.turn.usage or {}).get("output_tokens_details")
        count = details.get("reasoning_tokens") if isinstance(details, dict) else None
        if isinstance(count, int) and count > 0:
            return f"{label} · {numbers.tokens_in_words(count)}"
        estimate = numbers.estimated_tokens(self.answer.thought_characters)
        return f"{label} · {numbers.tokens_in_words(estimate, estimated=True)}"

    def _afterwards(self) -> list[Block]:
        """Notes and what went wrong, under the answer."""
        blocks: list[Block] = []
        keys = self.around.frame.keys
        notes = self.stream.notes if self.stream is not None else self._notes()
        if notes:
            blocks.append(Words(tuple(((note, "dim"),) for note in notes)))
        if self.stream is None:
            troubles = words.trouble(self.turn, self._received(), keys)
            if troubles:
                blocks.append(Words(tuple(troubles)))
            if left := self._left():
                blocks.append(left)
        elif self.stream.retry is not None:
            retry = self.stream.retry
            reason = f"rate limited by {words.server_name(self.turn.server)}" if retry.status == 429 else retry.reason
            lines = words.retrying(reason, self.retry_remaining(), retry.attempt + 1, retry.limit, keys)
            blocks.append(Words(tuple(lines)))
        if self.unsaved_reason:
            blocks.append(Words(((("Not saved: ", "warning"), (f"{words.server_words(self.unsaved_reason)}", "dim")),)))
        return blocks

    def _notes(self) -> Sequence[str]:
        stored = (self.turn.error or {}).get("notes")
        if isinstance(stored, list):
            return [words.server_words(note) for note in stored if isinstance(note, str) and note]
        return self._kept_notes
