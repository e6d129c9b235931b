"""What the demo server's models show: each special ability of the API, in its exact shape."""

from __future__ import annotations

import base64
import json
import struct
import zlib

from poe_tui.demo import schema
from poe_tui.demo.server import DemoServer
from tests.unit.demo_client import answer, events_of, get, post, text_in


async def test_search_cites_at_the_right_places(demo_server: DemoServer) -> None:
    asked = await answer(demo_server, "Demo-Search", include=["web_search_call.action.sources"])
    plain = await answer(demo_server, "Claude-Sonnet-4.5", tools=[{"type": "web_search_preview"}])
    part = asked["output"][-1]["content"][0]
    assert [part["text"][n["start_index"] : n["end_index"]] for n in part["annotations"]] == ["[1]", "[2]", "[3]"]
    calls = [item for item in asked["output"] if item["type"] == "web_search_call"]
    assert all(call["action"]["sources"] for call in calls)
    assert plain["output"][0]["type"] == "web_search_call" and "sources" not in plain["output"][0]["action"]


async def test_a_function_is_called_and_its_result_is_read(demo_server: DemoServer) -> None:
    properties = {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1, "maximum": 5}}
    parameters = {"type": "object", "properties": properties, "required": ["city", "days"]}
    tools = [
        {"type": "function", "name": "get_weather", "parameters": parameters},
        {"type": "function", "function": {"name": "get_time", "parameters": parameters}},
    ]
    first = await answer(demo_server, "Demo-Tools", tools=tools)
    calls = [item for item in first["output"] if item["type"] == "function_call"]
    assert [call["name"] for call in calls] == ["get_weather", "get_time"]
    assert isinstance(json.loads(calls[0]["arguments"])["city"], str)
    assert 1 <= json.loads(calls[0]["arguments"])["days"] <= 5
    one = await answer(demo_server, "Demo-Tools", tools=tools, parallel_tool_calls=False)
    assert sum(item["type"] == "function_call" for item in one["output"]) == 1
    result = [{"type": "function_call_output", "call_id": calls[0]["call_id"], "output": "sunny, 21 °C"}]
    second = await answer(demo_server, "Demo-Tools", result, previous_response_id=first["id"])
    assert "sunny, 21 °C" in text_in(second) and "get_weather" in text_in(second)
    lost = await post(demo_server, "Demo-Tools", result)
    assert lost.status_code == 400 and calls[0]["call_id"] in lost.json()["error"]["message"]


async def test_a_function_is_called_by_any_model_when_it_must(demo_server: DemoServer) -> None:
    tools = [{"type": "function", "name": "f", "parameters": {}}]
    forced = await answer(demo_server, "GPT-5.2", tools=tools, tool_choice={"type": "function", "name": "f"})
    assert forced["output"][-1]["name"] == "f"
    free = await answer(demo_server, "GPT-5.2", tools=tools)
    assert free["output"][-1]["type"] == "message"
    assert (await answer(demo_server, "Demo-Tools", tools=tools, tool_choice="none"))["output"][-1]["name"] != "f"


def test_instances_obey_their_schema() -> None:
    node = {
        "type": "object",
        "properties": {
            "kind": {"enum": ["leaf", "branch"]},
            "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
        },
        "required": ["kind", "next"],
    }
    made = schema.instance(
        {
            "$defs": {"node": node},
            "type": "object",
            "properties": {
                "list": {"type": "array", "items": {"type": "integer", "exclusiveMinimum": 4}, "minItems": 5},
                "short": {"type": "string", "maxLength": 3},
                "long": {"type": "string", "minLength": 50},
                "even": {"type": "integer", "multipleOf": 2, "minimum": 7, "maximum": 9},
                "below": {"type": "number", "exclusiveMaximum": 1},
                "either": {"type": ["null", "boolean"]},
                "both": {"allOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"b": {"type": "null"}}}]},
                "tuple": {"type": "array", "prefixItems": [{"const": "x"}, {"type": "number"}], "items": False},
                "day": {"type": "string", "format": "date"},
                "tree": {"$ref": "#/$defs/node"},
            },
        }
    )
    assert len(made["list"]) == 5 and all(isinstance(n, int) and n > 4 for n in made["list"])
    assert len(made["short"]) == 3 and len(made["long"]) == 50 and made["day"] == "2026-01-31"
    assert made["even"] == 8 and made["below"] < 1 and made["either"] is True
    assert made["both"] == {"a": 1, "b": None}
    assert len(made["tuple"]) == 2 and made["tuple"][0] == "x"
    depth, tree = 0, made["tree"]
    while tree is not None:
        assert tree["kind"] == "leaf"
        depth, tree = depth + 1, tree["next"]
    assert depth > 1


async def test_structured_output_is_honoured_by_every_model(demo_server: DemoServer) -> None:
    wanted = {"type": "object", "properties": {"languages": {"type": "array", "items": {"type": "string"}}}}
    fields = {"format": {"type": "json_schema", "name": "languages", "schema": wanted}}
    made = json.loads(text_in(await answer(demo_server, "GPT-5.2", text=fields)))
    assert all(isinstance(name, str) for name in made["languages"])
    endless = {"$ref": "#"}
    fields["format"] = {"type": "json_schema", "name": "x", "schema": endless}
    assert (await post(demo_server, "GPT-5.2", text=fields)).status_code == 400


async def test_images_are_real(demo_server: DemoServer) -> None:
    item = (await answer(demo_server, "Demo-Image"))["output"][0]
    png = base64.b64decode(item["result"], validate=True)
    assert item["type"] == "image_generation_call" and png.startswith(b"\x89PNG\r\n\x1a\n")
    place, kinds, pixels = 8, [], b""
    while place < len(png):
        size, kind = struct.unpack(">I4s", png[place : place + 8])
        data = png[place + 8 : place + 8 + size]
        assert struct.unpack(">I", png[place + 8 + size : place + 12 + size])[0] == zlib.crc32(kind + data)
        kinds.append(kind)
        pixels += data if kind == b"IDAT" else b""
        place += 12 + size
    assert kinds == [b"IHDR", b"IDAT", b"IEND"]
    assert len(zlib.decompress(pixels)) == 128 * (1 + 192 * 3)
    text = text_in(await answer(demo_server, "Demo-Media", "hills"))
    link, url = text.split("\n\n")
    assert link == f"![hills]({url})"
    fetched = await get(demo_server, url)
    assert fetched.content == png and fetched.headers["content-type"] == "image/png"


async def test_reasoning_is_as_long_as_asked(demo_server: DemoServer) -> None:
    low, high, silent = [
        await answer(demo_server, "GPT-5.2", reasoning=fields)
        for fields in ({"effort": "low", "summary": "auto"}, {"effort": "high", "summary": "auto"}, {"effort": "low"})
    ]
    assert [len(r["output"][0]["summary"]) for r in (low, high, silent)] == [1, 3, 0]
    spent = [r["usage"]["output_tokens_details"]["reasoning_tokens"] for r in (low, high)]
    assert 0 < spent[0] < spent[1] < high["usage"]["output_tokens"]
    assert low["reasoning"] == {"effort": "low", "summary": "detailed"}
    none = await answer(demo_server, "GPT-5.2", reasoning={"effort": "none"})
    assert [item["type"] for item in none["output"]] == ["message"]


async def test_max_output_tokens_is_a_limit(demo_server: DemoServer) -> None:
    short = await answer(demo_server, "Claude-Sonnet-4.5", max_output_tokens=20)
    assert (short["status"], short["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    assert len(text_in(short)) == 80 and short["usage"]["output_tokens"] == 20
    silent = await answer(demo_server, "GPT-5.2", max_output_tokens=20, reasoning={"effort": "high"})
    assert [item["type"] for item in silent["output"]] == ["reasoning"] and silent["status"] == "incomplete"
    assert (await answer(demo_server, "Demo-Echo", max_output_tokens=4000))["status"] == "completed"


async def test_logprobs_metadata_and_instructions_come_back(demo_server: DemoServer) -> None:
    fields = {"metadata": {"a": "b"}, "instructions": "Be brief.", "top_logprobs": 3, "temperature": 0.2}
    events = events_of((await post(demo_server, "Demo-Echo", stream=True, **fields)).text)
    final = events[-1]["response"]
    assert {name: final[name] for name in fields} == fields
    assert "Be brief." in text_in(final)
    delta = next(event for event in events if event["type"] == "response.output_text.delta")
    assert len(delta["logprobs"][0]["top_logprobs"]) == 3 and "bytes" not in delta["logprobs"][0]
    whole = final["output"][0]["content"][0]["logprobs"]
    assert "".join(entry["token"] for entry in whole) == text_in(final) and "bytes" in whole[0]
