"""Every state and error in its words: what happened, what was kept, what to press."""

from __future__ import annotations

from typing import Any

import pytest

from poe_tui.api import errors
from poe_tui.numbers import grouped
from poe_tui.transcript.words import KeyNames, empty_thread, retrying, server_name, state_words, trouble
from tests.unit.transcript_kit import a_turn

KEYS = KeyNames()


def said(status: str, error: dict[str, Any] | None = None, received: int = 0, **fields: Any) -> list[str]:
    turn = a_turn(status=status, error=error, **{"model": "GPT-9", **fields})
    return ["".join(text for text, _ in paragraph).strip() for paragraph in trouble(turn, received, KEYS)]


def first_role(status: str, error: dict[str, Any] | None = None, received: int = 0) -> str:
    return trouble(a_turn(status=status, error=error), received, KEYS)[0][0][1]


# --- the sentences of the look and the interface, to the letter ------------------------------------------------------
def test_stopped() -> None:
    assert said("stopped", received=118) == ["Stopped after 118 tokens. They are kept. r retries, c continues."]
    assert said("stopped") == ["Stopped before the answer began. Your prompt is kept. r retries."]
    assert first_role("stopped", received=2) == "warning"


def test_connection_lost() -> None:
    lost = {"type": "connection_lost", "message": "x"}
    sentence = "Connection lost after 412 tokens. They are kept. r retries, c continues."
    assert said("interrupted", lost, 412) == [sentence]
    assert said("interrupted", None, 412) == said("interrupted", lost, 412)
    assert said("interrupted", lost) == ["Connection lost before the answer began. Your prompt is kept. r retries."]
    assert first_role("interrupted", lost, 3) == "error"


def test_retrying() -> None:
    (first, second) = retrying("rate limited by Poe", 3.6, 2, 3, KEYS)
    assert "".join(text for text, _ in first) == "Rate limited by Poe. Trying again in 4 s (2 of 3). Esc stops."
    assert dict(reversed(first))["4 s"] == "strong"
    assert first[0] == ("Rate limited by Poe. ", "warning")
    assert second == (("Your prompt is kept.", "dim"),)
    assert retrying("", 0, 2, 3, KEYS)[0][:3] == (
        ("The request failed. ", "warning"), ("Trying again in ", "text"), ("0 s", "strong"),
    )  # fmt: skip


# --- what the engine found out ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("no_points", "No points are left for this request."),
        ("quota", "The quota at Poe is used up."),
        ("prompt_too_long", "The conversation is too long for GPT-9."),
        ("no_tools", "GPT-9 cannot call tools."),
        ("unsupported_field", "GPT-9 does not take one of the settings."),
        ("moderation", "Poe does not allow this request."),
        ("chain_refused", "Poe does not go on from its earlier answer."),
        ("provider_failed", "Poe did not take this request."),
        ("odd", "Poe did not take this request."),
    ],
)
def test_the_reason_goes_before_the_status(reason: str, sentence: str) -> None:
    error = {"http_status": 400, "message": "litellm.BadRequestError: x", "reason": reason}
    assert said("failed", error, server="https://api.poe.com/v1")[0] == sentence


def test_no_points_with_the_balance_and_the_link() -> None:
    error = {"http_status": 402, "reason": "no_points", "balance": 12480, "link": "https://poe.com/api/keys"}
    assert said("failed", error)[1] == f"Points left: {grouped(12480)}. More at https://poe.com/api/keys."
    assert said("failed", {**error, "balance": None})[1] == "More at https://poe.com/api/keys."


def test_by_how_much_a_prompt_is_too_long() -> None:
    error = {"http_status": 400, "reason": "prompt_too_long", "tokens": 1001081, "limit": 1000000}
    assert f"{grouped(1001081)} tokens; {grouped(1000000)} is the most." in said("failed", error)


def test_a_field_out_of_bounds_says_the_bound() -> None:
    words = "temperature: must be 0 to 2. Nothing was sent."
    found = said("failed", {"type": "invalid_field", "reason": "invalid_field", "message": words})
    assert found[0] == words


# --- other ways to break off ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("error", "state", "sentence"),
    [
        ({"type": "idle_timeout"}, "timed out", "The server fell silent after 7 tokens."),
        ({"type": "line_too_long"}, "interrupted", "The server sent a line too long to be an answer, after 7 tokens."),
        ({"type": "interrupted", "reason": "process_ended"}, "interrupted", "poe-tui ended after 7 tokens."),
        ({"type": "internal_error"}, "interrupted", "poe-tui failed after 7 tokens."),
    ],
)
def test_broken_off(error: dict[str, Any], state: str, sentence: str) -> None:
    assert said("interrupted", error, 7)[0].startswith(sentence)
    assert state_words(a_turn(status="interrupted", error=error)) == (state, "error")
    assert "before the answer began" in said("interrupted", error)[0]


@pytest.mark.parametrize(
    ("reason", "received", "sentence"),
    [
        ("max_output_tokens", 9,
         "The answer reached max_output_tokens. What came is kept. r retries, c continues."),
        ("max_output_tokens", 0, "The reasoning used up max_output_tokens before an answer began. r retries. "
         "^T lowers the effort."),
        ("content_filter", 9,
         "The provider's content filter ended the answer. What came is kept. r retries, c continues."),
        ("", 9, "The server ended the answer early. What came is kept. r retries, c continues."),
        ("odd", 0, "The server ended the answer early (odd). Your prompt is kept. r retries."),
    ],
)  # fmt: skip
def test_incomplete(reason: str, received: int, sentence: str) -> None:
    assert said("incomplete", {"reason": reason}, received) == [sentence]
    state = f"incomplete · {reason}" if reason else "incomplete"
    assert state_words(a_turn(status="incomplete", error={"reason": reason})) == (state, "warning")


def test_states_of_turns_that_ended_well_or_run() -> None:
    assert state_words(a_turn()) is None
    assert state_words(a_turn(status="in_progress")) is None
    assert state_words(a_turn(status="stopped")) == ("stopped", "warning")
    assert state_words(a_turn(status="failed")) == ("failed", "error")
    assert said("completed") == []


# --- failures ---------------------------------------------------------------------------------------------------------
FAILURES = [
    (401, "authentication_error", "Invalid API key", "Poe refused the key."),
    (402, "insufficient_quota", "You've used up your points!", "No points are left for this request."),
    (403, "moderation_error", "Not allowed", "Poe refuses this request."),
    (404, "not_found_error", "Model `GPT-9` not found.", "Poe knows no model named GPT-9."),
    (408, "timeout_error", "Timed out", "Poe gave up waiting for the model."),
    (413, "request_too_large", "Too big", "The conversation is too long for GPT-9."),
    (400, "invalid_request_error", "prompt is too long: 9 tokens > 8 maximum",
     "The conversation is too long for GPT-9."),
    (400, "invalid_request_error", "Model does not support responses method.",
     "GPT-9 does not take this kind of request."),
    (400, "invalid_request_error", "Unsupported value: 'high'", "GPT-9 does not take one of the settings."),
    (400, "invalid_request_error", "Model X does not support tool calling.", "GPT-9 cannot call tools."),
    (400, "invalid_request_error", "Missing field", "Poe did not take this request."),
    (422, None, "Bad", "Poe answered with an error."),
    (429, "rate_limit_error", "Slow down", "Rate limited by Poe."),
    (429, "insufficient_quota", "Quota", "No points are left for this request."),
    (500, "provider_error", "Upstream", "Poe could not answer."),
    (503, None, "Busy", "Poe is overloaded."),
    (529, "overloaded_error", "Busy", "Poe is overloaded."),
    (None, None, "The model broke", "The model failed."),
]  # fmt: skip


@pytest.mark.parametrize(("status", "kind", "message", "sentence"), FAILURES)
def test_what_failed_in_our_words_then_the_servers(
    status: int | None, kind: str | None, message: str, sentence: str
) -> None:
    error = {"http_status": status, "type": kind, "message": message, "request_id": "req_1", "code": None}
    lines = said("failed", error)
    assert lines[0] == sentence
    assert message in lines[1]
    assert "Your prompt is kept." in " ".join(lines)
    assert lines[-1].endswith("req_1")
    assert (f"HTTP {status}" in lines[-1]) == (status is not None)
    assert any(key in " ".join(lines) for key in ("r retries", "^O picks another model"))
    assert said("failed", error, received=3)[-2].startswith("What came is kept.")


def test_every_failure_of_the_client_has_a_sentence_and_a_key() -> None:
    for failure in (
        errors.KeyUnusable("There is no key."),
        errors.ServerRefused("Plain http to another machine is refused."),
        errors.ConnectionFailed("Could not reach api.poe.com: no such host.", host="api.poe.com"),
        errors.ConnectTimeout("api.poe.com did not answer within 15 s.", host="api.poe.com"),
        errors.NotAnAPIAnswer("This is a web page."),
    ):
        lines = said("failed", {key: value for key, value in failure.as_dict().items() if value is not None})
        assert lines[0] == failure.message, "the client's own words are the sentence, not repeated below"
        assert len(lines) == 2
        assert "Your prompt is kept." in lines[1]
        assert lines[1].endswith(".")
    assert said("failed", {"type": "storage_error"})[0] == "The thread could not be read."


def test_near_names_are_offered_and_cleaned() -> None:
    error = {"http_status": 404, "type": "not_found_error", "message": "no", "near": ["A\x1b", "B", "C", "D"]}
    assert "Names like it: A␛, B, C." in said("failed", error)


def test_messages_of_any_kind_are_bearable() -> None:
    for message in (None, 7, {"a": 1}, "", "\n\t ", "<html>" + "x" * 9000, "a\nb\x07"):
        lines = said("failed", {"http_status": 502, "message": message})
        assert lines[0] == "Poe could not answer."
        assert max(map(len, lines)) <= 700
        assert all(line.isprintable() for line in lines)


def test_own_key_bindings_are_named() -> None:
    keys = KeyNames({"turn.retry": "F5"})
    text = "".join(clause for clause, _ in trouble(a_turn(status="stopped"), 0, keys)[0])
    assert text.endswith("F5 retries. ")
    assert keys["app.theme"] == "/theme", "an action without a key is named by its slash command"
    assert keys == KeyNames({"turn.retry": "F5"})
    assert hash(keys) == hash(KeyNames({"turn.retry": "F5"}))
    assert keys != KEYS


def test_the_empty_thread_invites() -> None:
    lines = ["".join(text for text, _ in paragraph).strip() for paragraph in empty_thread(KEYS)]
    assert lines[0] == "Ask anything."
    assert all(line.endswith(".") for line in lines)


@pytest.mark.parametrize(
    ("server", "name"),
    [("https://api.poe.com/v1", "Poe"), ("", "Poe"), ("http://127.0.0.1:8080/v1", "the server"),
     ("https://notpoe.com/v1", "notpoe.com")],
)  # fmt: skip
def test_the_server_by_name(server: str, name: str) -> None:
    assert server_name(server) == name


def test_a_sentence_begins_with_a_capital() -> None:
    error = {"http_status": 503, "message": ""}
    assert said("failed", error, server="http://127.0.0.1:1/v1")[0] == "The server is overloaded."


def test_no_sentence_shouts() -> None:
    for status, kind, message, _ in FAILURES:
        lines = said("failed", {"http_status": status, "type": kind, "message": message})
        ours = [line for line in lines if line != message]
        assert not any("!" in line for line in ours)
