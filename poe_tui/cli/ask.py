"""``poe-tui ask``: one question, one answer, as a Unix tool has it: text to stdout, everything else to stderr."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from poe_tui import paths
from poe_tui.cli import attached, setup, structured, typed_fields
from poe_tui.cli.exits import FAILED, INCOMPLETE, NO_KEY, OK, REFUSED_TOOL, USAGE, Failure
from poe_tui.cli.output import line, print_json, say
from poe_tui.cli.parsing import Parser

if TYPE_CHECKING:
    from poe_tui.config import Settings
    from poe_tui.credentials import Secret
    from poe_tui.engine.runtime import Runtime
    from poe_tui.model import Thread, Turn
    from poe_tui.oneshot import Answered, Sink
    from poe_tui.storage.store import Store

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SAME_SIGNAL: Final = 0.25
"""Seconds. A person's second ^C takes longer."""
_EPILOG: Final = """\
stdin is read when the prompt is - or missing, or when stdin is a file or a pipe, and is appended to the prompt; an
image or a PDF there is attached. -a takes PNG, JPEG, WebP and GIF images, PDFs and texts.

exit codes: 0 completed, 1 API or network error, 2 usage error, 3 no or bad key, 4 a tool call was refused,
5 incomplete, 6 the answer violates --schema, 130 cancelled
"""


def run(argv: Sequence[str]) -> int:
    """Run the command and return its exit code. With ``--json`` one JSON value is printed, whatever happens."""
    interruption = _Interruption()
    try:
        with interruption.handled():
            return _command(_parser().parse_args(argv), interruption)
    except Failure as failure:
        if not interruption.told:
            kind = {NO_KEY: "authentication_error", USAGE: "usage_error"}.get(failure.code, "error")
            _print_failure(argv, str(failure), kind)
        raise
    except (KeyboardInterrupt, asyncio.CancelledError):
        if not interruption.told:
            _print_failure(argv, interruption.words, "cancelled")
        return interruption.code


def _print_failure(argv: Sequence[str], message: str, kind: str) -> None:
    if "--json" in argv:
        # Imported here: a typing mistake should not wait for the engine, but --json wants its object.
        from poe_tui.oneshot import json_failure

        print_json(json_failure(message, kind))


def _parser() -> Parser:
    parser = Parser(
        "ask", "Ask one thing and print the answer as it arrives. The turn is saved like any other.", _EPILOG
    )
    parser.add_argument("prompt", nargs="*", metavar="PROMPT", help="the question; - reads it from stdin")
    parser.add_argument("-m", "--model", metavar="MODEL[,MODEL…]", help="the model; several are asked at once")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("-c", "--continue", dest="last", action="store_true", help="go on with the last thread")
    place.add_argument("-t", "--thread", metavar="THREAD", help="go on with a thread, by its id or title")
    parser.add_argument(
        "-a", "--attach", metavar="FILE", dest="files", action="append", default=[],
        help="attach a file; may be repeated; - is stdin",
    )  # fmt: skip
    parser.add_argument("--system", metavar="TEXT", help="instructions for the model")
    parser.add_argument("--effort", metavar="E", help="reasoning effort: low, medium, high …")
    parser.add_argument("--search", action="store_true", help="let the model search the web")
    parser.add_argument(
        "--schema",
        metavar="FILE",
        help="print JSON that fits: a JSON Schema file, a preset, or name, age int, tags [str]",
    )
    parser.add_argument(
        "--tool", metavar="NAME", dest="tools", action="append", default=[],
        help="offer a tool and allow its calls in this run; may be repeated",
    )  # fmt: skip
    parser.add_argument("--max-output-tokens", metavar="N", help="the longest answer in tokens")
    parser.add_argument("--temperature", metavar="X", help="0 to 2")
    parser.add_argument("--top-p", metavar="X", help="0 to 1")
    parser.add_argument(
        "-o", dest="fields", metavar="FIELD=VALUE", action="append", default=[],
        help="any request field by its API name; VALUE is JSON, or else a string",
    )  # fmt: skip
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON object at the end")
    form.add_argument("--events", action="store_true", help="print every stream event as a line of JSON")
    parser.add_argument("--save-media", metavar="DIR", help="save the images, films and sounds of the answer there")
    parser.add_argument("--no-save", action="store_true", help="keep nothing")
    parser.add_argument("--no-stream", action="store_true", help="ask for the answer in one piece")
    parser.add_argument("--demo", action="store_true", help="talk to a built-in demo server: no key, no network")
    return parser


class _Interruption:
    """The first signal ends the command in order, a later one at once.

    What comes within ``_SAME_SIGNAL`` is the first one again: ``timeout`` sends it to the process and to its group.

    Handlers of Python, not of the loop: a write to a pipe that nobody reads blocks the loop, and must end too.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self.told = False
        """Whether the one JSON value has been printed."""
        self._at = 0.0
        self._task: asyncio.Task[Any] | None = None

    @property
    def code(self) -> int:
        """The exit code that tells the signal."""
        return 128 + (self.received or signal.SIGINT)

    @property
    def words(self) -> str:
        """What to say when nothing came of it."""
        return "Cancelled." if self._task is not None else "Cancelled before anything was sent."

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Have the signals for a while. One that was ignored before (``nohup``) stays ignored."""
        numbers = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        before = {number: signal.signal(number, self._interrupt) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def watch(self) -> None:
        """From now on the first signal cancels the task that calls this."""
        self._task = asyncio.current_task()

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        again = self.received is not None
        if again and now - self._at < _SAME_SIGNAL:
            return
        self.received, self._at = number, now
        if again or self._task is None:
            raise KeyboardInterrupt
        self._task.get_loop().call_soon_threadsafe(self._task.cancel)


def _command(options: argparse.Namespace, interruption: _Interruption) -> int:
    models = [name.strip() for name in options.model.split(",")] if options.model is not None else []
    if not all(models):
        raise Failure("a model's name is empty.", USAGE)
    fields = typed_fields.read(options)
    settings = setup.load_settings().settings
    if options.schema is not None:
        structured.put(fields, options.schema, settings)
    asked = attached.gather(options.prompt, options.files, settings.files.attach_bytes)
    key = None if options.demo else setup.need_key(settings).secret
    with contextlib.suppress(OSError, ValueError, AttributeError):
        # A terminal that another program left non-blocking would take only the beginning of an answer.
        os.set_blocking(sys.stdout.fileno(), True)
    return asyncio.run(_Ask(options, settings, key, asked, models, fields).run(interruption))


@dataclass(slots=True)
class _Ask:
    """The command, once everything that can be wrong before a loop runs is known to be right."""

    options: argparse.Namespace
    settings: Settings
    key: Secret | None
    asked: attached.Asked
    models: list[str]
    fields: dict[str, Any]

    async def run(self, interruption: _Interruption) -> int:
        """Ask, print, and return the exit code."""
        # Imported here: what was typed has been checked by now, and only now is the engine worth its time.
        from poe_tui.oneshot import OneShot, Question

        interruption.watch()
        async with self._runtime() as runtime:
            thread = await self._thread(runtime)
            models = self.models or [await self._usual_model(runtime, thread)]
            self._check_effort(runtime, models)
            self.asked.check(runtime, models)
            fields = structured.offer(self.fields, self.options.tools, runtime, thread)
            question = Question(self.asked.items, models, fields, self.options.tools)
            oneshot = OneShot(runtime, thread, question, self._sink)
            try:
                await oneshot.run()
            except asyncio.CancelledError:
                _uncancel()
            if self.options.json:
                interruption.told = True
                self._print_json(oneshot.answers)
            saved = await self._media(runtime, [turn for answer in oneshot.answers for turn in answer.turns])
            if interruption.received is not None:
                return interruption.code
            codes = (self._exit_code(answer) for answer in oneshot.answers)
            return next((code for code in codes if code != OK), saved)

    def _exit_code(self, answer: Answered) -> int:
        code = exit_code(answer.turn)
        if code == OK and answer.refused:
            return REFUSED_TOOL
        return structured.exit_code(answer.turn) if code == OK and self.options.schema is not None else code

    async def _media(self, runtime: Runtime, turns: Sequence[Turn]) -> int:
        """Save the media of the answers, or say that there are some."""
        from poe_tui.cli import saved_media

        if self.options.save_media is None:
            if not self.options.json and not self.options.events:
                saved_media.tell(turns)
            return OK
        return await saved_media.save(turns, self.options.save_media, runtime)

    # --- what it runs on ----------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _runtime(self) -> AsyncIterator[Runtime]:
        from poe_tui.engine.runtime import Runtime

        async with self._server() as server:
            if server is not None:
                runtime = await Runtime.open_demo(self.settings, server.key, server.base_url, save=self._saves)
            else:
                path = setup.store_path(self.settings, save=self._saves)
                runtime = await Runtime.open(self.settings, self.key, store_path=path)
            try:
                for notice in runtime.store.notices:
                    say(notice)
                yield runtime
            finally:
                if not await runtime.aclose():
                    say("the disk did not take everything: this turn may be missing from the thread.")

    @property
    def _saves(self) -> bool:
        return not self.options.no_save and self.settings.storage.save_threads

    @asynccontextmanager
    async def _server(self) -> AsyncIterator[_Demo | None]:
        if not self.options.demo:
            yield None
            return
        from poe_tui.credentials import Secret
        from poe_tui.demo.server import DemoServer

        async with DemoServer() as server:
            yield _Demo(server.base_url, Secret("demo"))

    async def _thread(self, runtime: Runtime) -> Thread:
        """Return the thread to go on with, or a new one that nobody has stored yet."""
        from poe_tui.model import Thread, new_id

        if not self.options.last and self.options.thread is None:
            return Thread(id=new_id(), instructions=self.options.system)
        if self.options.system is not None:
            self.fields.setdefault("instructions", self.options.system)
        if self._saves:
            return await self._find(runtime.store)
        from poe_tui.storage.store import Store

        # Nothing is to be saved, yet there is something to go on from: the thread is copied into memory.
        kept = await asyncio.to_thread(Store.open, paths.database_file(demo=self.options.demo))
        try:
            thread = await self._find(kept)
            path = await kept.path(thread.tip_id)
        finally:
            await asyncio.to_thread(kept.close)
        runtime.store.add_thread(replace(thread, tip_id=None))
        for turn in path:
            runtime.store.begin_turn(replace(turn))
            runtime.store.end_turn(replace(turn))
        return thread

    async def _find(self, store: Store) -> Thread:
        if self.options.thread is not None:
            return await setup.find_thread(store, self.options.thread)
        thread = await store.last_thread()
        if thread is None:
            raise Failure("there is no thread to go on with yet.", USAGE)
        return thread

    async def _usual_model(self, runtime: Runtime, thread: Thread) -> str:
        model = thread.model or self.settings.general.model
        if self.options.demo and await runtime.catalog.refresh() and runtime.catalog.get(model) is None:
            # The settings name a model of the real server; the demo's first one speaks for it.
            return runtime.catalog.models[0].name
        return model

    def _check_effort(self, runtime: Runtime, models: Sequence[str]) -> None:
        for model in models:
            typed_fields.check_effort(self.fields, runtime.catalog.efforts(model))

    # --- what comes out -----------------------------------------------------------------------------------------

    def _sink(self, model: str) -> Sink:
        from poe_tui import oneshot

        if self.options.schema is not None and not self.options.events:
            return oneshot.Structured(None if self.options.json else sys.stdout, say)
        if self.options.json:
            return oneshot.Quiet(say)
        if self.options.events:
            return oneshot.Lines(sys.stdout, say)
        if len(self.models) < 2:
            return oneshot.Text(sys.stdout, say)
        space = "" if model == self.models[0] else "\n"
        return oneshot.Text(sys.stdout, say, f"{space}== {line(model)} ==\n")

    def _print_json(self, answers: Sequence[Answered]) -> None:
        from poe_tui.oneshot import json_failure, json_object

        objects = [json_object(answer.turn, answer.turns) for answer in answers]
        if self.options.schema is not None:
            objects = [{**one, **structured.told(answer.turn)} for one, answer in zip(objects, answers, strict=True)]
        if len(self.models) > 1:
            print_json(objects)
        else:
            print_json(objects[0] if objects else json_failure("Cancelled before anything was sent.", "cancelled"))


@dataclass(slots=True, frozen=True)
class _Demo:
    base_url: str
    key: Secret


def exit_code(turn: Turn) -> int:
    """Return the exit code for a turn."""
    if turn.status == "completed":
        return OK
    if turn.status == "incomplete":
        return INCOMPLETE
    error = turn.error or {}
    bad_key = error.get("http_status") == 401 or error.get("type") == "authentication_error"
    return NO_KEY if bad_key else FAILED


def _uncancel() -> None:
    """The cancelling has been dealt with: what is awaited from here on may take its time."""
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()
