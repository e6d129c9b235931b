"""What each model says. A reply follows the model that was asked for, never the words of the prompt.

The longer texts stand in ``answers/`` as Markdown.
"""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path
from typing import Any

from poe_tui.demo import images, long, schema
from poe_tui.demo.answer import (
    Answer,
    Ask,
    Script,
    citation,
    function_call,
    image_generation_call,
    message,
    reasoning,
    refusal,
    web_search_call,
)
from poe_tui.demo.errors import APIProblem, invalid, unknown_model
from poe_tui.demo.faults import HOSTILE_TEXT, Fault
from poe_tui.demo.models import Model
from poe_tui.demo.responses import flat_tool

_ANSWERS = Path(__file__).with_name("answers")
_FOLLOWUPS = ("followup-1", "followup-2", "followup-3")
_QUOTED = 280
"""Characters of the user's earlier text that are quoted at most."""
_PARTS = {"none": 0, "minimal": 1, "low": 1, "medium": 2}
_TOKENS = {"none": 0, "minimal": 64, "low": 192, "medium": 512}
_MOST_PARTS, _MOST_TOKENS = 3, 1536
_SOURCES = (
    ("[1]", "https://en.wikipedia.org/wiki/Punched_card", "Punched card - Wikipedia"),
    ("[2]", "https://en.wikipedia.org/wiki/VT100", "VT100 - Wikipedia"),
    ("[3]", "https://en.wikipedia.org/wiki/Line_length", "Line length - Wikipedia"),
)
_OTHER_SOURCES = ("https://vt100.net/docs/vt100-ug/", "https://en.wikipedia.org/wiki/Computer_terminal")
_OWN_SCHEMA = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "pages": {"type": "integer", "minimum": 1},
        "available": {"type": "boolean"},
        "authors": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
    },
}


def speak(model: Model, ask: Ask) -> Answer:
    """Return what the model answers.

    :raises APIProblem: the model answers by an error.
    """
    script = _SCRIPTS[model.script]
    wanted = (ask.body.get("text") or {}).get("format") or {}
    if ask.tool_outputs:
        script = _tool_results
    elif wanted.get("type") in ("json_schema", "json_object"):
        script = _json
    elif ask.tools("function") and ask.body.get("tool_choice", "auto") != "auto":
        script = _tools
    elif ask.tools("web_search*") and model.script in _CONVERSING:
        script = _search
    answer = script(ask)
    if not isinstance(answer, Answer):
        answer = Answer([message(answer)] if isinstance(answer, str) else answer)
    effort = (ask.body.get("reasoning") or {}).get("effort")
    if effort not in (None, "none") and answer.output and answer.output[0]["type"] != "reasoning":
        _think(answer, ask)
    return answer


@functools.cache
def text(name: str) -> str:
    """Return the text ``answers/NAME.md`` without its last line end."""
    return (_ANSWERS / f"{name}.md").read_text(encoding="utf-8").rstrip("\n")


def _think(answer: Answer, ask: Ask, about: str = "thoughts") -> None:
    """Put the thoughts before an answer: as many as the effort says, in words only where a summary was asked for."""
    settings = ask.body.get("reasoning") or {}
    effort = settings.get("effort") or "medium"
    thoughts = text(about).split("\n---\n")[: _PARTS.get(effort, _MOST_PARTS)]
    answer.output = [reasoning(*(thoughts if settings.get("summary") else ())), *answer.output]
    answer.reasoning_tokens = _TOKENS.get(effort, _MOST_TOKENS)


def _quote(ask: Ask) -> str:
    """Return a paragraph that quotes what the user wrote before, or nothing in the first turn."""
    earlier = ask.earlier
    if earlier is None:
        return ""
    short = earlier if len(earlier) <= _QUOTED else earlier[:_QUOTED].rstrip() + "…"
    lines = "\n".join(f"> {line}" for line in short.strip().splitlines() or [""])
    known = "I know it by the id of my last response" if ask.chained else "Your request brought it along"
    return f"Before this you wrote:\n\n{lines}\n\n{known}.\n\n"


def _prose(first: str) -> Script:
    """Make a script that starts with one text and goes on with others, quoting what was said before."""

    def script(ask: Ask) -> Answer:
        turn = len(ask.user_texts) - 1
        body = text(first if turn < 1 else _FOLLOWUPS[(turn - 1) % len(_FOLLOWUPS)])
        given = ask.body.get("instructions")
        if given and turn < 1:
            body += f"\n\n*Your instructions travelled along, too:* “{given[:_QUOTED]}”"
        return Answer([message(_quote(ask) + body)])

    return script


def _same(name: str) -> Script:
    """Make a script that says one text each time, after a quote of what was said before."""
    return lambda ask: Answer([message(_quote(ask) + text(name))], chunk=9, pause=0.014)


def _long(ask: Ask) -> Answer:
    size = str(ask.body["model"]).partition(":")[2]
    kilobytes = min(int(size), 20_000) if size.isdigit() else 50
    return Answer([message(_quote(ask) + long.markdown(kilobytes))], chunk=32, pause=0.012)


def _reasoning(ask: Ask) -> Answer:
    answer = Answer([message(_quote(ask) + text("reasoning"))])
    settings = ask.body.get("reasoning") or {}
    shown = {"effort": settings.get("effort") or "medium", "summary": settings.get("summary") or "auto"}
    thinking = Ask(ask.model, {**ask.body, "reasoning": shown}, ask.history, ask.new)
    if shown["effort"] != "none":
        _think(answer, thinking, "reasoning-thoughts")
    return answer


def _search(ask: Ask) -> Answer:
    quote = _quote(ask)
    body = quote + text("search")
    notes = [citation(body, mark, url, title) for mark, url, title in _SOURCES]
    sources = [url for _, url, _ in _SOURCES] + list(_OTHER_SOURCES)
    asked = "web_search_call.action.sources" in (ask.body.get("include") or [])
    calls = [
        web_search_call("why are terminals 80 columns wide", sources if asked else None),
        web_search_call("VT100 80 columns 24 lines 1978", sources[1:4] if asked else None),
    ]
    return Answer([*calls, message(body, notes)])


def _tools(ask: Ask) -> Answer:
    offered = [flat_tool(tool) for tool in ask.tools("function")]
    choice = ask.body.get("tool_choice")
    if isinstance(choice, dict):
        name = choice.get("name") or (choice.get("function") or {}).get("name")
        offered = [tool for tool in offered if tool.get("name") == name]
        if not offered:
            raise invalid("tool_choice", f"Tool choice '{name}' not found in 'tools' parameter.")
    if not offered:
        offered = [{"name": "get_weather", "parameters": {"properties": {"city": {"const": "Tokyo"}}}}]
    called = offered if ask.body.get("parallel_tool_calls") is not False else offered[:1]
    calls = [function_call(str(tool.get("name")), _arguments(tool)) for tool in called[:2]]
    return Answer([message(_quote(ask) + text("tools")), *calls])


def _arguments(tool: dict[str, Any]) -> Any:
    parameters = tool.get("parameters")
    return _instance({"type": "object", **parameters} if isinstance(parameters, dict) else {"type": "object"})


def _instance(wanted: dict[str, Any]) -> Any:
    try:
        return schema.instance(wanted)
    except (RecursionError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError):
        raise invalid("schema", "Invalid schema: it cannot be read, or it never comes to an end.") from None


def _tool_results(ask: Ask) -> str:
    names = {item.get("call_id"): item.get("name") for item in (*ask.history, *ask.new) if "name" in item}
    lines = []
    for item in ask.tool_outputs:
        output = item.get("output")
        shown = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)
        lines.append(f"- `{names.get(item['call_id'], 'function')}` returned `{shown}`")
    return (
        "Thank you, the result has come back:\n\n"
        + "\n".join(lines)
        + "\n\nThat answers the question, and it took two requests: one that ended in the call, one that brought its"
        " result. A real model would now put it into a sentence of its own."
    )


def _json(ask: Ask) -> Answer:
    wanted = ((ask.body.get("text") or {}).get("format") or {}).get("schema") or _OWN_SCHEMA
    return Answer([message(json.dumps(_instance(wanted), ensure_ascii=False, indent=2))])


def _image(ask: Ask) -> Answer:
    picture = image_generation_call(images.landscape_base64(), ask.text or "hills under an evening sky")
    return Answer([picture, message(_quote(ask) + text("image"))])


def _media(ask: Ask) -> Answer:
    """Answer as Poe's media bots do: an image with the prompt as its name, and the same link bare below."""
    digest = hashlib.sha256(ask.text.encode("utf-8", "replace")).hexdigest()
    url = f"{ask.origin}/base/image/{digest}?w={images.WIDTH}&h={images.HEIGHT}"
    return Answer([message(f"![{ask.text[:200]}]({url})\n\n{url}")], thinking=1.5)


def _echo(ask: Ask) -> str:
    known = ask.user_texts
    lines = [f"Turn {len(known)}. You wrote:", "", ask.text, ""]
    if len(known) > 1:
        lines += ["Before that you wrote:", "", *(f"{n}. {line}" for n, line in enumerate(known[:-1], 1)), ""]
    else:
        lines += ["I know of nothing before that.", ""]
    if ask.body.get("instructions"):
        lines += [f"Instructions: {ask.body['instructions']}", ""]
    return "\n".join(lines).rstrip()


def _refusal(ask: Ask) -> Answer:
    return Answer([refusal(text("refusal"))])


def _incomplete(ask: Ask) -> Answer:
    item = {**message(text("incomplete")), "status": "incomplete"}
    return Answer([item], status="incomplete", incomplete_reason="max_output_tokens")


def _failed(ask: Ask) -> Answer:
    error = {"code": "server_error", "message": "The provider of this model had an internal error."}
    item = {**message(text("failed")), "status": "incomplete"}
    return Answer([item], status="failed", error=error)


def _cut(ask: Ask) -> Answer:
    return Answer([message(text("cut"))], faults=[Fault("cut", after=90)])


def _stall(ask: Ask) -> Answer:
    return Answer([message(text("cut"))], faults=[Fault("stall", after=60, seconds=3600)])


def _hostile(ask: Ask) -> Answer:
    return Answer([message(HOSTILE_TEXT)])


def _error(ask: Ask) -> Answer:
    kind = ask.model.lower().removeprefix("demo-error-")
    if kind in ("429", "503") and ask.before % 2:
        return Answer([message(text("recovered"))])
    match kind:
        case "429":
            raise APIProblem(429, headers={"Retry-After": "2"})
        case "429-quota":
            raise APIProblem(
                429, "You exceeded your current quota.", kind="insufficient_quota", code="insufficient_quota"
            )
        case "402":
            raise APIProblem(402, kind="insufficient_quota", code="insufficient_quota")
        case "404":
            raise unknown_model(ask.model)
    raise APIProblem(int(kind))


_CONVERSING = frozenset({"welcome", "letter", "short", "code", "table", "reasoning", "search"})
"""The scripts that search the web when they are offered to."""

_SCRIPTS: dict[str, Script] = {
    "welcome": _prose("welcome"),
    "letter": _prose("letter"),
    "short": _prose("short"),
    "code": _same("code"),
    "table": _same("table"),
    "long": _long,
    "reasoning": _reasoning,
    "search": _search,
    "tools": _tools,
    "json": _json,
    "image": _image,
    "media": _media,
    "echo": _echo,
    "refusal": _refusal,
    "incomplete": _incomplete,
    "failed": _failed,
    "cut": _cut,
    "stall": _stall,
    "hostile": _hostile,
    "error": _error,
}
