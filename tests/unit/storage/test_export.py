"""Exports: Markdown that reads well and obeys nobody, JSON that comes back the same."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.model import Thread, Turn
from poe_tui.storage.export import from_json, to_json, to_markdown
from poe_tui.storage.store import Store
from tests.unit.storage.help import add_turn, answered, asked, done

THREAD = Thread("t1", title='Trip to "Tokyo"', created_at=1_700_000_000.0, updated_at=1_700_000_060.0)
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff\U000e0000-\U000e007f]")


def turn(prompt: str = "Where?", *items: dict[str, Any], **fields: Any) -> Turn:
    fields = {"status": "completed", "model": "GPT-5.2"} | fields
    return Turn("a", "t1", input=[asked(prompt)], output=list(items), **fields)


def cite(url: str, title: str | None, end: object) -> dict[str, Any]:
    return {"type": "url_citation", "url": url, "title": title, "start_index": 0, "end_index": end}


def test_a_conversation() -> None:
    text = to_markdown(THREAD, [turn("Where?", answered("To **Tsukiji**."))])
    assert text == (
        '---\ntitle: "Trip to \\"Tokyo\\""\nid: "t1"\ncreated: "2023-11-14T22:13:20+00:00"\n'
        'updated: "2023-11-14T22:14:20+00:00"\nmodels: ["GPT-5.2"]\nturns: 1\n---\n\n'
        '# Trip to "Tokyo"\n\n## You\n\nWhere?\n\n## GPT-5.2\n\nTo **Tsukiji**.\n'
    )


def test_an_empty_thread() -> None:
    assert to_markdown(Thread("t"), []).endswith("turns: 0\n---\n")


def test_sources_become_footnotes() -> None:
    notes = [
        cite("https://a.example/x", "A [tricky] title", 6),
        cite("https://b.example/", None, 13),
        cite("https://a.example/x", "again", 13),
        cite("javascript:alert(1)", "evil `code`", 10_000),
        cite("", "no address", 3),
        {"type": "file_citation", "url": "https://c.example/"},
        cite("https://d.example/(x)>", "t", "six"),
    ]
    text = to_markdown(THREAD, [turn("?", answered("First. Second.", annotations=notes))])
    assert "First.[^source-1] Second[^source-2][^source-1].[^source-3][^source-4]" in text
    assert "[^source-1]: [A \\[tricky\\] title](<https://a.example/x>)" in text
    assert "[^source-2]: [https://b.example/](<https://b.example/>)" in text
    assert "[^source-3]: `javascript:alert(1)`" in text
    assert "no address" not in text and "c.example" not in text


def test_a_citation_in_the_shape_of_chat_completions() -> None:
    inner = {"url": "https://a.example/", "title": "A", "start_index": 0, "end_index": 6}
    text = to_markdown(THREAD, [turn("?", answered("First.", annotations=[{"type": "url_citation",
                                                                            "url_citation": inner}]))])  # fmt: skip
    assert "First.[^source-1]" in text
    assert "[^source-1]: [A](<https://a.example/>)" in text


SEARCHES = [
    {"type": "web_search_call", "action": {"type": "search", "query": "fish", "sources": [
        {"type": "url", "url": "https://a.example/"}, {"type": "url", "url": "https://b.example/"},
        {"type": "url", "url": "https://a.example/"}, {"type": "url"}, None]}},
    {"type": "web_search_call", "action": {"type": "search", "queries": ["fish", "market"]}},
    {"type": "web_search_call", "action": {"type": "open_page", "url": "https://b.example/`x`"}},
    {"type": "web_search_call", "action": {"type": "find_in_page", "url": "https://b.example/", "pattern": "tuna"}},
    {"type": "web_search_call", "action": {"type": "find_in_page"}},
    {"type": "web_search_call", "action": {"type": "open_page"}},
]  # fmt: skip


def test_every_action_of_a_search_and_what_it_found() -> None:
    text = to_markdown(THREAD, [turn("?", *SEARCHES, answered("Nothing cited."))])
    assert "*Searched the web* `fish`[^source-1][^source-2]\n\n*Searched the web* `fish`, `market`\n" in text
    assert "*Opened* `` https://b.example/`x` ``" in text
    assert "*Looked for* `tuna` *in* `https://b.example/`\n\n*Looked for*\n\n*Opened*\n" in text
    assert "[^source-2]: [https://b.example/](<https://b.example/>)" in text


def test_where_the_text_cites_its_citations_are_the_sources() -> None:
    text = to_markdown(
        THREAD, [turn("?", *SEARCHES, answered("Cited.", annotations=[cite("https://c.example/", "C", 6)]))]
    )
    assert "*Searched the web* `fish`\n" in text
    assert "Cited.[^source-1]" in text
    assert "[^source-1]: [C](<https://c.example/>)" in text
    assert "[^source-2]" not in text


def test_reasoning_in_every_shape() -> None:
    items = [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "one"}, {"text": "two"}]},
        {"type": "reasoning", "summary": [], "content": [{"type": "output_text", "text": "three"}]},
        {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "four"}, {"type": "summary_text"}]},
        {"type": "reasoning", "summary": "five", "content": "six"},
        {"type": "reasoning", "encrypted_content": "gAAA", "summary": []},
    ]
    text = to_markdown(THREAD, [turn("?", *items, answered("Answer."))])
    for expected in ("> one\n>\n> two\n", "> three\n", "> four\n", "> five\n>\n> six\n", "\nAnswer.\n"):
        assert expected in text
    assert text.count("*Reasoning*") == 4
    assert "gAAA" not in text


def test_notes_alone_are_no_end() -> None:
    assert "completed" not in to_markdown(THREAD, [turn("?", answered("Yes."), error={"notes": ["Sent again."]})])


def test_fences_are_longer_than_those_inside() -> None:
    call = {"type": "function_call", "name": "run`it`", "arguments": '{"code": "````py````"}'}
    result = {"type": "function_call_output", "output": "~~~\n```\ntext\n```"}
    path = [turn("?", call), Turn("b", "t1", input=[result], status="completed")]
    text = to_markdown(THREAD, path)
    assert '`````json\n{"code": "````py````"}\n`````' in text
    assert "````\n~~~\n```\ntext\n```\n````" in text
    assert "*Tool call* `` run`it` ``" in text


@pytest.mark.parametrize(
    ("broken", "closed"),
    [
        ("```python\nprint(1)", "```python\nprint(1)\n```"),
        ("~~~~\nx\n~~~", "~~~~\nx\n~~~\n~~~~"),
        ("```\nx\n```", "```\nx\n```"),
        ("````\n```\nx", "````\n```\nx\n````"),
        ("  ```\nx\n  ```   \nafter", "  ```\nx\n  ```   \nafter"),
        ("    ```\nindented code", "    ```\nindented code"),
        ("``` a`b\nno fence", "``` a`b\nno fence"),
        ("```\n    ```", "```\n    ```\n```"),
        ("```\n``` x", "```\n``` x\n```"),
    ],
)
def test_a_block_left_open_is_closed(broken: str, closed: str) -> None:
    path = [turn("?", answered(broken), status="interrupted"), turn("next")]
    text = to_markdown(THREAD, path)
    assert f"## GPT-5.2\n\n{closed}\n\n> *interrupted*\n\n## You\n\nnext\n" in text


def test_every_kind_of_item() -> None:
    items = [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "step\none"}, {"text": ""}]},
        {"type": "reasoning", "summary": None},
        {"type": "web_search_call", "action": {"query": "fish"}},
        {"type": "web_search_call"},
        {"type": "image_generation_call", "result": "xxx"},
        {"type": "message", "content": [{"type": "refusal", "refusal": "I can't."}, {"type": "refusal"}, 7]},
        {"type": "message", "content": "plain"},
        {"type": "function_call", "arguments": None},
        {},
    ]
    asking = asked("look")
    asking["content"] += [
        {"type": "input_image", "image_url": "data:…"},
        {"type": "input_file", "filename": "a`b\x1b.pdf"},
        {"type": "input_text", "text": "  "},
    ]
    path = [
        Turn("a", "t1", input=[asking, {"type": "function_call_output", "output": {"ok": True}}], output=items),
        Turn(
            "b", "t1", input=[{"role": "user", "content": "short form"}], status="failed", error={"message": "No\nway"}
        ),
        Turn("c", "t1", status="stopped"),
    ]
    text = to_markdown(THREAD, path)
    for expected in (
        "> *Reasoning*\n>\n> step\n> one",
        "*Searched the web* `fish`",
        "\n*Searched the web*\n",
        "*image generation call*",
        "> *Refused* I can't.",
        "\nplain\n",
        "*image*",
        "*file* ``a`b␛.pdf``",
        '```\n{\n  "ok": true\n}\n```',
        "short form",
        "> *failed*: No\n> way",
        "## Answer\n\n> *stopped*",
        "*Tool call*",
    ):
        assert expected in text, expected


HOSTILE = "a\x1b]0;evil\x07b\x9bc\u202ed\r\x00e\ud800\U000e0041"


def test_nothing_in_markdown_is_obeyed_by_a_terminal() -> None:
    thread = Thread(HOSTILE, title=HOSTILE + "\n---\ninjected: true")
    path = [turn(HOSTILE, answered(HOSTILE, annotations=[cite("https://x.example/" + HOSTILE, HOSTILE, 3)]))]
    path[0].model = HOSTILE
    path[0].error = {"message": HOSTILE}
    text = to_markdown(thread, path)
    assert not FORBIDDEN.search(text)
    assert "\ninjected: true" not in text


def test_json_comes_back_the_same() -> None:
    path = [
        turn(HOSTILE, answered("x", annotations=[]), usage={"a": 1}, error={"message": HOSTILE}, completed_at=5.0),
        Turn("b", "t1", parent_id="a", chain="replay", timing={"total": 1.5}, options={"stop": None}),
    ]
    thread = Thread("t1", title="ünï 日本 🦊 " + HOSTILE, options={"k": [1, {"x": None}]}, pinned=True, deleted_at=3.0)
    text = to_json(thread, path)
    assert not FORBIDDEN.search(text)
    assert "ünï 日本 🦊" in text
    assert from_json(text) == (thread, path)


async def test_a_whole_tree_through_json(tmp_path: Path) -> None:
    with Store.open(tmp_path / "poe-tui.db") as store, Store.open(None) as other:
        thread = Thread("t1", title="Tree")
        done(store.add_thread(thread))
        root = add_turn(store, thread, "root")
        for number in range(3):
            add_turn(store, thread, f"child {number}", parent_id=root.id)
        kept = await store.thread("t1")
        assert kept is not None
        turns = await store.tree("t1")
        read_thread, read_turns = from_json(to_json(kept, turns))
        done(other.add_thread(read_thread))
        for read_turn in read_turns:
            done(other.end_turn(read_turn))
        done(other.update_thread("t1", tip_id=read_thread.tip_id, updated_at=kept.updated_at))
        assert await other.thread("t1") == kept
        for copy, original in zip(await other.tree("t1"), turns, strict=True):
            assert (copy.id, copy.parent_id, copy.input, copy.output) == (
                original.id,
                original.parent_id,
                original.input,
                original.output,
            )
            assert (copy.sibling_index, copy.sibling_count) == (original.sibling_index, original.sibling_count)


def _document(**changes: Any) -> str:
    document = json.loads(to_json(THREAD, [turn()]))
    for key, value in changes.items():
        document[key] = value
    return json.dumps(document)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not an exported thread"),
        ('{"format": "chatgpt"}', "not an exported thread"),
        (_document(turns={}), '"turns" is not a list'),
        (_document(turns=[1]), "turn 1 is not an object"),
        (_document(thread=None), "thread is not an object"),
        (_document(thread={"title": "no id"}), "an id is missing"),
        (_document(thread={"id": 5}), '"id" is not of the right kind'),
        (_document(thread={"id": "a", "created_at": 1e300}), '"created_at" is not of the right kind'),
        (_document(thread={"id": "a", "pinned": 1}), '"pinned" is not of the right kind'),
        (_document(turns=[{"id": "a", "thread_id": "t", "output": ["x"]}]), '"output" is not of the right kind'),
    ],
)
def test_what_is_not_an_export_is_named(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        from_json(text)


def test_keys_of_a_later_version_are_left_out() -> None:
    thread, turns = from_json(_document(thread={"id": "t", "mood": "good"}, later=1))
    assert thread == Thread("t") and len(turns) == 1


_ITEMS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["message", "reasoning", "function_call", "web_search_call", "odd"]) | st.none(),
            "content": st.text(max_size=20)
            | st.lists(st.dictionaries(st.sampled_from(["type", "text", "annotations"]), st.text() | st.none())),
            "summary": st.lists(st.dictionaries(st.just("text"), st.text())),
            "arguments": st.text(max_size=20) | st.none(),
            "action": st.none()
            | st.dictionaries(
                st.sampled_from(["query", "queries", "type", "url", "pattern", "sources"]),
                st.sampled_from(["open_page", "find_in_page", "x\x1b"]) | st.none() | st.lists(st.text(), max_size=2),
            ),
        },
    ),
    max_size=4,
)


@settings(max_examples=150, deadline=None)
@given(given_items=_ITEMS, output=_ITEMS, title=st.text(max_size=20))
def test_any_items_export(given_items: list[dict[str, Any]], output: list[dict[str, Any]], title: str) -> None:
    thread, path = Thread("t", title=title), [Turn("a", "t", input=given_items, output=output, status="completed")]
    assert not FORBIDDEN.search(to_markdown(thread, path))
    text = to_json(thread, path)
    assert not FORBIDDEN.search(text)
    assert from_json(text) == (thread, path)
