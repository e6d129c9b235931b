"""``poe-tui demo-server [--port N]``: the demo server alone, until Ctrl+C."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from typing import Final, Literal

from poe_tui.cli.exits import OK, Failure
from poe_tui.cli.parsing import Parser

Memory = Literal["keep", "refuse", "forget"]
_MEMORIES: Final[dict[str, Memory]] = {"keep": "keep", "refuse": "refuse", "forget": "forget"}


def run(argv: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser(
        "demo-server",
        "Serve the Poe API on this machine, with invented models and invented answers. The first line printed is its\n"
        "base URL; POE_BASE_URL points any client at it, and any key will do.",
    )
    parser.add_argument("--port", type=int, default=0, metavar="N", help="the port (default: one that is free)")
    parser.add_argument("--speed", type=float, default=1.0, metavar="X", help="factor on every pause; 0: no pauses")
    parser.add_argument(
        "--memory",
        choices=tuple(_MEMORIES),
        default="keep",
        help="what becomes of previous_response_id (default: keep)",
    )
    options = parser.parse_args(argv)
    if not 0 <= options.port <= 65_535:
        parser.error("--port must be 0 to 65535")
    if not 0 <= options.speed <= 100:
        parser.error("--speed must be 0 to 100")
    return asyncio.run(_serve(options.port, options.speed, _MEMORIES[options.memory]))


async def _serve(port: int, speed: float, memory: Memory) -> int:
    from poe_tui.demo.server import DemoServer

    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    server = DemoServer(port=port, speed=speed, memory=memory)
    try:
        await server.start()
    except OSError as error:
        raise Failure(f"port {port} cannot be used: {error.strerror or error}.") from None
    try:
        print(server.base_url, flush=True)
        await ended.wait()
    finally:
        await server.stop()
    return OK
