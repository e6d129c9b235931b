"""The tools that models may call: which there are, which are offered, and whether a call's arguments fit.

A *tool* is what ``config.toml`` declares, or one that is shipped. It is offered where a thread names it; where a thread
names none, those are offered that the settings or their own entries enable.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from poe_tui import json_check
from poe_tui.engine import tool_outcome
from poe_tui.engine.shipped_tools import SHIPPED, ShippedTool
from poe_tui.engine.tool_outcome import Outcome
from poe_tui.model import Item, ModelInfo
from poe_tui.tool_config import Approval, ToolConfig

if TYPE_CHECKING:
    from poe_tui.config import Settings

LONGEST_ARGUMENTS: Final = 1_000_000
"""Characters; more than that is no call but an accident."""


@dataclass(slots=True, frozen=True)
class Tool:
    """A tool that can be offered."""

    config: ToolConfig
    shipped: ShippedTool | None = None

    @property
    def name(self) -> str:
        """As it is sent and called."""
        return self.config.name

    @property
    def description(self) -> str:
        """What the model is told of it."""
        return self.config.description or (self.shipped.description if self.shipped else "")

    @property
    def parameters(self) -> Mapping[str, Any]:
        """JSON Schema of its arguments."""
        return self.shipped.parameters if self.shipped else self.config.parameters

    @property
    def definition(self) -> dict[str, Any]:
        """Return it as it is sent: the flat shape (observed on Poe)."""
        return {
            "type": "function",
            "name": self.name,
            "description": self.description,
            "parameters": dict(self.parameters),
            "strict": self.config.strict,
        }


@dataclass(frozen=True)
class Toolbox:
    """All tools by their names, under the settings of this moment."""

    settings: Settings
    extra: tuple[Tool, ...] = ()
    """Tools besides: the demo's."""

    @cached_property
    def tools(self) -> Mapping[str, Tool]:
        """Every tool that can be named, declared ones first."""
        found = {tool.name: _tool(tool) for tool in self.settings.tools}
        for name, shipped in SHIPPED.items():
            found.setdefault(name, Tool(ToolConfig(name), shipped))
        return {**found, **{tool.name: tool for tool in self.extra}}

    @property
    def enabled(self) -> tuple[str, ...]:
        """The names of the tools that every thread offers which does not choose for itself."""
        declared = [tool.name for tool in self.settings.tools if tool.enabled]
        switched = [name for name in SHIPPED if getattr(self.settings.tool_use, name, False)]
        return tuple(dict.fromkeys([*declared, *switched, *(tool.name for tool in self.extra)]))

    def named(self, names: Iterable[str]) -> Iterator[Tool]:
        """Yield the tools of these names, each once; names that nothing has are passed over."""
        for name in dict.fromkeys(names):
            if name in self.tools:
                yield self.tools[name]

    def offered(self, chosen: Sequence[str] | None, info: ModelInfo | None = None) -> list[Tool]:
        """Return the tools that a request offers.

        Args:
            chosen: those that the thread or the run names; ``None`` where it names none.
            info: the model's entry; one that lists no tools is offered none that nobody chose for it.
        """
        if chosen is not None:
            return list(self.named(chosen))
        return list(self.named(self.enabled)) if info is None or "tools" in info.features else []

    def near(self, name: str) -> list[str]:
        """Return up to three names like ``name``."""
        from difflib import get_close_matches

        return get_close_matches(name, list(self.tools), 3, 0.5)

    def approval(self, tool: Tool) -> Approval:
        """Return whether a tool's calls wait for the person, as far as that is written down."""
        if tool.config.approval is not None:
            return tool.config.approval
        if tool.name in self.settings.tool_use.always_allowed:
            return "always"
        return self.settings.tool_use.approval


def _tool(config: ToolConfig) -> Tool:
    shipped = SHIPPED.get(config.name) if config.shipped else None
    return Tool(config, shipped)


def foreign(name: str, definition: Mapping[str, Any]) -> Tool:
    """Return a tool for a function that a request offered by itself (``-o tools=…``): a person answers for it."""
    parameters = definition.get("parameters")
    config = ToolConfig(name, str(definition.get("description") or ""), manual=True)
    return Tool(replace(config, parameters=parameters) if isinstance(parameters, dict) else config)


@dataclass(slots=True, frozen=True)
class Call:
    """A function call of a turn, read and judged; ``outcome`` is set when it must not run."""

    index: int
    """Its place among the turn's function calls, from 0."""
    call_id: object
    """Untouched, whatever it is."""
    name: str
    tool: Tool | None
    values: Mapping[str, Any]
    outcome: Outcome | None = None

    @property
    def shown_id(self) -> str:
        """The call id for events."""
        return self.call_id if isinstance(self.call_id, str) else json.dumps(self.call_id, default=str)


def calls_of(output: Iterable[Item]) -> list[Item]:
    """Return the function calls among the items of an answer."""
    return [item for item in output if item.get("type") == "function_call"]


def offered_functions(tools: Any) -> dict[str, Mapping[str, Any]]:
    """Return the functions of a request's ``tools`` by name; both shapes are read."""
    found: dict[str, Mapping[str, Any]] = {}
    for tool in tools if isinstance(tools, (list, tuple)) else ():
        if isinstance(tool, Mapping) and tool.get("type") == "function":
            inner = tool.get("function")
            definition = inner if isinstance(inner, Mapping) else tool
            if isinstance(definition.get("name"), str):
                found[definition["name"]] = definition
    return found


def read_call(index: int, item: Item, tools: Mapping[str, Tool]) -> Call:
    """Judge a function call before anything runs: is there such a tool, is it JSON, does it fit?

    Args:
        index: its place among the turn's calls.
        item: as the model sent it.
        tools: those that the turn offered, by name.
    """
    name = item.get("name") if isinstance(item.get("name"), str) else ""
    tool = tools.get(str(name))
    call = Call(index, item.get("call_id"), str(name), tool, {})
    if tool is None:
        return replace(call, outcome=tool_outcome.unknown(str(name), tools))
    values, problem = _arguments(item.get("arguments"))
    if problem:
        return replace(call, outcome=tool_outcome.malformed(problem))
    call = replace(call, values=values)
    try:
        found = json_check.violations(tool.parameters, values)
    except json_check.BadSchema as refused:
        reason = f"The tool's own parameters are no JSON Schema: {refused}. Nothing was run."
        return replace(call, outcome=tool_outcome.failed(reason))
    return replace(call, outcome=tool_outcome.unfit(found)) if found else call


def _arguments(given: Any) -> tuple[dict[str, Any], str]:
    """Return the arguments and what is wrong with them. Some servers send an object, or nothing (observed on Poe)."""
    if isinstance(given, dict):
        return given, ""
    if given is None or given == "":
        return {}, ""
    if not isinstance(given, str):
        return {}, f"they are {type(given).__name__}"
    if len(given) > LONGEST_ARGUMENTS:
        return {}, f"they are longer than {LONGEST_ARGUMENTS} characters"
    try:
        values = json.loads(given, parse_constant=_no_number, parse_float=_number)
    except RecursionError:
        return {}, "they are nested too deeply"
    except ValueError as error:
        return {}, str(error)
    return (values, "") if isinstance(values, dict) else ({}, f"they are {_kind(values)}")


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is not a number in JSON")


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]} is too large a number")
    return value


def _kind(value: Any) -> str:
    kinds = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
