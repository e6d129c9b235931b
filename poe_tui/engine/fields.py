"""The request fields of one turn: settings, thread and run laid over one another, without what the model refuses. Pure.

A field that nobody set is not there. What is ours to add stands in ``request``: ``stream``, and ``include`` for what
tools, searches and replays need.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from poe_tui.engine import drops
from poe_tui.engine.thread_options import APP
from poe_tui.request_fields import FieldProblem, check_fields

if TYPE_CHECKING:
    from poe_tui.engine.request import RequestContext

_NESTED: Final = ("reasoning", "text")
"""Fields that are merged key by key: an effort for this turn does not unset the summary of the settings."""
_FOR_TOOLS: Final = ("tool_choice", "parallel_tool_calls")
"""Fields that servers refuse beside no tools; as defaults they wait for some."""


@dataclass(slots=True, frozen=True)
class Fields:
    """What is sent besides model and input, as far as it does not depend on the thread."""

    instructions: str | None
    stream: bool | None
    include: tuple[str, ...]
    named_id: str | None
    """The ``previous_response_id`` that the person named."""
    rest: dict[str, Any]
    left_out: tuple[str, ...] = ()
    """The names (``drops``) of what would have been sent, had the model not refused it."""


def effective(context: RequestContext) -> Fields:
    """Return the fields for a context.

    Functions and the web search join the tools that the fields name; nested definitions are sent flat.
    """
    merged = merge_fields(context.settings_defaults, context.thread_options, context.overrides)
    instructions = merged.pop("instructions", None)
    if context.instructions is not None and "instructions" not in context.overrides:
        instructions = context.instructions
    stream, include = merged.pop("stream", None), merged.pop("include", None)
    named_id = merged.pop("previous_response_id", None)
    fields = {name: value for name, value in merged.items() if name not in ("model", "input", APP)}
    tools = _tools(fields.get("tools"), context)
    if tools or "tools" in fields:
        fields["tools"] = tools
    _wait_for_tools(fields, context)
    left_out: list[str] = []
    if not context.by_chat:
        fields, left_out = drops.strip(fields, context.without)
        stream = False if "stream" in context.without else stream
    entries = include if isinstance(include, (list, tuple)) else ()
    return Fields(
        instructions=instructions if isinstance(instructions, str) and instructions else None,
        stream=stream,
        include=tuple(name for name in entries if isinstance(name, str)),
        named_id=None if context.by_chat else named_id,
        rest=fields,
        left_out=tuple(left_out),
    )


def problems(context: RequestContext) -> list[FieldProblem]:
    """Return what of the fields is out of bounds: nothing is sent then."""
    merged = merge_fields(context.settings_defaults, context.thread_options, context.overrides)
    efforts = () if context.info is None else context.info.efforts
    return check_fields({name: value for name, value in merged.items() if name != APP}, efforts=efforts)


def merge_fields(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Merge request fields, later layers over earlier ones; ``None`` unsets, also inside ``reasoning`` and ``text``."""
    merged: dict[str, Any] = {}
    for layer in layers:
        for name, value in layer.items():
            before = merged.get(name)
            if name in _NESTED and isinstance(value, Mapping) and isinstance(before, dict):
                merged[name] = {**before, **value}
            else:
                merged[name] = dict(value) if isinstance(value, Mapping) else value
    for name in _NESTED:
        if isinstance(merged.get(name), dict):
            merged[name] = {key: value for key, value in merged[name].items() if value is not None} or None
    return {name: value for name, value in merged.items() if value is not None}


def flat(tool: Any) -> Any:
    """Return a function tool in the flat shape, whichever of the two it has."""
    if isinstance(tool, Mapping) and tool.get("type") == "function" and isinstance(tool.get("function"), Mapping):
        return {**{key: value for key, value in tool.items() if key != "function"}, **tool["function"]}
    return tool


def searches(tools: object) -> bool:
    """Whether a web search is among the tools."""
    return any(
        isinstance(tool, Mapping) and str(tool.get("type")).startswith("web_search")
        for tool in (tools if isinstance(tools, (list, tuple)) else ())
    )


def _tools(listed: object, context: RequestContext) -> list[Any]:
    """The tools of the fields, in their order; then our functions, whose names yield to theirs; then the search."""
    tools = [flat(tool) for tool in listed] if isinstance(listed, (list, tuple)) else []
    tools = _with_functions(tools, context.functions)
    if context.search is None:
        return tools
    if not context.search:
        return [tool for tool in tools if not searches([tool])]
    return tools if searches(tools) else [*tools, dict(context.search)]


def _with_functions(tools: list[Any], functions: Sequence[Mapping[str, Any]]) -> list[Any]:
    taken = {tool.get("name") for tool in tools if isinstance(tool, Mapping)}
    return [*tools, *(dict(function) for function in functions if function.get("name") not in taken)]


def _wait_for_tools(fields: dict[str, Any], context: RequestContext) -> None:
    """Take out what the settings say of tools where there are none; what a thread or a run says stays."""
    tools = fields.get("tools") or []
    for name in _FOR_TOOLS:
        own = any(layer.get(name) is not None for layer in (context.thread_options, context.overrides))
        if name in fields and not own and (not tools or not _is_offered(fields[name], tools)):
            del fields[name]


def _is_offered(choice: Any, tools: list[Any]) -> bool:
    if not isinstance(choice, Mapping) or choice.get("type") != "function":
        return True
    return any(isinstance(tool, Mapping) and tool.get("name") == choice.get("name") for tool in tools)
