"""What becomes of the function calls that a turn ended in.

While they are dealt with, the engine's ``tool.`` events say it; afterwards the turn that brings their outputs does.
Both are drawn alike: one line a call, and a sentence where nobody answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from poe_tui import numbers
from poe_tui.model import Turn
from poe_tui.transcript.lines import Span
from poe_tui.transcript.turn_blocks import Activity
from poe_tui.transcript.words import KeyNames, Paragraph

_ENDS = (
    ("The tool took longer than", "timed out"),
    ("The person refused", "refused"),
    ("The person has set this tool to never run", "refused"),
    ("This call needs a person's approval", "refused, nobody was there to ask"),
    ("The person stopped", "stopped"),
    ("There is no tool named", "no such tool"),
    ("The arguments are not a JSON object", "the arguments do not fit"),
    ("The arguments do not fit", "the arguments do not fit"),
    ("The tool was ended by", "failed"),
    ("The tool wrote without end", "failed"),
    ("The tool could not be started", "could not be started"),
    ("The tool's own parameters are no JSON Schema", "failed"),
    ("The tool failed", "failed"),
)
"""How the sentences begin that a model is told instead of a result (``engine/tool_outcome.py``)."""

_EXIT_CODE = re.compile(r"The tool failed with (exit code -?\d+)")


@dataclass(slots=True, frozen=True)
class Result:
    """How a call ended."""

    size: int
    """Bytes of what the model was told."""
    trouble: str = ""
    """What went wrong, in words; empty when nothing did."""

    @classmethod
    def of(cls, output: Any) -> Result:
        """Read it off the output that went back to the model."""
        text = output if isinstance(output, str) else str(output or "")
        head = text.lstrip()[:100]
        trouble = next((words for begin, words in _ENDS if head.startswith(begin)), "")
        if code := _EXIT_CODE.match(head):
            trouble = f"{trouble} · {code[1]}"
        return cls(len(text.encode("utf-8", "replace")), trouble)


def results_of(turn: Turn) -> dict[str, Result]:
    """Call id -> result, for the outputs among a turn's input."""
    if all(item.get("type") == "message" for item in turn.input):
        return {}
    return {
        str(item.get("call_id")): Result.of(item.get("output"))
        for item in turn.input
        if item.get("type") in ("function_call_output", "custom_tool_call_output")
    }


class Calls:
    """The calls of one turn while they are dealt with. Calls are named by their place among the turn's calls."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.open = True
        """Whether somebody deals with them: until the next step begins, or the tools are stopped."""
        self.steps = 0
        """How often the model went on by itself, when it waits to be allowed more; else 0."""
        self.stopped = False
        self.results: dict[int, Result] = {}
        self._clock = clock
        self._waiting: dict[int, bool] = {}
        """Calls that wait for the person, and whether the person is the tool."""
        self._running: dict[int, float] = {}
        """Calls that run, and since when."""

    def apply(self, event: Any) -> None:
        """Take one ``tool.`` event in."""
        kind = event.type
        if kind == "tool.approval_needed":
            self.steps = 0
            self._waiting |= {call.index: bool(call.preview.manual) for call in event.calls}
        elif kind == "tool.approval_given":
            self._waiting.pop(event.index, None)
        elif kind == "tool.started":
            self.steps = 0
            self._running[event.index] = self._clock()
        elif kind == "tool.ended":
            self._waiting.pop(event.index, None)
            self._running.pop(event.index, None)
            self.results[event.index] = Result.of(event.output)
        elif kind == "tool.steps_spent":
            self.steps = event.steps
        elif kind == "tool.stopped":
            self.close()
            self.stopped = True

    def close(self) -> None:
        """Nothing waits or runs any more."""
        self.open = False
        self.steps = 0
        self._waiting.clear()
        self._running.clear()

    @property
    def waits(self) -> bool:
        """Whether something waits for the person."""
        return bool(self._waiting or self.steps)

    @property
    def runs(self) -> bool:
        """Whether a call runs, so that its seconds go on."""
        return bool(self._running)

    def line(self, index: int, name: str, arguments: str) -> Activity:
        """The line of a call that has no result yet."""
        right, mark = "", Span("●", "accent")
        if index in self._waiting:
            mark = Span("○", "warning")
            right = "waits for your answer" if self._waiting[index] else "waits for approval"
        elif index in self._running:
            right = numbers.seconds(self._clock() - self._running[index])
        elif self.steps:
            mark = Span("○", "warning")
        return open_line(mark, name, arguments, right)


def open_line(mark: Span, name: str, arguments: str, right: str = "") -> Activity:
    """``○ get_weather city: "Tokyo"``."""
    return Activity((mark, Span(f" {name}"), *([Span(f" {arguments}", "dim")] if arguments else [])), right)


def result_line(name: str, result: Result) -> Activity:
    """``► get_weather  312 B``, or what went wrong in words."""
    if result.trouble:
        return Activity((Span(f"► {name}  ", "dim"), Span(result.trouble, "warning")))
    return Activity((Span(f"► {name}  {numbers.size(result.size)}", "dim"),))


def spent_words(steps: int, keys: KeyNames) -> Paragraph:
    """What is said while the model waits to be allowed more steps."""
    return (
        (f"The model went on by itself {steps} times. ", "warning"),
        ("It waits for your word to go on. ", "dim"), (keys["answer.stop"], "key"), (" ends it here.", "dim"),
    )  # fmt: skip


def left_words(turn: Turn, called: Iterable[str], keys: KeyNames, *, stopped: bool) -> Paragraph:
    """What is said under an answer that ended in calls which nobody deals with: never a dead end.

    Args:
        turn: it tells which tools were offered.
        called: the names of the tools, cleaned.
        keys: how keys are written.
        stopped: whether the person stopped them.
    """
    names = list(dict.fromkeys(called))
    offered = _offered(turn)
    foreign = [name for name in names if name not in offered]
    what = "it" if len(names) == 1 else "them"
    if stopped:
        happened = "The tools were stopped. "
    elif foreign:
        tools = "a tool that is" if len(foreign) == 1 else "tools that are"
        happened = f"The model asked for {' and '.join(foreign[:3])}, {tools} not set up. "
    else:
        happened = f"{names[0]} was not run. " if len(names) == 1 else "The tools were not run. "
    ways: Paragraph = ((keys["turn.retry"], "key"), (" asks again", "dim"))
    if foreign and not stopped:
        ways = (*ways, (", ", "dim"), (keys["app.settings"], "key"), (" sets tools up", "dim"))
    return ((happened, "warning"), (f"Your next words go on without {what}. ", "dim"), *ways, (".", "dim"))


def _offered(turn: Turn) -> set[str]:
    tools = turn.options.get("tools")
    found: set[str] = set()
    for tool in tools if isinstance(tools, list) else ():
        if isinstance(tool, dict):
            inner = tool.get("function")
            name = (inner if isinstance(inner, dict) else tool).get("name")
            if isinstance(name, str):
                found.add(name)
    return found
