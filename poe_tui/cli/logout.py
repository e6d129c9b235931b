"""``poe-tui logout``: forget the stored key of the present server."""

from __future__ import annotations

import os
from collections.abc import Sequence

from poe_tui import credentials, paths
from poe_tui.cli.exits import FAILED, OK, Failure
from poe_tui.cli.output import line, say
from poe_tui.cli.parsing import Parser
from poe_tui.cli.setup import load_settings


def run(argv: Sequence[str]) -> int:
    """Run the command."""
    Parser("logout", "Forget the stored key. The key itself stays valid: poe.com/api/keys takes it back.").parse_args(
        argv
    )
    settings = load_settings().settings
    try:
        known = credentials.remove_key(paths.credentials_file(), settings.account.base_url)
    except credentials.CredentialsError as refused:
        raise Failure(line(refused), FAILED) from None
    say("forgotten." if known else f"there was no stored key for {settings.account.base_url}.")
    if os.environ.get(credentials.VARIABLE, "").strip():
        say(f"{credentials.VARIABLE} is still set and is used.")
    return OK
