"""``poe-tui login``: ask for the key, check it, keep it. It is typed or piped, never an argument."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from poe_tui import credentials, paths
from poe_tui.cli.exits import FAILED, NO_KEY, OK, Failure
from poe_tui.cli.output import is_terminal, line, say
from poe_tui.cli.parsing import Parser
from poe_tui.cli.setup import load_settings, open_client, run_async
from poe_tui.config import Settings
from poe_tui.numbers import grouped

_EPILOG = """\
The key is asked for, or read from a pipe:  pass show poe | poe-tui login
It is kept in credentials.toml, readable by you alone, for the server it was checked with.
"""


def run(argv: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser("login", "Store the key. Make one at https://poe.com/api/keys.", _EPILOG)
    parser.add_argument("--no-check", action="store_true", help="do not ask the server whether the key is good")
    options = parser.parse_args(argv)
    settings = load_settings().settings
    file = paths.credentials_file()
    try:
        secret = credentials.Secret(_read())
        if not options.no_check:
            run_async(_check(settings, secret))
        credentials.store_key(file, secret, settings.account.base_url)
    except credentials.BadKey as refused:
        raise Failure(line(refused), NO_KEY) from None
    except credentials.CredentialsError as refused:
        raise Failure(line(refused), FAILED) from None
    say(f"stored in {file} for {settings.account.base_url}.")
    return OK


def _read() -> str:
    if not is_terminal(sys.stdin):
        # One byte over the limit is enough to know; a key is one line.
        return sys.stdin.readline(credentials.LONGEST + 2) if sys.stdin else ""
    import getpass

    try:
        return getpass.getpass("Key (it does not show): ")
    except EOFError:
        return ""


async def _check(settings: Settings, secret: credentials.Secret) -> int:
    """Ask for the balance: the list of models is public and proves nothing (observed on Poe)."""
    from poe_tui.api.errors import APIError, AuthenticationError

    async with open_client(settings, secret) as client:
        try:
            balance = await client.balance()
        except AuthenticationError as refused:
            why = line(refused).rstrip(".")
            words = f"the server does not take this key: {why}. Nothing was stored."
            raise Failure(words, NO_KEY) from None
        except APIError as failed:
            why = line(failed).rstrip(".")
            words = f"the key could not be checked: {why}. Nothing was stored; --no-check stores it unchecked."
            raise Failure(words, FAILED) from None
    if balance is None:
        say("this server tells no balance; the key was not checked.")
    else:
        say(f"the key is good. {grouped(balance)} points are left.")
    return OK
