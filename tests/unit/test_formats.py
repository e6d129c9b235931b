"""What a file is by its bytes: every format taken, everything else named, sizes from headers, nothing ever raised."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from poe_tui import formats
from tests import files


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_images_and_their_sizes(kind: str) -> None:
    data = files.image(kind, (123, 45))
    found = formats.sniff(data)
    assert found in formats.IMAGES
    assert found is not None and found.label in (kind, "JPG")
    assert formats.image_size(data) == (123, 45)


@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 50}, {"exif": b"Exif\0\0" + b"x" * 90}])
def test_the_three_layouts_of_webp(options: dict[str, object]) -> None:
    buffer = io.BytesIO()
    Image.new("RGBA", (300, 201), (1, 2, 3, 100)).save(buffer, "WEBP", **options)
    assert formats.image_size(buffer.getvalue()) == (300, 201)


def test_a_photo_with_camera_data_and_progressive_scans() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (640, 480)).save(buffer, "JPEG", progressive=True, exif=b"Exif\0\0" + b"\xff" * 60_000)
    assert formats.image_size(buffer.getvalue()[: formats.HEAD]) == (640, 480)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (files.PDF, formats.PDF),
        (b"junk \xff\xfe\x00 before it" + files.PDF, formats.PDF),
        (files.MP4, formats.MP4),
        (files.WEBM, formats.WEBM),
        (files.MP3, formats.MP3),
        (b"\xff\xfb\x90\x64" + files.noise(32), formats.MP3),
        (files.WAV, formats.WAV),
        (files.OGG, formats.OGG),
        (b"plain words\n", formats.TEXT),
        ("Grüße, привет, こんにちは".encode(), formats.TEXT),
        (b"print('%PDF-')\n", formats.TEXT),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", formats.TEXT),
        (b"\x1b[31mred\x1b[0m log line\n", formats.TEXT),
        (files.HEIC, None),
        (files.ZIP, None),
        (files.noise(500), None),
        (b"\x7fELF" + files.noise(50), None),
    ],
)
def test_sniff(data: bytes, found: formats.Format | None) -> None:
    assert formats.sniff(data) is found


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (files.HEIC, "HEIC"),
        (files.ZIP, "ZIP"),
        (b"\x7fELF", "program"),
        (b"\x1a\x45\xdf\xa3matroska", "Matroska"),
        (b"", "of no known kind"),
        (files.noise(9), "of no known kind"),
    ],
)
def test_what_is_not_taken_has_a_name(data: bytes, words: str) -> None:
    assert words in formats.named(data)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_texts_of_several_encodings(encoding: str) -> None:
    text = "Grüße aus Zürich, 5 €\n" * 20
    assert formats.text_of(text.encode(encoding)) == text


def test_what_is_no_text() -> None:
    assert formats.text_of(b"a\x00b") is None
    assert formats.text_of(bytes(range(1, 32)) * 10) is None
    assert formats.text_of(b"\x81\x8d\x8f\x90\x9d" * 30) is None


def test_a_bomb_is_known_by_its_head() -> None:
    assert formats.image_size(files.bomb()[:64]) == (30_000, 30_000)


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=300), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF????WEBP", b"GIF89a"])
)
def test_nothing_is_ever_raised(data: bytes, head: bytes) -> None:
    whole = head + data
    formats.sniff(whole)
    formats.named(whole)
    formats.text_of(whole)
    size = formats.image_size(whole)
    assert size is None or (size[0] >= 0 and size[1] >= 0)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["PNG", "JPEG", "WEBP", "GIF"]), st.integers(0, 120))
def test_a_truncated_image_has_its_size_or_none(kind: str, length: int) -> None:
    assert formats.image_size(files.image(kind)[:length]) in (None, (64, 48))
