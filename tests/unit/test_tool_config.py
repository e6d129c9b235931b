"""``[[tools]]`` and ``[[schemas]]``: what is read, and every mistake by file, line and key."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui import config
from poe_tui.tool_config import OUTPUT_LIMIT, TIMEOUT, ToolConfig, mapped_name, read_schemas, read_tools


def loaded(folder: Path, text: str) -> config.Loaded:
    """Load a ``config.toml`` with that text."""
    file = folder / "config.toml"
    file.write_text(text, encoding="utf-8")
    return config.load(file)


def problems(found: config.Loaded) -> list[str]:
    """Return the problems as a person reads them."""
    return [str(problem) for problem in found.problems]


DOCUMENTED = """\
[[tools]]
name = "get_weather"
description = "Current weather for a city"
command = ["weather", "--json"]        # argv, no shell
timeout = 20                           # seconds
approval = "ask"
[tools.parameters]                     # JSON Schema
type = "object"
properties.city = { type = "string" }
required = ["city"]
"""


def test_the_documented_declaration_is_read_without_a_word(tmp_path: Path) -> None:
    found = loaded(tmp_path, DOCUMENTED)
    assert problems(found) == []
    assert found.settings.tools == (
        ToolConfig(
            name="get_weather",
            description="Current weather for a city",
            command=("weather", "--json"),
            timeout=20.0,
            approval="ask",
            parameters={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        ),
    )


def test_the_chat_shape_is_the_same_tool(tmp_path: Path) -> None:
    nested = """\
[[tools]]
type = "function"
command = ["weather", "--json"]
timeout = 20
approval = "ask"
[tools.function]
name = "get_weather"
description = "Current weather for a city"
parameters = '{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}'
"""
    found = loaded(tmp_path, nested)
    assert problems(found) == []
    assert found.settings.tools == loaded(tmp_path, DOCUMENTED).settings.tools


def test_defaults(tmp_path: Path) -> None:
    found = loaded(tmp_path, '[[tools]]\nname = "ask_me"\nmanual = true\n')
    (tool,) = found.settings.tools
    assert (tool.timeout, tool.output_limit, tool.approval, tool.enabled) == (TIMEOUT, OUTPUT_LIMIT, None, True)
    assert tool.parameters == {"type": "object", "properties": {}}
    assert not tool.shipped


def test_a_shipped_tool_is_enabled_by_its_name(tmp_path: Path) -> None:
    found = loaded(tmp_path, '[[tools]]\nname = "calculator"\napproval = "always"\n')
    assert problems(found) == []
    assert found.settings.tools[0].shipped
    assert found.settings.tools[0].approval == "always"


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ('name = "t"\ncommand = "weather"', "line 3, tools.t.command: Must be a list of words"),
        ('name = "t"\ncommand = []', "line 3, tools.t.command: Must be a list of words"),
        ('name = "t"\ncommand = ["", "x"]', "line 3, tools.t.command: Must be a list of words"),
        ('name = "t"\ncommand = ["x", 1]', "line 3, tools.t.command: Must be a list of words"),
        ('name = "t"\ncommand = ["x"]\nmanual = true', "line 4, tools.t.manual: A tool has a command or is manual"),
        ('name = "t"', "line 1, tools.t: Needs a command, or manual = true"),
        ('manual = true', "line 1, tools[1].name: Must be text."),
        ('name = 3', "line 2, tools[1].name: Must be text."),
        (f'name = "{"x" * 65}"\nmanual = true', "line 2, tools[1].name: Must be at most 64"),
        ('name = "t"\nmanual = 1', "line 3, tools.t.manual: Must be true or false."),
        ('name = "t"\nmanual = true\ntimeout = 0', "line 4, tools.t.timeout: Must be a number, 0.1 to 3600."),
        ('name = "t"\nmanual = true\ntimeout = "20"', "line 4, tools.t.timeout: Must be a number, 0.1 to 3600."),
        ('name = "t"\nmanual = true\napproval = "yes"', "tools.t.approval: Must be ask, always or never."),
        ('name = "t"\nmanual = true\noutput_limit = true', "tools.t.output_limit: Must be a number"),
        ('name = "t"\nmanual = true\ndescription = 1', "tools.t.description: Must be text"),
        ('name = "t"\nmanual = true\nparameters = 1', "tools.t.parameters: Must be a JSON Schema"),
        ('name = "t"\nmanual = true\nparameters = "{"', "tools.t.parameters: Must be a table, or a text of JSON."),
        ('name = "t"\nmanual = true\nparameters.type = "array"', "tools.t.parameters: Must be the schema of an object"),
        (
            'name = "t"\nmanual = true\n[tools.parameters]\nproperties.x.type = "strin"',
            "line 4, tools.t.parameters: Is not a JSON Schema: properties.x.type",
        ),
        ('name = "t"\nmanual = true\nparameters.default = 1979-05-27', "it holds what JSON has no word for"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_and_costs_its_tool_alone(tmp_path: Path, entry: str, told: str) -> None:
    found = loaded(tmp_path, f'[[tools]]\n{entry}\n\n[[tools]]\nname = "good"\nmanual = true\n')
    assert [tool.name for tool in found.settings.tools] == ["good"]
    errors = [str(problem) for problem in found.problems if problem.severity == "error"]
    assert len(errors) == 1
    assert told in errors[0]
    assert errors[0].startswith("config.toml, line ")


def test_unknown_keys_are_kept_and_told(tmp_path: Path) -> None:
    found = loaded(tmp_path, '[[tools]]\nname = "t"\nmanual = true\ntimout = 3\n')
    assert problems(found) == [
        "config.toml, line 4, tools.t.timout: Unknown key; it is kept but not used. Did you mean timeout?"
    ]
    assert found.settings.tools[0].timeout == TIMEOUT


def test_lines_belong_to_their_own_entry(tmp_path: Path) -> None:
    found = loaded(tmp_path, '[[tools]]\nname = "a"\nmanual = true\n\n# more\n[[tools]]\nname = "b"\ntimeout = -1\n')
    assert problems(found)[0].startswith("config.toml, line 8, tools.b.timeout: ")


def test_an_inline_list_has_the_line_it_stands_in(tmp_path: Path) -> None:
    found = loaded(tmp_path, '\ntools = [{ name = "a", manual = true }, { name = "b" }, 5]\n')
    assert [tool.name for tool in found.settings.tools] == ["a"]
    assert [told.split(":")[0] for told in problems(found)] == [
        "config.toml, line 2, tools.b",
        "config.toml, line 2, tools[3]",
    ]


def test_two_of_a_name_are_one(tmp_path: Path) -> None:
    text = '[[tools]]\nname = "get weather"\nmanual = true\n[[tools]]\nname = "get_weather"\ncommand = ["x"]\n'
    found = loaded(tmp_path, text)
    assert [(tool.name, tool.manual) for tool in found.settings.tools] == [("get_weather", True)]
    assert [problem.severity for problem in found.problems] == ["warning", "error"]
    assert "it is called get_weather" in problems(found)[0]
    assert "line 5, tools.get_weather.name" in problems(found)[1]


@pytest.mark.parametrize("text", ["tools = 5\n", '[tools]\nname = "x"\n', 'schemas = "x"\n'])
def test_what_is_no_list_is_told(tmp_path: Path, text: str) -> None:
    found = loaded(tmp_path, text)
    assert found.settings.tools == ()
    (told,) = problems(found)
    assert "Must be a list of tables" in told
    assert "line 1" in told


def test_a_home_is_expanded(tmp_path: Path, home: Path) -> None:
    text = '[[tools]]\nname = "t"\ncommand = ["~/bin/x", "~/y"]\ndirectory = "~/work"\n'
    (tool,) = loaded(tmp_path, text).settings.tools
    assert tool.command == (f"{home}/bin/x", "~/y")
    assert tool.directory == home / "work"


def test_saving_a_setting_keeps_the_tools(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(DOCUMENTED)
    config.save_value(file, "tool_use.always", "get_weather,calculator")
    assert file.read_text().startswith(DOCUMENTED)
    found = config.load(file)
    assert found.settings.tool_use.always_allowed == ("get_weather", "calculator")
    assert [tool.name for tool in found.settings.tools] == ["get_weather"]


def test_schemas_have_one_source_each(tmp_path: Path, home: Path) -> None:
    found = loaded(
        tmp_path,
        '[[schemas]]\nname = "people"\nshorthand = "name, age int"\n'
        '[[schemas]]\nname = "book"\nstrict = true\n[schemas.schema]\ntype = "object"\n'
        '[[schemas]]\nname = "far"\nfile = "~/far.json"\n'
        '[[schemas]]\nname = "none"\n'
        '[[schemas]]\nname = "bad"\nshorthand = "name intt"\n',
    )
    people, book, far = found.settings.schemas
    assert (people.shorthand, people.strict) == ("name, age int", None)
    assert (book.schema, book.strict) == ({"type": "object"}, True)
    assert far.file == home / "far.json"
    assert [told.split(":")[0] for told in problems(found)] == [
        "config.toml, line 12, schemas.none",
        "config.toml, line 16, schemas.bad.shorthand",
    ]


@given(st.text(max_size=80))
def test_every_mapped_name_is_fit_to_be_sent(name: str) -> None:
    assert set(mapped_name(name)) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from(
    ["name", "command", "manual", "timeout", "parameters", "function", "approval", "directory", "schema", "shorthand",
     "file", "strict", "enabled", "output_limit", "description", "type"]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.dictionaries(keys, values, max_size=6), max_size=4) | values)
def test_nothing_that_stands_there_can_stop_the_reading(value: object) -> None:
    told: list[str] = []
    tools = read_tools("", value, lambda key, line, message, severity: told.append(message))
    schemas = read_schemas("", value, lambda key, line, message, severity: told.append(message))
    assert all(tool.name for tool in (*tools, *schemas))
    assert all(isinstance(message, str) and message for message in told)


def test_the_example_is_toml() -> None:
    assert tomllib.loads(DOCUMENTED)["tools"][0]["parameters"]["required"] == ["city"]


def test_the_readmes_example_is_read_without_a_word(tmp_path: Path) -> None:
    readme = Path(__file__).resolve().parents[2] / "README.md"
    (example,) = [block for block in readme.read_text(encoding="utf-8").split("```toml\n")[1:] if "[[tools]]" in block]
    found = loaded(tmp_path, example.partition("```")[0])
    assert problems(found) == []
    assert [tool.name for tool in found.settings.tools] == ["get_weather"]
    assert found.settings.tool_use.calculator
    assert [preset.name for preset in found.settings.schemas] == ["people"]
