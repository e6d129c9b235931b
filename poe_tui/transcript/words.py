"""The sentences of states and errors: what happened, what was kept, what to do and the key that does it.

Pure: a turn's row in, clauses with roles out. The server's own words stand apart from ours, and everything a server
wrote is cleaned before it comes here or here. The tables follow the interface, the look and our notes on Poe
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from poe_tui import actions, numbers
from poe_tui.model import Turn
from poe_tui.sanitize import clean

Clause = tuple[str, str]
"""Words and their role: ``error``, ``warning``, ``text``, ``strong``, ``dim``, ``key``."""

Paragraph = tuple[Clause, ...]

MESSAGE_LIMIT = 600
"""Characters of a server's words that are shown; a gateway's HTML page is longer than anybody reads."""


class KeyNames:
    """How the keys that mend things are written: a person's own bindings first, the actions' defaults else."""

    def __init__(self, names: Mapping[str, str] | None = None) -> None:
        self.names = dict(names or {})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KeyNames) and other.names == self.names

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.names.items())))

    def __getitem__(self, action_id: str) -> str:
        name = self.names.get(action_id)
        if name is None:
            action = actions.by_id(action_id)
            name = actions.key_label(action.key) if action.key else f"/{action.slash}"
        return name


DEFAULT_KEYS = KeyNames()


def server_name(server: str) -> str:
    """``Poe`` for Poe's own address, ``the server`` on this machine, else the host."""
    host = urlsplit(server).hostname or ""
    if not host or host == "poe.com" or host.endswith(".poe.com"):
        return "Poe"
    if host in ("localhost", "::1") or host.startswith("127."):
        return "the server"
    return clean(host, single_line=True)


# --- the model line ---------------------------------------------------------------------------------------------------
def state_words(turn: Turn) -> Clause | None:
    """The state word of a turn that is over, for the right end of its model line; ``None`` when all went well."""
    if turn.status == "stopped":
        return "stopped", "warning"
    if turn.status == "failed" or _server_broke_off(turn):
        return "failed", "error"
    if turn.status == "incomplete":
        reason = _text(turn.error, "reason")
        return (f"incomplete · {reason}" if reason else "incomplete"), "warning"
    if turn.status == "interrupted":
        return _broken(turn)[0], "error"
    return None


# --- the body ---------------------------------------------------------------------------------------------------------
def trouble(turn: Turn, received: int, keys: KeyNames) -> list[Paragraph]:
    """The paragraphs under (or in place of) an answer that did not end well; empty for one that did.

    ``received`` is the number of tokens of the answer that arrived.
    """
    if turn.status == "stopped":
        if not received:
            return [(("Stopped before the answer began. ", "warning"), *_kept("Your prompt is kept."), *_retry(keys))]
        happened = f"Stopped after {numbers.tokens_in_words(received)}. "
        return [((happened, "warning"), *_kept("They are kept."), *_go_on(keys))]
    if _server_broke_off(turn):
        return _failed(turn, received, keys)
    if turn.status == "interrupted":
        return _interrupted(turn, received, keys)
    if turn.status == "incomplete":
        return _incomplete(turn, received, keys)
    if turn.status == "failed":
        return _failed(turn, received, keys)
    return []


def retrying(reason: str, remaining: float, attempt: int, limit: int, keys: KeyNames) -> list[Paragraph]:
    """The wait before another request: the digit is the only thing that changes."""
    wait = numbers.whole_seconds(remaining) if remaining > 0 else "0 s"
    return [
        (
            (f"{_sentence(reason)} ", "warning"),
            ("Trying again in ", "text"),
            (wait, "strong"),
            (f" ({attempt} of {limit}). ", "dim"),
            (keys["answer.stop"], "key"),
            (" stops.", "dim"),
        ),
        (("Your prompt is kept.", "dim"),),
    ]


def empty_thread(keys: KeyNames) -> list[Paragraph]:
    """What an empty thread says: calm, and only what to press."""
    return [
        (("Ask anything.", "strong"),),
        (*_does(keys, "composer.send", "sends"), *_does(keys, "composer.newline", "starts a new line.")),
        (
            *_does(keys, "model.pick", "chooses a model"),
            *_does(keys, "thread.search", "finds an old thread"),
            *_does(keys, "app.palette", "shows every command."),
        ),
    ]


# --- interrupted ------------------------------------------------------------------------------------------------------
_BREAKS = {
    "connection_lost": ("connection lost", "Connection lost"),
    "idle_timeout": ("timed out", "The server fell silent"),
    "line_too_long": ("interrupted", "The server sent a line too long to be an answer,"),
    "process_ended": ("interrupted", "poe-tui ended"),
    "internal_error": ("interrupted", "poe-tui failed"),
}
"""Error reason or type -> state word, first clause. What has no type broke off on the wire."""


def _broken(turn: Turn) -> tuple[str, str]:
    return (
        _BREAKS.get(_text(turn.error, "reason")) or _BREAKS.get(_text(turn.error, "type")) or _BREAKS["connection_lost"]
    )


def _server_broke_off(turn: Turn) -> bool:
    """Whether the stream ended by an error event: the server's own words, which say more than that it broke off."""
    error = turn.error or {}
    ours = error.get("reason") in _BREAKS or error.get("type") in _BREAKS
    return turn.status == "interrupted" and not ours and isinstance(error.get("message"), str)


def _interrupted(turn: Turn, received: int, keys: KeyNames) -> list[Paragraph]:
    happened = _broken(turn)[1]
    if received:
        happened = f"{happened} after {numbers.tokens_in_words(received)}. "
        return [((happened, "error"), *_kept("They are kept."), *_go_on(keys))]
    happened = f"{happened.rstrip(',')} before the answer began. "
    return [((happened, "error"), *_kept("Your prompt is kept."), *_retry(keys))]


# --- incomplete -------------------------------------------------------------------------------------------------------
def _incomplete(turn: Turn, received: int, keys: KeyNames) -> list[Paragraph]:
    reason = _text(turn.error, "reason")
    if reason == "content_filter":
        happened = "The provider's content filter ended the answer"
    elif reason == "max_output_tokens":
        happened = "The answer reached max_output_tokens"
        if not received:
            thought = "The reasoning used up max_output_tokens before an answer began. "
            return [((thought, "warning"), *_retry(keys), *_does(keys, "model.effort", "lowers the effort."))]
    else:
        happened = f"The server ended the answer early ({reason})" if reason else "The server ended the answer early"
    if not received:
        return [((f"{happened}. ", "warning"), *_kept("Your prompt is kept."), *_retry(keys))]
    return [((f"{happened}. ", "warning"), *_kept("What came is kept."), *_go_on(keys))]


# --- failed -----------------------------------------------------------------------------------------------------------
_Mend = tuple[tuple[str, str], ...]
_RETRY = ("turn.retry", "retries")
_OTHER = ("model.pick", "picks another model")
_SETTINGS = ("app.settings", "opens the settings")
_NEW = ("thread.new", "starts a new thread")


def _failed(turn: Turn, received: int, keys: KeyNames) -> list[Paragraph]:
    error = turn.error or {}
    message = server_words(error.get("message"))
    happened, mend = _what_failed(turn, message)
    if happened.startswith("the "):
        happened = f"The {happened[4:]}"
    paragraphs: list[Paragraph] = [((happened, "error"),)]
    if message and message.rstrip(".").lower() not in happened.lower():
        paragraphs.append(((message, "text"),))
    near = [clean(str(name), single_line=True) for name in error.get("near") or ()][:3]
    if near:
        names = [clause for name in near for clause in ((name, "strong"), (", ", "dim"))]
        paragraphs.append((("Names like it: ", "dim"), *names[:-1], (".", "dim")))
    if helps := _helps(error):
        paragraphs.append(helps)
    kept = "What came is kept." if received else "Your prompt is kept."
    last = len(mend) - 1
    keyed = [clause for i, (key, does) in enumerate(mend) for clause in _does(keys, key, does + "." * (i == last))]
    paragraphs.append((*_kept(kept), *keyed))
    if details := _details(error):
        paragraphs.append(((details, "dim"),))
    return paragraphs


def _helps(error: dict[str, Any]) -> Paragraph:
    """What the engine found out besides: the balance and where points are to be had, how much a prompt is too long."""
    balance, link = error.get("balance"), _text(error, "link")
    tokens, limit = error.get("tokens"), error.get("limit")
    words: list[Clause] = []
    if isinstance(balance, int):
        words += [("Points left: ", "dim"), (numbers.grouped(balance), "strong"), (". ", "dim")]
    if link:
        words += [("More at ", "dim"), (link, "text"), (".", "dim")]
    if isinstance(tokens, int) and isinstance(limit, int):
        words += [(numbers.grouped(tokens), "strong"), (" tokens; ", "dim"), (numbers.grouped(limit), "strong")]
        words.append((" is the most.", "dim"))
    return tuple(words)


def _details(error: dict[str, Any]) -> str:
    """What support asks for: status, type, code, request id."""
    status, kind, code = _text(error, "http_status"), _text(error, "type"), _text(error, "code")
    shown = [f"HTTP {status}" if status else "", kind if status else ""]
    shown.append(code if code not in (status, kind) else "")
    shown.append(_text(error, "request_id"))
    return " · ".join(detail for detail in shown if detail)


def _what_failed(turn: Turn, message: str) -> tuple[str, _Mend]:
    """The sentence of what happened and the actions that mend it."""
    error = turn.error or {}
    who, model = server_name(turn.server), clean(turn.model, single_line=True)
    kind = f"{_text(error, 'type')} {_text(error, 'code')}".lower()
    status = error.get("http_status")
    if not isinstance(status, int):
        local = _LOCAL.get(_text(error, "type"))
        if local is not None:
            return message or local[0], local[1]
        status = None
    known = _REASONS.get(_text(error, "reason"))
    if known is not None:
        return known[0].format(who=who, model=model or "This model"), known[1]
    return (
        _by_message(message.lower(), model)
        or _by_status(status, kind, who, model)
        or ("The model failed." if status is None else f"{who} answered with an error.", (_RETRY, _OTHER))
    )


_LOCAL: dict[str, tuple[str, _Mend]] = {
    "connection_error": ("No connection to the server.", (_RETRY, _SETTINGS)),
    "connect_timeout": ("The server could not be reached in time.", (_RETRY, _SETTINGS)),
    "not_an_api_answer": ("The server did not answer like a model server.", (_SETTINGS, _RETRY)),
    "invalid_base_url": ("The address of the server cannot be used.", (_SETTINGS,)),
    "authentication_error": ("There is no usable key.", (_SETTINGS, _RETRY)),
    "storage_error": ("The thread could not be read.", (_RETRY,)),
    "invalid_field": ("A setting is out of bounds.", (_SETTINGS, _RETRY)),
    "internal_error": ("poe-tui failed.", (_RETRY,)),
}
"""Failures without an answer: the sentence is the client's own message, this one where it has none."""


_REASONS: dict[str, tuple[str, _Mend]] = {
    "bad_key": ("{who} refused the key.", (_SETTINGS, _RETRY)),
    "no_points": ("No points are left for this request.", (_RETRY, _OTHER)),
    "quota": ("The quota at {who} is used up.", (_RETRY, _OTHER)),
    "rate_limited": ("Rate limited by {who}.", (_RETRY, _OTHER)),
    "wait_too_long": ("{who} asks for a longer wait than is made by itself.", (_RETRY, _OTHER)),
    "moderation": ("{who} does not allow this request.", (_OTHER, _RETRY)),
    "unknown_model": ("{who} knows no model named {model}.", (_OTHER, _RETRY)),
    "prompt_too_long": ("The conversation is too long for {model}.", (_OTHER, _NEW)),
    "request_too_large": ("The request is larger than {who} takes.", (_OTHER, _NEW)),
    "no_tools": ("{model} cannot call tools.", (_OTHER, _RETRY)),
    "unsupported_field": ("{model} does not take one of the settings.", (_SETTINGS, _OTHER)),
    "no_responses": ("{model} does not take this kind of request.", (_OTHER,)),
    "chain_refused": ("{who} does not go on from its earlier answer.", (_RETRY, _OTHER)),
    "overloaded": ("{who} is overloaded.", (_RETRY, _OTHER)),
}
"""What the engine read out of a server's answer (``engine.reasons``); the other reasons say no more than the status."""

_MESSAGES: tuple[tuple[tuple[str, ...], str, _Mend], ...] = (
    (("does not support responses",), "{model} does not take this kind of request.", (_OTHER,)),
    (
        ("prompt is too long", "context length", "context window", "request_too_large"),
        "The conversation is too long for {model}.",
        (_OTHER, _NEW),
    ),
    (("does not support tool", "functions are not supported", "tools is not supported"),
     "{model} cannot call tools.", (_OTHER, _RETRY)),
    (("unsupported value", "unsupported parameter"), "{model} does not take one of the settings.", (_SETTINGS, _OTHER)),
)  # fmt: skip


def _by_message(message: str, model: str) -> tuple[str, _Mend] | None:
    for marks, sentence, mend in _MESSAGES:
        if any(mark in message for mark in marks):
            return sentence.format(model=model or "This model"), mend
    return None


def _by_status(status: int | None, kind: str, who: str, model: str) -> tuple[str, _Mend] | None:
    if status == 401 or "authentication" in kind:
        return f"{who} refused the key.", (_SETTINGS, _RETRY)
    if status == 402 or "insufficient" in kind:
        return "No points are left for this request.", (_RETRY, _OTHER)
    if status == 404 or "not_found" in kind:
        return f"{who} knows no model named {model}.", (_OTHER, _RETRY)
    if status == 429 or "rate_limit" in kind:
        return (f"The quota at {who} is used up." if "quota" in kind else f"Rate limited by {who}."), (_RETRY, _OTHER)
    sentences: dict[int, tuple[str, _Mend]] = {
        400: (f"{who} did not take this request.", (_OTHER, _RETRY)),
        403: (f"{who} refuses this request.", (_OTHER, _RETRY)),
        408: (f"{who} gave up waiting for the model.", (_RETRY, _OTHER)),
        413: (f"The conversation is too long for {model or 'this model'}.", (_OTHER, _NEW)),
        503: (f"{who} is overloaded.", (_RETRY, _OTHER)),
        529: (f"{who} is overloaded.", (_RETRY, _OTHER)),
    }
    if status in sentences:
        return sentences[status]
    return (f"{who} could not answer.", (_RETRY, _OTHER)) if status is not None and status >= 500 else None


# --- pieces -----------------------------------------------------------------------------------------------------------
def server_words(message: Any) -> str:
    """A server's message as one cleaned line of bearable length; empty when it has none."""
    if not isinstance(message, str):
        return ""
    words = " ".join(clean(message, single_line=True).split())
    return words if len(words) <= MESSAGE_LIMIT else words[:MESSAGE_LIMIT].rstrip() + "…"


def _text(error: dict[str, Any] | None, key: str) -> str:
    value = (error or {}).get(key)
    return clean(str(value), single_line=True).strip() if value not in (None, "") else ""


def _sentence(words: str) -> str:
    words = clean(words, single_line=True).strip().rstrip(".…")
    return f"{words[:1].upper()}{words[1:]}." if words else "The request failed."


def _kept(words: str) -> Paragraph:
    return ((f"{words} ", "dim"),)


def _does(keys: KeyNames, action: str, does: str) -> Paragraph:
    """``r retries, `` or, ending a sentence, ``r retries. ``."""
    return (keys[action], "key"), (f" {does} " if does.endswith(".") else f" {does}, ", "dim")


def _retry(keys: KeyNames) -> Paragraph:
    return _does(keys, "turn.retry", "retries.")


def _go_on(keys: KeyNames) -> Paragraph:
    return *_does(keys, "turn.retry", "retries"), *_does(keys, "turn.continue", "continues.")
