"""Request fields that a model does not take: which one a refusal is about, and a request without it. Pure.

Models refuse what the document promises (observed on Poe): a sampling parameter, single efforts, the summary of the
reasoning, tools. What is refused is left out, the same is asked once more, and the name is remembered for some days.
Only a refusal counts: a value out of bounds, or a schema that is none, is a person's to mend.

Names are paths (``temperature``, ``reasoning.summary``), with a value where only that was refused
(``reasoning.effort=high``), and ``tools.function``, ``tools.web_search``, ``include.NAME`` for entries of lists.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_PREFIX: Final = "field."
REASONING: Final = "reasoning"
FUNCTIONS: Final = "tools.function"
WEB_SEARCH: Final = "tools.web_search"
NEEDS_SEARCH: Final = "needs.web_search"
"""The feature name for a model that answers only with a web search (deep research, our notes on Poe)."""

_STATUSES: Final = (None, 400, 422)
_BAD_REQUEST: Final = re.compile(r"\b(BadRequestError|UnsupportedParamsError|invalid_request_error)\b")
"""By these words a gateway says in a 500 that the request was at fault."""
_REFUSES: Final = re.compile(
    r"unsupported|\bnot\b.{0,20}\bsupport|n't support|\bonly support|\bunknown\b|unrecogni[sz]ed|unexpected"
    r"|\bextra (inputs|fields)\b|\bnot (permitted|allowed|accepted|available|recogni[sz]ed|enabled|compatible)\b"
    r"|incompatible|deprecated|\bremove\b|\bcannot (both )?be (used|set|specified|combined)\b|\b(may|can) only be\b"
    r"|\bmust be verified\b|supported values are|\bmust be one of\b|\bexpected one of\b",
    re.IGNORECASE | re.DOTALL,
)
_A_SCHEMA: Final = re.compile(r"\binvalid (json |parameters? )?schema\b", re.IGNORECASE)
_ABOUT_A_VALUE: Final = re.compile(
    r"\b(unsupported|invalid|unknown)[ _]value\b|supported values are|must be one of|expected one of", re.IGNORECASE
)
_QUOTED: Final = re.compile(r"['\"`]([A-Za-z_][\w.\[\]-]{0,80})\\?['\"`]")
_WORDS: Final = ("reasoning.effort", "reasoning.summary", "text.verbosity", "service_tier", "truncation")
"""Fields whose value is one of some words, each of which a model may refuse alone."""

_ALIASES: Final[Mapping[str, str]] = {
    **{name: name for name in (
        "reasoning", "reasoning.summary", "reasoning.effort", "text.verbosity", "text.format", "temperature", "top_p",
        "top_logprobs", "max_output_tokens", "parallel_tool_calls", "tool_choice", "tools", "truncation", "metadata",
        "service_tier", "store", "stream", "include", "instructions",
    )},
    "summary": "reasoning.summary", "reasoning_summary": "reasoning.summary",
    "effort": "reasoning.effort", "reasoning_effort": "reasoning.effort", "output_effort": "reasoning.effort",
    "thinking": "reasoning", "thinking_budget": "reasoning", "budget_tokens": "reasoning",
    "verbosity": "text.verbosity", "response_format": "text.format", "json_schema": "text.format",
    "logprobs": "top_logprobs", "max_tokens": "max_output_tokens", "max_completion_tokens": "max_output_tokens",
    "reasoning.encrypted_content": "include.reasoning.encrypted_content",
    "message.output_text.logprobs": "include.message.output_text.logprobs",
    "web_search_call.action.sources": "include.web_search_call.action.sources",
    "web_search": WEB_SEARCH, "web_search_preview": WEB_SEARCH, "function": FUNCTIONS, "functions": FUNCTIONS,
}  # fmt: skip
"""What servers and gateways call a field -> its name here."""

_SPOKEN: Final[tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), names)
    for pattern, names in (
        (r"\bencrypted[ _]content\b", ("include.reasoning.encrypted_content",)),
        (r"\breasoning[ ._]summar(y|ies)\b", ("reasoning.summary",)),
        (r"\b(reasoning|output)[ ._]effort\b", ("reasoning.effort",)),
        (r"\bverbosity\b", ("text.verbosity",)),
        (r"\bresponse_format\b|\btext\.format\b|\bjson[ _](schema|object|mode)\b|\bstructured outputs?\b",
         ("text.format",)),
        (r"\b(top_)?logprobs\b", ("top_logprobs", "include.message.output_text.logprobs")),
        (r"\bparallel[ _](tool|function)[ _]calls?\b", ("parallel_tool_calls",)),
        (r"\btool_choice\b", ("tool_choice",)),
        (r"\bmax_(output_|completion_)?tokens\b", ("max_output_tokens",)),
        (r"\btop_p\b", ("top_p",)),
        (r"\btemperature\b", ("temperature",)),
        (r"\bservice[ _]tier\b", ("service_tier",)),
        (r"\btruncation\b", ("truncation",)),
        (r"\bmetadata\b", ("metadata",)),
        (r"\bstream(ing)?\b", ("stream",)),
        (r"\bweb[ _]search\w*", (WEB_SEARCH,)),
        (r"\b(tool|function)[ _-]?(use|call\w*)\b|\bfunctions\b|unsupported_feature_for_model",
         (FUNCTIONS, "tools")),
        (r"\btools?\b", ("tools",)),
        (r"\breasoning(_\w+)?\b|\bthinking\b", ("reasoning",)),
        (r"\binstructions\b", ("instructions",)),
    )
)  # fmt: skip
"""How they speak of it without quotes, the more special before the more general."""
_SURE: Final = frozenset({FUNCTIONS})
"""Names that are certain also where they are not quoted: nothing else is meant by the words."""


@dataclass(slots=True, frozen=True)
class Drop:
    """A field that is to be left out."""

    name: str
    certain: bool
    """Whether the error names just this one; else it is remembered when the request without it was taken."""
    waits: bool = False
    """Whether another step may follow that takes more away, so that a person is told of the last one only."""

    @property
    def words(self) -> str:
        """The line for the transcript; empty for what nobody set."""
        return words(self.name)


def feature(name: str) -> str:
    """The feature name under which a refused field is remembered."""
    return f"{_PREFIX}{name}"


def names(features: Iterable[str]) -> frozenset[str]:
    """Return the fields among remembered features."""
    return frozenset(known.removeprefix(_PREFIX) for known in features if known.startswith(_PREFIX))


def find(body: Mapping[str, Any], error: Mapping[str, Any], model: str = "") -> Drop | None:
    """Return what of a Responses ``body`` a refusal is about, if the request can do without it.

    Args:
        body: as it was sent.
        error: as the engine keeps it: ``http_status``, ``message``, ``code``, ``param``.
        model: its name, which may hold words such as *reasoning*.
    """
    message = str(error.get("message") or "")
    said = f"{error.get('code') or ''} {message}"
    status = error.get("http_status")
    if status not in _STATUSES and not (status == 500 and _BAD_REQUEST.search(said)):
        return None
    inside = re.search(r"schema|parameters", str(error.get("param") or ""))
    if not _REFUSES.search(said) or _A_SCHEMA.search(said) or inside:
        return None
    value = _refused_value(body, said)
    if value is not None:
        return Drop(value, certain=True)
    found = list(_candidates(body, error, said, model))
    if not found:
        return None
    name, certain = found[0]
    for other, _ in found[1:]:
        if other.startswith(f"{name}."):
            # "Encrypted content is not supported", param "include": the entry is meant.
            name = other
            break
    return _step(body, name, said, certain=certain)


def needs_search(body: Mapping[str, Any], error: Mapping[str, Any]) -> bool:
    """Whether the error says that the model answers only with a web search, and none was offered."""
    message = str(error.get("message") or "")
    wanted = re.search(r"\b(require|must|need)\w*\b.{0,60}\bweb_search", message, re.IGNORECASE | re.DOTALL)
    return error.get("http_status") in _STATUSES and wanted is not None and not _has(body, WEB_SEARCH)


def strip(fields: Mapping[str, Any], without: Collection[str]) -> tuple[dict[str, Any], list[str]]:
    """Return fields without those names, and the names of what was really left out."""
    left = dict(fields)
    gone: list[str] = []
    for name in sorted(without):
        if _has(left, name):
            _remove(left, name)
            gone.append(name)
    return left, gone


def words(name: str) -> str:
    """What a person is told of a field that is left out; empty for what the engine added by itself."""
    if name.startswith("include"):
        return ""
    path, _, value = name.partition("=")
    return _TOLD.get(path) or f"This model does not take {path}{f' {value}' if value else ''}. {_WITHOUT_IT}"


_WITHOUT_IT: Final = "It was asked again without it."
_TOLD: Final[Mapping[str, str]] = {
    "reasoning": "This model does not take reasoning settings. It was asked again without them.",
    "tools": "This model does not use tools. It was asked again without them.",
    FUNCTIONS: "This model does not call tools. It was asked again without them.",
    WEB_SEARCH: "This model does not search the web. It was asked again without the search.",
    "stream": "This model does not stream. It was asked again for the whole answer.",
    "instructions": "This model does not take the instructions field. They were sent in the input.",
}


def remembered(left_out: Iterable[str]) -> str:
    """What a person is told of fields that are left out from the start; empty when there is nothing to tell."""
    shown = {name: _LABELS.get(name, name.replace("=", " ")) for name in left_out if words(name)}
    return f"Not sent, for this model refused it before: {', '.join(shown.values())}." if shown else ""


_LABELS: Final[Mapping[str, str]] = {FUNCTIONS: "function tools", WEB_SEARCH: "web search"}


# --- which one --------------------------------------------------------------------------------------------------------
def _refused_value(body: Mapping[str, Any], said: str) -> str | None:
    """``Unsupported value: 'high' is not supported with …`` names no field, but a value that only one field has."""
    match = re.search(r"\b(?:unsupported|invalid|unknown) value:?\s*\\?['\"`](\w+)\\?['\"`]", said, re.IGNORECASE)
    if match is None:
        return None
    holders = [path for path in _WORDS if _at(body, path) == match.group(1)]
    quoted = {_field(token) for token in _QUOTED.findall(said)}
    named = [path for path in holders if path in quoted] or holders
    return f"{named[0]}={match.group(1)}" if named else None


def _candidates(body: Mapping[str, Any], error: Mapping[str, Any], said: str, model: str) -> Iterator[tuple[str, bool]]:
    """Yield the fields of the body that an error may be about and whether it names them, the likeliest first."""
    param = error.get("param")
    quoted = [_field(token) for token in _QUOTED.findall(said)]
    named = [name for name in quoted if name and _has(body, name)]
    # Where two are named ("`temperature` and `top_p` cannot both be specified"), the rarer one goes.
    named.sort(key=lambda name: name == "temperature")
    if isinstance(param, str) and (field := _field(param)) and _has(body, field) and field not in named:
        named.insert(0 if not named else 1, field)
    yield from ((name, len(set(named)) == 1) for name in named)
    plain = _QUOTED.sub(" ", said.replace(model, " ") if model else said)
    for pattern, fields in _SPOKEN:
        if pattern.search(plain):
            yield from ((name, name in _SURE) for name in fields if _has(body, name))


def _field(token: str) -> str:
    """Return the name of the field that a quoted token or a ``param`` means; empty when it means none."""
    path = token.replace("[", ".").replace("]", "")
    while path:
        if path in _ALIASES:
            return _ALIASES[path]
        path = path.rpartition(".")[0]
    return ""


def _step(body: Mapping[str, Any], name: str, said: str, *, certain: bool) -> Drop:
    """The next step down: of reasoning the summary goes first, then all of it (observed on Poe)."""
    if name == REASONING and _has(body, "reasoning.summary") and len(body[REASONING]) > 1:
        return Drop("reasoning.summary", certain=False, waits=True)
    if name in _WORDS and _ABOUT_A_VALUE.search(said):
        return Drop(f"{name}={_at(body, name)}", certain)
    return Drop(name, certain)


# --- with and without -------------------------------------------------------------------------------------------------
def _at(fields: Mapping[str, Any], path: str) -> Any:
    value: Any = fields
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _has(fields: Mapping[str, Any], name: str) -> bool:
    path, separator, value = name.partition("=")
    if path in (FUNCTIONS, WEB_SEARCH):
        return any(_is_tool(tool, path) for tool in fields.get("tools") or ())
    if path.startswith("include."):
        return path.removeprefix("include.") in (fields.get("include") or ())
    if path == "stream":
        return fields.get("stream") is True
    found = _at(fields, path)
    return found == value if separator else found is not None and found != []


def _is_tool(tool: Any, name: str) -> bool:
    kind = str(tool.get("type")) if isinstance(tool, Mapping) else ""
    return kind == "function" if name == FUNCTIONS else kind.startswith("web_search")


def _remove(fields: dict[str, Any], name: str) -> None:
    path = name.partition("=")[0]
    if path in (FUNCTIONS, WEB_SEARCH, "tools"):
        kept = [] if path == "tools" else [tool for tool in fields["tools"] if not _is_tool(tool, path)]
        fields["tools"] = kept
        if not kept:
            for gone in ("tools", "tool_choice", "parallel_tool_calls"):
                fields.pop(gone, None)
        elif isinstance(fields.get("tool_choice"), Mapping) and _is_tool(fields["tool_choice"], path):
            del fields["tool_choice"]
    elif path.startswith("include."):
        fields["include"] = [entry for entry in fields["include"] if entry != path.removeprefix("include.")]
    elif "." in path:
        parent, _, leaf = path.partition(".")
        kept_fields = {key: value for key, value in fields[parent].items() if key != leaf}
        if kept_fields:
            fields[parent] = kept_fields
        else:
            del fields[parent]
    elif path == "stream":
        fields["stream"] = False
    else:
        del fields[path]
