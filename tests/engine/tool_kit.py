"""Tools, scripts and approvers for the tests of tools."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

from poe_tui.demo.answer import function_call, message
from poe_tui.engine.approval import Decision
from poe_tui.engine.turn import Event, PendingCall, StepsSpent, ToolEnded, TurnEnded
from poe_tui.model import Item, Thread, Turn
from poe_tui.tool_config import ToolConfig
from tests.engine.conftest import Bench

PYTHON = sys.executable
PATIENCE = 10.0
"""Seconds; a passing test needs a fraction of one."""
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def command(name: str, *argv: str, **fields: Any) -> ToolConfig:
    """Return a tool that runs a command without asking, unless ``fields`` say otherwise."""
    defaults: dict[str, Any] = {"description": f"Does {name}", "approval": "always", "timeout": 20.0}
    return ToolConfig(name, command=argv, **{**defaults, **fields})


def script(folder: Path, name: str, code: str) -> Path:
    """Write a Python script that ``command`` can run by ``PYTHON``."""
    file = folder / f"{name}.py"
    file.write_text(code, encoding="utf-8")
    return file


def weather(folder: Path, **fields: Any) -> ToolConfig:
    """Return a tool that answers with what it was given on stdin."""
    code = "import json, sys\nprint('sun in', json.load(sys.stdin)['city'])\n"
    return command("get_weather", PYTHON, str(script(folder, "weather", code)), **{"parameters": CITY, **fields})


def call(name: str, arguments: Any, call_id: str | None = None) -> Item:
    """Return a function call as a server sends it; ``arguments`` that are a text go as they are."""
    item = function_call(name, {})
    item["arguments"] = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return item if call_id is None else {**item, "call_id": call_id}


def offer(bench: Bench, *tools: ToolConfig, **values: Any) -> None:
    """Declare tools, and set ``tool_use`` settings."""
    bench.set(**{f"tool_use__{name}": value for name, value in values.items()})
    bench.runtime.settings = bench.runtime.settings.model_copy(update={"tools": tools})


class Answers:
    """An approver that answers in its order, and keeps what it was asked."""

    def __init__(self, *decisions: Decision, go_on: Sequence[bool] = ()) -> None:
        self.asked: list[PendingCall] = []
        self.spent: list[StepsSpent] = []
        self._decisions = list(decisions)
        self._go_on = list(go_on)

    def ask(self, thread_id: str, call: PendingCall) -> asyncio.Future[Decision]:
        self.asked.append(call)
        answer: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        answer.set_result(self._decisions.pop(0))
        return answer

    def ask_to_go_on(self, thread_id: str, spent: StepsSpent) -> asyncio.Future[bool]:
        self.spent.append(spent)
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        answer.set_result(self._go_on.pop(0))
        return answer


async def run(bench: Bench, thread: Thread, prompt: str, approver: Any = None, **more: Any) -> list[Event]:
    """Send one prompt and return everything that came of it, steps included."""
    session = bench.runtime.session(thread)
    steps = bench.runtime.steps(session, approver or Answers())
    async with aclosing(steps.follow(session.send(prompt, **more))) as events:
        return [event async for event in events]


def turns(events: Sequence[Event]) -> list[Turn]:
    """Return the turns that ended, in their order."""
    return [event.turn for event in events if isinstance(event, TurnEnded)]


def ends(events: Sequence[Event]) -> list[ToolEnded]:
    """Return the ends of calls in the order of the calls."""
    return sorted((event for event in events if isinstance(event, ToolEnded)), key=lambda event: event.index)


def outputs(body: dict[str, Any]) -> dict[str, str]:
    """Return the outputs of calls in a request, by their call ids."""
    return {item["call_id"]: item["output"] for item in body["input"] if item["type"] == "function_call_output"}


def said(text: str) -> list[Item]:
    """Return an answer in words."""
    return [message(text)]


async def gone(pid: int) -> bool:
    """Wait until a process has ended; whether it has. One that nobody has buried yet (a zombie) has ended."""
    return await asyncio.to_thread(_until, lambda: not _is_alive(pid))


async def there(file: Path) -> bool:
    """Wait until a file exists; whether it does."""
    return await asyncio.to_thread(_until, file.exists)


def _until(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _is_alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in ("Z", "X")
