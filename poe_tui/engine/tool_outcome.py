"""Outcome: what a call of a tool came to, and the words in which the model is told.

Every way a call can end has its sentence here, and every sentence says what happened, so that a model need not guess
from an empty output. A tool's own output goes as it is; only half surrogates, which JSON cannot carry, are replaced.
"""

from __future__ import annotations

import signal
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from poe_tui.engine.turn import ToolStatus
from poe_tui.json_check import Violation
from poe_tui.model import Item
from poe_tui.sanitize import join_surrogates

HIDDEN: Final = "[the key was here]"


@dataclass(slots=True, frozen=True)
class Outcome:
    """How one call ended."""

    status: ToolStatus
    output: str
    """What the model is given; untrusted, clean before showing."""
    size: int = 0
    """Bytes the tool wrote, those that were cut included."""
    exit_code: int | None = None
    """Of a command that ended by itself; negative for a signal."""
    seconds: float = 0.0
    cut: bool = False
    """Whether the output was longer than its limit."""

    def item(self, call_id: object) -> Item:
        """Return the input item that answers the call; its id goes back untouched."""
        return {"type": "function_call_output", "call_id": call_id, "output": self.output}

    def without(self, secret: str) -> Outcome:
        """Return the outcome without ``secret``, should a tool have come by it."""
        if not secret or secret not in self.output:
            return self
        return replace(self, output=self.output.replace(secret, HIDDEN))


@dataclass(slots=True, frozen=True)
class Written:
    """What a tool wrote, as far as it was kept."""

    text: str
    errors: str = ""
    """What it wrote to stderr."""
    size: int = 0
    limit: int = 0
    """Bytes that are kept at most."""

    @property
    def cut(self) -> bool:
        """Whether there was more."""
        return self.size > self.limit

    @property
    def whole(self) -> str:
        """Both streams as one text, stderr behind a line of its own."""
        if not self.errors.strip():
            return self.text
        gap = "" if not self.text or self.text.endswith("\n") else "\n"
        return f"{self.text}{gap}stderr:\n{self.errors}"

    def below(self, sentence: str) -> str:
        """Return what the model is told: a sentence, if there is one, and what was written below it."""
        if self.cut:
            more = f"The output was {_size(self.size)}, over the limit of {_size(self.limit)}: this is its beginning."
            sentence = f"{sentence} {more}".strip()
        text = join_surrogates(self.whole)
        if not text.strip():
            return sentence or "The tool wrote nothing."
        return f"{sentence}\n\n{text}" if sentence else text


def finished(written: Written, exit_code: int, seconds: float) -> Outcome:
    """A command ended by itself: well, with another exit code than 0, or by a signal."""
    if exit_code == 0:
        return Outcome("done", written.below(""), written.size, 0, seconds, written.cut)
    sentence = f"The tool failed with exit code {exit_code}."
    if exit_code < 0:
        sentence = f"The tool was ended by {_signal_name(-exit_code)}."
    return Outcome("failed", written.below(sentence), written.size, exit_code, seconds, written.cut)


def flooded(written: Written, seconds: float) -> Outcome:
    """A command wrote so much that it was stopped."""
    sentence = "The tool wrote without end and was stopped."
    return Outcome("failed", written.below(sentence), written.size, None, seconds, cut=True)


def timed_out(written: Written, limit: float) -> Outcome:
    """A tool took too long and was stopped."""
    sentence = f"The tool took longer than {limit:g} s and was stopped."
    if written.whole.strip():
        sentence += " Until then it had written:"
    return Outcome("timed_out", written.below(sentence), written.size, None, limit, written.cut)


def not_started(reason: str) -> Outcome:
    """A command could not be started at all."""
    return Outcome("failed", f"The tool could not be started: {reason}. Nothing was run.")


def failed(reason: str, seconds: float = 0.0) -> Outcome:
    """A shipped tool says in a sentence why it has no result."""
    return Outcome("failed", join_surrogates(f"The tool failed. {reason}"), seconds=seconds)


def answered(text: str, limit: int, seconds: float) -> Outcome:
    """A shipped tool or a person gave an answer."""
    data = text.encode("utf-8", "surrogatepass")
    kept = text if len(data) <= limit else data[:limit].decode("utf-8", "ignore")
    written = Written(kept, size=len(data), limit=limit)
    return Outcome("done", written.below(""), len(data), None, seconds, written.cut)


def refused(reason: str = "") -> Outcome:
    """The person said no."""
    words = f" Their reason: {reason.strip()}" if reason.strip() else ""
    return Outcome("refused", join_surrogates(f"The person refused this call. Nothing was run.{words}"))


def forbidden() -> Outcome:
    """The settings say no."""
    return Outcome("refused", "The person has set this tool to never run. Nothing was run.")


def unattended() -> Outcome:
    """Nobody is there who could say yes."""
    return Outcome("refused", "This call needs a person's approval and nobody is there to give it. Nothing was run.")


def stopped() -> Outcome:
    """The person stopped everything while it ran."""
    return Outcome("stopped", "The person stopped the tool before it ended.")


def not_run() -> Outcome:
    """The person stopped everything before it ran."""
    return Outcome("stopped", "The person stopped before this call was run.")


def unknown(name: str, known: Iterable[str]) -> Outcome:
    """The model called something it was not offered."""
    offered = ", ".join(known) or "none"
    words = f"There is no tool named {name[:80]!r}. The tools are: {offered}. Nothing was run."
    return Outcome("unknown", join_surrogates(words))


def malformed(reason: str) -> Outcome:
    """The arguments are not a JSON object."""
    return Outcome("malformed", join_surrogates(f"The arguments are not a JSON object: {reason}. Nothing was run."))


def unfit(violations: Iterable[Violation]) -> Outcome:
    """The arguments are JSON and do not fit the tool's schema."""
    listed = "\n".join(f"- {violation}" for violation in violations)
    words = f"The arguments do not fit the tool's parameters. Nothing was run.\n{listed}"
    return Outcome("malformed", join_surrogates(words))


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _size(count: int) -> str:
    return f"{count:,} bytes".replace(",", "\u00a0")
