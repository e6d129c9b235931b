"""The media of an answer, in every shape that was recorded, and in shapes that nobody should send."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui import formats
from poe_tui.media import MOST, Media, find_media, in_text, kind_of
from tests import files

HASH = "0f" * 32
POE = f"https://pfst.cf2.poecdn.net/base/image/{HASH}?w=1024&h=1024"


def message(text: Any) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}


def picture(result: Any, **more: Any) -> dict[str, Any]:
    return {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": result, **more}


class TestItems:
    def test_an_image_in_base64(self) -> None:
        data = files.image("PNG", (192, 128))
        (found,) = find_media([picture(base64.b64encode(data).decode(), revised_prompt="hills\nat\x1b[31m dusk")])
        assert (found.kind, found.format, found.pixels, found.size) == ("image", formats.PNG, (192, 128), len(data))
        assert found.alt == "hills at␛[31m dusk"
        assert found.data() == data
        assert "iVBOR" not in repr(found)

    def test_a_data_url_and_a_photo(self) -> None:
        data = files.image("JPEG", (300, 200))
        (found,) = find_media([picture(f"data:image/png;base64,{base64.b64encode(data).decode()}")])
        assert found.format is formats.JPEG and found.data() == data

    def test_a_reference_to_a_stored_file_tells_its_size(self) -> None:
        (found,) = find_media([picture({"$poe_file": HASH, "prefix": "", "size": 1234})])
        assert found.size == 1234 and found.format is None and found.data() == b""

    @pytest.mark.parametrize("result", [None, "", 5, [], {"size": "x"}])
    def test_odd_results(self, result: Any) -> None:
        assert len(find_media([picture(result)])) in (0, 1)

    def test_base64_that_is_none(self) -> None:
        (found,) = find_media([picture("!!not base64!!")])
        assert found.format is None and found.data() == b""

    def test_an_address_in_place_of_base64(self) -> None:
        (found,) = find_media([picture("https://x.example/a.png?sig=1")])
        assert found.url == "https://x.example/a.png?sig=1" and found.expires


class TestText:
    def test_a_media_bot_says_everything_twice(self) -> None:
        text = f'![a [cat] "quoted"\non (a) mat].png]({POE})\n\n{POE}'
        assert find_media([message(text)]) == [Media("image", POE, alt='a [cat] "quoted" on (a) mat].png')]

    @pytest.mark.parametrize("kind", ["image", "video", "audio"])
    def test_a_bare_address_without_extension(self, kind: Any) -> None:
        url = f"https://pfst.cf2.poecdn.net/base/{kind}/{HASH}"
        assert find_media([message(url)]) == [Media(kind, url)]
        assert find_media([message(f"Here it is: {url}.")]) == [Media(kind, url)]

    def test_a_signed_address(self) -> None:
        url = "https://oai.blob.core.windows.net/private/org/img-1.png?st=2026-01-01T00%3A00%3A00Z&se=2&sig=a%2Bb%3D"
        assert find_media([message(f"![cat]({url})")]) == [Media("image", url, alt="cat", expires=True)]

    def test_a_markdown_image_without_a_known_extension_is_an_image(self) -> None:
        assert find_media([message("![x](https://a.example/y?z=1)")]) == [
            Media("image", "https://a.example/y?z=1", alt="x")
        ]

    def test_an_address_with_brackets_and_a_title(self) -> None:
        (found,) = find_media([message('![x](https://a.example/cat_(1).png "A cat")')])
        assert found.url == "https://a.example/cat_(1).png"

    def test_links_and_sentences_are_not_media(self) -> None:
        text = "See https://a.example/x.png for it, [or this](https://a.example/y.png)."
        assert find_media([message(text)]) == []
        assert find_media([message("https://a.example/x.png\n<https://a.example/y.mp4>")]) == [
            Media("image", "https://a.example/x.png"),
            Media("video", "https://a.example/y.mp4"),
        ]

    def test_code_is_left_alone(self) -> None:
        text = f"```md\n![x]({POE})\n{POE}\n```\n\n~~~~\n~~~\n{POE}\n~~~~\n"
        assert find_media([message(text)]) == []
        assert len(find_media([message(f"{text}\n{POE}")])) == 1

    def test_an_image_within_the_text(self) -> None:
        data = files.image("GIF")
        (found,) = find_media([message(f"![x](data:image/gif;base64,{base64.b64encode(data).decode()})")])
        assert found.format is formats.GIF and found.data() == data

    @pytest.mark.parametrize(
        "url",
        [
            "javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "ftp://a.example/x.png",
            "https://user:pass@a.example/x.png", "https:///x.png", "https://[::1/x.png", "http://a\x1b[31m/x.png",
        ],
    )  # fmt: skip
    def test_addresses_that_are_none(self, url: str) -> None:
        assert find_media([message(f"![x]({url})\n{url}")]) == []

    def test_private_addresses_are_found_and_left_to_the_one_who_fetches(self) -> None:
        assert kind_of("http://169.254.169.254/x.png") == "image"


def test_each_once_over_all_items_and_not_too_many() -> None:
    assert len(find_media([message(POE), message(POE), picture("AAAA"), picture("AAAA")])) == 3
    many = "\n".join(f"https://a.example/{number}.png" for number in range(1_000))
    assert len(find_media([message(many)])) == MOST


@pytest.mark.parametrize("item", [{}, {"type": "message"}, message(None), {"type": "message", "content": [None, 3]}])
def test_odd_items(item: Any) -> None:
    assert find_media([item]) == []


@pytest.mark.parametrize(
    "text",
    ["![" * 200_000 + "http", "![](http://" * 50_000, "http://" + "(" * 300_000, "![a](https://x.y/" + "(a" * 100_000,
     "https://x.y/a.png\n" * 50_000, "](https://a.b/c" * 50_000, "```\n" * 100_000 + "http", "![](" * 99_999 + "http"],
)  # fmt: skip
def test_hostile_texts_take_no_time(text: str) -> None:
    start = time.perf_counter()
    find_media([message(text)])
    assert time.perf_counter() - start < 1.0


def test_a_large_image_is_looked_at_in_no_time() -> None:
    encoded = base64.b64encode(files.image("PNG", (64, 48)) + bytes(2_000_000)).decode()
    start = time.perf_counter()
    (found,) = find_media([picture(encoded)])
    assert time.perf_counter() - start < 0.05
    assert found.size == len(files.image("PNG", (64, 48))) + 2_000_000


@settings(max_examples=200, deadline=None)
@given(st.text('![](https:/.poecdn`~\n )"<>ab1%&?=', max_size=200))
def test_any_text_is_read_without_failing(text: str) -> None:
    for found in in_text(text):
        assert found.url.startswith(("http://", "https://"))
