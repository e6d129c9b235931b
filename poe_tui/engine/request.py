"""From a thread and new input to a request body: pure, and the only place that decides chain or replay.

*Chain* sends ``previous_response_id`` and the new input alone; *replay* sends the whole path. A replay is byte-stable
and append-only, so that provider prefix caches hit: what one turn contributes depends on that turn, on the model that
is asked, and on whether its function calls were answered. A request to chat/completions is always a replay, put into
that endpoint's words at the very end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from poe_tui.api import chat as chat_api
from poe_tui.engine import drops, file_parts, instruct
from poe_tui.engine.cost import estimate_tokens
from poe_tui.engine.fields import Fields, effective, merge_fields, searches
from poe_tui.engine.items import is_noteworthy, to_input
from poe_tui.engine.route import Route
from poe_tui.engine.thread_options import APP
from poe_tui.model import Chain, Item, ModelInfo, Turn

__all__ = ["BuiltRequest", "RequestContext", "build", "merge_fields", "overrides_of", "to_input"]

ChainPolicy = Literal["auto", "always", "never"]

ENCRYPTED_REASONING: Final = "reasoning.encrypted_content"
SEARCH_SOURCES: Final = "web_search_call.action.sources"
WITHOUT: Final = "without"
"""The key in a turn's own options for the fields that were left out because the model refuses them."""
OVERRIDES: Final = "overrides"
"""The key there for the fields that were set for the turn alone."""

_REJECTED_INPUT: Final = frozenset({400, 403, 413, 422})
"""Answers that say the input itself was at fault; sent again in a replay it would fail every later turn too."""
_REFUSED_PROMPT: Final = "prompt that the server refused"


@dataclass(slots=True, frozen=True)
class RequestContext:
    """Everything that a request is made from."""

    model: str
    server: str
    new_items: Sequence[Item]
    path: Sequence[Turn] = ()
    """Root to parent."""
    settings_defaults: Mapping[str, Any] = field(default_factory=dict)
    """Request fields by their API names, like the two mappings below; later ones win, ``None`` unsets a field."""
    thread_options: Mapping[str, Any] = field(default_factory=dict)
    overrides: Mapping[str, Any] = field(default_factory=dict)
    instructions: str | None = None
    """The thread's own; ``None`` leaves the settings' default."""
    chain_policy: ChainPolicy = "auto"
    chain_refused: bool = False
    """Whether this server and model are remembered as refusing or forgetting ``previous_response_id``."""
    info: ModelInfo | None = None
    """The model's entry in the list, where there is one."""
    functions: Sequence[Mapping[str, Any]] = ()
    """The tools of ours that are offered, in the flat shape; they join those that the fields name."""
    route: Route = field(default_factory=Route)
    """The endpoint that is asked."""
    files_as_text: bool = False
    """Whether this server and model are remembered as refusing text files."""
    search: Mapping[str, Any] | None = None
    """The web search that the turn offers, as a tool; empty: it offers none, whatever the fields say; ``None``: as
    they say."""
    search_sources: bool = True
    """Whether a search is asked for all its sources."""
    instructions_item: bool = False
    """Whether the instructions are said in the input, too (``instruct``)."""
    without: frozenset[str] = frozenset()
    """The fields (``drops``) that this server and model refuse, now or as far as is remembered."""
    refused_now: frozenset[str] = frozenset()
    """Those of them that were refused in this very turn, which is told where it happens."""

    @property
    def by_chat(self) -> bool:
        """Whether chat/completions is asked."""
        return self.route.endpoint == "chat"


@dataclass(slots=True, frozen=True)
class BuiltRequest:
    """A body ready to send, and what the engine must know about it."""

    body: dict[str, Any]
    chain: Chain
    estimated_tokens: int
    """What a server that knows the thread should count as input, by our estimate (text only)."""
    notes: tuple[str, ...] = ()
    """What was left out of a replay, in words."""
    named_id: bool = False
    """Whether the person named the ``previous_response_id``; then there is no other way to send it."""
    endpoint: chat_api.Endpoint = "responses"
    asked: Mapping[str, Any] = field(default_factory=dict)
    """Of a chat request: the Responses request that it stands for."""
    own: Mapping[str, Any] = field(default_factory=dict)
    """What the turn keeps for us about its request; no server knows it."""

    @property
    def options(self) -> dict[str, Any]:
        """The fields sent besides model and input: the row's record of how the turn was asked.

        By their names in the Responses format, whichever endpoint was asked; ``endpoint`` is set when it was the other.
        """
        body = self.asked or self.body
        options = {name: value for name, value in body.items() if name not in ("model", "input")}
        if self.endpoint != "responses":
            options["endpoint"] = self.endpoint
        return {**options, APP: dict(self.own)} if self.own else options


def build(context: RequestContext) -> BuiltRequest:
    """Return the request for ``context``.

    Chain or replay: see the module. Instructions, tools and text format are sent every time:
    they are not inherited through a chain. A field that nobody set is not sent. New input goes through the same list
    as its replay will, so that later replays begin with the same bytes. An id that the person named goes before both.
    """
    fields = effective(context)
    said = _said(context, fields)
    chained = fields.named_id is not None or may_chain(context, store=fields.rest.get("store"), told=said)
    replayed, notes = _replay(context)
    new = [to_input(item, provider_fields=context.by_chat) or item for item in context.new_items]
    if context.files_as_text:
        replayed, new = ([file_parts.as_text(item) for item in items] for items in (replayed, new))
    body: dict[str, Any] = {"model": context.model}
    if chained:
        body["previous_response_id"] = context.path[-1].response_id if fields.named_id is None else fields.named_id
        body["input"] = [*_spoken(context, fields, said), *new]
    else:
        body["input"] = [*([instruct.item(said)] if said else ()), *replayed, *new]
    if fields.instructions and "instructions" not in context.without:
        body["instructions"] = fields.instructions
    body |= fields.rest
    wanted = _include(context, fields, chained=chained)
    if wanted:
        body["include"] = wanted
    body["stream"] = _streams(fields.stream, context.info)
    chain: Chain = "previous_response_id" if chained else "replay" if replayed else "none"
    estimate = _estimate([*replayed, *new], fields.instructions, fields.rest.get("tools"))
    own = _own(context, fields, said)
    if context.by_chat:
        return _by_chat(context, body, chain, estimate, notes, own)
    told = _not_sent(context, fields.left_out)
    return BuiltRequest(
        body, chain, estimate, (*told, *(() if chained else notes)), fields.named_id is not None, own=own
    )


def _said(context: RequestContext, fields: Fields) -> str | None:
    """The instructions that stand in the input, where they do."""
    if context.by_chat or not (context.instructions_item or "instructions" in context.without):
        return None
    return fields.instructions


def _spoken(context: RequestContext, fields: Fields, said: str | None) -> list[Item]:
    """The instructions as an item of a chained request: only beside an id that a person named, of another thread.

    A chain of ours is gone on with only where it holds them already (``may_chain``).
    """
    if said is None or fields.named_id is None:
        return []
    parent = context.path[-1] if context.path else None
    heard = parent is not None and parent.response_id == fields.named_id and instruct.has_heard(parent, said)
    return [] if heard else [instruct.item(said)]


def _own(context: RequestContext, fields: Fields, said: str | None) -> dict[str, Any]:
    own: dict[str, Any] = instruct.mark(said) if said else {}
    if fields.left_out:
        own[WITHOUT] = sorted(fields.left_out)
    if context.overrides:
        own[OVERRIDES] = dict(context.overrides)
    return own


def _not_sent(context: RequestContext, left_out: Sequence[str]) -> tuple[str, ...]:
    """Tell what is left out as remembered, once in a thread."""
    known = {name for turn in context.path if _same_maker(turn, context) for name in _own_of(turn).get(WITHOUT) or ()}
    told = drops.remembered(name for name in left_out if name not in known | context.refused_now)
    return (told,) if told else ()


def _own_of(turn: Turn) -> Mapping[str, Any]:
    own = turn.options.get(APP)
    return own if isinstance(own, Mapping) else {}


def overrides_of(turn: Turn) -> dict[str, Any]:
    """The request fields that were set for this turn alone: asking again asks with them."""
    own = _own_of(turn).get(OVERRIDES)
    return dict(own) if isinstance(own, Mapping) else {}


def _by_chat(
    context: RequestContext,
    body: dict[str, Any],
    chain: Chain,
    estimate: int,
    notes: tuple[str, ...],
    own: Mapping[str, Any],
) -> BuiltRequest:
    """Put a replay into the words of chat/completions; say why, once in a thread."""
    parameters = () if context.info is None else context.info.parameters
    made = chat_api.request(body, parameters=parameters, without=context.route.without)
    known = any(turn.options.get("endpoint") == "chat" and _same_maker(turn, context) for turn in context.path)
    why = (context.route.why,) if context.route.why and not known else ()
    return BuiltRequest(made.body, chain, estimate, (*why, *notes, *made.notes), endpoint="chat", asked=body, own=own)


def may_chain(context: RequestContext, *, store: object = None, told: str | None = None) -> bool:
    """Whether the request may go on by ``previous_response_id``.

    ``told`` are the instructions that stand in the input: a chain that holds others would say both.
    """
    if not context.path or context.chain_policy == "never" or context.chain_refused or context.by_chat:
        return False
    parent = context.path[-1]
    return (
        parent.status == "completed"
        and bool(parent.response_id)
        and store is not False
        and parent.options.get("store") is not False
        and parent.options.get("endpoint") != "chat"
        and _same_maker(parent, context)
        and instruct.has_heard(parent, told)
        and not _has_lone_output(context.new_items)
        # A server that knows the answer also waits for the outputs of its calls; a replay leaves such calls out.
        and not any(item.get("type") == "function_call" for item in parent.output)
    )


def _same_maker(turn: Turn, context: RequestContext) -> bool:
    return turn.model.casefold() == context.model.casefold() and turn.server == context.server


def _has_lone_output(items: Sequence[Item]) -> bool:
    calls = {item.get("call_id") for item in items if item.get("type") == "function_call"}
    return any(item.get("type") == "function_call_output" and item.get("call_id") not in calls for item in items)


def _replay(context: RequestContext) -> tuple[list[Item], tuple[str, ...]]:
    """Return the items of the whole path and what was left out of them.

    A call without its output, or an output without its call, is refused by servers, and so is reasoning without the
    item it led to; a stopped turn leaves both behind.
    """
    heard = [turn for turn in context.path if not _was_rejected(turn)]
    everything = [item for turn in heard for item in (*turn.input, *turn.output)] + list(context.new_items)
    calls = {item.get("call_id") for item in everything if item.get("type") == "function_call"}
    answered = {item.get("call_id") for item in everything if item.get("type") == "function_call_output"}
    paired = calls & answered
    told = max((n for n, turn in enumerate(context.path) if turn.chain == "replay"), default=0)
    again = file_parts.last_image(context.path, context.info)
    replayed: list[Item] = []
    left_out: dict[str, int] = {}
    for place, turn in enumerate(context.path):
        if _was_rejected(turn):
            if place >= told:
                left_out[_REFUSED_PROMPT] = left_out.get(_REFUSED_PROMPT, 0) + 1
            continue
        same_model = _same_maker(turn, context)
        for items in (turn.input, turn.output):
            kept, lost = _keep(items, paired, same_model=same_model, by_chat=context.by_chat, again=again)
            if not file_parts.reads_images(context.info):
                lost += ["image"] * sum(file_parts.holds_image([item]) for item in kept)
                kept = [file_parts.without_images(item) for item in kept]
            replayed += kept
            for kind in lost if place >= told else ():
                left_out[kind] = left_out.get(kind, 0) + 1
    if not left_out:
        return replayed, ()
    words = ", ".join(kind if count == 1 else f"{count} × {kind}" for kind, count in left_out.items())
    return replayed, (f"Left out of what is sent again: {words}.",)


def _was_rejected(turn: Turn) -> bool:
    """Whether the server refused this turn's very input, so that it never became part of the conversation."""
    if turn.status != "failed" or turn.output or not turn.error:
        return False
    return turn.error.get("http_status") in _REJECTED_INPUT


def _keep(
    items: Sequence[Item], paired: set[Any], *, same_model: bool, by_chat: bool, again: Item | None
) -> tuple[list[Item], list[str]]:
    kept: list[Item] = []
    lost: list[str] = []
    waiting: list[Item] = []
    for item in items:
        sent = to_input(item, same_model=same_model, provider_fields=by_chat and same_model)
        kind = item.get("type")
        if kind == "reasoning":
            if sent is not None:
                waiting.append(sent)
            continue
        if kind in ("function_call", "function_call_output") and item.get("call_id") not in paired:
            sent = None
        if item is again:
            sent = file_parts.seen_again(item)
        if sent is None:
            waiting.clear()
            if is_noteworthy(item):
                lost.append(str(kind))
            continue
        kept += waiting
        waiting.clear()
        kept.append(sent)
    return kept, lost


def _include(context: RequestContext, fields: Fields, *, chained: bool) -> list[str]:
    """The user's own ``include`` and what the thread needs: sources of a search, reasoning that can be replayed.

    Encrypted reasoning is asked for only of models that are known to reason (others answer 400), and only where it
    will be sent again: with function tools, or in a thread that goes on by replay.
    """
    wanted = list(fields.include)
    if context.by_chat:
        return wanted
    tools = fields.rest.get("tools") or ()
    if context.search_sources and searches(tools):
        wanted.append(SEARCH_SOURCES)
    functions = any(isinstance(tool, Mapping) and tool.get("type") == "function" for tool in tools)
    replays = context.chain_policy == "never" or context.chain_refused or (bool(context.path) and not chained)
    if context.info is not None and context.info.reasons and (functions or replays):
        wanted.append(ENCRYPTED_REASONING)
    refused = context.without
    return [] if "include" in refused else [n for n in dict.fromkeys(wanted) if f"include.{n}" not in refused]


def _streams(wanted: bool | None, info: ModelInfo | None) -> bool:
    """Media models are called without streaming (vendor document, *Media Bots*)."""
    if wanted is not None:
        return wanted
    return not (info is not None and info.media_output)


def _estimate(items: Iterable[Item], instructions: object, tools: object) -> int:
    total = estimate_tokens(instructions) if isinstance(instructions, str) else 0
    if tools:
        total += estimate_tokens(str(tools))
    return total + sum(item_tokens(item) for item in items)


def item_tokens(item: Item) -> int:
    """Estimate the tokens of one item's text; images and files count nothing."""
    total = 0
    content = item.get("content")
    for part in content if isinstance(content, list) else ():
        text = part.get("text") or part.get("refusal")
        if isinstance(text, str):
            total += estimate_tokens(text)
    for name in ("arguments", "output"):
        if isinstance(item.get(name), str):
            total += estimate_tokens(item[name])
    return total
