"""Content encodings: what is read, what is refused, and how much a bomb may take."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.api.encoding import STEP, decoder
from poe_tui.api.errors import NotAnAPIAnswer


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


ENCODERS = [("gzip", gzip.compress), ("x-gzip", gzip.compress), ("deflate", zlib.compress), ("Deflate", raw_deflate)]


def decode(name: str, *chunks: bytes) -> bytes:
    unpack = decoder(name)
    assert unpack is not None
    return b"".join(piece for chunk in chunks for piece in unpack.feed(chunk))


@pytest.mark.parametrize(("name", "encode"), ENCODERS)
@settings(max_examples=30, deadline=None)
@given(data=st.binary(max_size=2000), cut=st.integers(0, 2000))
def test_what_goes_in_comes_out_wherever_it_is_cut(name: str, encode: object, data: bytes, cut: int) -> None:
    assert callable(encode)
    packed = encode(data)
    assert decode(name, packed[:cut], packed[cut:]) == data
    assert decode(name, *(packed[at : at + 1] for at in range(min(len(packed), 300))), packed[300:]) == data


def test_a_bomb_comes_in_small_pieces() -> None:
    unpack = decoder("gzip")
    assert unpack is not None
    total = 0
    for piece in unpack.feed(gzip.compress(b"\0" * (8 * 1024 * 1024))):
        assert len(piece) <= STEP
        total += len(piece)
    assert total == 8 * 1024 * 1024


def test_what_follows_the_end_is_ignored() -> None:
    assert decode("gzip", gzip.compress(b"a") + b"junk", b"more") == b"a"


def test_a_flushed_stream_is_out_at_once() -> None:
    packer = zlib.compressobj(wbits=31)
    first = packer.compress(b"data: a\n\n") + packer.flush(zlib.Z_SYNC_FLUSH)
    assert decode("gzip", first) == b"data: a\n\n"


@pytest.mark.parametrize("name", ["", "identity", " Identity "])
def test_no_encoding_needs_no_decoder(name: str) -> None:
    assert decoder(name) is None


@pytest.mark.parametrize("name", ["br", "zstd", "gzip, gzip", "x"])
def test_an_encoding_nobody_asked_for_is_refused(name: str) -> None:
    with pytest.raises(NotAnAPIAnswer):
        decoder(name)


@pytest.mark.parametrize("name", ["gzip", "deflate"])
def test_garbage_is_a_clean_error(name: str) -> None:
    with pytest.raises(NotAnAPIAnswer, match="encoded wrongly"):
        decode(name, b"\xff\xff\xff\xff garbage" * 10)
    good = gzip.compress(b"a" * 1000) if name == "gzip" else zlib.compress(b"a" * 1000)
    with pytest.raises(NotAnAPIAnswer):
        decode(name, good[:15], b"\xff" * 50)
