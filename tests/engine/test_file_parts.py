"""Files that are not taken: texts go as text and that is remembered; PDFs and images are told about in words."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from poe_tui.engine import attachments, file_parts
from poe_tui.engine.repair import find
from poe_tui.engine.request import RequestContext, build
from poe_tui.model import Item, ModelInfo
from tests import files
from tests.engine.conftest import ECHO, Bench
from tests.engine.makers import MODEL, SERVER, answer, turn

OPENAI = {
    "error": {
        "message": "Invalid file data: 'file_data'. Expected a base64-encoded data URL with an application/pdf MIME "
        "type (e.g. 'data:application/pdf;base64,aGVsbG8='), but got unsupported MIME type 'text/plain'.",
        "type": "invalid_request_error", "param": "input", "code": "unsupported_mime_type",
    }
}  # fmt: skip
REFUSALS = [
    (400, None, "Invalid value: 'input_file'. Supported values are: 'input_text' and 'input_image'."),
    (400, "input[0].content[1]", "Invalid value."),
    (422, None, "Files are not supported with this model."),
    (400, None, "messages.0.content.1.document.source.base64.media_type: Input should be 'application/pdf'"),
    (500, None, "litellm.BadRequestError: unsupported file type"),
    (415, None, "Unsupported content type"),
]
OTHER_ERRORS = [
    (400, None, "temperature: is not supported."),
    (401, None, "Invalid API key for this file"),
    (413, None, "The file is too large."),
    (400, None, "The file is too large: maximum size is 10 MB."),
    (429, None, "Too many files."),
    (400, "input[0].content[0]", "Invalid value for the file."),
    (500, None, "The provider reported an internal error."),
]


def item(*data: bytes, text: str = "Look") -> Item:
    made = [attachments.of_bytes(one, f"file-{number}") for number, one in enumerate(data)]
    return attachments.message(text, made)


def error(status: int, param: str | None, message: str) -> dict[str, Any]:
    return {"http_status": status, "message": message, "param": param}


class TestWords:
    @pytest.mark.parametrize(("status", "param", "message"), REFUSALS)
    def test_refusals_of_files(self, status: int, param: str | None, message: str) -> None:
        assert file_parts.refused(error(status, param, message), [item(b"words")])
        assert "does not take the PDF" in file_parts.verdict(error(status, param, message), [item(files.PDF)])

    @pytest.mark.parametrize(("status", "param", "message"), OTHER_ERRORS)
    def test_other_errors(self, status: int, param: str | None, message: str) -> None:
        assert not file_parts.refused(error(status, param, message), [item(b"words")])
        assert file_parts.verdict(error(status, param, message), [item(files.PDF)]) == ""

    @pytest.mark.parametrize(
        ("status", "message"),
        [(400, "Image input is not supported by this model."), (400, "This model does not support image input."),
         (422, "Invalid value: 'input_image'."), (404, "No endpoints found that support image input")],
    )  # fmt: skip
    def test_refusals_of_images(self, status: int, message: str) -> None:
        told = file_parts.verdict(error(status, None, message), [item(files.image())])
        assert "does not take the image" in told
        assert file_parts.verdict(error(status, None, message), [item(b"words")]) == ""

    def test_a_place_in_the_body_of_a_chat(self) -> None:
        sent = [{"role": "system", "content": "x"}, {"content": [{"type": "text"}, {"type": "file"}]}]
        assert file_parts.refused(error(400, "messages[1].content[1]", "Invalid"), sent)
        assert not file_parts.refused(error(400, "messages[1].content[0]", "Invalid file type"), sent)
        assert not file_parts.refused(error(400, "messages[9].content[0]", "Invalid"), sent)


class TestAsText:
    def test_a_text_in_a_fence_longer_than_its_own(self) -> None:
        sent = file_parts.as_text(item(b"a\n````\nb"))
        assert sent["content"][1] == {"type": "input_text", "text": "file-0:\n`````\na\n````\nb\n`````"}
        assert file_parts.as_text(item(b"x\n"))["content"][1]["text"] == "file-0:\n```\nx\n```"

    def test_everything_else_stays_the_very_same(self) -> None:
        for same in (item(files.PDF), item(files.image()), {"type": "function_call"}, {"role": "user", "content": "x"}):
            assert file_parts.as_text(same) is same
        broken = {"content": [{"type": "input_file", "file_data": "data:text/plain;base64,!"}]}
        assert file_parts.as_text(broken) is broken

    def test_images_leave_their_name(self) -> None:
        assert file_parts.without_images(item(files.image()))["content"][1] == {
            "type": "input_text",
            "text": "[An image, file-0, that this model cannot see.]",
        }


SEES = ModelInfo("m", MODEL, input_modalities=("text", "image"), output_modalities=("text",))
BLIND = replace(SEES, input_modalities=("text",))
PAINTS = replace(SEES, output_modalities=("text", "image"))


def context(**fields: Any) -> RequestContext:
    return RequestContext(
        model=MODEL, server=SERVER, **{"chain_policy": "never", "new_items": [item(b"new")], **fields}
    )


def kinds(body: dict[str, Any]) -> list[list[str]]:
    return [[part["type"] for part in sent["content"]] for sent in body["input"]]


class TestRequests:
    path = (turn([item(files.image(), b"old")]),)

    def test_files_are_sent_again_as_they_were(self) -> None:
        body = build(context(path=self.path, info=SEES)).body
        assert kinds(body) == [
            ["input_text", "input_image", "input_file"],
            ["output_text"],
            ["input_text", "input_file"],
        ]
        assert "filename" not in body["input"][0]["content"][1]

    def test_remembered_as_refusing_files(self) -> None:
        body = build(context(path=self.path, info=SEES, files_as_text=True)).body
        assert kinds(body) == [
            ["input_text", "input_image", "input_text"],
            ["output_text"],
            ["input_text", "input_text"],
        ]

    def test_a_model_that_reads_no_images(self) -> None:
        built = build(context(path=self.path, info=BLIND))
        assert kinds(built.body)[0] == ["input_text", "input_text", "input_file"]
        assert built.notes == ("Left out of what is sent again: image.",)
        assert build(context(path=self.path, info=BLIND)).body == built.body

    def test_what_is_attached_now_is_sent_as_the_person_said(self) -> None:
        assert kinds(build(context(info=BLIND, new_items=[item(files.image())])).body) == [
            ["input_text", "input_image"]
        ]

    def test_a_model_that_makes_images_is_shown_its_last(self) -> None:
        made = [{"type": "image_generation_call", "result": base64.b64encode(files.image(size=(n, n))).decode()}
                for n in (5, 6)]  # fmt: skip
        path = [turn(output=[made[0], answer("One")]), turn(output=[made[1], answer("Two")])]
        body = build(context(path=path, info=PAINTS)).body
        seen = [part for sent in body["input"] for part in sent["content"] if part["type"] == "input_image"]
        assert [part["image_url"] for part in seen] == [f"data:image/png;base64,{made[1]['result']}"]
        built = build(context(path=path, info=SEES))
        assert built.notes == ("Left out of what is sent again: 2 × image_generation_call.",)

    @pytest.mark.parametrize("endpoint", ["responses", "chat"])
    def test_the_repair_is_found_once(self, endpoint: Any) -> None:
        before = context(info=SEES)
        before = replace(before, route=replace(before.route, endpoint=endpoint))
        refusal = error(400, None, "Files are not supported.")
        repair = find("t", refusal, before, build(before))
        assert repair is not None and repair.feature == file_parts.REFUSED and not repair.certain
        assert find("t", refusal, repair.context, build(repair.context)) is None
        only_pdf = replace(before, new_items=[item(files.PDF)])
        assert find("t", refusal, only_pdf, build(only_pdf)) is None


class TestWithAServer:
    async def test_a_refused_text_goes_as_text_in_the_same_turn_and_from_then_on(self, bench: Bench) -> None:
        bench.server.fault("status", status=400, body=OPENAI, times=1)
        thread = bench.thread()
        asked = await bench.ask(thread, [item(b"secret word")])
        assert asked.status == "completed"
        assert asked.error == {"notes": ["This model does not take text files. They were sent as text."]}
        assert [kinds(body)[0] for body in bench.bodies] == [["input_text", "input_file"], ["input_text", "input_text"]]
        assert asked.input == [item(b"secret word")], "what was attached is kept as it was"
        again = await bench.ask(thread, [item(b"more")])
        assert again.error is None
        assert kinds(bench.bodies[-1])[-1] == ["input_text", "input_text"]

    async def test_a_refused_pdf_is_told_about(self, bench: Bench) -> None:
        bench.server.fault("status", status=400, body=OPENAI, times=1)
        asked = await bench.ask(bench.thread(), [item(files.PDF)])
        assert asked.status == "failed" and asked.error is not None
        assert asked.error["notes"] == [
            "This model does not take the PDF. Attach its text instead, or ask another model."
        ]
        assert len(bench.bodies) == 1

    async def test_a_large_image_goes_to_the_files_and_comes_back(self, bench: Bench) -> None:
        data = files.image() + bytes(2_000_000)
        asked = await bench.ask(bench.thread(ECHO), [item(data)])
        assert asked.status == "completed"
        await bench.runtime.store.flush()
        stored = await bench.runtime.store.turn(asked.id)
        assert stored is not None and stored.input == asked.input
        lean = await bench.runtime.store.turn(asked.id, with_files=False)
        assert lean is not None and isinstance(lean.input[0]["content"][1]["image_url"], dict)
        (kept,) = (bench.database.parent / "files").iterdir()
        assert kept.read_bytes() == data
