"""``ask --json`` against recorded streams and bodies, each compared with what the official SDK read in it.

The recordings are not part of this project. ``RESPONSES_CORPUS`` names their folder (``streams/``, ``bodies/``,
``truth/``), ``RESPONSES_SERVER`` the base URL of a server that replays them by model name; without both, this is
skipped. ``RESPONSES_FAULTS=all`` runs every recording under every framing fault.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from poe_tui.config import Settings, with_value
from poe_tui.credentials import Secret
from poe_tui.engine.runtime import Runtime
from poe_tui.model import Thread, new_id
from poe_tui.oneshot import OneShot, Question, Quiet, json_object

CORPUS = Path(os.environ.get("RESPONSES_CORPUS", "/nonexistent"))
SERVER = os.environ.get("RESPONSES_SERVER", "")
pytestmark = pytest.mark.skipif(
    not (CORPUS.is_dir() and SERVER), reason="RESPONSES_CORPUS and RESPONSES_SERVER not set"
)

FAULTS_TODAY = [
    "+crlf+keepalive=2", "+bytes", "+cr+midcomment", "+gzip", "+utf8split+noevent", "+http10+bom", "+multidata+escape",
]  # fmt: skip
ITEM_KEYS = ("type", "id", "status", "name", "arguments", "call_id")


def names() -> list[tuple[str, str]]:
    """Return (model name, truth file) of every recording."""
    truths = sorted(path.name for path in (CORPUS / "truth").glob("*.json"))
    streams = {name.removesuffix(".json") for name in truths if not name.endswith(".body.json")}
    found = []
    for name in truths:
        bare = name.removesuffix(".json").removesuffix(".body")
        is_body = name.endswith(".body.json")
        found.append((f"{bare}.body" if is_body and bare in streams else bare, name))
    return found


def framing_faults() -> list[str]:
    """Return the faults that must change nothing, as the server names them."""
    if os.environ.get("RESPONSES_FAULTS") != "all":
        return FAULTS_TODAY
    url = SERVER.removesuffix("/v1") + "/__faults?class=framing"
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as answer:
        known: Any = json.loads(answer.read())
    defaults = {"chunk": "chunk=7", "delay": "delay=1"}
    return [f"+{defaults.get(bare, bare)}" for name in known if (bare := name.partition("=")[0].partition("[")[0])]


def shape(item: dict[str, Any]) -> dict[str, Any]:
    """Return of an item what is compared; nulls and missing keys are equal."""
    kept = {key: item[key] for key in ITEM_KEYS if item.get(key) is not None}
    kept["text"] = "".join(part_texts(item.get("content")))
    kept["summary"] = [text for text in part_texts(item.get("summary")) if text]
    return kept


def part_texts(parts: Any) -> list[str]:
    """Return the texts of parts; the truth has some of them as plain strings."""
    return [part if isinstance(part, str) else part.get("text") or "" for part in parts or ()]


def without_nulls(value: Any) -> Any:
    """Drop nulls everywhere."""
    if isinstance(value, dict):
        return {key: without_nulls(held) for key, held in value.items() if held is not None}
    return [without_nulls(held) for held in value] if isinstance(value, list) else value


def cited(annotations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what is cited, each URL once, in order."""
    notes = [note for note in annotations if note.get("type") == "url_citation" and note.get("url")]
    titles = {note["url"]: note.get("title") or None for note in reversed(notes)}
    return [{"url": url, "title": titles[url]} for url in dict.fromkeys(note["url"] for note in notes)]


def differences(said: dict[str, Any], truth: dict[str, Any]) -> Iterator[str]:
    """Yield where our reading differs from the truth."""
    if truth.get("status_code", 200) != 200:
        yield from _error_differences(said, truth)
        return
    if truth.get("sdk_error") and truth.get("terminal") is None:
        return  # The SDK gave up in the middle; what comes after is not in its truth.
    final = truth.get("final") or {}
    is_over = "terminal" not in truth or truth["terminal"] is not None
    text = (final.get("output_text") if is_over else "") or truth.get("delta_text") or ""
    if said["output_text"] != text:
        yield f"text {said['output_text'][:60]!r} is not {text[:60]!r}"
    status = truth.get("status") if is_over else "interrupted"
    if said["status"] != status:
        yield f"status {said['status']} is not {status}"
    expected = (final.get("output") if is_over else None) or truth.get("items_done") or []
    ours, theirs = [shape(item) for item in said["output"]], [shape(item) for item in expected]
    if ours != theirs:
        yield f"items {ours} are not {theirs}"
    if without_nulls(said["usage"]) != without_nulls(truth.get("usage")):
        yield f"usage {said['usage']} is not {truth.get('usage')}"
    notes = final.get("annotations") or truth.get("annotation_events") or []
    citations = cited([note.get("annotation") or note for note in notes])
    if said["citations"] != citations:
        yield f"citations {said['citations']} are not {citations}"
    if said["id"] != truth.get("id"):
        yield f"id {said['id']} is not {truth.get('id')}"


def _error_differences(said: dict[str, Any], truth: dict[str, Any]) -> Iterator[str]:
    error = said["error"] or {}
    body = truth.get("body")
    message = body.get("message") if isinstance(body, dict) else None
    expected = {"code": truth.get("code"), "type": truth.get("type"), "http_status": truth["status_code"]}
    for key, value in expected.items():
        if error.get(key) != value:
            yield f"{key} {error.get(key)!r} is not {value!r}"
    if message is not None and error.get("message") != message:
        yield f"message {error.get('message')!r} is not {message!r}"
    if said["status"] != "failed":
        yield f"status {said['status']} is not failed"


async def ask(runtime: Runtime, model: str, **fields: Any) -> dict[str, Any]:
    """Ask in this process and return what ``--json`` would print."""
    oneshot = OneShot(
        runtime, Thread(id=new_id()), Question("Hello?", [model], fields), lambda name: Quiet(lambda text: None)
    )
    await oneshot.run()
    return json_object(oneshot.turns[0])


async def compare(fault: str = "", **fields: Any) -> list[str]:
    """Ask every recording under ``fault`` and return every difference."""
    settings = with_value(Settings(), "advanced.max_requests", 1)
    runtime = await Runtime.open(settings, Secret("test"), store_path=None, base_url=SERVER)
    found = []
    try:
        assert names(), "the corpus is empty"
        for model, file in names():
            truth = json.loads((CORPUS / "truth" / file).read_text())
            said = await ask(runtime, model + fault, **fields)
            found += [f"{model}{fault}: {difference}" for difference in differences(said, truth)]
    finally:
        await runtime.aclose()
    return found


async def test_every_recording_equals_its_truth() -> None:
    assert await compare() == []


async def test_also_in_one_piece() -> None:
    bodies = [name for name, file in names() if file.endswith(".body.json")]
    found = await compare(stream=False)
    assert [line for line in found if line.partition(":")[0] in bodies] == []


async def test_and_under_every_framing_fault() -> None:
    found = [line for fault in framing_faults() for line in await compare(fault)]
    assert found == []


@pytest.mark.parametrize("index", range(0, 160, 32))
def test_the_program_itself_says_the_same(index: int) -> None:
    if index >= len(names()):
        pytest.skip("no such recording")
    model, file = names()[index]
    environment = {**os.environ, "POE_BASE_URL": SERVER, "POE_API_KEY": "test"}
    command = [sys.executable, "-m", "poe_tui", "ask", "--json", "--no-save", "-m", model, "Hello?"]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False
    )
    truth = json.loads((CORPUS / "truth" / file).read_text())
    assert list(differences(json.loads(done.stdout), truth)) == []
