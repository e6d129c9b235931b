"""Reasoning in every shape that servers send: kept, told apart from the answer, sent again where it can be."""

from __future__ import annotations

import io
from typing import Any

import pytest

from poe_tui.api.types import reasoning
from poe_tui.demo.answer import Answer, message
from poe_tui.oneshot import Text, json_object
from poe_tui.storage.export import from_json, to_json, to_markdown
from tests.engine.conftest import Bench, ended

Item = dict[str, Any]

SUMMARIES: Item = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "**Plan**\n\nfirst"},
                                                            {"type": "summary_text", "text": "second"}]}  # fmt: skip
EMPTY: Item = {"type": "reasoning", "id": "rs_2", "summary": []}
AS_TEXT: Item = {"type": "reasoning", "id": "rs_-12", "role": "assistant", "status": "completed",
           "content": [{"type": "output_text", "text": "I think so.", "annotations": []}]}  # fmt: skip
OPEN: Item = {"type": "reasoning", "id": "rs_3", "summary": [], "content": [{"type": "reasoning_text", "text": "Hm."}]}
PLAIN: Item = {"type": "reasoning", "id": "rs_4", "summary": "a plain summary", "content": "plain content"}
SEALED: Item = {
    "type": "reasoning",
    "id": "rs_5",
    "summary": [],
    "encrypted_content": "gAAA",
    "content": None,
    "status": None,
}
SHAPES: dict[str, Item] = {"summaries": SUMMARIES, "empty": EMPTY, "as text": AS_TEXT, "open": OPEN, "sealed": SEALED}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("stream", [True, False])
async def test_it_is_kept_and_exported_and_never_part_of_the_answer(bench: Bench, shape: str, stream: bool) -> None:
    item = SHAPES[shape]
    bench.server.script(Answer([dict(item), message("The answer.")]))
    thread = bench.thread()
    turn = await bench.ask(thread, "Think.", overrides={"stream": stream})
    assert turn.output[0] == item
    assert turn.output_text == "The answer."
    said = json_object(turn)
    assert said["output_text"] == "The answer."
    assert said["reasoning_summary"] == (reasoning([item]) or reasoning([item], "content"))
    stored = await bench.runtime.store.turn(turn.id)
    assert stored == turn
    assert from_json(to_json(thread, [turn]))[1][0].output == turn.output
    exported = to_markdown(thread, [turn])
    assert exported.count("*Reasoning*") == (0 if shape in ("empty", "sealed") else 1)
    assert exported.endswith("\n\nThe answer.\n")


def streamed_as_text() -> list[dict[str, Any]]:
    """The events of a reasoning item whose text comes as ``output_text``, and of the answer after it."""
    events: list[dict[str, Any]] = [{"type": "response.created", "response": {"id": "r", "status": "in_progress"}}]
    output = [AS_TEXT, message("The answer.")]
    for index, item in enumerate(output):
        place = {"output_index": index, "item_id": item["id"], "content_index": 0}
        events.append({"type": "response.output_item.added", "output_index": index, "item": {**item, "content": []}})
        text = item["content"][0]["text"]
        events += [{"type": "response.output_text.delta", **place, "delta": piece} for piece in (text[:3], text[3:])]
        events.append({"type": "response.output_text.done", **place, "text": text})
        events.append({"type": "response.output_item.done", "output_index": index, "item": item})
    events.append({"type": "response.completed",
                   "response": {"id": "r", "status": "completed", "output": output, "usage": None}})  # fmt: skip
    return events


@pytest.mark.parametrize("places", [True, False])
async def test_a_stream_of_it_as_text(bench: Bench, places: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poe_tui.engine.flight.CHECKPOINT_CHARACTERS", 1)
    saved: dict[str, str] = {"text": "", "reasoning": ""}
    append = bench.runtime.store.append_partial

    def watch(turn_id: str, text: str, kind: Any = "text") -> object:
        saved[kind] += text
        return append(turn_id, text, kind)

    monkeypatch.setattr(bench.runtime.store, "append_partial", watch)
    events = streamed_as_text()
    if not places:
        events = [{key: value for key, value in event.items() if key != "item_id"} for event in events]
    bench.server.script(Answer([AS_TEXT], events=events))
    out = io.StringIO()
    told: list[str] = []
    sink = Text(out, told.append)
    happened = await bench.say(bench.thread(), "Think.")
    for event in happened:
        sink.take(event)
    turn = ended(happened).turn
    sink.end(turn)
    assert (out.getvalue(), told) == ("The answer.\n", [])
    assert saved == {"text": "The answer.", "reasoning": "I think so."}
    assert turn.output_text == "The answer."
    assert "reasoning" in turn.timing


async def test_texts_without_parts(bench: Bench) -> None:
    output = [PLAIN, message("The answer.")]
    events = [{"type": "response.completed", "response": {"id": "r", "status": "completed", "output": output}}]
    bench.server.script(Answer([message("x")], events=events))
    turn = await bench.ask(bench.thread(), "Think.")
    assert turn.output == output
    assert json_object(turn)["reasoning_summary"] == "a plain summary"
    assert turn.output_text == "The answer."


async def test_one_that_breaks_off_keeps_its_thoughts_apart(bench: Bench) -> None:
    events = streamed_as_text()[:4]
    bench.server.script(Answer([AS_TEXT], events=events))
    turn = await bench.ask(bench.thread(), "Think.")
    assert turn.status == "interrupted"
    assert turn.output_text == ""
    assert reasoning(turn.output, "content") == "I think so."


async def test_it_goes_back_sealed_and_only_to_its_model(bench: Bench) -> None:
    bench.set(advanced__chain="never")
    await bench.runtime.catalog.refresh()
    for model, count in (("GPT-5.2", 1), ("Gemini-3-Pro", 0)):
        thread = bench.thread("GPT-5.2")
        bench.server.script(Answer([SEALED, message("Yes.")]), Answer([message("No.")]))
        await bench.ask(thread, "One?")
        await bench.ask(thread, "Two?", model=model)
        sent = [item for item in bench.bodies[-1]["input"] if item["type"] == "reasoning"]
        assert sent == [{"type": "reasoning", "summary": [], "encrypted_content": "gAAA"}] * count
        assert bench.bodies[-1]["include"] == ["reasoning.encrypted_content"]
