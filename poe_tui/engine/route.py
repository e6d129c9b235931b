"""Which endpoint answers for a model, and what its refusals mean. Pure.

``/responses`` is the one that does everything, so that it is asked first; but most models of Poe's list do not say what
they support, and many of them refuse it (observed on Poe). What a server says is remembered per model for some
days; a word in the settings goes before both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from poe_tui.api.chat import DROPPABLE, PATHS, Endpoint
from poe_tui.model import ModelInfo

EndpointPolicy = Literal["auto", "responses", "chat"]

REFUSES: Final = "responses"
"""The feature name under which it is remembered that a model refuses ``/responses``."""

_LISTED: Final = "Asked by chat/completions: the model list names no /responses for this model."
_REMEMBERED: Final = "Asked by chat/completions: this model refused /responses before."
_SET: Final = "Asked by chat/completions, as the settings say."
_REFUSED: Final = "This model does not answer at /responses. It was asked by chat/completions instead."

_SAYS_NO: Final = re.compile(
    # "Model does not support responses method.", "… is not supported with the Responses API", "… in v1/responses".
    r"\bsupport(ed)?(\W+(the|in|on|by|via|with|for|through|an?|openai|s|api|v1))*\W+responses\b"
    r"|\bresponses\W+(api|method|endpoint)\b.{0,60}\b(not (currently |yet )?|un)(support|available|implemented|enabled)"
    r"|\b(only|use|instead)\b.{0,60}\bchat[/. ]completions"
    # What the image models of OpenAI answered on Poe.
    r"|\btoken unit price not found\b",
    re.IGNORECASE | re.DOTALL,
)
_ABOUT_A_FIELD: Final = re.compile(
    r"\b(parameter|field|argument|option|tool)s?\b|previous[\s_-]*response", re.IGNORECASE
)
_NO_SUCH_PLACE: Final = re.compile(
    r"\W*((404|405|501)\W*)?((file|page|path|route|url|endpoint|resource) )?"
    r"(not found|method not allowed|not implemented|no such endpoint.*|invalid url.*|cannot post.*"
    r"|unknown (request )?(url|endpoint|path|route).*|the server knows no such model or address)\W*"
    r"|.*/responses\b.*",
    re.IGNORECASE | re.DOTALL,
)
_STATUSES: Final = (None, 400, 403, 404, 405, 422, 500, 501)
_PLACE_STATUSES: Final = (404, 405, 501)


@dataclass(slots=True, frozen=True)
class Route:
    """Where a request goes."""

    endpoint: Endpoint = "responses"
    why: str = ""
    """The line for the transcript when that is not ``/responses``."""
    fixed: bool = False
    """Whether the person chose it, so that a refusal is no reason to go elsewhere."""
    without: frozenset[str] = frozenset()
    """The chat fields that this model was seen to refuse."""


@dataclass(slots=True, frozen=True)
class Refusal:
    """A server does not answer for a model at ``/responses``."""

    certain: bool
    """Whether the error says so; that there is nothing at the address may have had another cause."""


def choose(policy: EndpointPolicy, info: ModelInfo | None, refuses: Callable[[str], bool]) -> Route:
    """Return the route for a model.

    Args:
        policy: the setting.
        info: the model's entry in the list, where there is one.
        refuses: whether a feature is remembered as refused by this server and model.
    """
    without = frozenset(name for name in DROPPABLE if refuses(dropped_feature(name)))
    if policy != "auto":
        return Route(policy, _SET if policy == "chat" else "", True, without)
    if info is not None and lists_only_chat(info):
        return Route("chat", _LISTED, False, without)
    if refuses(REFUSES):
        return Route("chat", _REMEMBERED, False, without)
    return Route(without=without)


def lists_only_chat(info: ModelInfo) -> bool:
    """Whether a model's entry names chat/completions and not ``/responses``; most entries name nothing at all."""
    listed = [name.strip().strip("/").removeprefix("v1/") for name in info.endpoints]
    return PATHS["chat"] in listed and PATHS["responses"] not in listed


def dropped_feature(field: str) -> str:
    """The feature name under which a refused chat field is remembered."""
    return f"chat.{field}"


def fallback(route: Route) -> Route:
    """The route after a refusal of ``/responses``."""
    return Route("chat", _REFUSED, route.fixed, route.without)


def refusal(error: Mapping[str, Any]) -> Refusal | None:
    """Whether an error on a request to ``/responses`` says that the model, or the server, does not answer there."""
    status = error.get("http_status")
    message = str(error.get("message") or "")
    if error.get("param") not in (None, "", "model") or _ABOUT_A_FIELD.search(message):
        return None
    if status in _STATUSES and _SAYS_NO.search(message):
        return Refusal(certain=True)
    if status in _PLACE_STATUSES and _NO_SUCH_PLACE.fullmatch(message):
        return Refusal(certain=False)
    return None
