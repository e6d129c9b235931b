"""What can be done at once about a request that a server refused: one table, pure.

A repair changes the context so that the same repair is never found again in the turn; the budget of the turn's requests
bounds all of them together. Nothing is repaired after a first word of an answer: it was accepted, and may be billed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from poe_tui.api import chat as chat_api
from poe_tui.engine import chain, drops, file_parts, route
from poe_tui.engine.request import BuiltRequest, RequestContext
from poe_tui.engine.turn import ChainRefused, TurnNote


@dataclass(slots=True, frozen=True)
class Repair:
    """Another way to ask the same."""

    context: RequestContext
    told: ChainRefused | TurnNote
    """What the person is told; empty words are not."""
    feature: str | None = None
    """What to remember as refused by this server and model."""
    certain: bool = True
    """Whether to remember it at once; else when the repaired request brings an answer, which shows the cause."""
    waits: bool = False
    """Whether a further step may replace this one: it is told when the server took the request so mended."""
    replaces: bool = False
    """Whether this is such a further step."""


def find(turn_id: str, error: Mapping[str, Any], context: RequestContext, built: BuiltRequest) -> Repair | None:
    """Return the repair for an error that came before any output, if there is one."""
    as_text = _files_as_text(turn_id, error, context, built)
    if as_text is not None:
        return as_text
    if built.endpoint == "chat":
        return _without_field(turn_id, error, context, built)
    if not context.route.fixed and (refused := route.refusal(error)) is not None:
        elsewhere = route.fallback(context.route)
        told = TurnNote(turn_id, elsewhere.why)
        return Repair(replace(context, route=replace(elsewhere, why="")), told, route.REFUSES, refused.certain)
    if built.chain == "previous_response_id" and not built.named_id:
        lost = chain.refusal(error, str(built.body["previous_response_id"]))
        if lost is not None:
            told_chain = ChainRefused(turn_id, lost.message)
            return Repair(replace(context, chain_refused=True), told_chain, chain.REFUSES, lost.certain)
    if not context.search and drops.needs_search(built.body, error):
        told = TurnNote(turn_id, "This model answers only with a web search. It was asked again with one.")
        return Repair(replace(context, search={"type": "web_search_preview"}), told, drops.NEEDS_SEARCH, certain=False)
    return _without_what_is_refused(turn_id, error, context, built)


def _without_what_is_refused(
    turn_id: str, error: Mapping[str, Any], context: RequestContext, built: BuiltRequest
) -> Repair | None:
    """The same without the field that the error is about."""
    found = drops.find(built.body, error, context.model)
    if found is None or found.name in context.without:
        return None
    without, now = context.without | {found.name}, context.refused_now | {found.name}
    reasons = found.name.startswith(drops.REASONING)
    return Repair(
        replace(context, without=without, refused_now=now),
        TurnNote(turn_id, found.words),
        drops.feature(found.name),
        found.certain,
        waits=found.waits,
        replaces=reasons and any(name.startswith(drops.REASONING) for name in context.refused_now),
    )


def _files_as_text(
    turn_id: str, error: Mapping[str, Any], context: RequestContext, built: BuiltRequest
) -> Repair | None:
    """The same with the text files as text, where the error is about files."""
    asked = built.asked.get("input") or built.body.get("input") or ()
    sent = built.body.get("input") or built.body.get("messages") or ()
    if context.files_as_text or not file_parts.holds_text_file(asked) or not file_parts.refused(error, sent):
        return None
    told = TurnNote(turn_id, "This model does not take text files. They were sent as text.")
    return Repair(replace(context, files_as_text=True), told, file_parts.REFUSED, certain=False)


def _without_field(
    turn_id: str, error: Mapping[str, Any], context: RequestContext, built: BuiltRequest
) -> Repair | None:
    """A chat request without the field that the error names; ``stream_options`` is ours, so that nobody misses it."""
    found = chat_api.dropped(built.body, error)
    if found is None:
        return None
    words = f"The server does not take {found.name}. It was asked again without it."
    if found.name == "stream_options":
        words = ""
    elif found.name == "max_completion_tokens":
        words = "The server does not take max_completion_tokens. It was asked again with max_tokens."
    changed = replace(context.route, without=context.route.without | {found.name})
    feature = route.dropped_feature(found.name) if found.certain else None
    return Repair(replace(context, route=changed), TurnNote(turn_id, words), feature, certain=False)
