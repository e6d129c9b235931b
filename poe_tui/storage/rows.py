"""Rows to values and back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, frozen=True)
class TurnOutline:
    """A turn of a path without its contents; lengths are in characters, lines count newlines plus one."""

    id: str
    thread_id: str
    parent_id: str | None
    status: str
    model: str
    created_at: float
    depth: int
    """1 for a root."""
    input_length: int
    input_lines: int
    output_length: int
    output_lines: int
    sibling_index: int
    sibling_count: int
