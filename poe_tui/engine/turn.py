"""The engine's own events. They travel in the same stream as the API's and are told apart by ``type`` alike.

Consumers (the transcript, ``oneshot``) dispatch on ``event.type``; none of these types exists on the wire, so the
prefixes ``turn.`` and ``tool.`` can never collide with ``response.``.

A turn that ends in function calls is followed by their outputs in a turn of their own, and so on: *steps*. Between a
``TurnEnded`` that ``continues`` and the next ``TurnStarted``, or a ``ToolsStopped``, stand the ``tool.`` events.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from poe_tui.model import Chain, Turn

if TYPE_CHECKING:
    from poe_tui.api.events import RetryScheduled, StreamEvent


@dataclass(slots=True, frozen=True)
class TurnStarted:
    """The turn is committed as ``in_progress``; its request has not left yet."""

    turn: Turn
    type: ClassVar[str] = "turn.started"


@dataclass(slots=True, frozen=True)
class TurnEnded:
    """The turn has its final status. ``turn`` is the finished row; ``saved`` is false when it could not be stored."""

    turn: Turn
    saved: bool = True
    unsaved_reason: str = ""
    continues: bool = False
    """Whether its function calls are dealt with now; the thread stays busy until a turn ends that does not continue,
    or ``ToolsStopped``."""
    type: ClassVar[str] = "turn.ended"


@dataclass(slots=True, frozen=True)
class ChainRefused:
    """The server refused ``previous_response_id``; the same turn goes on as a replay of the history."""

    turn_id: str
    message: str
    """The server's own words."""
    type: ClassVar[str] = "turn.chain_refused"

    @property
    def text(self) -> str:
        """The line for the transcript; the same words are kept in the turn's ``error["notes"]``."""
        return "The server does not go on from its earlier answer. The thread was sent in full."


@dataclass(slots=True, frozen=True)
class ChainForgotten:
    """The server took the id but its usage shows that it did not know the history; the next turn replays."""

    turn_id: str
    estimated_tokens: int
    """The fewest that a server which knows the thread counts."""
    input_tokens: int
    """What this one counted."""
    type: ClassVar[str] = "turn.chain_forgotten"

    @property
    def text(self) -> str:
        """The line for the transcript; the same words are kept in the turn's ``error["notes"]``."""
        return (
            f"The server forgot the thread: it read {self.input_tokens} tokens where at least "
            f"{self.estimated_tokens} were due. The next turn sends the thread in full."
        )


@dataclass(slots=True, frozen=True)
class TurnNote:
    """A dim line for the transcript: something the engine decided that a person may want to know.

    The same words are kept in the turn's ``error["notes"]``.
    """

    turn_id: str
    text: str
    type: ClassVar[str] = "turn.note"


@dataclass(slots=True, frozen=True)
class RequestBuilt:
    """The exact body about to be sent; for the request preview, ``--json`` (chain) and tests. Holds no key."""

    turn_id: str
    body: dict[str, Any] = field(default_factory=dict)
    chain: Chain = "none"
    type: ClassVar[str] = "turn.request_built"


ToolStatus = Literal["done", "failed", "timed_out", "refused", "malformed", "unknown", "stopped"]
"""``done``; ``failed`` (exit code, signal, no start, flood); ``timed_out``; ``refused`` (by the person or the
settings); ``malformed`` (the arguments are no JSON or do not fit); ``unknown`` (no such tool); ``stopped`` (Esc)."""

Verdict = Literal["once", "thread", "always", "no", "output"]
"""An answer to a call that waits: run it, run this tool in this thread from now on, always, refuse it, or (manual
tools) here is its output."""


@dataclass(slots=True, frozen=True)
class ToolPreview:
    """What is about to run, complete and already clean: nothing in it needs ``sanitize.clean`` again."""

    name: str
    arguments: str
    """The arguments as indented JSON; characters that a terminal must not get are ``\\uXXXX`` escapes."""
    command: str = ""
    """argv as a shell would quote it; empty for manual and shipped tools."""
    directory: str = ""
    does: str = ""
    """What a shipped tool will do, in words, with its target in full (the file's real path, the URL)."""
    description: str = ""
    timeout: float = 0.0
    manual: bool = False
    """The person types the output; there is nothing to run."""


@dataclass(slots=True, frozen=True)
class PendingCall:
    """A function call that waits for the person."""

    turn_id: str
    """The turn that ended in it."""
    index: int
    """Its place among that turn's function calls, from 0: with ``turn_id`` its name for answers."""
    call_id: str
    preview: ToolPreview
    coverable: bool = True
    """Whether a lasting permission for the tool covers this call too (files that nobody named are asked for)."""


@dataclass(slots=True, frozen=True)
class ApprovalNeeded:
    """These calls wait for an answer; the others of the turn run meanwhile. ``LiveThreads.answer`` takes it."""

    turn_id: str
    calls: tuple[PendingCall, ...]
    type: ClassVar[str] = "tool.approval_needed"


@dataclass(slots=True, frozen=True)
class ApprovalGiven:
    """One of them was answered."""

    turn_id: str
    index: int
    call_id: str
    name: str
    verdict: Verdict
    reason: str = ""
    """Why it was refused, as the model is told; empty when the person gave no reason."""
    type: ClassVar[str] = "tool.approval_given"


@dataclass(slots=True, frozen=True)
class ToolStarted:
    """A call runs."""

    turn_id: str
    index: int
    call_id: str
    name: str
    arguments: str = ""
    """On one line, clean."""
    type: ClassVar[str] = "tool.started"


@dataclass(slots=True, frozen=True)
class ToolEnded:
    """A call has come to its end, also one that never ran."""

    turn_id: str
    index: int
    call_id: str
    name: str
    status: ToolStatus
    output: str
    """What the model is told. Untrusted: clean it before showing."""
    size: int = 0
    """Bytes that the tool wrote."""
    exit_code: int | None = None
    seconds: float = 0.0
    cut: bool = False
    """Whether the output was over its limit."""
    type: ClassVar[str] = "tool.ended"


@dataclass(slots=True, frozen=True)
class StepsSpent:
    """The model went on by itself as often as it may; ``LiveThreads.go_on`` lets it, for as many steps again."""

    turn_id: str
    steps: int
    """How many turns of tool outputs were sent so far."""
    type: ClassVar[str] = "tool.steps_spent"


@dataclass(slots=True, frozen=True)
class ToolsStopped:
    """A turn that was to continue does not: the person stopped, or nobody could be asked."""

    turn_id: str
    type: ClassVar[str] = "tool.stopped"


ToolEvent: TypeAlias = ApprovalNeeded | ApprovalGiven | ToolStarted | ToolEnded | StepsSpent | ToolsStopped

EngineEvent: TypeAlias = TurnStarted | TurnEnded | ChainRefused | ChainForgotten | TurnNote | RequestBuilt | ToolEvent
"""What the engine itself says."""

Event: TypeAlias = "EngineEvent | StreamEvent | RetryScheduled"
"""Everything a consumer of ``Session`` or ``LiveThreads`` may meet; dispatch on ``event.type``."""
