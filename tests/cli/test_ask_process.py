"""``poe-tui ask`` as a process: pipes, signals, sudden death."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import IO

import pytest

from poe_tui import paths
from poe_tui.demo.faults import Gate
from poe_tui.demo.server import DemoServer
from poe_tui.model import Turn
from poe_tui.storage.store import Store

Process = subprocess.Popen[bytes]


@pytest.fixture
def server(demo_server_thread: DemoServer, monkeypatch: pytest.MonkeyPatch) -> DemoServer:
    """Return the demo server that the environment points at."""
    monkeypatch.setenv("POE_BASE_URL", demo_server_thread.base_url)
    monkeypatch.setenv("POE_API_KEY", "demo")
    return demo_server_thread


@pytest.fixture
def processes() -> Iterator[list[Process]]:
    """Yield a list of processes that do not outlive the test."""
    started: list[Process] = []
    yield started
    for process in started:
        process.kill()
        process.wait(10)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def start(processes: list[Process], *argv: str, stdin: int | IO[bytes] = subprocess.DEVNULL) -> Process:
    """Start ``poe-tui ask``."""
    process = subprocess.Popen(
        [sys.executable, "-m", "poe_tui", "ask", *argv],
        stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ,
    )  # fmt: skip
    processes.append(process)
    return process


def held(server: DemoServer, processes: list[Process], *argv: str) -> tuple[Process, Gate]:
    """Start an answer that stands still in the middle."""
    gate = server.hold(after=14)
    process = start(processes, "-m", "Demo-Echo", *argv, "Hello there, how are you?")
    gate.wait(30)
    return process, gate


def read_until(process: Process, words: bytes) -> bytes:
    """Read stdout until it holds ``words``."""
    assert process.stdout is not None
    seen = b""
    while words not in seen:
        piece = os.read(process.stdout.fileno(), 65536)
        assert piece, f"stdout ended after {seen!r}"
        seen += piece
    return seen


def stored() -> list[Turn]:
    """Return the turns of the only thread."""

    async def read() -> list[Turn]:
        with Store.open(paths.database_file()) as store:
            (thread,) = await store.threads()
            return await store.path(thread.tip_id)

    return asyncio.run(read())


def test_text_arrives_as_it_comes_and_ctrl_c_keeps_it(server: DemoServer, processes: list[Process]) -> None:
    process, _ = held(server, processes)
    first = read_until(process, b"Turn 1. Yo")
    process.send_signal(signal.SIGINT)
    rest, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert (first + rest).endswith(b"\n")
    assert err == b"poe-tui: Stopped. What had come is kept.\n"
    (turn,) = stored()
    assert turn.status == "stopped"
    assert turn.output_text.strip() == (first + rest).decode().strip()
    assert len(server.turns) == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_other_signals_end_it_in_order_and_json_is_whole(
    server: DemoServer, processes: list[Process], number: signal.Signals, code: int
) -> None:
    process, _ = held(server, processes, "--json")
    process.send_signal(number)
    out, _ = process.communicate(timeout=10)
    assert process.returncode == code
    said = json.loads(out)
    assert said["status"] == "stopped"
    (turn,) = stored()
    assert (turn.id, turn.status, turn.output_text) == (said["turn_id"], "stopped", said["output_text"])


def test_a_second_signal_does_not_print_a_second_object(server: DemoServer, processes: list[Process]) -> None:
    process, _ = held(server, processes, "--json")
    process.send_signal(signal.SIGTERM)
    said = json.loads(read_until(process, b"\n"))
    process.send_signal(signal.SIGHUP)  # ``timeout`` signals the process and then its group.
    rest, _ = process.communicate(timeout=10)
    assert (said["status"], rest) == ("stopped", b"")
    assert process.returncode == 143


def test_after_kill_9_the_prompt_and_the_partial_are_there(server: DemoServer, processes: list[Process]) -> None:
    process, _ = held(server, processes)
    shown = read_until(process, b"Turn 1. Yo").decode()
    saved = _wait_for_partial()
    process.kill()
    process.wait(10)
    (turn,) = stored()
    assert turn.status == "interrupted"
    assert turn.input_text == "Hello there, how are you?"
    assert turn.output_text.startswith(saved)
    assert turn.output_text.startswith(shown)
    assert len(server.turns) == 1
    assert len(stored()) == 1


def _wait_for_partial() -> str:
    """Wait until the process has saved what it got, as another process sees it."""

    async def read() -> str:
        async with asyncio.timeout(10):
            with Store.open(paths.database_file()) as store:
                (thread,) = await store.threads()
                text = ""
                while not text:
                    text, _ = await store.partial(str(thread.tip_id))
                return text

    return asyncio.run(read())


def test_a_reader_that_leaves_ends_it_quietly(server: DemoServer, processes: list[Process]) -> None:
    process, gate = held(server, processes)
    assert process.stdout is not None
    assert process.stderr is not None
    assert os.read(process.stdout.fileno(), 4)
    process.stdout.close()
    gate.open()
    assert process.wait(10) == 0
    assert process.stderr.read() == b""
    (turn,) = stored()
    assert turn.status in ("stopped", "completed")


def test_a_writer_that_nobody_reads_can_be_interrupted(server: DemoServer, processes: list[Process]) -> None:
    process = start(processes, "-m", "Demo-Long:300", "Hello")
    server.wait_until(lambda server: bool(server.turns) and server.turns[0].outcome != "open", 30)
    # The first signal asks it to end in order, which a full pipe prevents; the second one does not ask.
    process.send_signal(signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(0.3)
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 130


def test_stdin_is_appended_and_waiting_for_it_is_said(server: DemoServer, processes: list[Process]) -> None:
    process = start(processes, "-m", "Demo-Echo", "Sum this up:", stdin=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stderr is not None
    assert b"waiting for the prompt on stdin" in process.stderr.readline()
    out, err = process.communicate("Größe\nund mehr\n".encode())
    assert (process.returncode, err) == (0, b"")
    sent = server.turns[0].body["input"][0]["content"][0]["text"]
    assert sent == "Sum this up:\n\nGröße\nund mehr"
    assert "Größe" in out.decode()


@pytest.mark.parametrize("argv", [["-"], []])
def test_stdin_alone_is_a_prompt(server: DemoServer, processes: list[Process], argv: list[str]) -> None:
    process = start(processes, "-m", "Demo-Echo", *argv, stdin=subprocess.PIPE)
    process.communicate(b"\xef\xbb\xbfHello \xff\n\n")
    assert process.returncode == 0
    assert server.turns[0].body["input"][0]["content"][0]["text"] == "Hello \ufffd"


def test_nothing_on_stdin_is_nothing_to_ask(server: DemoServer, processes: list[Process]) -> None:
    process = start(processes)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (2, b"")
    assert b"nothing to ask" in err
    assert server.requests == []


def test_a_closed_stdout(server: DemoServer, processes: list[Process]) -> None:
    command = f"exec {sys.executable} -m poe_tui ask -m Demo-Echo Hello >&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, timeout=30, check=False)
    assert b"Traceback" not in done.stderr
    (turn,) = stored()
    assert turn.input_text == "Hello"
