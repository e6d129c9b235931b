"""ApprovalDock: what a model wants to run, in the composer's place, so that the conversation stays readable.

Everything that will run is shown in full, cleaned already by the engine; only the preview scrolls where it is long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from poe_tui.engine.turn import PendingCall
from poe_tui.sanitize import clean
from poe_tui.widgets.keys import DIM, STRONG, key_words

Verdict = Literal["once", "thread", "always", "no", "output"]


class ApprovalDock(Vertical, can_focus=True):
    """One waiting call at a time; the screen decides when it is shown."""

    DEFAULT_CSS = """
    ApprovalDock {
        display: none; height: auto; max-height: 60%; margin: 0 3 0 1; padding: 1 2 1 1;
        background: $surface; color: $ink; border-left: outer $warning;
        VerticalScroll { height: auto; max-height: 14; scrollbar-size-vertical: 1; background: $surface; }
        Static { height: auto; }
        #approval-keys { margin-top: 1; }
        Input {
            display: none; height: 1; border: none; padding: 0 1; margin-top: 1; background: $bg; color: $ink;
            &:focus { border: none; background-tint: transparent; }
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "decide('once')", show=False),
        Binding("t", "decide('thread')", show=False),
        Binding("a", "decide('always')", show=False),
        Binding("n", "refuse", show=False),
        Binding("escape", "leave", show=False),
    ]

    @dataclass
    class Answered(Message):
        """A person decided about a call; ``text`` is the reason of a refusal or a manual tool's output."""

        call: PendingCall
        verdict: Verdict
        text: str = ""

    class Stopped(Message):
        """Esc: the answer ends, and nothing of it runs."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._call: PendingCall | None = None
        self._refusing = False

    def compose(self) -> ComposeResult:
        """What is asked, the preview, a line for words, the keys."""
        yield Static(id="approval-title")
        with VerticalScroll(can_focus=False):
            yield Static(id="approval-preview")
        yield Input(id="approval-text")
        yield Static(id="approval-keys")

    def show(self, calls: Sequence[PendingCall]) -> None:
        """Show the first of the waiting calls, or nothing."""
        call = calls[0] if calls else None
        if call == self._call:
            return
        self._call, self._refusing = call, False
        self.display = call is not None
        if call is None:
            return
        preview = call.preview
        question = f"{preview.name}: what does it answer?" if preview.manual else f"Allow {preview.name}?"
        count = f"   1 of {len(calls)}" if len(calls) > 1 else ""
        self.query_one("#approval-title", Static).update(
            Content.assemble((question, f"{STRONG} bold"), (f"  {preview.description}{count}", DIM))
        )
        self.query_one("#approval-preview", Static).update(_preview(call))
        self._draw_keys()
        self._take_text(preview.manual, "the tool's output")

    def _draw_keys(self) -> None:
        call = self._call
        assert call is not None
        if self._refusing:
            pairs = [("Enter", "refuse"), ("Esc", "back")]
        elif call.preview.manual:
            pairs = [("Enter", "give the output"), ("Esc", "stop the answer")]
        else:
            lasting = [("t", "in this thread"), ("a", "always")] if call.coverable else []
            pairs = [("y", "allow once"), *lasting, ("n", "refuse"), ("Esc", "stop the answer")]
        self.query_one("#approval-keys", Static).update(key_words(pairs, narrow=self.app.size.width < 90))

    def _take_text(self, wanted: bool, hint: str = "") -> None:
        field = self.query_one(Input)
        field.value, field.placeholder, field.display = "", hint, wanted
        (field if wanted else self).focus()

    def action_decide(self, verdict: Verdict) -> None:
        """Allow it, once or for longer."""
        call = self._call
        if call is not None and not call.preview.manual and (verdict == "once" or call.coverable):
            self._answer(verdict)

    def action_refuse(self) -> None:
        """Ask for a reason, which may stay empty."""
        if self._call is not None and not self._call.preview.manual:
            self._refusing = True
            self._draw_keys()
            self._take_text(True, "a reason for the model, or nothing")

    def action_leave(self) -> None:
        """Back from the reason; else the answer ends."""
        if self._refusing:
            self._refusing = False
            self._draw_keys()
            self._take_text(False)
        else:
            self.post_message(self.Stopped())

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        self._answer("no" if self._refusing else "output", clean(event.value))

    def _answer(self, verdict: Verdict, text: str = "") -> None:
        call = self._call
        if call is not None:
            self.post_message(self.Answered(call, verdict, text))


def _preview(call: PendingCall) -> Content:
    preview = call.preview
    lines: list[Content] = []
    if preview.command:
        limits = "no shell" + (f" · {preview.timeout:g} s limit" if preview.timeout else "")
        lines.append(_fact("Runs", Content.assemble(preview.command, (f"   {limits}", DIM))))
    if preview.directory:
        lines.append(_fact("In", Content(preview.directory)))
    if preview.does:
        lines.append(_fact("Does", Content(preview.does)))
    first, *rest = preview.arguments.split("\n") or [""]
    lines.append(_fact("Input", Content(first)))
    lines += [Content(" " * 8 + line) for line in rest]
    lines += [Content(""), Content.styled("The output goes back to the model.", DIM)]
    return Content("\n").join(lines)


def _fact(label: str, value: Content) -> Content:
    return Content.assemble((label.ljust(8), DIM), value)
