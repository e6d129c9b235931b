"""``poe-tui keys [--json]``: every action with its key, slash command and id."""

from __future__ import annotations

from collections.abc import Sequence

from poe_tui.actions import ACTIONS, Action, key_label
from poe_tui.cli.exits import OK
from poe_tui.cli.output import Column, print_json, print_list
from poe_tui.cli.parsing import Parser
from poe_tui.cli.setup import load_settings

_COLUMNS = (Column("Keys"), Column("Command"), Column("Action", gives_way=True), Column("Where"), Column("Id"))


def run(argv: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser("keys", "List the keys and actions. poe-tui config set keys.ID KEY changes one.")
    parser.add_argument("--json", action="store_true", help="one JSON array")
    options = parser.parse_args(argv)
    own = load_settings().settings.keys
    if options.json:
        print_json(
            [
                {"id": a.id, "keys": _keys(a, own), "slash": a.slash, "label": a.label, "scope": a.scope}
                | {"tooltip": a.tooltip, "changed": a.id in own}
                for a in ACTIONS
            ]
        )
        return OK
    print_list(
        _COLUMNS,
        ([_labels(a, own), f"/{a.slash}" if a.slash else "", a.label, a.scope, a.id] for a in ACTIONS),
        pipe=([a.id, ",".join(_keys(a, own)), a.slash, a.scope, a.label] for a in ACTIONS),
    )
    return OK


def _keys(action: Action, own: dict[str, str]) -> list[str]:
    return own[action.id].split(",") if action.id in own else list(action.keys)


def _labels(action: Action, own: dict[str, str]) -> str:
    return "  ".join(key_label(key) for key in _keys(action, own))
