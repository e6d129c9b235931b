"""How keys are drawn, everywhere the same: the key strong, a space, its word dim, three spaces to the next."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content

STRONG = "$strong $strong-style"
DIM = "$dim $dim-style"


def key_words(pairs: Iterable[tuple[str, str]], *, narrow: bool = False) -> Content:
    """Return one line of keys and their words.

    Args:
        pairs: the key as a person reads it (``^O``) and the word beside it.
        narrow: two spaces between pairs instead of three (under 90 columns).
    """
    gap = Content("  " if narrow else "   ")
    return gap.join([Content.assemble((key, STRONG), " ", (word, DIM)) for key, word in pairs])


def fitting_keys(pairs: Iterable[tuple[str, str]], width: int, *, narrow: bool = False) -> Content:
    """Return as many keys as fit ``width`` cells, whole ones only; those in front go first, the last always stays."""
    shown = list(pairs)
    while len(shown) > 1 and key_words(shown, narrow=narrow).cell_length > width:
        del shown[0]
    return key_words(shown, narrow=narrow)
