"""``poe-tui models [WORDS] [--json] [--refresh]``: the model list, with the picker's filter words. Needs no key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from poe_tui.cli.exits import FAILED, OK, Failure
from poe_tui.cli.output import Column, line, print_json, print_list, say
from poe_tui.cli.parsing import Parser
from poe_tui.cli.setup import find_key, load_settings, open_runtime, run_async
from poe_tui.filters import parse_filter
from poe_tui.model import ModelInfo

if TYPE_CHECKING:
    from poe_tui.config import Settings
    from poe_tui.engine.catalog import Catalog

_WORDS = """\
words:
  img video audio      reads it or makes it; in:img and out:img tell them apart
  tools web think      can call tools, search the web, reason
  free <5 >=0.5        its price: US dollars per million output tokens
  ctx>200k ctx>=1m     how much it can read, in tokens
  by:google new fav    its maker; added in the last 30 days; a favourite
  -img !free           the opposite of any word
  anything else        a part of the name; "web" in quotes is a name, not a word
"""
_SHORT = {"image": "img", "video": "vid", "audio": "aud"}
_COLUMNS = (
    Column(""),
    Column("Model", gives_way=True),
    Column("Maker", leaves=1),
    Column("$ in / out, 1M", right=True),
    Column("Context", right=True),
    Column("Reads", leaves=4),
    Column("Makes", leaves=3),
    Column("Can", leaves=2),
)


def run(argv: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser("models", "List the models. Needs no key; works offline from the list of last time.", _WORDS)
    parser.add_argument("words", nargs="*", metavar="WORDS", help="filter words and parts of names")
    parser.add_argument("--json", action="store_true", help="one JSON array")
    parser.add_argument("--refresh", action="store_true", help="fetch the list even if it is less than an hour old")
    # Everything else may begin with a minus: -img is a filter word.
    options, words = parser.parse_known_args(argv)
    unknown = [word for word in words if word.startswith("--")]
    if unknown:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    wanted = [word for word in argv if word in options.words or word in words]
    return run_async(_list(" ".join(wanted), as_json=options.json, refresh=options.refresh))


async def _list(words: str, *, as_json: bool, refresh: bool) -> int:
    settings = load_settings().settings
    async with open_runtime(settings, _key(settings)) as runtime:
        catalog = runtime.catalog
        code = await _bring_up_to_date(catalog, refresh=refresh, server=settings.account.base_url)
        favourites = set(await runtime.store.favourites())
        models = parse_filter(words).apply(catalog.models, favourites)
    if as_json:
        print_json([_entry(model, model.id in favourites) for model in models])
        return code
    print_list(
        _COLUMNS,
        ([_mark(model, favourites), model.name, model.owner, *_cells(model)] for model in models),
        pipe=([model.id, model.name, model.owner, *_plain(model)] for model in models),
    )
    if not models:
        say(f"no model fits {line(words)!r}." if words else "the list is empty.")
    return code


def _key(settings: Settings) -> Any:
    """Return the key if there is a good one: some servers want it even here, Poe does not."""
    try:
        found = find_key(settings)
    except Failure as failure:
        say(f"{failure} The list needs no key.")
        return None
    return found.secret if found else None


async def _bring_up_to_date(catalog: Catalog, *, refresh: bool, server: str) -> int:
    """Make sure that there is a list, and tell its age when it was not fetched just now."""
    if refresh or catalog.stale:
        if await catalog.refresh():
            return OK
        why = line(catalog.error or "no answer").rstrip(".")
        if catalog.age is None:
            raise Failure(f"the list of models could not be fetched from {line(server)}: {why}.")
        say(f"{why}.")
    say(f"this is the list of {_ago(catalog.age or 0.0)} ago; --refresh fetches it.")
    return FAILED if refresh else OK


def _ago(seconds: float) -> str:
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        count = int(seconds // size)
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "a moment"


def _mark(model: ModelInfo, favourites: set[str]) -> str:
    return "*" if model.id in favourites else ""


def _cells(model: ModelInfo) -> list[str]:
    return [
        _price(model),
        _tokens(model.context_length),
        " ".join(_kinds(model.input_modalities)),
        " ".join(_kinds(model.output_modalities)),
        " ".join(_abilities(model)),
    ]


def _price(model: ModelInfo) -> str:
    price = model.price
    if price and price.prompt is None and price.completion is None and price.request is not None:
        return f"{price.request:g} pts each" if price.request else "free"
    return f"{_dollars(price.prompt if price else None)} / {_dollars(price.completion if price else None):>6}"


def _plain(model: ModelInfo) -> list[object]:
    price = model.price
    return [
        _number(_million(price.prompt if price else None)),
        _number(_million(price.completion if price else None)),
        model.context_length,
        ",".join(_kinds(model.input_modalities)),
        ",".join(_kinds(model.output_modalities)),
        ",".join(_abilities(model)),
    ]


def _kinds(modalities: Sequence[str]) -> list[str]:
    return [_SHORT.get(kind, kind) for kind in modalities]


def _abilities(model: ModelInfo) -> list[str]:
    can = [word for feature, word in (("tools", "tools"), ("web_search", "web")) if feature in model.features]
    return [*can, "think"] if model.reasons or model.efforts else can


def _million(dollars: float | None) -> float | None:
    return None if dollars is None else round(dollars * 1_000_000, 6)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}".rstrip("0").rstrip(".")


def _dollars(dollars: float | None) -> str:
    return "?" if dollars is None else f"{dollars * 1_000_000:.2f}"


def _tokens(count: int | None) -> str:
    if count is None:
        return "?"
    for size, unit in ((1_000_000, "M"), (1000, "k")):
        if count >= size:
            return f"{count / size:.1f}".removesuffix(".0") + unit if unit == "M" else f"{round(count / size)}{unit}"
    return str(count)


def _entry(model: ModelInfo, favourite: bool) -> dict[str, Any]:
    price = model.price
    return {
        "id": model.id,
        "name": model.name,
        "owned_by": model.owner,
        "description": model.description,
        "created": model.created,
        "input_modalities": model.input_modalities,
        "output_modalities": model.output_modalities,
        "supported_features": model.features,
        "supported_endpoints": model.endpoints,
        "context_length": model.context_length,
        "max_output_tokens": model.max_output_tokens,
        "reasons": model.reasons or bool(model.efforts),
        "efforts": model.efforts,
        "usd_per_million_input": _million(price.prompt if price else None),
        "usd_per_million_output": _million(price.completion if price else None),
        "points_per_request": price.request if price else None,
        "favourite": favourite,
    }
