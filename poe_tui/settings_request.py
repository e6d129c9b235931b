"""What is asked of every model unless a thread says otherwise: the request fields, and the web search.

Bounds come from ``request_fields``, the one table of them; ``api`` names the request field that a setting fills.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from poe_tui import request_fields as bounds
from poe_tui.settings_section import Section, names, words


def _metadata(pairs: dict[str, str]) -> dict[str, str]:
    if wrong := bounds.metadata_words(pairs):
        raise ValueError(wrong)
    return pairs


def _tool_choice(word: str) -> str:
    if not bounds.is_tool_name(word.strip()):
        raise ValueError("Must be auto, required, none or the name of a tool.")
    return word.strip()


_Allowance = Annotated[int, Field(ge=bounds.MAX_OUTPUT_TOKENS[0], le=bounds.MAX_OUTPUT_TOKENS[1])]


class DefaultsSettings(Section):
    """Request fields for every new thread; a thread's own options win. ``None`` is not sent."""

    effort: bounds.Effort | None = Field(
        default=None,
        title="Reasoning effort",
        description="How long a model may think before it answers. Models that do not think may refuse it; some know "
        "only a few of these words.",
        json_schema_extra=words("defaults", "Answer", "How long the model thinks", api="reasoning.effort"),
    )
    summary: bounds.Summary | None = Field(
        default=None,
        title="Reasoning summary",
        description="What is shown and kept of the thinking. Models that cannot reason may refuse it.",
        json_schema_extra=words("defaults", "Answer", "What is kept of the thinking", api="reasoning.summary"),
    )
    verbosity: bounds.Verbosity | None = Field(
        default=None,
        title="Verbosity",
        description="How long the answer should be, for models that know the word.",
        json_schema_extra=words("defaults", "Answer", "low, medium or high", api="text.verbosity"),
    )
    format: Literal["text", "json_object"] | None = Field(
        default=None,
        title="Format",
        description="json_object asks for JSON of any shape; say in the prompt what it should hold. A schema is chosen "
        "in a thread, for its answers.",
        json_schema_extra=words("defaults", "Answer", "json_object: JSON of any shape", api="text.format.type"),
    )
    max_output_tokens: _Allowance | None = Field(
        default=None,
        title="Longest answer",
        description="The most tokens an answer may take, thinking included. A small number with a high effort can be "
        "spent on thinking alone.",
        json_schema_extra=words("defaults", "Answer", "Tokens; empty: the model's limit", api="max_output_tokens"),
    )
    truncation: bounds.Truncation | None = Field(
        default=None,
        title="Truncation",
        description="What the server does when a thread is longer than the model can read: auto drops the oldest "
        "turns, disabled makes it an error.",
        json_schema_extra=words("defaults", "Answer", "auto drops the oldest turns", api="truncation"),
    )
    temperature: Annotated[float, Field(ge=bounds.TEMPERATURE[0], le=bounds.TEMPERATURE[1])] | None = Field(
        default=None,
        title="Temperature",
        description="Higher is more varied, lower is more predictable. Change either this or top p, not both. Models "
        "that think may refuse it.",
        json_schema_extra=words("defaults", "Sampling", "0 to 2; empty: not sent", api="temperature"),
    )
    top_p: Annotated[float, Field(ge=bounds.TOP_P[0], le=bounds.TOP_P[1])] | None = Field(
        default=None,
        title="Top p",
        description="Keeps only the likeliest tokens whose chances add up to this number. Change either this or the "
        "temperature, not both. Models that think ignore it.",
        json_schema_extra=words("defaults", "Sampling", "0 to 1; empty: not sent", api="top_p"),
    )
    top_logprobs: Annotated[int, Field(ge=bounds.TOP_LOGPROBS[0], le=bounds.TOP_LOGPROBS[1])] | None = Field(
        default=None,
        title="Log probabilities",
        description="How many alternatives the server returns with each token. They are kept with the turn and go "
        "into --json.",
        json_schema_extra=words("defaults", "Sampling", "0 to 20 per token", api="top_logprobs"),
    )
    service_tier: bounds.ServiceTier | None = Field(
        default=None,
        title="Service tier",
        description="Passed through to the model's maker. flex is cheaper and slower, priority the other way round, "
        "where they exist.",
        json_schema_extra=words("defaults", "Request", "auto, default, flex, priority", api="service_tier"),
    )
    stream: bool | None = Field(
        default=None,
        title="Stream",
        description="Whether an answer is shown as it is written. Not set: yes, but for models that make images, "
        "video or audio.",
        json_schema_extra=words("defaults", "Request", "off: in one piece at the end", api="stream", unset="auto"),
    )
    include: Annotated[str, Field(max_length=1000), AfterValidator(names)] | None = Field(
        default=None,
        title="Include",
        description="What else an answer should carry, such as message.output_text.logprobs, with commas between. "
        "What tools, searches and replays need is asked for by itself.",
        json_schema_extra=words("defaults", "Request", "Names, with commas between", api="include"),
    )
    store: bool | None = Field(
        default=None,
        title="Store on the server",
        description="Whether the server keeps the answer, so that the next turn can name it instead of sending the "
        "thread again. off: every turn is sent in full.",
        json_schema_extra=words("defaults", "Request", "off: turns are sent again in full", api="store"),
    )
    metadata: Annotated[dict[str, str], AfterValidator(_metadata)] | None = Field(
        default=None,
        title="Metadata",
        description="Pairs of name and text that travel with each request. Write name=text, a pair a line.",
        json_schema_extra=words("defaults", "Request", "Enter opens the editor", api="metadata", unset="none"),
    )
    tool_choice: Annotated[str, AfterValidator(_tool_choice)] | None = Field(
        default=None,
        title="Tool choice",
        description="Whether a model may call tools: auto lets it choose, required makes it call one, none forbids "
        "it, a tool's name makes it call that one. Sent where tools are offered.",
        json_schema_extra=words("tools", "Calls", "auto, required, none, or a name", api="tool_choice"),
    )
    parallel_tool_calls: bool | None = Field(
        default=None,
        title="Parallel calls",
        description="Whether a model may call several tools at once. Sent where tools are offered.",
        json_schema_extra=words("tools", "Calls", "Several tools at once", api="parallel_tool_calls"),
    )
    instructions: Annotated[str, Field(max_length=bounds.LONGEST_INSTRUCTIONS)] | None = Field(
        default=None,
        title="Instructions",
        description="What every new thread's model is told first, before the conversation.",
        json_schema_extra=words(
            "instructions", "Instructions", "Told to the model first", api="instructions", kind="long", unset="none"
        ),
    )

    def request_fields(self) -> dict[str, Any]:
        """Return the request fields that these settings fill, nested as on the wire; unset ones stay out."""
        body: dict[str, Any] = {}
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if value is None:
                continue
            extra = field.json_schema_extra
            *parents, leaf = str(extra["api"] if isinstance(extra, dict) else name).split(".")
            place = body
            for parent in parents:
                place = place.setdefault(parent, {})
            place[leaf] = _WIRE[name](value) if name in _WIRE else value
        return body


_WIRE: dict[str, Callable[[Any], Any]] = {
    "include": lambda text: [name for name in text.split(", ") if name],
    "tool_choice": bounds.named_tool,
}
"""The settings whose text is more than a text on the wire."""


class WebSearchSettings(Section):
    """The search that the server makes for a model (``web_search_preview``)."""

    enabled: bool = Field(
        default=False,
        title="Search the web",
        description="Lets the model of every thread search the web; a thread and a single message can say otherwise. "
        "Whether it does search, the model decides. Searches may cost points.",
        json_schema_extra=words("search", "Search", "In threads that do not say"),
    )
    context_size: bounds.Verbosity | None = Field(
        default=None,
        title="How much it reads",
        description="How much of the pages that were found goes to the model: high answers better, costs more and "
        "takes longer.",
        json_schema_extra=words("search", "Search", "low, medium or high", api="tools.search_context_size"),
    )
    sources: bool = Field(
        default=True,
        title="All sources",
        description="Asks for every page that was found, not only for those that the answer cites.",
        json_schema_extra=words("search", "Search", "Also those that are not cited", api="include"),
    )

    @property
    def tool(self) -> dict[str, Any]:
        """The tool as it is sent."""
        size = {} if self.context_size is None else {"search_context_size": self.context_size}
        return {"type": "web_search_preview", **size}
