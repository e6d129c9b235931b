"""The usage of a chat answer by the names of the Responses format."""

from __future__ import annotations

from typing import Any

import pytest

from poe_tui.api import chat_shapes


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({"prompt_tokens": 7, "completion_tokens": 4, "completion_tokens_details": None},
         {"input_tokens": 7, "output_tokens": 4}),
        ({"prompt_tokens": 7, "completion_tokens": 1047, "total_tokens": 1054, "cost": 0.1,
          "completion_tokens_details": {"reasoning_tokens": 1043, "audio_tokens": None},
          "prompt_tokens_details": {"cached_tokens": 5, "audio_tokens": None}},
         {"input_tokens": 7, "output_tokens": 1047, "total_tokens": 1054, "cost": 0.1,
          "output_tokens_details": {"reasoning_tokens": 1043}, "input_tokens_details": {"cached_tokens": 5}}),
        # Recorded on Poe (grok-3-mini): the thinking is in no other number.
        ({"prompt_tokens": 15, "completion_tokens": 11, "total_tokens": 26,
          "completion_tokens_details": {"reasoning_tokens": 178}},
         {"input_tokens": 15, "output_tokens": 189, "total_tokens": 204,
          "output_tokens_details": {"reasoning_tokens": 178}}),
        ({"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 35, "reasoning_tokens": 5},
         {"input_tokens": 10, "output_tokens": 25, "total_tokens": 35, "reasoning_tokens": 5,
          "output_tokens_details": {"reasoning_tokens": 5}}),
        ({"prompt_tokens": 9, "prompt_cache_hit_tokens": 8},
         {"input_tokens": 9, "prompt_cache_hit_tokens": 8, "input_tokens_details": {"cached_tokens": 8}}),
        ({"input_tokens": 3, "output_tokens": 0}, {"input_tokens": 3, "output_tokens": 0}),
        ({"prompt_tokens": "7", "completion_tokens": -1, "total_tokens": True}, {}),
    ],
)  # fmt: skip
def test_by_the_names_of_the_responses(given: dict[str, Any], made: dict[str, Any]) -> None:
    assert chat_shapes.usage(given) == made
