"""What a thread's options hold for the app alone, beside the request fields: never sent.

``Thread.options`` maps request fields to their values; under :data:`APP` stands what no server knows: which tools the
thread offers, which of them it may call without asking, whether the model may search the web. A run's overrides can
hold the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

APP: Final = "app"
_TOOLS: Final = "tools"
_ALLOWED: Final = "allowed"
_SEARCH: Final = "search"


@dataclass(slots=True, frozen=True)
class AppOptions:
    """The app's own options of a thread."""

    tools: tuple[str, ...] | None = None
    """The names of the tools it offers; ``None``: as the settings say."""
    allowed: tuple[str, ...] = ()
    """The tools whose calls run without asking in this thread."""
    search: bool | None = None
    """Whether the model may search the web; ``None``: as the settings say."""

    @classmethod
    def read(cls, *layers: Mapping[str, Any]) -> AppOptions:
        """Read options, later layers before earlier ones; what is odd counts as absent."""
        found: dict[str, tuple[str, ...]] = {}
        search: bool | None = None
        for layer in layers:
            own = layer.get(APP)
            for name in (_TOOLS, _ALLOWED):
                value = own.get(name) if isinstance(own, Mapping) else None
                if isinstance(value, (list, tuple)):
                    found[name] = tuple(word for word in value if isinstance(word, str))
            if isinstance(own, Mapping) and isinstance(own.get(_SEARCH), bool):
                search = own[_SEARCH]
        return cls(found.get(_TOOLS), found.get(_ALLOWED, ()), search)


def with_tools(options: Mapping[str, Any], names: Iterable[str] | None) -> dict[str, Any]:
    """Return options in which the thread offers these tools; ``None`` goes back to the settings'."""
    return _with(options, _TOOLS, None if names is None else list(dict.fromkeys(names)))


def with_allowed(options: Mapping[str, Any], name: str, *, allowed: bool = True) -> dict[str, Any]:
    """Return options in which a tool may be called without asking, or may not any more."""
    names = [known for known in AppOptions.read(options).allowed if known != name]
    return _with(options, _ALLOWED, [*names, name] if allowed else names)


def with_search(options: Mapping[str, Any], on: bool | None) -> dict[str, Any]:
    """Return options in which the model may search the web, or may not; ``None`` goes back to the settings'."""
    return _with(options, _SEARCH, on)


def _with(options: Mapping[str, Any], key: str, value: list[str] | bool | None) -> dict[str, Any]:
    own = options.get(APP)
    kept = {name: held for name, held in own.items() if name != key} if isinstance(own, Mapping) else {}
    if value is not None:
        kept[key] = value
    rest = {name: held for name, held in options.items() if name != APP}
    return {**rest, APP: kept} if kept else rest
