"""Is a server's ``previous_response_id`` to be trusted? A forgetful one is noticed, an honest one never accused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.engine.chain import forgotten, input_count, refusal
from poe_tui.engine.items import user_message
from poe_tui.model import Item, Turn
from tests.engine.makers import answer, turn


def usage(sent: int, made: int = 0, reasoning: int = 0, **details: Any) -> dict[str, Any]:
    """Return a usage as a server gives it."""
    return {
        "input_tokens": sent,
        "output_tokens": made,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "input_tokens_details": {"cached_tokens": 0, **details},
    }


def talk(prompts: list[str], answers: list[str], *, forgets: bool, overhead: int = 8, chars: float = 4.0) -> list[Turn]:
    """Return the turns of a chained thread as a server counts it: all of it, or only what is new."""
    turns: list[Turn] = []
    seen = 0
    for prompt, text in zip(prompts, answers, strict=True):
        counted = len(prompt) + (0 if forgets else seen)
        seen += len(prompt) + len(text)
        turns.append(
            turn(prompt, text, usage=usage(overhead + int(counted / chars), max(1, int(len(text) / chars))),
                 chain="previous_response_id" if turns else "none")
        )  # fmt: skip
    return turns


words = st.text(alphabet=st.sampled_from("abcdefghijklmnopqrstuvwxyz   .,\n"), min_size=1, max_size=400)


@given(st.lists(st.tuples(words, words), min_size=2, max_size=5), st.integers(0, 20), st.floats(2.5, 5.5))
@settings(max_examples=200, deadline=None)
def test_an_honest_server_is_never_accused(exchanges: list[tuple[str, str]], overhead: int, chars: float) -> None:
    prompts, answers = map(list, zip(*exchanges, strict=True))
    # A real tokenizer adds a few tokens for every message; without them a rounding could cost one.
    path = talk(prompts, answers, forgets=False, overhead=overhead, chars=chars)
    for number, later in enumerate(path[1:], 1):
        assert later.usage is not None
        later.usage["input_tokens"] += 4 * number
        assert forgotten(path[:number], later) is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("hi", "hello"),
        ("hi", "What did I say a moment ago?"),
        ("My name is Ada.", "What is my name?"),
        ("Remember the word banana.", "Which word was it that I asked you to remember?"),
        ("Hello", "Hello"),
    ],
)
def test_a_server_that_forgets_is_noticed_in_a_tiny_thread(first: str, second: str) -> None:
    answers = [f"turn 1 | you said: {first} | I remember: ", f"turn 1 | you said: {second} | I remember: "]
    path = talk([first, second], answers, forgets=True)
    assert forgotten(path[:1], path[1]) is not None
    honest = talk([first, second], answers, forgets=False)
    assert forgotten(honest[:1], honest[1]) is None


def test_a_server_that_forgets_a_long_thread_is_noticed_whatever_its_overhead() -> None:
    path = talk(["Tell me a story.", "Go on."], ["Once upon a time. " * 400, "The end."], forgets=True, overhead=300)
    found = forgotten(path[:1], path[1])
    assert found is not None
    assert found[1] < found[0]


def test_nothing_is_concluded_without_a_count() -> None:
    path = talk(["One?", "Two?"], ["x" * 4000, "y"], forgets=True)
    for missing in (None, {}, {"input_tokens": None}, {"input_tokens": 0}, {"input_tokens": "9"}):
        path[1].usage = missing
        assert forgotten(path[:1], path[1]) is None
    assert forgotten([], turn(usage=usage(1))) is None


def test_a_server_that_leaves_out_cached_tokens_is_not_accused() -> None:
    parent = turn("x" * 4000, "y" * 4000, usage=usage(1008, 1000))
    assert forgotten([parent], turn("Next?", usage=usage(8, cached_tokens=2010))) is None
    counted = {**usage(8), "cache_read_input_tokens": 2010}
    assert forgotten([parent], turn("Next?", usage=counted)) is None
    assert input_count(usage(2018, cached_tokens=2010)) == 2018


@pytest.mark.parametrize(
    ("parent", "later"),
    [
        # What a search or an image brought into the count of the turn before is not carried on.
        ({"output": [{"type": "web_search_call"}, answer("Rain.")]}, {}),
        ({"prompt": [{"role": "user", "content": [{"type": "input_image", "image_url": "data:"}]}]}, {}),
        ({"prompt": [{"role": "user", "content": "text"}]}, {}),
        ({"options": {"instructions": "Be brief."}}, {}),
        ({"options": {"tools": [{"type": "web_search"}]}}, {"options": {"tools": [{"type": "web_search"}]}}),
        # A bot that adds a prompt of its own, or searches without telling.
        ({"usage": usage(9000, 5)}, {}),
        ({"usage": None}, {}),
    ],
)
def test_counts_that_cannot_be_compared_accuse_nobody(parent: dict[str, Any], later: dict[str, Any]) -> None:
    before = turn(**{"usage": usage(900, 5), **parent})
    after = turn("And now?", usage=usage(60, 5), **later)
    assert forgotten([before], after) is None


def test_thoughts_in_the_text_of_an_answer_are_not_expected_back() -> None:
    thinking = turn("Hi", f"<think>{'long thoughts ' * 100}</think>Hello.", usage=usage(9, 350))
    assert forgotten([thinking], turn("And?", usage=usage(20, 5))) is None


def test_rulers_and_tables_weigh_little() -> None:
    drawn: list[Item] = [user_message("-" * 8000)]
    before = turn("Hi", "Hello there.", usage=usage(9, 3))
    assert forgotten([before], turn(drawn, usage=usage(140, 5))) is None


@pytest.mark.parametrize(
    ("error", "certain"),
    [
        ({"http_status": 400, "code": "previous_response_not_found", "message": "nope"}, True),
        ({"http_status": 400, "message": "Previous response cannot be used for this organization due to Zero Data "
          "Retention."}, True),
        ({"http_status": 404, "message": "Response with id 'resp_1' not found."}, True),
        ({"http_status": None, "message": "previous_response_id is not supported"}, True),
        ({"http_status": 500, "message": "Provider error"}, False),
        ({"http_status": 500, "message": "previous response: bad"}, True),
    ],
)  # fmt: skip
def test_a_refused_chain(error: dict[str, Any], certain: bool) -> None:
    found = refusal(error, "resp_1")
    assert found is not None
    assert found.certain is certain
    assert found.message == error["message"]


@pytest.mark.parametrize(
    "error",
    [
        {"http_status": 400, "message": "Unsupported parameter: top_p"},
        {"http_status": 404, "message": "Model `x` not found."},
        {"http_status": 401, "message": "previous response"},
        {"http_status": 503, "message": "overloaded"},
        {"http_status": None, "message": "The server had an error."},
        {},
    ],
)
def test_another_error_is_not_about_the_chain(error: dict[str, Any]) -> None:
    assert refusal(error, "resp_1") is None
