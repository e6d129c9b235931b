"""
Thinking that a model writes into its answer between ``<think>`` tags, told apart as it comes. Pure.

Models of the families below were trained to; whoever serves them may or may not move it to ``reasoning_content``
(observed on Poe). A block counts only where the answer begins, or right after another block: a tag in the middle of a
text is something that the text speaks of.
"""

from __future__ import annotations

import re
from typing import Final, Literal

Voice = Literal["text", "reasoning"]
Piece = tuple[Voice, str]

_FAMILIES: Final = re.compile(
    r"deepseek.*\br1|\br1\b|qwq|qwen-?3|glm-?(4\.[1-9]|[5-9]|z1)|kimi|minimax|magistral|sonar.*reasoning|hermes-?4"
    r"|nemotron|phi-?4.*(reason|think)|exaone|ernie|hunyuan|\bmimo|skywork|openthinker|marco-?o1|smollm-?3|cogito"
    r"|think",
    re.IGNORECASE,
)
"""By the names of the models whose cards (or chat templates) document the tag; ``think`` covers the variants."""

_OPENING: Final = ("<think>", "<thinking>")
_LONGEST: Final = max(map(len, _OPENING))
_END: Final = {tag: re.compile(f"</{tag[1:]}", re.IGNORECASE | re.ASCII) for tag in _OPENING}


def writes_thoughts(model: str) -> bool:
    """Whether a model of that name is known to write its thinking into its answer."""
    return _FAMILIES.search(model) is not None


class ThinkSplitter:
    """
    Feed it the answer as it comes; it returns the pieces in order, each as text or as reasoning.

    Only what may still turn out to be a tag, or white space before one, is kept back; ``flush`` gives it up. White
    space next to a tag belongs to the tag. However the answer is cut, each voice's texts add up to the same.
    """

    def __init__(self) -> None:
        self._state: Literal["start", "inside", "after", "text"] = "start"
        self._opening = _OPENING[0]
        self._held = ""
        self._fresh = False
        """Whether nothing of the block that is open has come yet, so that white space still belongs to its tag."""
        self._thought_before = False
        self._gap = ""
        """What stands between this block's thoughts and the last one's."""

    def feed(self, text: str) -> list[Piece]:
        """Take the next piece of the answer."""
        if self._state == "text":
            return [("text", text)] if text else []
        pieces: list[Piece] = []
        self._held += text
        while self._held and self._step(pieces):
            pass
        return pieces

    def flush(self) -> list[Piece]:
        """Return what was kept back; the answer is over."""
        held, self._held = self._held, ""
        if self._state == "inside":
            return [self._thought(held)] if held else []
        if self._state == "after":
            held = held.lstrip()
        return [("text", held)] if held else []

    def _step(self, pieces: list[Piece]) -> bool:
        """Decide about the beginning of what is held; return whether there may be more to decide."""
        if self._state == "inside":
            return self._inside(pieces)
        bare = self._held.lstrip()
        begin = bare[:_LONGEST].lower()
        tag = next((tag for tag in _OPENING if begin.startswith(tag)), None)
        if tag is not None:
            self._state, self._opening, self._fresh = "inside", tag, True
            self._held = bare[len(tag) :]
            return True
        if not bare or any(tag.startswith(begin) for tag in _OPENING):
            return False
        text = bare if self._state == "after" else self._held
        self._state, self._held = "text", ""
        pieces.append(("text", text))
        return False

    def _inside(self, pieces: list[Piece]) -> bool:
        if self._fresh:
            self._held = self._held.lstrip()
            self._fresh = not self._held
        end = _END[self._opening].search(self._held)
        if end is not None:
            thought, self._held = self._held[: end.start()].rstrip(), self._held[end.end() :]
            self._state = "after"
            if thought:
                pieces.append(self._thought(thought))
            self._gap = "\n\n" if self._thought_before else ""
            return True
        kept = self._tail()
        thought, self._held = self._held[: len(self._held) - kept], self._held[len(self._held) - kept :]
        if thought:
            pieces.append(self._thought(thought))
        return False

    def _thought(self, text: str) -> Piece:
        """Return a piece of reasoning; the first of a later block is set apart from the block before."""
        gap, self._gap, self._thought_before = self._gap, "", True
        return "reasoning", gap + text

    def _tail(self) -> int:
        """Length of the end of what is held that may be white space and the beginning of the closing tag."""
        closing = f"</{self._opening[1:]}"
        begun = next((size for size in range(len(closing) - 1, 0, -1) if self._ends_with(closing[:size])), 0)
        rest = self._held[: len(self._held) - begun]
        return len(self._held) - len(rest.rstrip())

    def _ends_with(self, part: str) -> bool:
        return self._held[-len(part) :].lower() == part
