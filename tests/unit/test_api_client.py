"""The client against a real server: what an answer may look like, and what is no answer."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest

from poe_tui.api import errors
from poe_tui.api.answer import sniff
from poe_tui.api.client import PoeClient
from tests.fault_server import FaultServer, Peer, answer, event, frame, poe_error, reply, sse, then
from tests.unit.api_help import CANARY, Key, ask, client, hooks, run

WHOLE = answer("Hello brave world")
BODY = WHOLE[-1]["response"]


class TestAnswers:
    async def test_a_stream(self) -> None:
        async with FaultServer(sse(*WHOLE, b"data: [DONE]\n\n")) as server:
            turn = await ask(server.url)
        assert turn.error is None
        assert (turn.builder.status, turn.builder.output_text) == ("completed", "Hello brave world")
        assert [one.type for one in turn.events] == [one["type"] for one in WHOLE]
        [request] = server.requests
        assert (request.method, request.target) == ("POST", "/v1/responses")
        assert request.json == {"model": "m", "input": "hi", "stream": True}
        assert request.headers["authorization"] == f"Bearer {CANARY}"
        assert request.headers["content-type"] == "application/json"
        assert request.headers["accept-encoding"] == "identity"
        assert request.headers["user-agent"].startswith("poe-tui/")
        assert "transfer-encoding" not in request.headers

    async def test_a_whole_response_as_json(self) -> None:
        async with FaultServer(reply(200, BODY)) as server:
            turn = await ask(server.url)
        assert [one.type for one in turn.events] == ["response.completed"]
        assert turn.builder.output_text == "Hello brave world"

    @pytest.mark.parametrize(
        ("status", "expected"),
        [("failed", "failed"), ("incomplete", "incomplete"), (None, "completed"), ("in_progress", "interrupted")],
    )
    async def test_a_json_response_of_any_status(self, status: str | None, expected: str) -> None:
        async with FaultServer(reply(200, {**BODY, "status": status, "object": "chat.completion"})) as server:
            turn = await ask(server.url)
        assert (turn.error, turn.builder.status) == (None, expected)

    @pytest.mark.parametrize(
        "content_type", ["text/event-stream; charset=ISO-8859-1", "application/json", "text/plain", ""]
    )
    async def test_a_stream_is_known_by_its_first_bytes(self, content_type: str) -> None:
        async with FaultServer(sse(b": hello\n\n", *WHOLE, content_type=content_type)) as server:
            turn = await ask(server.url)
        assert (turn.error, turn.builder.output_text) == (None, "Hello brave world")

    @pytest.mark.parametrize("content_type", ["text/event-stream", "text/plain", "application/octet-stream"])
    async def test_json_is_known_by_its_first_byte(self, content_type: str) -> None:
        async with FaultServer(reply(200, b"\xef\xbb\xbf \n" + json.dumps(BODY).encode(), content_type)) as server:
            turn = await ask(server.url)
        assert (turn.error, turn.builder.output_text) == (None, "Hello brave world")

    @pytest.mark.parametrize(("name", "encode"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
    async def test_encoded_answers(self, name: str, encode: Any) -> None:
        stream = b"".join(frame(one) for one in WHOLE)
        steps = [
            reply(200, encode(stream), "text/event-stream", content_encoding=name),
            reply(200, encode(json.dumps(BODY).encode()), content_encoding=name),
        ]
        async with FaultServer(*steps) as server, client(server.url) as made:
            assert (await run(made)).builder.output_text == "Hello brave world"
            assert (await run(made)).builder.output_text == "Hello brave world"

    async def test_bytes_one_by_one(self) -> None:
        stream = b"\xef\xbb\xbf" + b"".join(frame(one) for one in answer("Grüße 😀"))
        pieces = [stream[at : at + 1] for at in range(len(stream))]
        async with FaultServer(sse(*pieces)) as server:
            assert (await ask(server.url)).builder.output_text == "Grüße 😀"

    async def test_a_stream_without_length_ends_with_the_connection(self) -> None:
        async def step(peer: Peer) -> None:
            await peer.head(200, content_type="text/event-stream", connection="close")
            await peer.send(b"".join(frame(one) for one in WHOLE).rstrip(b"\n"))

        async with FaultServer(step) as server:
            turn = await ask(server.url)
        assert (turn.error, turn.builder.status) == (None, "completed")

    async def test_an_emoji_cut_in_two_leaves_as_one(self) -> None:
        halves = [b'data: {"type":"response.output_text.delta","delta":"a\\ud83d"}\n\n']
        halves.append(b'data: {"type":"response.output_text.delta","delta":"\\ude00"}\n\n')
        async with FaultServer(sse(*halves)) as server:
            turn = await ask(server.url)
        assert [one.raw()["delta"] for one in turn.events] == ["a", "😀"]

    async def test_broken_events_are_skipped(self) -> None:
        async with FaultServer(sse(b"data: {oops\n\n", b"data: 42\n\n", b"event: weird\n\n", *WHOLE)) as server:
            turn = await ask(server.url)
        assert [one.type for one in turn.events] == [one["type"] for one in WHOLE]

    async def test_half_surrogates_in_the_request_are_sent_as_replacement_characters(self) -> None:
        async with FaultServer(reply(200, BODY)) as server, client(server.url) as made:
            await run(made, input="a\ud83d", temperature=float("nan"))
            assert server.requests[0].json["input"] == "a\ufffd"
            assert server.requests[0].json["temperature"] is None

    async def test_a_large_request_arrives_whole(self) -> None:
        async with FaultServer(reply(200, BODY)) as server, client(server.url) as made:
            await run(made, input="x" * 1_000_000)
            assert len(server.requests[0].json["input"]) == 1_000_000


class TestEnds:
    async def test_the_connection_is_not_waited_for_after_the_terminal_event(self) -> None:
        async with FaultServer(then(WHOLE, stall=True)) as server:
            turn = await ask(server.url, idle_timeout=None)
            await server.requests[0].gone.wait()
        assert turn.builder.status == "completed"

    async def test_a_usage_soon_after_the_terminal_event_is_read_and_text_is_not(self) -> None:
        bare = event("response.completed", response={"id": "r", "status": "completed", "output": []})
        text = event("response.output_text.delta", output_index=0, delta=" more")
        usage = event("response.completed", response={"usage": {"input_tokens": 7}})
        async with FaultServer(then([*WHOLE[:3], bare, text, usage], stall=True)) as server:
            turn = await ask(server.url)
        assert turn.builder.usage == {"input_tokens": 7}
        assert turn.builder.output_text == "Hello"
        assert text not in [one.raw() for one in turn.events]

    async def test_done_is_an_end_but_a_terminal_event_soon_after_counts(self) -> None:
        async with FaultServer(then([*WHOLE[:-1], b"data: [DONE]\n\n", *WHOLE[-1:]], stall=True)) as server:
            turn = await ask(server.url)
        assert turn.builder.status == "completed"

    @pytest.mark.parametrize("last", [b"data: [DONE]\n\n", b""])
    async def test_without_a_terminal_event_it_just_ends(self, last: bytes) -> None:
        async with FaultServer(sse(*WHOLE[:4], last)) as server:
            turn = await ask(server.url)
        assert (turn.error, turn.builder.status, turn.builder.output_text) == (None, "interrupted", "Hello brave")

    async def test_after_done_silence_is_not_waited_out(self) -> None:
        async with FaultServer(then([*WHOLE[:4], b"data: [DONE]\n\n"], stall=True)) as server:
            turn = await ask(server.url, idle_timeout=None)
        assert (turn.error, turn.builder.status) == (None, "interrupted")

    @pytest.mark.parametrize("broken", [{"reset": True}, {"length": 100_000}])
    async def test_after_the_end_a_broken_connection_is_no_error(self, broken: dict[str, Any]) -> None:
        bare = event("response.completed", response={"id": "r", "status": "completed", "output": []})
        async with FaultServer(then([*WHOLE[:3], bare], **broken)) as server:
            turn = await ask(server.url)
        assert (turn.error, turn.builder.status) == (None, "completed")

    @pytest.mark.parametrize(
        "words",
        [event("error", message="m", code="c"), event("error", error={"message": "m"}), {"error": {"message": "m"}}],
    )
    async def test_error_events_end_the_stream_and_keep_the_text(self, words: dict[str, Any]) -> None:
        async with FaultServer(then([*WHOLE[:4], words, *WHOLE[4:5]], stall=True)) as server:
            turn = await ask(server.url)
        assert (turn.error, turn.builder.status, turn.builder.output_text) == (None, "interrupted", "Hello brave")
        assert turn.builder.error is not None
        assert turn.builder.error["message"] == "m"

    async def test_behind_an_error_event_nothing_counts(self) -> None:
        failed = event("response.failed", response={"status": "failed", "error": {"code": "c", "message": "said"}})
        async with FaultServer(sse(event("error", message="m"), failed)) as server:
            turn = await ask(server.url)
        assert (turn.builder.terminal, turn.builder.status) == (None, "interrupted")
        assert turn.builder.error is not None
        assert turn.builder.error["message"] == "m"

    async def test_an_empty_stream_is_interrupted(self) -> None:
        async with FaultServer(sse()) as server:
            turn = await ask(server.url)
        assert (turn.error, turn.events, turn.builder.status) == (None, [], "interrupted")


class TestNoAnswers:
    @pytest.mark.parametrize(
        ("body", "content_type", "words"),
        [
            (b"<!DOCTYPE html><title>Guest Wi-Fi</title>", "text/html", "web page"),
            (b"<html>please log in</html>", "text/event-stream", "please log in"),
            (b"Welcome", "text/html", "web page"),
            (b"", "application/json", "nothing at all"),
            (b"  \n ", "text/plain", "nothing at all"),
            (b"hello", "text/plain", "not the API (text/plain)"),
            (b"dat", "", "not the API (no content type)"),
            (b" " * 70_000, "text/plain", "not the API"),
            (b'{"object":"list","data":[]}', "application/json", "not a response"),
            (b"[]", "application/json", "not a response"),
            (b'{"type":"message"}', "application/json", "not a response"),
        ],
    )
    async def test_something_else_answers(self, body: bytes, content_type: str, words: str) -> None:
        async with FaultServer(reply(200, body, content_type)) as server:
            turn = await ask(server.url)
        assert isinstance(turn.error, errors.NotAnAPIAnswer)
        assert words in turn.error.message
        assert turn.error.http_status == 200
        assert (turn.events, len(server.requests)) == ([], 1)

    async def test_json_that_is_cut_off(self) -> None:
        async with FaultServer(reply(200, json.dumps(BODY)[:-9])) as server:
            turn = await ask(server.url)
        assert isinstance(turn.error, errors.ConnectionLost)

    async def test_an_error_under_status_200(self) -> None:
        async with FaultServer(reply(200, poe_error(401, "authentication_error", "Invalid API key"))) as server:
            turn = await ask(server.url)
        assert isinstance(turn.error, errors.AuthenticationError)
        assert turn.error.message == "Invalid API key"
        assert turn.error.http_status == 200

    async def test_a_single_event_as_json_is_that_event(self) -> None:
        async with FaultServer(reply(200, [WHOLE[-1]])) as server:
            assert (await ask(server.url)).builder.output_text == "Hello brave world"

    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    async def test_redirects_are_not_followed_with_the_key(self, status: int) -> None:
        async with FaultServer(reply(200, BODY)) as other, FaultServer() as server:
            server.steps = [reply(status, location=f"{other.url}/responses")]
            turn = await ask(server.url)
            assert isinstance(turn.error, errors.NotAnAPIAnswer)
            assert turn.error.http_status == status
            assert (len(server.requests), len(other.requests)) == (1, 0)

    async def test_an_unknown_encoding(self) -> None:
        async with FaultServer(reply(200, b"x", content_encoding="br")) as server:
            turn = await ask(server.url)
        assert isinstance(turn.error, errors.NotAnAPIAnswer)

    async def test_an_error_body_is_read_no_further_than_worth_while(self) -> None:
        async def step(peer: Peer) -> None:
            await peer.head(400, content_type="text/plain", transfer_encoding="chunked")
            for _ in range(64):
                await peer.chunk(b"x" * 4096)
            await peer.until_gone()

        async with FaultServer(step) as server:
            turn = await ask(server.url)
        assert isinstance(turn.error, errors.BadRequest)
        assert len(turn.error.message) < 5000

    async def test_an_error_whose_body_breaks_off_is_still_that_error(self) -> None:
        async def step(peer: Peer) -> None:
            await peer.head(404, content_type="application/json", content_length="1000", x_request_id="req_7")
            await peer.send(b'{"error":')

        async with FaultServer(step) as server:
            turn = await ask(server.url)
        assert isinstance(turn.error, errors.NotFound)
        assert turn.error.request_id == "req_7"

    async def test_a_json_answer_beyond_the_limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("poe_tui.api.answer.MAX_BODY", 1000)
        async with FaultServer(sse(b"{", b" " * 600, b" " * 600, content_type="application/json")) as server:
            turn = await ask(server.url)
        assert isinstance(turn.error, errors.LineTooLong)

    async def test_a_line_beyond_the_limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("poe_tui.api.answer.SSEDecoder", lambda: _small())
        async with FaultServer(sse(*WHOLE[:1], b"data: " + b"x" * 5000)) as server:
            turn = await ask(server.url)
        assert isinstance(turn.error, errors.LineTooLong)
        assert turn.builder.response_id == "resp_1"


def _small() -> Any:
    from poe_tui.api.sse import SSEDecoder

    return SSEDecoder(2000)


class TestQueries:
    async def test_models(self) -> None:
        listed = {"object": "list", "data": [{"id": "a"}, None, {"id": "b"}]}
        packed = reply(200, gzip.compress(json.dumps(listed).encode()), content_encoding="gzip")
        async with (
            FaultServer(reply(200, listed), packed, reply(200, [{"id": "c"}])) as server,
            client(server.url) as made,
        ):
            assert [entry["id"] for entry in await made.models()] == ["a", "b"]
            assert [entry["id"] for entry in await made.models()] == ["a", "b"]
            assert [entry["id"] for entry in await made.models()] == ["c"]
            assert (server.requests[0].method, server.requests[0].target) == ("GET", "/v1/models")
            assert server.requests[0].headers["authorization"] == f"Bearer {CANARY}"
            assert "gzip" in server.requests[0].headers["accept-encoding"]

    async def test_without_a_key_no_authorization_is_sent(self) -> None:
        async with FaultServer(reply(200, {"data": []}), reply(200, BODY)) as server:
            made = PoeClient(server.url, None, hooks=hooks())
            assert await made.models() == []
            assert (await run(made)).error is None
            await made.aclose()
            assert all("authorization" not in request.headers for request in server.requests)

    async def test_the_usage_endpoints_stand_beside_v1(self) -> None:
        page = {"has_more": True, "length": 1, "data": [{"query_id": "q"}, None]}
        steps = [reply(200, {"current_point_balance": "5"}), reply(200, page), reply(200, page)]
        async with FaultServer(*steps) as server, client(server.url) as made:
            assert await made.balance() == 5
            history = await made.usage_history(500, "q/1")
            assert history is not None
            assert (history["data"], history["has_more"]) == ([{"query_id": "q"}], True)
            await made.usage_history(0)
            assert [request.target for request in server.requests] == [
                "/usage/current_balance",
                "/usage/points_history?limit=100&starting_after=q%2F1",
                "/usage/points_history?limit=1",
            ]

    @pytest.mark.parametrize(
        "step", [reply(404), reply(405), reply(501), reply(200, "<html>app</html>", "text/html"), reply(200, "x")]
    )
    async def test_a_server_without_them_has_no_balance(self, step: Any) -> None:
        async with FaultServer(step) as server, client(server.url) as made:
            assert await made.balance() is None
            assert await made.usage_history() is None

    async def test_a_balance_checks_the_key(self) -> None:
        async with (
            FaultServer(reply(401, poe_error(401, "authentication_error"))) as server,
            client(server.url) as made,
        ):
            with pytest.raises(errors.AuthenticationError):
                await made.balance()

    async def test_history_that_is_no_page(self) -> None:
        steps = [reply(200, []), reply(200, {"data": 1, "next_cursor": "x"})]
        async with FaultServer(*steps) as server, client(server.url) as made:
            assert await made.usage_history() is None
            assert await made.usage_history() == {"data": [], "has_more": True, "next_cursor": "x"}

    @pytest.mark.parametrize("body", [b"<html>", b"", b'{"data": 1}', b'"x"', b"[" * 5000])
    async def test_a_list_that_is_none_is_an_error(self, body: bytes) -> None:
        async with FaultServer(reply(200, body)) as server, client(server.url) as made:
            with pytest.raises(errors.NotAnAPIAnswer):
                await made.models()

    async def test_a_query_takes_its_time_and_no_more(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from tests.fault_server import hang

        monkeypatch.setattr("poe_tui.api.client.QUERY_SECONDS", 0.05)
        async with FaultServer(hang) as server, client(server.url) as made:
            with pytest.raises(errors.IdleTimeout):
                await made.models()

    async def test_a_list_beyond_the_limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("poe_tui.api.client.QUERY_BYTES", 100)
        async with FaultServer(reply(200, {"data": [{"id": "x" * 200}]})) as server, client(server.url) as made:
            with pytest.raises(errors.LineTooLong):
                await made.models()


@pytest.mark.parametrize(
    ("url", "server"),
    [("https://API.poe.com/v1/", "https://api.poe.com/v1"), ("http://localhost:8901/v1", "http://localhost:8901/v1")],
)
def test_the_servers_name_is_normalised(url: str, server: str) -> None:
    assert PoeClient(url, None).server == server


@pytest.mark.parametrize(
    "url", ["http://example.com/v1", "ftp://x", "https://u:secret@h/v1", "nonsense", "https://h/?k=secret"]
)
async def test_a_base_url_that_must_not_be_used_sends_nothing(url: str) -> None:
    made = PoeClient(url, Key())
    turn = await run(made)
    assert isinstance(turn.error, errors.ServerRefused)
    assert turn.error.unsent
    assert "secret" not in turn.error.message
    with pytest.raises(errors.ServerRefused):
        await made.models()
    await made.aclose()


@pytest.mark.parametrize(
    ("head", "media_type", "kind"),
    [
        (b"", "text/event-stream", None),
        (b"\n\n", "text/event-stream", None),
        (b"\xef\xbb", "text/plain", None),
        (b"d", "text/event-stream", "sse"),
        (b"d", "", None),
        (b"data", "", None),
        (b"data:", "", "sse"),
        (b"retry: 3", "", "sse"),
        (b"datum", "", "other"),
        (b":", "", "sse"),
        (b"x", "text/html", "html"),
    ],
)
def test_sniffing(head: bytes, media_type: str, kind: str | None) -> None:
    assert sniff(head, media_type) == kind
