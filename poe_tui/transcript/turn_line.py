"""TurnLine: what the model line over an answer says: state, time, tokens, points; while it runs and afterwards."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from poe_tui import numbers
from poe_tui.model import Cost, Turn
from poe_tui.transcript import words
from poe_tui.transcript.model_line import ModelLine
from poe_tui.transcript.surroundings import Surroundings

if TYPE_CHECKING:
    from poe_tui.transcript.answer import Answer
    from poe_tui.transcript.calls import Calls
    from poe_tui.transcript.stream import Stream
    from poe_tui.transcript.turn_blocks import Prompt

PRICE_SECONDS = 1.0
"""How often the price of a running turn is asked for."""


class TurnLine:
    """The part of a turn's view that counts."""

    turn: Turn
    around: Surroundings
    stream: Stream | None = None
    calls: Calls | None = None
    """What happens to its calls now; ``None`` where nobody was seen to deal with them."""
    context_tokens = 0
    """Tokens of the path before this turn, as the turn before was billed for it; 0 when unknown."""
    _prompts: Sequence[Prompt] | None = None
    _price: tuple[float, Cost | None] = (float("-inf"), None)

    if TYPE_CHECKING:

        @property
        def answer(self) -> Answer:
            """The answer as far as it is known."""

        @property
        def place_among_siblings(self) -> tuple[int, int]:
            """Which of how many."""

    def _model_line(self) -> ModelLine:
        turn, frame = self.turn, self.around.frame
        asked = time.localtime(turn.created_at) if frame.timestamps and turn.created_at else None
        shown = time.strftime("%H:%M", asked) if asked is not None else ""
        line = ModelLine(self.around.name(turn.model), self.place_among_siblings, time=shown)
        if self.stream is not None:
            return self._live_line(line, self.stream)
        if turn.status == "in_progress":
            return replace(line, mark=("●", "accent"))
        if self.calls is not None and self.calls.open:
            return self._waiting_line(line, self.calls)
        total = turn.timing.get("total")
        counts = [numbers.seconds(total)] if isinstance(total, (int, float)) else []
        made = self._made()
        if made is not None or turn.status == "completed":
            counts += [numbers.tokens(made[0], estimated=made[1]) if made else "? tok"]
            counts += [numbers.points(self._final_cost(made))]
        return replace(line, state=words.state_words(turn), numbers=tuple(counts))

    def _waiting_line(self, line: ModelLine, calls: Calls) -> ModelLine:
        """While tools run or wait."""
        total = self.turn.timing.get("total")
        counts = (numbers.seconds(total),) if isinstance(total, (int, float)) else ()
        if calls.waits:
            return replace(line, mark=("○", "warning"), state=("waits for you", "dim"), numbers=counts)
        return replace(line, mark=("●", "accent"), numbers=counts)

    def _live_line(self, line: ModelLine, stream: Stream) -> ModelLine:
        running = ("●", "accent")
        if stream.phase == "retrying":
            wait = numbers.whole_seconds(self.retry_remaining())
            return replace(line, mark=("○", "warning"), state=(f"trying again in {wait}", "dim"))
        if stream.phase == "thinking":
            seconds = numbers.whole_seconds(self.around.clock() - stream.phase_since)
            return replace(line, mark=running, state=(f"thinking · {seconds}", "dim"))
        if stream.phase == "searching":
            return replace(line, mark=running, state=("searching", "dim"))
        counts = [numbers.seconds(self.elapsed)]
        made = stream.answer.characters + stream.answer.thought_characters
        if made:
            tokens = numbers.estimated_tokens(made)
            counts += [numbers.tokens(tokens, estimated=True), numbers.points(self._live_cost(tokens))]
        return replace(line, mark=running, numbers=tuple(counts))

    @property
    def elapsed(self) -> float:
        """Seconds since the turn was begun."""
        if self.turn.created_at:
            return max(0.0, self.around.wall() - self.turn.created_at)
        return self.around.clock() - self.stream.phase_since if self.stream is not None else 0.0

    def retry_remaining(self) -> float:
        """Seconds until the next request; 0 when none is waited for."""
        retry = self.stream.retry if self.stream is not None else None
        return max(0.0, retry.at + retry.delay - self.around.clock()) if retry is not None else 0.0

    def _made(self) -> tuple[int, bool] | None:
        """Output tokens and whether they are an estimate; ``None`` where nothing was made."""
        count = (self.turn.usage or {}).get("output_tokens")
        if isinstance(count, int):
            return count, False
        characters = self.answer.characters + self.answer.thought_characters
        return (numbers.estimated_tokens(characters), True) if characters else None

    def _received(self) -> int:
        """Tokens of the answer itself that came."""
        characters = self.answer.characters
        if not characters:
            return 0
        usage = self.turn.usage or {}
        count, details = usage.get("output_tokens"), usage.get("output_tokens_details")
        thought = details.get("reasoning_tokens") if isinstance(details, dict) else 0
        if isinstance(count, int) and isinstance(thought, int) and count > thought:
            return count - thought
        return numbers.estimated_tokens(characters)

    def _cost(self, turn: Turn) -> Cost | None:
        return self.around.cost_of(turn) if self.around.cost_of is not None else None

    def _final_cost(self, made: tuple[int, bool] | None) -> Cost | None:
        if self.turn.usage is None and self.turn.status == "stopped" and made is not None:
            return self._estimated_cost(made[0])
        return self._cost(self.turn)

    def _live_cost(self, tokens: int) -> Cost | None:
        now = self.around.clock()
        if now - self._price[0] >= PRICE_SECONDS:
            self._price = now, self._estimated_cost(tokens)
        return self._price[1]

    def _estimated_cost(self, tokens: int) -> Cost | None:
        """The price with a usage estimated from what has come: the path before, the prompt, the answer so far."""
        sent = self.context_tokens + numbers.estimated_tokens(sum(len(prompt.text) for prompt in self._prompts or ()))
        usage: dict[str, Any] = {"input_tokens": sent, "output_tokens": tokens}
        cost = self._cost(replace(self.turn, usage=usage))
        return replace(cost, estimated=True) if cost is not None else None
