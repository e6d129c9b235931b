"""Base64 in a text is cut short where it is shown, at any split the same."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.payload_fold import SHOWN, PayloadFold, fold

LONG = "A" * 500


def test_what_is_cut_and_what_is_not() -> None:
    assert fold("no payload") == "no payload"
    assert fold(f"![x](data:image/png;base64,{LONG}) and on") == f"![x](data:image/png;base64,{'A' * SHOWN}…) and on"
    assert fold(f";base64,{'A' * SHOWN})") == f";base64,{'A' * SHOWN})"
    assert fold(f";base64,{LONG} ;base64,{LONG}") == f";base64,{'A' * SHOWN}… ;base64,{'A' * SHOWN}…"
    assert fold(LONG) == LONG


_PIECES = st.lists(
    st.sampled_from([";base64,", ";base", "64,", "data:image/png", "A" * 30, "A" * 200, ")", " ", "=", "é", ";"]),
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@given(_PIECES, st.lists(st.integers(1, 60), min_size=1, max_size=8))
def test_any_split_gives_the_same(pieces: list[str], lengths: list[int]) -> None:
    text, arriving, at, turn = "".join(pieces), PayloadFold(), 0, 0
    shown = ""
    while at < len(text):
        length = lengths[turn % len(lengths)]
        shown += arriving.feed(text[at : at + length])
        at, turn = at + length, turn + 1
    assert shown == fold(text)
