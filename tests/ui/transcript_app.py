"""An app that is nothing but a transcript, and how to read what it shows."""

from __future__ import annotations

import random

from textual.app import App, ComposeResult

from poe_tui.engine.turn import TurnStarted
from poe_tui.model import Turn
from poe_tui.transcript.view import Transcript
from tests.unit.transcript_kit import a_turn, begun, message, wire


class Alone(App[None]):
    """One transcript on the whole screen."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self) -> None:
        super().__init__()
        self.follows: list[tuple[bool, int]] = []
        self.links: list[str] = []
        self.selected: list[str | None] = []

    def compose(self) -> ComposeResult:
        yield Transcript(id="transcript")

    @property
    def transcript(self) -> Transcript:
        return self.query_one(Transcript)

    def on_transcript_follow_changed(self, event: Transcript.FollowChanged) -> None:
        self.follows.append((event.follow, event.new_lines))

    def on_transcript_link_activated(self, event: Transcript.LinkActivated) -> None:
        self.links.append(event.url)

    def on_transcript_turn_selected(self, event: Transcript.TurnSelected) -> None:
        self.selected.append(event.turn_id)

    def rows(self) -> list[str]:
        """What the compositor shows, without the scrollbar."""
        strips = self.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip)[:-1].rstrip() for strip in strips]


def start(transcript: Transcript, prompt: str = "Go on", **fields: object) -> Turn:
    """Begin a turn on screen."""
    document = transcript.document
    parent = document.view(len(document) - 1).turn.id if len(document) else None
    turn = begun(prompt, **{"parent_id": parent, **fields})
    transcript.apply(TurnStarted(turn))
    return turn


def deltas(text: str, size: int = 4) -> list[object]:
    """A text as delta events."""
    place = {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "item_id": "m"}
    return list(wire(*({**place, "delta": text[at : at + size]} for at in range(0, len(text), size))))


PARAGRAPHS = "\n\n".join(
    f"Paragraph {number} has some words in it, so many that it takes more than one row of any screen that is "
    "tested here."
    for number in range(60)
)


def many(count: int, seed: int = 1) -> list[Turn]:
    """Turns of very different heights, so that estimates are wrong."""
    chance = random.Random(seed)
    turns = []
    for number in range(count):
        words = f"Turn {number}. " + "word " * chance.randrange(120)
        code = "```python\n" + "x = 1\n" * chance.randrange(30) + "```"
        lists = "\n".join(f"- item {n} " + "long " * chance.randrange(40) for n in range(chance.randrange(12)))
        turns.append(a_turn(f"Prompt {number}", [message(f"{words}\n\n{code}\n\n{lists}")]))
    return turns
