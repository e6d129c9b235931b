"""The tool of ``--demo``: something harmless for the demo's models to call, with an approval to answer."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from poe_tui.engine.shipped_tools import Place, ShippedTool
from poe_tui.engine.tools import Tool
from poe_tui.tool_config import ToolConfig

_SKIES: Final = ("clear", "cloudy", "light rain", "windy", "fog")
_CITIES: Final = ("Tokyo", "Zurich", "Nairobi", "Lima", "Oslo")
_PAUSE: Final = 0.4
"""Seconds that it takes, so that there is something to see."""


async def _weather(values: Mapping[str, Any], place: Place) -> str:
    city = str(values["city"])
    seed = hashlib.sha256(city.casefold().encode("utf-8", "replace")).digest()
    await asyncio.sleep(_PAUSE)
    found = {"city": city, "celsius": seed[0] % 25 + 3, "sky": _SKIES[seed[1] % len(_SKIES)], "source": "made up"}
    return json.dumps(found, ensure_ascii=False)


DEMO_TOOLS: Final = (
    Tool(
        ToolConfig("get_weather", approval="ask"),
        ShippedTool(
            "The current weather in a city. For the demo: its answers are made up.",
            {
                "type": "object",
                "properties": {"city": {"type": "string", "enum": list(_CITIES)}},
                "required": ["city"],
                "additionalProperties": False,
            },
            _weather,
            lambda values, place: f"makes up the weather in {values.get('city')}",
        ),
    ),
)
