"""The help text and the table of commands: data, so that ``poe-tui --help`` costs nothing."""

from __future__ import annotations

from typing import Final

COMMANDS: Final = {
    "ask": "ask one thing and print the answer",
    "models": "list the models",
    "threads": "list the threads",
    "search": "search all threads",
    "show": "print a thread",
    "usage": "the balance and what was spent lately",
    "config": "show and change settings",
    "keys": "list the keys and actions",
    "login": "store the key",
    "logout": "forget the stored key",
    "demo-server": "run the demo server alone",
}

HELP: Final = """\
poe-tui: a terminal chat client for hundreds of AI models through one Poe key.

Usage:
  poe-tui [--demo] [-c | -t THREAD] [-m MODEL]      the app
  poe-tui COMMAND [...]                             poe-tui COMMAND --help tells more

The app:
  --demo             talk to a built-in demo server: no key, no network, threads of its own
  -c, --continue     reopen the last thread
  -t, --thread ID    open a thread, by the beginning of its id or by its title
  -m, --model NAME   use this model

Commands:
  ask [PROMPT|-]     ask one thing and print the answer; - or a pipe reads the prompt from stdin
  models [WORDS]     list the models; words filter: img tools web think free <5 ctx>200k by:google new fav
  threads            list the threads
  search QUERY       search all threads
  show THREAD        print a thread
  usage              the balance and what was spent lately
  config             show and change settings: path, explain, get, set
  keys               list the keys and actions
  login, logout      store the key, forget it
  demo-server        run the demo server alone

  -h, --help         this text
  --version          the version

Environment:
  POE_API_KEY        the key; otherwise the one that poe-tui login stored. Never an argument
  POE_BASE_URL       the server, if not https://api.poe.com/v1
  XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_CACHE_HOME, XDG_STATE_HOME, NO_COLOR,
  HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE              as everywhere

Exit codes:
  0 completed   1 API or network error   2 usage error   3 no or bad key
  4 tool call refused   5 answer incomplete   6 answer violates the schema   130 cancelled
"""
