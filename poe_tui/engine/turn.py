"""The engine's own events. They travel in the same stream as the API's and are told apart by ``type`` alike.

Consumers (the transcript, ``oneshot``) dispatch on ``event.type``; none of these types exists on the wire, so the
prefix ``turn.`` can never collide with ``response.``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

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


EngineEvent: TypeAlias = TurnStarted | TurnEnded | ChainRefused | ChainForgotten | TurnNote | RequestBuilt
"""What the engine itself says."""

Event: TypeAlias = "EngineEvent | StreamEvent | RetryScheduled"
"""Everything a consumer of ``Session`` or ``LiveThreads`` may meet; dispatch on ``event.type``."""
