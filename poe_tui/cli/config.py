"""``poe-tui config [path|explain|get|set]``: the settings, as the settings screen has them."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from poe_tui import config, paths
from poe_tui.cli.exits import FAILED, OK, USAGE, Failure
from poe_tui.cli.output import is_terminal, line, print_json, say
from poe_tui.cli.parsing import Parser
from poe_tui.cli.setup import load_settings
from poe_tui.sanitize import clean

_EPILOG = """\
actions:
  path                     print where config.toml is (the default)
  explain [KEY]            every setting: type, bounds, default, value and where it comes from
  get KEY                  print one value
  set KEY VALUE            change one, checked and saved at once; comments and unknown keys stay
  set KEY --default        take it out of the file, so that its default holds

KEY is section.name, such as appearance.theme, or keys.ACTION, such as keys.model.pick.
A file with a mistake is never written to; comments are kept (if that cannot be done, config.toml.bak keeps them).
"""


def run(argv: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser("config", "Show and change settings.", _EPILOG)
    parser.add_argument(
        "action", nargs="?", default="path", choices=("path", "explain", "get", "set"), metavar="ACTION"
    )
    parser.add_argument("key", nargs="?", metavar="KEY")
    parser.add_argument("value", nargs="?", metavar="VALUE")
    parser.add_argument("--default", action="store_true", help="with set: back to the default")
    parser.add_argument("--json", action="store_true", help="with explain and get: as JSON")
    # A value may begin with a minus, as in "set defaults.temperature -1": the answer should be about the bound.
    options, rest = parser.parse_known_args(argv)
    if rest and options.action == "set" and options.value is None and len(rest) == 1:
        options.value = rest[0]
    elif rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    file = paths.config_file()
    try:
        if options.action == "set":
            return _set(parser, file, options.key, options.value, default=options.default)
        if options.value is not None or options.default or (options.key and options.action == "path"):
            parser.error(f"config {options.action} takes no more words")
        if options.action == "explain":
            return _explain(options.key, as_json=options.json)
        if options.action == "get":
            return _get(parser, options.key, as_json=options.json)
    except (config.UnknownSetting, config.BadValue) as refused:
        named = f"{options.key}: " if isinstance(refused, config.BadValue) else ""
        raise Failure(line(f"{named}{refused}"), USAGE) from None
    print(line(file))
    return OK


def _explain(key: str | None, *, as_json: bool) -> int:
    loaded = load_settings()
    lines = config.explain(loaded)
    if key is not None:
        lines = [one for one in lines if one.key == key or one.key.startswith(f"{key}.")]
        if not lines:
            raise config.UnknownSetting(key)
    if as_json:
        print_json([{"id": one.key, "description": one.description} | _facts(one) for one in lines])
    elif is_terminal(sys.stdout):
        for one in lines:
            print("\n".join(_paragraph(one)))
    else:
        for one in lines:
            print("\t".join(line(part) for part in (one.key, *_facts(one).values())))
    return OK


def _facts(one: config.Explained) -> dict[str, str]:
    return {
        "value": one.value,
        "default": one.default,
        "type": one.type,
        "bounds": one.bounds,
        "source": one.source,
    }


def _paragraph(one: config.Explained) -> list[str]:
    source = "" if one.source == "default" else f"from {one.source}"
    takes = one.bounds if one.type == "one of" else ", ".join(filter(None, (one.type, one.bounds)))
    facts = "; ".join(filter(None, (takes, f"default: {one.default}" if one.default else "", source)))
    words = [*textwrap.wrap(facts, 92), *textwrap.wrap(one.description, 92)]
    return [f"{one.key} = {line(one.value)}", *(f"    {line(text)}" for text in words)]


def _get(parser: Parser, key: str | None, *, as_json: bool) -> int:
    if key is None:
        parser.error("config get needs a KEY")
    value = config.value_of(load_settings().settings, key)
    if as_json:
        print_json(value)
    elif key.startswith("keys."):
        print(line(value or ""))
    elif isinstance(value, str):
        print(clean(value))
    else:
        print(line(config.show(config.row(key), value)))
    return OK


def _set(parser: Parser, file: Path, key: str | None, typed: str | None, *, default: bool) -> int:
    if key is None or (typed is None) is not default:
        parser.error("config set needs a KEY and a VALUE (or --default)")
    value: Any = config.UNSET
    if typed is not None:
        value = typed if key.startswith("keys.") else config.parse(config.row(key), typed)
    try:
        backup = config.save_value(file, key, value)
    except config.ConfigError as refused:
        raise Failure(line(refused), FAILED) from None
    if backup is not None:
        say(f"comments could not be kept; the file as it was is {backup}.")
    return OK
