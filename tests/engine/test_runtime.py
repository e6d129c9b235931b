"""The engine put together: opened, changed, closed in time."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

from poe_tui import paths
from poe_tui.config import Settings, with_value
from poe_tui.credentials import Secret
from poe_tui.demo.server import DemoServer
from poe_tui.engine.runtime import Runtime
from tests.engine.conftest import Bench


async def test_settings_take_effect_at_the_next_send(bench: Bench) -> None:
    thread = bench.thread()
    await bench.ask(thread, "One?")
    bench.set(defaults__top_p=0.25)
    await bench.ask(thread, "Two?")
    assert [body.get("top_p") for body in bench.bodies] == [None, 0.25]


async def test_closing_is_quick_even_in_mid_stream(bench: Bench) -> None:
    gate = bench.server.hold(after=8)
    thread = bench.thread()
    bench.runtime.live.start(thread, "Hello?")
    await gate.arrived()
    started = time.monotonic()
    assert await bench.runtime.aclose()
    assert time.monotonic() - started < 2.0
    runtime = await Runtime.open(
        Settings(), None, store_path=bench.database, base_url=bench.server.base_url, cache_path=bench.cache
    )
    (turn,) = await runtime.store.path(thread.tip_id)
    assert turn.status == "stopped"
    await runtime.aclose()


async def test_the_demo_keeps_its_things_apart(demo_server: DemoServer) -> None:
    runtime = await Runtime.open_demo(Settings(), Secret("demo"), demo_server.base_url)
    await runtime.catalog.refresh()
    await runtime.aclose()
    assert paths.database_file(demo=True).is_file()
    assert not paths.database_file().exists()
    assert paths.catalog_file("demo").is_file()
    unsaved = await Runtime.open_demo(Settings(), Secret("demo"), demo_server.base_url, save=False)
    assert unsaved.store.file is None
    await unsaved.aclose()


async def test_the_server_of_the_settings_is_used(demo_server: DemoServer, tmp_path: Path) -> None:
    settings = with_value(Settings(), "account.base_url", demo_server.base_url)
    runtime = await Runtime.open(settings, Secret("demo"), store_path=None)
    assert runtime.client.server == demo_server.base_url
    await runtime.catalog.refresh()
    assert paths.catalog_file(demo_server.base_url).is_file()
    await runtime.aclose()


def test_the_engine_loads_no_textual() -> None:
    code = (
        "import sys, poe_tui.engine.runtime, poe_tui.engine.live, poe_tui.oneshot, poe_tui.cli.ask\n"
        "print(sorted(name for name in sys.modules if name.partition('.')[0] in ('textual', 'rich')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


async def test_closing_twice_does_no_harm(demo_server: DemoServer) -> None:
    runtime = await Runtime.open(Settings(), None, store_path=None, base_url=demo_server.base_url)
    async with asyncio.timeout(3):
        await runtime.aclose()
        await runtime.aclose()
