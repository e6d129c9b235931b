"""The settings as values: nested sections, a class for each table of ``config.toml``, every field documented.

The settings screen, ``poe-tui config explain`` and every message about a bad value are built from what stands here:
``title`` is the label, ``help`` the short words beside it, ``description`` the long ones, ``api`` the request field
that a setting fills. A setting that is ``None`` is not sent at all, so a request holds only what a person chose.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from poe_tui import servers
from poe_tui.settings_files import FilesSettings
from poe_tui.settings_request import DefaultsSettings, WebSearchSettings
from poe_tui.settings_section import Line, Section, names, words
from poe_tui.tool_config import SchemaPreset, ToolConfig


def _proxy(url: str) -> str:
    scheme, separator, rest = url.strip().partition("://")
    if scheme not in ("http", "https") or not separator or not rest or not url.strip().isprintable() or " " in rest:
        raise ValueError("Must be a URL such as http://proxy.example:3128.")
    return url.strip()


class GeneralSettings(Section):
    """How the app starts, sends and ends."""

    model: Line = Field(
        default="Claude-Sonnet-4.5",
        title="Model",
        description="The model of a new thread. A thread keeps the model it was last used with.",
        json_schema_extra=words("general", "Threads", "For new threads", kind="model"),
    )
    start: Literal["new", "last"] = Field(
        default="new",
        title="At start",
        description="What opens when no thread is named: a new one, or the last one with its draft and its place.",
        json_schema_extra=words("general", "Threads", "A new thread, or the last one"),
    )
    send_key: Literal["enter", "ctrl+j"] = Field(
        default="enter",
        title="Send with",
        description="Enter sends and ^J makes a new line, or the other way round. A paste never sends.",
        json_schema_extra=words(
            "general", "Keys", "The other one makes a new line", words={"enter": "Enter", "ctrl+j": "^J"}
        ),
    )
    confirm_quit: bool = Field(
        default=True,
        title="Ask before quitting",
        description="Asks once when an answer is still streaming. What has arrived is saved either way.",
        json_schema_extra=words("general", "Keys", "Only while an answer streams"),
    )
    sidebar: Literal["auto", "on", "off"] = Field(
        default="auto",
        title="Sidebar",
        description="The list of threads. auto shows it from 90 columns on; a key and a command toggle it at any time.",
        json_schema_extra=words("general", "Screen", "auto: from 90 columns on"),
    )
    notify: Literal["off", "bell"] = Field(
        default="off",
        title="When an answer ends",
        description="bell rings the terminal's bell when an answer that took more than 10 seconds has ended.",
        json_schema_extra=words("general", "Screen", "bell: after more than 10 s"),
    )


class AccountSettings(Section):
    """Where requests go. The key itself is never in this file."""

    base_url: Annotated[str, Field(max_length=2000), AfterValidator(servers.normalise)] = Field(
        default=servers.POE,
        title="Server",
        description="The base URL of a server that speaks the Responses format. POE_BASE_URL wins over it. A stored "
        "key belongs to its server and is not sent to another one. Plain http works on this machine only.",
        json_schema_extra=words("account", "Server", "POE_BASE_URL wins over it"),
    )
    show_balance: bool = Field(
        default=True,
        title="Show the balance",
        description="Asks the server for the points that are left, at the start and after each answer, and shows them "
        "in the header.",
        json_schema_extra=words("account", "Server", "In the header"),
    )


class AppearanceSettings(Section):
    """What the screen looks like."""

    theme: Line = Field(
        default="poe-dark",
        title="Theme",
        description="The colours. Your own themes are TOML files in the themes directory beside config.toml.",
        json_schema_extra=words("appearance", "Colours", "Changes as you move through them", kind="theme"),
    )
    density: Literal["auto", "comfortable", "compact"] = Field(
        default="auto",
        title="Density",
        description="compact leaves out the blank rows round the prompt. auto is compact under 25 rows.",
        json_schema_extra=words("appearance", "Layout", "auto: compact under 25 rows"),
    )
    glyphs: Literal["auto", "unicode", "plain"] = Field(
        default="auto",
        title="Symbols",
        description="plain uses ASCII only, for terminals and fonts that draw the others wide or not at all. auto "
        "asks the locale.",
        json_schema_extra=words("appearance", "Layout", "plain: ASCII only"),
    )
    timestamps: bool = Field(
        default=False,
        title="Timestamps",
        description="The time of day in the line over each answer.",
        json_schema_extra=words("appearance", "Transcript", "In the line over each answer"),
    )
    reasoning: Literal["show", "fold", "off"] = Field(
        default="fold",
        title="Reasoning",
        description="fold shows the last three lines while the model thinks and one line afterwards; show keeps all "
        "of it open; off shows one line only. It is kept with the turn in every case.",
        json_schema_extra=words("appearance", "Transcript", "fold: one line once it answers"),
    )
    motion: bool = Field(
        default=True,
        title="Motion",
        description="Lets the dot of a running answer fade. Nothing else ever moves by itself.",
        json_schema_extra=words("appearance", "Transcript", "The dot of a running answer"),
    )
    mouse: Literal["on", "scroll", "off"] = Field(
        default="on",
        title="Mouse",
        description="on takes clicks, drags and the wheel; scroll leaves clicks to the terminal and scrolls by its "
        "wheel; off leaves the mouse to the terminal.",
        json_schema_extra=words("appearance", "Input", "off: the terminal selects text"),
    )


class StorageSettings(Section):
    """What stays on this computer."""

    save_threads: bool = Field(
        default=True,
        title="Save threads",
        description="off keeps every thread in memory only: all of it is gone at the end.",
        json_schema_extra=words("storage", "Threads", "off: in memory only"),
    )


class AdvancedSettings(Section):
    """The connection and the engine."""

    proxy: Annotated[str, Field(max_length=2000), AfterValidator(_proxy)] | None = Field(
        default=None,
        title="Proxy",
        description="An http or https proxy for every request. Empty: HTTPS_PROXY and NO_PROXY of the environment. "
        "This computer's own addresses are always reached directly.",
        json_schema_extra=words("advanced", "Connection", "empty: as the environment says", unset="environment"),
    )
    connect_timeout: Annotated[float, Field(ge=1, le=120)] = Field(
        default=15.0,
        title="Connecting",
        description="How long all attempts of a turn to connect may take together.",
        json_schema_extra=words("advanced", "Connection", "Seconds for all tries together", unit="s"),
    )
    idle_timeout: Annotated[float, Field(ge=5, le=3600)] = Field(
        default=120.0,
        title="Silence",
        description="How long the server may say nothing before the connection counts as lost. An answer as a whole "
        "may take as long as it likes.",
        json_schema_extra=words("advanced", "Connection", "Seconds without a byte", unit="s"),
    )
    max_requests: Annotated[int, Field(ge=1, le=3)] = Field(
        default=3,
        title="Requests per turn",
        description="How many requests a turn may make in all, the repeated ones included. 1 never tries again.",
        json_schema_extra=words("advanced", "Connection", "1: never try again"),
    )
    chain: Literal["auto", "always", "never"] = Field(
        default="auto",
        title="Chain",
        description="Whether a turn names the answer before it (previous_response_id) or sends the thread again. auto "
        "names it and falls back where a server refuses or forgets.",
        json_schema_extra=words("advanced", "Engine", "previous_response_id"),
    )
    endpoint: Literal["auto", "responses", "chat"] = Field(
        default="auto",
        title="Endpoint",
        description="How a model is asked. auto asks /responses; and chat/completions where the model list names that "
        "one only, or where a model refused /responses, which is remembered for a week.",
        json_schema_extra=words(
            "advanced", "Engine", "/responses or chat/completions", words={"chat": "chat/completions"}
        ),
    )
    instructions_item: Literal["auto", "always", "never"] = Field(
        default="auto",
        title="Also in the input",
        description="Whether instructions are also sent as the first item of the input. auto does so for the models "
        "that were seen to ignore the field; a model that reads both reads the same words twice.",
        json_schema_extra=words("instructions", "Instructions", "auto: where the field is ignored"),
    )
    frame_rate: Annotated[int, Field(ge=5, le=60)] = Field(
        default=20,
        title="Frame rate",
        description="How often a second a streaming answer is drawn. Over SSH half of it.",
        json_schema_extra=words("advanced", "Engine", "Draws per second while streaming"),
    )


class ToolUseSettings(Section):
    """What models may run on this computer. The tools themselves stand in ``[[tools]]``."""

    approval: Literal["ask", "always", "never"] = Field(
        default="ask",
        title="Approval",
        description="Whether a call of a tool waits for you, for every tool that does not say so itself. ask shows the "
        "whole command first; never tells the model that its call was refused.",
        json_schema_extra=words("tools", "Calls", "For tools that do not say"),
    )
    always: Annotated[str, Field(max_length=2000), AfterValidator(names)] | None = Field(
        default=None,
        title="Always allowed",
        description="The names of tools that run without asking, with commas between them. a adds one when a call "
        "waits for you.",
        json_schema_extra=words("tools", "Calls", "Names, with commas between", unset="none"),
    )
    max_steps: Annotated[int, Field(ge=1, le=100)] = Field(
        default=10,
        title="Steps",
        description="How many times in a row a model may call tools and go on by itself. Then it asks.",
        json_schema_extra=words("tools", "Calls", "1 to 100, then it asks"),
    )
    current_time: bool = Field(
        default=False,
        title="Current time",
        description="Offers current_time in every thread: the date and time of this computer or of a time zone.",
        json_schema_extra=words("tools", "Shipped tools", "Date and time"),
    )
    calculator: bool = Field(
        default=False,
        title="Calculator",
        description="Offers calculator in every thread: exact arithmetic and the usual functions. It runs no code.",
        json_schema_extra=words("tools", "Shipped tools", "Exact arithmetic"),
    )
    read_file: bool = Field(
        default=False,
        title="Read a file",
        description="Offers read_file in every thread: the text of one file. Without asking it reads only files that "
        "you named in the thread.",
        json_schema_extra=words("tools", "Shipped tools", "Text files that you name"),
    )
    fetch_url: bool = Field(
        default=False,
        title="Fetch a page",
        description="Offers fetch_url in every thread: a public https page as text. Addresses of this computer and of "
        "private networks are refused.",
        json_schema_extra=words("tools", "Shipped tools", "Public https pages as text"),
    )

    @property
    def always_allowed(self) -> tuple[str, ...]:
        """The names in ``always``."""
        return tuple(name.strip() for name in (self.always or "").split(",") if name.strip())


class StructuredSettings(Section):
    """Answers as JSON. Named schemas stand in ``[[schemas]]``."""

    strict: Literal["auto", "on", "off"] = Field(
        default="auto",
        title="Strict",
        description="Whether the server is told to keep to a schema exactly. auto does so where the schema allows it; "
        "on changes the schema until it does: everything required, nothing else allowed.",
        json_schema_extra=words("structured", "Schemas", "auto: where the schema allows it", api="text.format.strict"),
    )


class Settings(Section):
    """All settings. Values, never changed in place: the app holds one and hands out a fresh one after each change."""

    general: GeneralSettings = GeneralSettings()
    account: AccountSettings = AccountSettings()
    defaults: DefaultsSettings = DefaultsSettings()
    web_search: WebSearchSettings = WebSearchSettings()
    appearance: AppearanceSettings = AppearanceSettings()
    storage: StorageSettings = StorageSettings()
    tool_use: ToolUseSettings = ToolUseSettings()
    structured: StructuredSettings = StructuredSettings()
    files: FilesSettings = FilesSettings()
    advanced: AdvancedSettings = AdvancedSettings()
    tools: tuple[ToolConfig, ...] = ()
    """The declared tools, as they were read."""
    schemas: tuple[SchemaPreset, ...] = ()
    """The named schemas, likewise."""
    keys: dict[str, str] = Field(default_factory=dict)
    """Action id -> key or comma-separated keys (``"model.pick" = "ctrl+o"``); checked when they are loaded."""
