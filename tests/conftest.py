"""What every test stands on: a home of its own, no key, no way out of this machine, a real server to talk to.

Nothing heavy is imported here, so that one small test file starts at once. Fixtures that one folder shares
belong in that folder's own ``conftest.py``.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from poe_tui.demo.server import DemoServer

_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ftp_proxy", "ws_proxy", "wss_proxy")
_UNSET = (
    *("POE_API_KEY", "POE_BASE_URL", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("NO_COLOR", "FORCE_COLOR", "EDITOR", "VISUAL", "COLUMNS", "LINES"),
    *("TMUX", "STY", "SSH_TTY", "SSH_CONNECTION", "SSH_CLIENT", "DISPLAY", "WAYLAND_DISPLAY"),
    *_PROXIES,
    *(name.upper() for name in _PROXIES),
)
_PLAIN = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "TZ": "UTC"}
_HOME_FOLDERS = {
    "XDG_CONFIG_HOME": ".config",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
    "XDG_CACHE_HOME": ".cache",
    "XDG_RUNTIME_DIR": ".run",
}
_RESERVED_NAMES = (".invalid", ".test", ".example")
"""Names that never resolve (RFC 2606): a test may use them to meet a DNS failure, without any resolver."""

_left_the_machine: list[str] = []


class LeftTheMachine(Exception):
    """A test tried to reach an address that is not on loopback."""


def _is_loopback(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    return host in (None, "", "localhost", "::1", "0.0.0.0", "::") or str(host).startswith("127.")


def _stay_on_this_machine(event: str, args: tuple[Any, ...]) -> None:
    """Audit hook: sees every connection of this process, whichever library makes it."""
    if not event.startswith("socket."):
        return
    if event == "socket.getaddrinfo" and not _is_loopback(args[0]):
        host = str(args[0])
        if not host.endswith(_RESERVED_NAMES):
            _left_the_machine.append(f"looked up {host}")
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known (tests resolve nothing)")
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = args[1]
        if isinstance(address, tuple) and address and not _is_loopback(address[0]):
            _left_the_machine.append(f"connected to {address[0]}")
            raise LeftTheMachine(f"{event} to {address[0]}")


def pytest_configure(config: pytest.Config) -> None:
    """Close the way out before the first test module is imported."""
    sys.addaudithook(_stay_on_this_machine)


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give each test an empty home and a plain environment; fail it when it tried to leave the machine."""
    folder = tmp_path_factory.mktemp("home")
    folder.chmod(0o700)
    monkeypatch.setenv("HOME", str(folder))
    for name, below in _HOME_FOLDERS.items():
        monkeypatch.setenv(name, str(folder / below))
    for name in (*_UNSET, *(name for name in os.environ if name.startswith(("TEXTUAL", "POE_TUI")))):
        monkeypatch.delenv(name, raising=False)
    for name, value in _PLAIN.items():
        monkeypatch.setenv(name, value)
    _left_the_machine.clear()
    yield folder
    assert not _left_the_machine, f"the test left the machine: {_left_the_machine}"


@pytest.fixture
async def demo_server() -> AsyncIterator[DemoServer]:
    """Yield the demo server in this test's own loop, without pauses."""
    from poe_tui.demo.server import DemoServer

    async with DemoServer(speed=0) as server:
        yield server


@pytest.fixture
def demo_server_thread() -> Iterator[DemoServer]:
    """Yield the demo server in a thread of its own, without pauses: for subprocesses and plain tests."""
    from poe_tui.demo.server import DemoServer

    with DemoServer.in_thread(speed=0) as server:
        yield server
