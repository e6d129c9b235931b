"""Events to blocks: a streamed turn and its stored row are drawn alike, in every state and shape."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.demo import answer as demo
from poe_tui.demo import models, scripts
from poe_tui.demo.errors import APIProblem
from poe_tui.engine.turn import TurnEnded
from poe_tui.model import Cost, Item
from poe_tui.palette import POE_DARK
from poe_tui.transcript.render import Painter
from tests.unit.transcript_kit import (
    CALL,
    CITED,
    IMAGE,
    MARKDOWN,
    REASONING,
    REFUSAL,
    SEARCH,
    UNKNOWN,
    a_turn,
    begun,
    cited,
    document,
    drawn,
    message,
    row_of,
    stream_of,
    streamed,
    text,
    user,
    wire,
)

OUTPUTS: dict[str, list[Item]] = {
    "text": [message(MARKDOWN)],
    "reasoning": [REASONING, message(MARKDOWN)],
    "search": [REASONING, SEARCH, CITED],
    "search without words": [SEARCH],
    "call": [REASONING, message("I will look."), CALL],
    "calls": [CALL, {**CALL, "id": "fc2", "call_id": "c2"}],
    "image": [message("Here it is."), IMAGE],
    "unknown": [UNKNOWN, message("Two.")],
    "refusal": [REFUSAL],
    "several messages": [message(MARKDOWN), message("```\nx\n```\n\nand on", id="m2"), message("end", id="m3")],
    "empty message": [message(""), CALL],
    "empty reasoning": [{"type": "reasoning", "id": "r", "summary": []}, message("Hi.")],
    "hostile": [message("\x1b]0;title\x07 [@click=app.quit]x[/] [/ \u202eevil\u2028line \r\n\r\nend\r")],
}


def both_ways(output: list[Item], *, chunk: int, frames: int, **frame: Any) -> tuple[list[Any], list[Any]]:
    turn = begun()
    events = stream_of(output, chunk=chunk)
    row = row_of(turn, events)
    live = document(**frame)
    streamed(live, turn, events, row, frames=frames)
    stored = document(**frame)
    stored.load([row])
    return drawn(live), drawn(stored)


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize("chunk", [1, 7, 400])
def test_a_streamed_turn_is_drawn_like_its_row(name: str, chunk: int) -> None:
    streamed_rows, stored_rows = both_ways(OUTPUTS[name], chunk=chunk, frames=5)
    assert streamed_rows == stored_rows


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(sorted(OUTPUTS)), min_size=1, max_size=3), st.integers(1, 60), st.integers(1, 50),
    st.integers(30, 130), st.sampled_from(["comfortable", "compact"]), st.sampled_from(["show", "fold", "off"]),
)  # fmt: skip
def test_any_answer_at_any_pace(
    names: list[str], chunk: int, frames: int, width: int, density: str, reasoning: str
) -> None:
    items = [item for name in names for item in OUTPUTS[name]]
    output = [{**item, "id": f"i{number}"} for number, item in enumerate(items)]
    live, stored = both_ways(output, chunk=chunk, frames=frames, width=width, density=density, reasoning=reasoning)
    assert live == stored


def test_every_model_of_the_demo_server() -> None:
    for name in [entry["id"] for entry in models.entries()]:
        model = models.find(name)
        assert model is not None
        body = {"model": name, "reasoning": {"effort": "medium", "summary": "auto"}}
        ask = demo.Ask(model.name, body, history=[], new=user("Hello"), origin="http://127.0.0.1:1")
        try:
            answer = scripts.speak(model, ask)
        except APIProblem:
            continue
        live, stored = both_ways(answer.output, chunk=97, frames=9)
        assert live == stored, model.name


@pytest.mark.parametrize("ending", ["\r", "\ud83d", ""])
def test_pieces_that_belong_together_are_not_torn(ending: str) -> None:
    """CR LF and surrogate halves split between deltas."""
    pieces = ["one\r", "\ntwo ", "\ud83d", "\ude00 three", ending]
    place = {"type": "response.output_text.delta", "output_index": 0, "content_index": 0}
    events = wire(*({**place, "delta": piece} for piece in pieces))
    turn = begun()
    live = document()
    streamed(live, turn, events, None, frames=1)
    live.apply(TurnEnded(row_of(turn, events)))
    stored = document()
    stored.load([row_of(turn, events)])
    assert drawn(live) == drawn(stored)
    assert "two 😀 three" in " ".join(text(stored))


# --- what is drawn ----------------------------------------------------------------------------------------------------
def stored_text(*output: Item, width: int = 92, **fields: Any) -> list[str]:
    doc = document(width)
    doc.load([a_turn("Ask", list(output), **fields)])
    return text(doc)


def test_prompt_model_line_and_answer() -> None:
    usage = {"input_tokens": 9, "output_tokens": 612, "output_tokens_details": {"reasoning_tokens": 210}}
    doc = document()
    doc.around.cost_of = lambda turn: Cost(points=41, estimated=False)
    timing = {"total": 4.1, "reasoning": 3.2}
    doc.load([a_turn("Two\nlines", [REASONING, message("Fine.")], usage=usage, timing=timing)])
    assert text(doc) == [
        "", "▌ Two", "▌ lines", "",
        "Demo-One | 4.1 s · 612 tok · 41 pts", "► Thought for 3 s · 210 tokens", "",
        "Fine.",
    ]  # fmt: skip


def test_compact_density_has_no_blank_row_under_the_reasoning() -> None:
    doc = document(density="compact")
    doc.load([a_turn("Ask", [REASONING, message("Fine.")])])
    rows = text(doc)
    assert rows[rows.index("Fine.") - 1].startswith("► Thought")


def test_unknown_tokens_and_prices_are_question_marks() -> None:
    assert "Demo-One | 1.0 s · ? tok · ?" in stored_text()
    assert "Demo-One | 1.0 s · ≈ 1 tok · ?" in stored_text(message("Hi."))


def test_a_call_shows_its_arguments_then_the_size_of_its_result() -> None:
    first = a_turn("Ask", [CALL])
    assert '○ get_weather city: "Tokyo", days: 2 | not run' in stored_text(CALL)
    output = {"type": "function_call_output", "call_id": "c1", "output": "x" * 312}
    second = replace(a_turn("", [message("Rain.")]), input=[output], parent_id=first.id)
    doc = document()
    doc.load([first, second])
    assert "► get_weather  312 B" in text(doc)
    live = document()
    live.load([first])
    streamed(live, replace(second, status="in_progress"), stream_of(second.output), second)
    assert text(live) == text(doc)


def test_arguments_of_any_kind() -> None:
    assert '○ get_weather {"city": | not run' in stored_text({**CALL, "arguments": '{"city":'})
    assert "○ get_weather | not run" in stored_text({**CALL, "arguments": ""})
    assert "○ get_weather city: 1 | not run" in stored_text({**CALL, "arguments": {"city": 1}})
    assert "○ f 2 | not run" in stored_text({**CALL, "name": "f", "arguments": "2"})


def test_an_image_is_a_line_with_its_size_and_never_base64() -> None:
    rows = stored_text(IMAGE)
    assert "Image · PNG · 8 kB   w saves" in rows
    assert "iVBOR" not in " ".join(rows)
    stored = {"$poe_file": "ab", "prefix": "", "size": 3_145_728}
    assert "Image · 3.1 MB   w saves" in stored_text({**IMAGE, "result": stored})


def test_unknown_items_are_one_dim_line() -> None:
    assert "code_interpreter_call" in stored_text(UNKNOWN)
    assert "mcp_call · find" in stored_text({"type": "mcp_call", "name": "find"})
    assert "unknown item" in stored_text({})


def test_one_line_items_stand_together() -> None:
    rows = stored_text(UNKNOWN, CALL)
    assert rows.index('○ get_weather city: "Tokyo", days: 2 | not run') == rows.index("code_interpreter_call") + 1


def test_searches_give_way_to_the_sources() -> None:
    assert "Searched: tokyo fares" in stored_text({**SEARCH, "action": {"type": "search", "query": "tokyo fares"}})
    rows = stored_text(SEARCH, CITED)
    assert "Sources  1\u00a0metro.example   2\u00a0jr.example" in rows
    assert not any("Search" in row for row in rows)
    assert "Sources  1\u00a0jr.example" in stored_text(SEARCH, message("Uncited."))


def test_sources_of_one_host_are_told_apart() -> None:
    words = "a b c"
    pages = {"a": "x", "b": "y/z", "c": ""}
    marks = [cited(words, word, f"https://w.example/{page}") for word, page in pages.items()]
    rows = stored_text(message(words, *marks))
    assert "Sources  1\u00a0w.example/x   2\u00a0w.example/…/z   3\u00a0w.example" in rows


def test_models_are_called_by_their_display_names() -> None:
    doc = document()
    doc.around.name_of = str.upper
    doc.load([a_turn(model="one"), a_turn(model="two")])
    rows = text(doc)
    assert any(row.startswith("ONE |") for row in rows)
    assert any("now TWO" in row for row in rows)


def test_only_web_addresses_become_sources() -> None:
    bad = {"type": "url_citation", "start_index": 0, "end_index": 1, "url": "javascript:alert(1)", "title": "x"}
    assert not any("Sources" in row for row in stored_text(message("Hi.", bad)))


def test_attachments_are_chips_and_never_content() -> None:
    picture = {"type": "input_image", "image_url": "data:image/png;base64," + "A" * 160_000}
    paper = {"type": "input_file", "filename": "ticket prices.pdf", "file_data": {"$poe_file": "x", "size": 90_000}}
    doc = document()
    doc.load([replace(a_turn(), input=user("Look", picture, paper))])
    rows = " ".join(text(doc)).replace("\u00a0", " ")
    assert "▌  image 120 kB   ticket prices.pdf 90 kB" in rows
    assert "AAAA" not in rows


def test_a_long_prompt_is_folded_and_raw_shows_all() -> None:
    doc = document()
    doc.load([a_turn("line of words\n" * 5000)])
    rows = text(doc)
    assert len(rows) < 60
    assert any("4 960 more lines · 70 kB · x shows all" in row for row in rows)
    doc.view(0).raw = True
    doc.changed.add(0)
    assert len(text(doc)) > 5000


def test_a_change_of_model_is_a_thin_divider() -> None:
    doc = document(60)
    first = a_turn()
    doc.load([first, a_turn("And?", model="Other", parent_id=first.id), a_turn("Again", model="Other")])
    dividers = [row for row in text(doc) if "now" in row]
    assert dividers == ["─── now Other " + "─" * 40]
    assert len(dividers[0]) == 54


def test_siblings_from_two_on() -> None:
    doc = document()
    doc.load([a_turn(sibling_index=2, sibling_count=3, timing={})])
    assert "Demo-One | ‹2/3›   ? tok · ?" in text(doc)


def test_raw_shows_the_source() -> None:
    doc = document()
    doc.load([a_turn("Ask", [message("**bold**\n\n- x")])])
    doc.view(0).raw = True
    assert text(doc)[-3:] == ["**bold**", "", "- x"]


def test_the_plain_set_has_no_other_characters() -> None:
    usage = {"output_tokens": 5}
    turns = [
        a_turn("Ask", [REASONING, CALL, CITED], sibling_count=2, usage=usage),
        a_turn("Ask", [message("Half")], model="Other", status="stopped"),
        a_turn("Ask", model="Other", status="failed", error={"type": "not_found_error", "http_status": 404}),
    ]
    doc = document(50, glyphs="plain")
    doc.load(turns)
    painter = Painter(POE_DARK, doc.around.frame)
    shown = {character for row in drawn(doc) for character in painter.strip(row, 0).text}
    assert not {character for character in shown if not character.isascii()} - set("中文é\u00a0·")


def test_base64_within_the_words_is_cut_short() -> None:
    output = [message(f"Here:\n\n![cat](data:image/png;base64,{'iVBOR' * 40_000})\n\nDone.")]
    live, stored = both_ways(output, chunk=1_000, frames=3)
    assert live == stored
    assert len(stored) < 20
    assert any(row.line.text == "Done." for row in stored)
    assert any(row.line.text.startswith("Image · ") and "w saves" in row.line.text for row in stored)
