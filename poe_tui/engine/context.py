"""What a request is made from, gathered for one turn: settings, thread, model list, what was refused before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from poe_tui.engine import chain, drops, file_parts, instruct, route
from poe_tui.engine.request import RequestContext
from poe_tui.engine.thread_options import AppOptions
from poe_tui.engine.tools import Tool, Toolbox
from poe_tui.model import ModelInfo, Thread, Turn

if TYPE_CHECKING:
    from poe_tui.config import Settings
    from poe_tui.engine.catalog import Catalog


def of_turn(
    turn: Turn,
    path: Sequence[Turn],
    *,
    thread: Thread,
    settings: Settings,
    catalog: Catalog,
    overrides: Mapping[str, Any],
    extra_tools: tuple[Tool, ...] = (),
) -> RequestContext:
    """Return the context of a turn that is about to be sent after ``path``."""
    info = catalog.get(turn.model)
    options = AppOptions.read(thread.options, overrides)
    refused = catalog.refused(turn.model)
    return RequestContext(
        model=turn.model,
        server=turn.server,
        new_items=turn.input,
        path=path,
        settings_defaults=settings.defaults.request_fields(),
        thread_options=thread.options,
        overrides=overrides,
        instructions=thread.instructions,
        chain_policy=settings.advanced.chain,
        chain_refused=bool(refused & {chain.REFUSES, chain.FORGETS}),
        info=info,
        functions=[tool.definition for tool in Toolbox(settings, extra_tools).offered(options.tools, info)],
        route=route.choose(settings.advanced.endpoint, info, refused.__contains__),
        files_as_text=file_parts.REFUSED in refused,
        search=_search(settings, options, info, needed=drops.NEEDS_SEARCH in refused),
        search_sources=settings.web_search.sources,
        instructions_item=instruct.wanted(settings.advanced.instructions_item, turn.server, turn.model),
        without=drops.names(refused),
    )


def _search(
    settings: Settings, options: AppOptions, info: ModelInfo | None, *, needed: bool
) -> Mapping[str, Any] | None:
    """The tool of a web search; empty where the thread or the run says no; ``None`` where nobody says anything.

    The settings offer it to models that list it, or are not listed; a person's own word goes before the list.
    """
    lists_it = info is None or "web_search" in info.features
    if needed or (settings.web_search.enabled and lists_it if options.search is None else options.search):
        return settings.web_search.tool
    return {} if options.search is False else None
