"""The models of the demo server: what their list entries say and which script speaks for them.

The entries have the shape that Poe's list was seen to have (observed on Poe), with every null that was seen in it. The
names are familiar so that the app's defaults work here; the entries, their texts and their prices are our own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from poe_tui.demo.account import Tariff

_BOTH = ("/v1/responses", "/v1/chat/completions")
_NO_METHOD = "Model does not support responses method."
_NO_PRICE = "Token unit price not found for entity: 1:5860961"
_CHAT = ("/v1/chat/completions",)
_TEXT = ("text",)
_SEEING = ("text", "image")
_EFFORTS = ("low", "medium", "high")
_FIRST_CREATED = 1_759_000_000_000
"""Milliseconds since the epoch; the entries are spread over the time after it."""


@dataclass(slots=True, frozen=True)
class Model:
    """One model. A default is the plain case; None becomes null on the wire."""

    name: str
    script: str = "short"
    owner: str = "Demo"
    about: str = ""
    reads: tuple[str, ...] = _TEXT
    makes: tuple[str, ...] = _TEXT
    features: tuple[str, ...] | None = ("tools", "web_search")
    endpoints: tuple[str, ...] | None = _BOTH
    price: tuple[float, float] | None = (1.0, 4.0)
    """US dollars per million tokens: input, output."""
    cache_read: float | None = None
    """US dollars per million cached input tokens."""
    request: int | None = None
    """Points per request."""
    context: int | None = 200_000
    most: int | None = 64_000
    """Output tokens at most."""
    efforts: tuple[str, ...] = ()
    budget: int | None = None
    """Thinking tokens at most, for models that take a budget in place of an effort."""
    parameters: tuple[dict[str, Any], ...] = ()
    icon: bool = True
    refuses: str = ""
    """What it answers at ``/v1/responses`` when it answers at ``/v1/chat/completions`` alone."""

    @property
    def id(self) -> str:
        """The name a client sends; any case is taken."""
        return self.name.lower()

    @property
    def upstream(self) -> str:
        """The name that a response carries: a snapshot, never the name that was sent (observed on Poe)."""
        return f"{self.id.replace('.', '-')}-2026-01-15"

    @property
    def tariff(self) -> Tariff:
        """What its turns cost."""
        prompt, completion = self.price or (0.0, 0.0)
        read = None if self.cache_read is None else self.cache_read / 1e6
        return Tariff(prompt / 1e6, completion / 1e6, read, self.request or 0)

    def entry(self, number: int) -> dict[str, Any]:
        """Return the model's entry in the list; ``number`` is its place."""
        reasons = bool(self.efforts) or self.budget is not None
        return {
            "id": self.id,
            "object": "model",
            "created": _FIRST_CREATED + number * 86_400_000 * 5,
            "description": self.about,
            "owned_by": self.owner,
            "permission": [{"allow_fine_tuning": False}] if number == 0 else [],
            "root": self.id,
            "parent": None,
            "architecture": {
                "input_modalities": list(self.reads),
                "output_modalities": list(self.makes),
                "modality": f"{','.join(self.reads)}->{','.join(self.makes)}",
            },
            "supported_features": None if self.features is None else list(self.features),
            "supported_endpoints": None if self.endpoints is None else list(self.endpoints),
            "pricing": self._pricing(),
            "context_window": (
                None if self.context is None else {"context_length": self.context, "max_output_tokens": self.most}
            ),
            "context_length": self.context,
            "metadata": {"display_name": self.name, "image": self._icon(), "url": f"https://poe.com/{self.id}"},
            "reasoning": self._reasoning() if reasons else None,
            "parameters": [*self._thinking_parameters(), *self.parameters],
        }

    def _pricing(self) -> dict[str, Any] | None:
        if self.price is None and self.request is None:
            return None
        prompt, completion = (None, None) if self.price is None else map(_per_token, self.price)
        return {
            "prompt": prompt,
            "completion": completion,
            "image": _per_token(self.price[0]) if self.price and "image" in self.reads else None,
            "request": None if self.request is None else f"{self.request:.2f}",
            "input_cache_read": None if self.cache_read is None else _per_token(self.cache_read),
            "input_cache_write": None if self.budget is None or not self.price else _per_token(self.price[0] * 1.25),
        }

    def _icon(self) -> dict[str, Any] | None:
        if not self.icon:
            return None
        url = f"https://pfst.cf2.poecdn.net/base/image/{self.id}"
        return {"url": url, "alt": f"Icon of {self.name}", "width": 200, "height": 200}

    def _reasoning(self) -> dict[str, Any]:
        budget = None if self.budget is None else {"max_tokens": self.budget, "min_tokens": 0}
        required = "none" not in self.efforts and self.budget is None
        return {"budget": budget, "required": required, "supports_reasoning_effort": bool(self.efforts)}

    def _thinking_parameters(self) -> list[dict[str, Any]]:
        parameters: list[dict[str, Any]] = []
        if self.efforts:
            schema: dict[str, Any] = {"enum": list(self.efforts)}
            words = "How long the model thinks before it answers."
            parameters.append({"name": "reasoning_effort", "schema": schema, "default_value": self.efforts[0]})
            parameters[-1]["description"] = words
        if self.budget is not None:
            schema = {"type": "number", "minimum": 0, "maximum": self.budget}
            parameters.append({"name": "thinking_budget", "schema": schema, "default_value": 0})
        return parameters


def _per_token(dollars_per_million: float) -> str:
    return f"{dollars_per_million / 1e6:.12f}".rstrip("0").rstrip(".")


def _knob(name: str, *words: str, default: object = None) -> dict[str, Any]:
    """Return a parameter that takes one of some words, or true and false when there are none."""
    schema = {"enum": list(words)} if words else {"type": "boolean"}
    knob: dict[str, Any] = {"name": name, "schema": schema}
    return knob if default is None else {**knob, "default_value": default}


_ASPECT = _knob("aspect", "1:1", "3:2", "2:3", "16:9", default="1:1")

_FAMILIAR = (
    Model(
        "Claude-Sonnet-4.5", "welcome", "Anthropic",
        "A balanced model for writing, code and long documents.\n\n*This entry is the demo server's own.*",
        _SEEING, price=(2.6, 13.0), cache_read=0.26, most=32_000, efforts=("none", *_EFFORTS), budget=31_999,
    ),
    Model("Claude-Opus-4.5", "letter", "Anthropic", "Slow, thorough and dear. For what has to be right.",
          _SEEING, price=(4.3, 21.0), cache_read=0.43, efforts=("none", *_EFFORTS, "max")),
    Model("Claude-Haiku-4.5", "short", "Anthropic", "Quick and small. For the many small questions of a day.",
          _SEEING, price=(0.85, 4.3), cache_read=0.085, budget=63_999),
    Model("GPT-5.2", "letter", "OpenAI", "A generalist that thinks as long as it is told to.",
          _SEEING, price=(1.6, 13.0), cache_read=0.16, context=400_000, most=128_000,
          efforts=("none", *_EFFORTS, "xhigh")),
    Model("GPT-5.2-Instant", "short", "OpenAI", "The same without the thinking.",
          _SEEING, price=(1.6, 13.0), context=128_000, most=16_384),
    Model("GPT-5-Mini", "short", "OpenAI", "A small model for short tasks.",
          _SEEING, price=(0.22, 1.8), cache_read=0.022, context=400_000, efforts=("minimal", *_EFFORTS)),
    Model("o4-mini", "reasoning", "OpenAI", "Thinks before every answer.",
          _SEEING, price=(0.99, 4.0), context=200_000, most=100_000, efforts=_EFFORTS),
    Model("Gemini-3-Pro", "table", "Google", "Reads text, images, video and sound; a window of a million tokens.",
          ("text", "image", "video", "audio"), price=(1.6, 9.6), context=1_048_576, most=65_536, efforts=_EFFORTS),
    Model("Gemini-3-Flash", "short", "Google", "Fast, and still a million tokens wide.",
          ("text", "image", "video", "audio"), price=(0.4, 2.4), context=1_048_576, most=None, budget=24_576),
    Model("Grok-4", "code", "XAI", "Direct, with search built in.",
          _SEEING, price=(3.0, 15.0), context=256_000, most=128_000),
    Model("DeepSeek-V3.2", "code", "DeepSeek", "Open weights, made for code and tools.",
          features=("tools",), endpoints=(), price=(0.28, 0.42), context=128_000, most=None, efforts=("none", "high")),
    Model("Llama-4-Maverick", "letter", "Meta", "Open weights. Wide window.",
          _SEEING, features=(), endpoints=None, price=None, request=120, context=1_050_000, most=None),
    Model("Mistral-Medium-3.1", "letter", "Mistral", "A European generalist.",
          features=None, endpoints=(), price=None, context=None, icon=False),
    Model("Kimi-K2", "short", "Moonshot AI", "Writes long, plans longer.",
          features=("tools",), endpoints=("/v1/chat/completions", "/v1/responses"), price=None, request=300),
    Model("Qwen3-Max", "table", "Alibaba", "A large model with many languages.", price=(1.2, 6.0), context=256_000),
    Model("Assistant", "short", "Poe", "Chooses a model for you. Free here.", price=None, request=0, context=None),
    Model("Web-Search", "search", "Poe Tools", "Looks the answer up and says where it stands.",
          features=("web_search",), price=None, request=150, context=None),
    Model("Nano-Banana-Pro", "image", "Google", "Makes and edits images.", _SEEING, ("text", "image"),
          features=(), price=(2.0, 12.0), context=65_536, most=None, parameters=(_ASPECT,)),
    Model("Flux-Kontext", "media", "fal", "Images from words.", _SEEING, ("image",), (), (), refuses=_NO_PRICE,
          price=None, request=1_000, context=None,
          parameters=(_ASPECT, {"name": "seed", "schema": {"type": "number", "minimum": 0}})),
    Model("Veo-3.1", "media", "Google", "Short films with sound.", _SEEING, ("video",), (), (), price=None,
          context=480, most=None, icon=False, refuses=_NO_METHOD,
          parameters=(_knob("duration", "4", "8", "12", default="8"), _knob("generate_audio", default=True))),
    Model("ElevenLabs-v3", "media", "ElevenLabs", "Reads a text aloud.", _TEXT, ("audio",), (), _CHAT, price=None,
          context=None, icon=False, refuses=_NO_METHOD, parameters=({"name": "voice", "schema": {"type": "string"}},)),
)  # fmt: skip

_SHOWS = tuple(
    replace(model, price=None, request=0, most=None)
    for model in (
        Model("Demo-Code", "code", about="Code in four languages, highlighted, with long lines."),
        Model("Demo-Table", "table", about="A table that is wider than the terminal."),
        Model("Demo-Long", "long", about="50 kB of every kind of Markdown. Demo-Long:200 makes it 200 kB."),
        Model("Demo-Reasoning", "reasoning", about="Thinks aloud before it answers.", efforts=_EFFORTS),
        Model(
            "Demo-Chat-Only",
            "reasoning",
            about="Refuses /responses, as many models do; answers chat/completions.",
            endpoints=(),
            efforts=_EFFORTS,
            refuses=_NO_METHOD,
        ),
        Model("Demo-Search", "search", about="Searches the web, cites, and names its sources."),
        Model("Demo-Tools", "tools", about="Calls a function; answers in words when the result comes back."),
        Model("Demo-JSON", "json", about="JSON by the schema in text.format, or by one of its own."),
        Model("Demo-Image", "image", about="An image as base64 in the answer.", makes=("text", "image")),
        Model("Demo-Media", "media", about="An image behind a link, as media bots send it.", makes=("image",)),
        Model("Demo-Echo", "echo", about="Repeats what it was sent. For tests."),
        Model("Demo-Refusal", "refusal", about="Declines."),
        Model("Demo-Incomplete", "incomplete", about="Stops at max_output_tokens."),
        Model("Demo-Failed", "failed", about="Fails after a while, and says so."),
        Model("Demo-Cut", "cut", about="The connection breaks in the middle of the answer."),
        Model("Demo-Stall", "stall", about="Falls silent in the middle of the answer."),
        Model("Demo-Forgetful", "echo", about="Takes a previous_response_id and remembers nothing."),
        Model("Demo-NoStore", "echo", about="Refuses every previous_response_id."),
        Model("Demo-Hostile", "hostile", about="Says everything that must not reach a terminal."),
    )
)

_ERRORS = (
    Model("Demo-Error-402", "error", about="No points left."),
    Model("Demo-Error-429", "error", about="Too many requests once, with Retry-After; then it answers."),
    Model("Demo-Error-429-Quota", "error", about="A quota is used up: trying again does not help."),
    Model("Demo-Error-500", "error", about="An error of the provider. 400 to 529 are there by the same name."),
    Model("Demo-Error-503", "error", about="Overloaded once; then it answers."),
)

LISTED = (*_FAMILIAR, *_SHOWS, *_ERRORS)
_BY_ID = {model.id: model for model in LISTED}
_UNLISTED = ("400", "401", "403", "404", "408", "413", "502", "504", "529")


def entries() -> list[dict[str, Any]]:
    """Return the ``data`` of ``/v1/models``."""
    return [model.entry(number) for number, model in enumerate(LISTED)]


def find(name: str) -> Model | None:
    """Return the model of that name, in any case and with an ``:argument``; some exist without being listed."""
    plain = name.lower().partition(":")[0]
    if plain in _BY_ID:
        return _BY_ID[plain]
    number = plain.removeprefix("demo-error-")
    return Model(f"Demo-Error-{number}", "error") if number in _UNLISTED and number != plain else None
