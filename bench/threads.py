"""Long threads: opening 5,000 turns against 100, and a resize in the longer one."""

from __future__ import annotations

import time
from pathlib import Path

from bench import process
from bench.apps import POE_TUI, home, warm_up
from bench.figures import Figure, difference, ratio
from bench.server import Server
from bench.terminal import COLUMNS, ROWS, Terminal
from bench.texts import LAST, markdown
from poe_tui.model import Thread, Turn, new_id
from poe_tui.storage.store import Store

_SHORT, _LONG, _SHORT_QUICK, _LONG_QUICK = 100, 5_000, 20, 200
_TURN = 700
"""Characters an answer has, about."""


def make(env: dict[str, str], turns: int) -> None:
    """Write a thread of that many turns into the database of ``env``'s home, by the store itself."""
    folder = Path(env["HOME"]) / ".local" / "share" / "poe-tui"
    folder.mkdir(parents=True, mode=0o700)
    now = time.time() - turns * 60
    thread = Thread(id=new_id(), title=f"{turns} turns", model="fast-2000", created_at=now, updated_at=now)
    texts = [markdown(_TURN + 40 * number).replace(LAST, "") for number in range(10)]
    with Store.open(folder / "poe-tui.db") as store:
        store.add_thread(thread)
        parent: str | None = None
        for number in range(turns):
            answer = texts[number % 10] + (f"\n\n{LAST}" if number == turns - 1 else "")
            turn = Turn(
                id=new_id(), thread_id=thread.id, parent_id=parent, model=thread.model, server=env["POE_BASE_URL"],
                status="completed", created_at=now + number * 60, completed_at=now + number * 60 + 4,
                input=[_message("user", "input_text", f"Question {number}: and then?")],
                output=[_message("assistant", "output_text", answer)],
            )  # fmt: skip
            store.begin_turn(turn)
            store.end_turn(turn)
            parent = turn.id
        if not store.close(60):
            raise RuntimeError("the database could not be written")


def _message(role: str, kind: str, text: str) -> dict[str, object]:
    part = {"type": kind, "text": text, **({"annotations": []} if role == "assistant" else {})}
    return {"type": "message", "role": role, "content": [part]}


def threads(rounds: int, *, quick: bool = False) -> list[Figure]:
    """Measure both threads in turn."""
    short, long = (_SHORT_QUICK, _LONG_QUICK) if quick else (_SHORT, _LONG)
    opened: dict[int, list[float]] = {short: [], long: []}
    memory: dict[int, list[float | None]] = {short: [], long: []}
    resized: list[float | None] = []
    with Server() as server, home(server.url) as few, home(server.url) as many:
        for env, turns in ((few, short), (many, long)):
            make(env, turns)
            warm_up(env)
        for _ in range(rounds):
            for env, turns in ((few, short), (many, long)):
                with Terminal([*POE_TUI, "-c"], env) as terminal:
                    opened[turns].append(terminal.until(LAST) - terminal.began)
                    terminal.rest(1.5, quiet=0.5)
                    memory[turns].append(process.resident(terminal.pid))
                    if turns == long:
                        resized += _resized(terminal)
    times = [ratio(*pair) for pair in zip(opened[long], opened[short], strict=True)]
    sizes = [ratio(*pair) for pair in zip(memory[long], memory[short], strict=True)]
    return [
        Figure(f"open {short:,} turns", opened[short], " s"),
        Figure(f"open {long:,} turns", opened[long], " s", peers="long"),
        Figure(f"open {long:,} / {short:,} turns: time", times, "×", 1.2),
        Figure(f"open {long:,} turns: resident memory", memory[long], " MB"),
        Figure(f"open {long:,} / {short:,} turns: memory", sizes, "×", 1.3),
        Figure(f"resize at {long:,} turns: CPU", resized, " ms", 50),
    ]


def _resized(terminal: Terminal) -> list[float | None]:
    """Resize back and forth; the CPU of each (ms). The first width that is new takes the longest, and counts."""
    spent: list[float | None] = []
    for columns, rows in ((COLUMNS - 20, ROWS), (COLUMNS, ROWS)):
        before = process.cpu(terminal.pid)
        terminal.resize(columns, rows)
        terminal.rest(0.8, quiet=0.4)
        taken = difference(process.cpu(terminal.pid), before)
        spent.append(None if taken is None else taken * 1000)
    return spent
