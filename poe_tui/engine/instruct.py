"""Instructions for models that do not read the field of that name: the same words as the first item of the input. Pure.

our notes on Poe: on Poe ``instructions`` were seen to be ignored without a word, against the document, while other
clients send a ``system`` item in the input and are heard. The item begins every replay, so that its bytes stay where
they are; a chain that holds it already is not told again, and one that holds other words is not gone on with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from poe_tui.engine.thread_options import APP
from poe_tui.model import Item, Turn
from poe_tui.sanitize import join_surrogates

Policy = Literal["auto", "always", "never"]

IGNORED_BY: Final[Mapping[str, str]] = {
    "claude-": "Claude-Haiku-4.5 (bermudi/skills, poe-provider notes, April and May 2026)",
    "gpt-5": "gpt-5.4-mini (the same)",
}
"""How the names of a family begin on Poe -> where it was seen to ignore ``instructions``."""
_HOST: Final = "poe.com"
_TOLD: Final = "instructions"
"""The key in a turn's own options under which it is written down what its server was told in the input."""


def wanted(policy: Policy, server: str, model: str) -> bool:
    """Whether instructions go into the input, too."""
    if policy != "auto":
        return policy == "always"
    host = urlsplit(server).hostname or ""
    on_poe = host == _HOST or host.endswith(f".{_HOST}")
    return on_poe and model.casefold().startswith(tuple(IGNORED_BY))


def item(instructions: str) -> Item:
    """The input item that says the same as the field."""
    part = {"type": "input_text", "text": join_surrogates(instructions)}
    return {"type": "message", "role": "system", "content": [part]}


def mark(instructions: str) -> dict[str, Any]:
    """What a turn keeps of having said these instructions in the input (its own options, never sent)."""
    return {_TOLD: hashlib.sha256(instructions.encode("utf-8", "surrogatepass")).hexdigest()[:16]}


def has_heard(turn: Turn, instructions: str | None) -> bool:
    """Whether the server's thread up to ``turn`` holds just these instructions as an item (``None``: none at all)."""
    own = turn.options.get(APP)
    told = own.get(_TOLD) if isinstance(own, Mapping) else None
    return bool(told == (mark(instructions)[_TOLD] if instructions else None))
