"""Recordings of other servers are read as the official SDK reads them, and no framing makes a difference.

Needs ``RESPONSES_CORPUS``; the faults also need the replay server that stands in ``tools`` beside the corpus.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from poe_tui.api.accumulate import ResponseBuilder
from poe_tui.api.answer import Responses
from poe_tui.api.parse import parse
from poe_tui.api.sse import SSEDecoder
from poe_tui.api.statuses import status_error
from tests.unit import corpus_truth as corpus
from tests.unit.api_help import client, run

pytestmark = pytest.mark.skipif(corpus.CORPUS is None, reason="RESPONSES_CORPUS names no corpus")

_TOOL = corpus.CORPUS.parent / "tools" / "replay_server.py" if corpus.CORPUS else Path("nowhere")
needs_tool = pytest.mark.skipif(not _TOOL.is_file(), reason="no replay server beside the corpus")

_EVENT_FAULTS = (
    *(
        "crlf",
        "cr",
        "mixed",
        "bom",
        "nospace",
        "noevent",
        "idretry",
        "multidata",
        "noblankend",
        "keepalive",
        "midcomment",
    ),
    *("ping", "keepaliveevent", "escape", "extra", "noseq", "seqgap", "done", "nodone"),
)
"""Framing faults that are in the events themselves."""
_WIRE_FAULTS = (
    *(
        "bytes",
        "chunk=7",
        "utf8split",
        "linesplit",
        "coalesce",
        "gzip",
        "deflate",
        "gzip1",
        "http10",
        "cl",
        "lowerhead",
    ),
    *("latin", "trailer", "chunkext", "delay=1", "dataonly"),
)
"""Framing faults that only a server can make."""
_TOLERATED = (
    *(
        "emptyoutput",
        "nodelta",
        "notext",
        "dupdone",
        "seqdup=3",
        "seqdup=9",
        "missing=item_id",
        "missing=content_index",
    ),
    *("missing=sequence_number", "null=item_id|content_index", "badjson=1", "notobject=1", "unknown"),
)
"""Faults that change no text of a completed answer."""


def read(stream: bytes, *cuts: int) -> ResponseBuilder:
    """Read a stream, cut at these places."""
    decoder, builder = SSEDecoder(), ResponseBuilder()
    bounds = [0, *sorted(cuts), len(stream)]
    found = [one for start, end in itertools.pairwise(bounds) for one in decoder.feed(stream[start:end])]
    for one in found + decoder.flush():
        event = parse(one.data, one.event)
        if event is not None:
            builder.apply(event)
    return builder


@pytest.mark.parametrize("name", corpus.streams())
def test_a_stream_is_read_as_its_truth(name: str) -> None:
    stream = corpus.data("streams", name)
    builder = read(stream)
    if name in corpus.SDK_GAVE_UP:
        assert builder.status in ("failed", "interrupted")
        return
    assert corpus.reading(builder) == corpus.expected(corpus.truth(name))
    dice = random.Random(name)
    cuts = [dice.randrange(len(stream)) for _ in range(50)]
    assert corpus.reading(read(stream, *cuts)) == corpus.reading(builder)


@pytest.mark.parametrize("name", corpus.bodies())
def test_a_body_is_read_as_its_truth(name: str) -> None:
    body, found, status = corpus.data("bodies", name), corpus.truth(name, body=True), corpus.status_of(name)
    if "final" not in found:
        error = status_error(status, {}, body).as_dict()
        assert [error[key] for key in ("code", "type", "http_status")] == [
            found["code"],
            found["type"],
            found["status_code"],
        ]
        said = found["body"]["message"] if isinstance(found["body"], dict) else found["body"]
        assert error["message"] in said
        return
    event = Responses().whole(json.loads(body), {})
    assert event is not None
    builder = ResponseBuilder()
    builder.apply(event)
    assert corpus.reading(builder) == corpus.expected(found, body=True)


def test_the_faults_named_here_are_all_there_are() -> None:
    if not _TOOL.is_file():
        pytest.skip("no replay server beside the corpus")
    named = {fault.split("=")[0] for fault in (*_EVENT_FAULTS, *_WIRE_FAULTS)}
    assert named == _replay().FRAMING


def _replay() -> ModuleType:
    spec = importlib.util.spec_from_file_location("corpus_replay_server", _TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def replay() -> ModuleType:
    """The replay server's functions."""
    return _replay()


def _faulty(replay: ModuleType, name: str, fault: str) -> bytes:
    """Return a stream with a fault in it."""
    words = replay.parse_faults(fault, "+")
    events = replay.apply(replay.parse_sse(corpus.data("streams", name)), words)
    frames = [replay.render(event, words, place) for place, event in enumerate(events)]
    if "noblankend" in words and frames:
        frames[-1] = frames[-1].rstrip(b"\r\n") + b"\n"
    return (b"\xef\xbb\xbf" if "bom" in words else b"") + b"".join(frames)


@needs_tool
@pytest.mark.parametrize("fault", _EVENT_FAULTS)
def test_no_framing_of_the_events_makes_a_difference(replay: ModuleType, fault: str) -> None:
    for name in corpus.streams():
        if name not in corpus.SDK_GAVE_UP:
            assert corpus.reading(read(_faulty(replay, name, fault))) == corpus.expected(corpus.truth(name)), name


@needs_tool
@pytest.mark.parametrize("fault", _TOLERATED)
def test_the_text_survives_what_servers_leave_out_or_say_twice(replay: ModuleType, fault: str) -> None:
    for name in corpus.streams():
        found = corpus.expected(corpus.truth(name))
        short = len(replay.parse_sse(corpus.data("streams", name))) < 12
        if name in corpus.SDK_GAVE_UP or found["status"] != "completed" or short:
            continue
        builder = read(_faulty(replay, name, fault))
        assert (builder.output_text, builder.status) == (found["text"], "completed"), name


@needs_tool
@pytest.mark.parametrize("fault", ["noterminal", "cutevent=9", "cancelled=6", "badjson=2+noterminal"])
def test_without_its_end_no_stream_is_complete(replay: ModuleType, fault: str) -> None:
    for name in corpus.streams():
        if len(replay.parse_sse(corpus.data("streams", name))) > 12:
            assert read(_faulty(replay, name, fault)).status in ("interrupted", "failed"), name


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The replay server on a port of its own."""
    command = [sys.executable, str(_TOOL), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        match = re.search(r"http://\S+/v1", process.stdout.readline())
        assert match is not None
        yield match.group()
        process.terminate()


_SAMPLE = ("litellm-claude-think", "litellm-gpt-weather", "vercel-openai-openai-phase.1", "litellm-pass-incomplete")


@needs_tool
@pytest.mark.parametrize("fault", ["", *_WIRE_FAULTS])
async def test_no_framing_on_the_wire_makes_a_difference(server: str, fault: str) -> None:
    names = [name for name in _SAMPLE if name in corpus.streams()]
    async with client(server, max_requests=1) as made:
        for name in names:
            turn = await run(made, model=f"{name}+{fault}" if fault else name)
            assert turn.error is None
            assert corpus.reading(turn.builder) == corpus.expected(corpus.truth(name)), name


@needs_tool
@pytest.mark.parametrize(
    ("fault", "status", "error"),
    [
        ("cut=900", "interrupted", "ConnectionLost"),
        ("rst=900", "interrupted", "ConnectionLost"),
        ("cutclean=900", "interrupted", "NoneType"),
        ("cutmid", "interrupted", "ConnectionLost"),
        ("drop", "interrupted", "ConnectionLost"),
        ("html", "interrupted", "ServerError"),
        ("html200", "interrupted", "NotAnAPIAnswer"),
        ("redirect", "interrupted", "NotAnAPIAnswer"),
        ("empty", "interrupted", "NoneType"),
        ("emptybody", "interrupted", "NotAnAPIAnswer"),
        ("errorevent", "interrupted", "NoneType"),
        ("errornested", "interrupted", "NoneType"),
        ("errorbare", "interrupted", "NoneType"),
        ("failed", "failed", "NoneType"),
        ("incomplete", "incomplete", "NoneType"),
        ("filter", "incomplete", "NoneType"),
        ("cancelled", "interrupted", "NoneType"),
        ("linger=30", "completed", "NoneType"),
        ("json", "completed", "NoneType"),
        ("ctype=text/plain", "completed", "NoneType"),
        ("big", "completed", "NoneType"),
        ("many=3000", "completed", "NoneType"),
        ("surrogate", "completed", "NoneType"),
        ("badutf8", "completed", "NoneType"),
        ("seqswap=6", "completed", "NoneType"),
        ("idrotate", "completed", "NoneType"),
        ("err=402", "interrupted", "InsufficientCredits"),
        ("errpoe=429", "interrupted", "RateLimited"),
        ("errfastapi", "interrupted", "BadRequest"),
        ("errstr", "interrupted", "BadRequest"),
    ],
)
async def test_what_the_other_faults_come_to(server: str, fault: str, status: str, error: str) -> None:
    async with client(server, max_requests=1) as made:
        turn = await run(made, model=f"litellm-gpt-hello+{fault}")
    assert (turn.builder.status, type(turn.error).__name__) == (status, error)
    corpus.reading(turn.builder)
