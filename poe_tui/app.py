"""PoeApp: wiring, screens, themes, keys. SIGNATURE ONLY for now.

The command line does: ``signals.leave(PoeApp(Launch(demo=True)).run_to_code())`` after it has made sure that stdin and
stdout are terminals. Settings, key, store and client are opened by the app itself, after its first frame.
"""

from __future__ import annotations

from poe_tui.launch import Launch
from poe_tui.terminal.app_base import TerminalApp


class PoeApp(TerminalApp):
    """The app."""

    def __init__(self, launch: Launch | None = None) -> None:
        super().__init__()
        self.launch = launch or Launch()
