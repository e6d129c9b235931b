"""Schemas for answers: their sources, strictness, what is sent, and answers held against them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui import json_check
from poe_tui.demo import schema as demo_schema
from poe_tui.engine.json_table import Table, table, to_csv
from poe_tui.engine.schema import (
    AnswerSchema,
    SchemaRefused,
    check,
    check_turn,
    format_of,
    from_file,
    from_preset,
    from_text,
    from_words,
    is_strict,
    make_strict,
    with_schema,
)
from poe_tui.tool_config import SchemaPreset
from tests.engine.conftest import Bench
from tests.engine.makers import turn

PEOPLE = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name"],
}
STRICT = {**PEOPLE, "required": ["name", "age"], "additionalProperties": False}


class TestSources:
    @pytest.mark.parametrize(
        "text",
        [
            json.dumps(STRICT),
            "name, age int",
            "{name, age int}",
            json.dumps({"type": "json_schema", "name": "people", "schema": STRICT, "strict": True}),
            json.dumps({"name": "people", "schema": STRICT}),
            json.dumps({"type": "json_schema", "json_schema": {"name": "people", "schema": STRICT}}),
        ],
    )
    def test_every_spelling_is_the_same_schema(self, text: str) -> None:
        assert from_text(text).schema == STRICT

    def test_names(self) -> None:
        assert from_text("name").name == "answer"
        assert from_text(json.dumps({**PEOPLE, "title": "My people!"})).name == "My_people_"
        assert from_text(json.dumps({"name": "x", "schema": PEOPLE, "strict": False})).strict is False
        assert from_text("name", "ä" * 100).name == "_" * 64

    def test_a_schema_with_a_property_of_that_name_is_one(self) -> None:
        found = from_text(json.dumps({"type": "object", "properties": {"schema": {"type": "object"}}}))
        assert found.schema["properties"] == {"schema": {"type": "object"}}

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("", "There is no field"),
            ('{"type": "object",', "That is not JSON: Expecting property name"),
            ('{"type": "objekt"}', "That is not a JSON Schema: type: "),
            ("name intt", "'intt' is not a type"),
            ('{"a": ' * 50_000, "That is nested too deeply."),
        ],
    )
    def test_what_is_none_is_refused_in_words(self, text: str, told: str) -> None:
        with pytest.raises(SchemaRefused) as refused:
            from_text(text)
        assert told in str(refused.value)

    def test_a_file_is_named_after_itself(self, tmp_path: Path) -> None:
        file = tmp_path / "my people.json"
        file.write_text("\ufeff" + json.dumps(PEOPLE), encoding="utf-8")
        assert from_file(file) == AnswerSchema(PEOPLE, "my_people")

    def test_what_is_no_file(self, tmp_path: Path) -> None:
        (tmp_path / "binary").write_bytes(b"\xff\xfe")
        (tmp_path / "large").write_bytes(b" " * 1_000_001)
        for name, told in {"binary": "is not text", "large": "is larger than", "gone": "No such file", ".": ""}.items():
            with pytest.raises(SchemaRefused) as refused:
                from_file(tmp_path / name)
            assert told in str(refused.value)

    def test_words_are_a_preset_a_file_or_the_schema(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        Path("bare").write_text("a, b")
        presets = (SchemaPreset("people", shorthand="name"), SchemaPreset("far", file=tmp_path / "bare", strict=True))
        assert from_words("people", presets).name == "people"
        assert from_words("far", presets).strict is True
        assert list(from_words("bare").schema["properties"]) == ["a", "b"]
        assert list(from_words("x, y").schema["properties"]) == ["x", "y"]
        assert list(from_words("{x}").schema["properties"]) == ["x"]
        for words, told in {
            "gone.json": "No such file",
            "my gone.json": "No such file",
            "./gone": "No such file",
            "people": "the presets are: none yet",
            "x" * 5000 + ", y z q": "",
        }.items():
            with pytest.raises(SchemaRefused) as refused:
                from_words(words)
            assert told in str(refused.value)

    def test_a_preset_that_lost_its_file(self, tmp_path: Path) -> None:
        with pytest.raises(SchemaRefused, match="No such file"):
            from_preset(SchemaPreset("x", file=tmp_path / "gone"))


class TestStrict:
    @pytest.mark.parametrize(
        ("schema", "strict"),
        [
            (STRICT, True),
            (PEOPLE, False),
            ({**STRICT, "patternProperties": {}}, False),
            ({**STRICT, "properties": {**STRICT["properties"], "name": {"type": "string", "minLength": 2}}}, False),
            ({"type": "array", "items": STRICT}, False),
            ({"type": "object"}, False),
            ({"type": "object", "properties": {}, "required": [], "additionalProperties": False}, True),
            (from_text("a [x, y int?], b {c}?, d e|f").schema, True),
            (5, False),
        ],
    )
    def test_what_a_server_can_hold_a_model_to(self, schema: Any, strict: bool) -> None:
        assert is_strict(schema) is strict

    def test_the_format_follows_the_settings_and_the_schemas_own_word(self) -> None:
        assert AnswerSchema(PEOPLE, "p").format() == {
            "type": "json_schema", "name": "p", "schema": PEOPLE, "strict": False,
        }  # fmt: skip
        assert AnswerSchema(STRICT).format()["strict"] is True
        assert AnswerSchema(STRICT).format("off")["strict"] is False
        assert AnswerSchema(STRICT, strict=False).format("on")["strict"] is False
        made = AnswerSchema(PEOPLE).format("on")
        assert made["strict"] is True
        assert made["schema"] == {
            **STRICT, "properties": {"name": {"type": "string"}, "age": {"type": ["integer", "null"]}},
        }  # fmt: skip
        assert AnswerSchema(PEOPLE).format("off")["schema"] == PEOPLE

    def test_deep_parts_are_made_strict_too(self) -> None:
        schema = {
            "type": "object",
            "properties": {
                "list": {"type": "array", "items": PEOPLE},
                "either": {"anyOf": [PEOPLE, {"type": "null"}]},
                "word": {"type": "string", "enum": ["a"]},
                "fixed": {"const": 1},
            },
            "$defs": {"p": PEOPLE},
        }
        made = make_strict(schema)
        assert is_strict(made)
        assert made["properties"]["word"] == {"type": ["string", "null"], "enum": ["a", None]}
        assert made["properties"]["fixed"] == {"anyOf": [{"const": 1}, {"type": "null"}]}
        assert made["$defs"]["p"]["required"] == ["name", "age"]
        assert schema["properties"]["list"]["items"] is PEOPLE
        json_check.check_schema(made)

    names = st.sampled_from(["a", "b", "c"])
    leaves = st.sampled_from([{"type": "string"}, {"type": "integer"}, {"enum": ["x", "y"]}, {"type": ["number"]}])
    schemas = st.recursive(
        leaves,
        lambda inner: st.one_of(
            inner.map(lambda item: {"type": "array", "items": item}),
            st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, min_size=1, max_size=3).flatmap(
                lambda made: st.sets(st.sampled_from(sorted(made))).map(
                    lambda required: {"type": "object", "properties": made, "required": sorted(required)}
                )
            ),
        ),
        max_leaves=8,
    )

    @settings(max_examples=100, deadline=None)
    @given(st.dictionaries(names, schemas, min_size=1, max_size=3))
    def test_everything_can_be_made_strict(self, properties: dict[str, Any]) -> None:
        made = make_strict({"type": "object", "properties": properties})
        assert is_strict(made)
        assert make_strict(made) == made
        value = demo_schema.instance(made)
        assert json_check.violations(made, value) == []


class TestAnswers:
    @pytest.mark.parametrize(
        "answer",
        [
            '{"name": "Ada", "age": 36}',
            '\n {"name":"Ada","age":36}\n',
            '```json\n{"name": "Ada", "age": 36}\n```',
            'Here it is:\n\n```\n{"name": "Ada", "age": 36}\n```\n\nAnything else?',
        ],
    )
    def test_json_is_found(self, answer: str) -> None:
        found = check(answer, STRICT)
        assert found.is_valid
        assert found.value == {"name": "Ada", "age": 36}
        assert json.loads(found.text) == found.value

    @pytest.mark.parametrize(
        ("answer", "told"),
        [
            ("", "$: the answer is empty"),
            ("Sorry.", "$: the answer is not JSON: Expecting value"),
            ('{"name": "Ada"', "$: the answer is not JSON: "),
            ('{"age": NaN}', "$: the answer is not JSON: NaN is not a number in JSON"),
            ("[" * 100_000, "$: the answer is nested too deeply"),
            ("```\n{}\n```\nor\n```\n{}\n```", "$: the answer is not JSON"),
            ('{"name": 1, "age": 1}', "$.name: must be text, is 1"),
        ],
    )
    def test_what_does_not_obey_is_told(self, answer: str, told: str) -> None:
        found = check(answer, STRICT)
        assert not found.is_valid
        assert str(found.violations[0]).startswith(told)

    def test_a_turn_knows_its_schema(self) -> None:
        wanted = AnswerSchema(STRICT).format()
        asked = turn("Who?", '{"name": "Ada", "age": 36}', options={"text": {"format": wanted}})
        assert format_of(asked) == wanted
        found = check_turn(asked)
        assert found is not None
        assert found.is_valid
        assert check_turn(turn("Who?", "Ada")) is None
        assert check_turn(turn("Who?", "Ada", options={"text": {"verbosity": "low"}})) is None
        loose = check_turn(turn("Who?", "[1]", options={"text": {"format": {"type": "json_object"}}}))
        assert loose is not None
        assert loose.is_valid

    def test_places_are_told_step_by_step(self) -> None:
        found = check('{"items": [{"a b": 1}]}', from_text('["a b", c]').schema)
        assert [violation.parts for violation in found.violations] == [("items", 0), ("items", 0, "a b")]

    async def test_the_demo_obeys(self, bench: Bench) -> None:
        wanted = from_text("title, pages int, tags [str], kind book|film").format()
        thread = bench.thread(options={"text": {"format": wanted, "verbosity": "low"}})
        asked = await bench.ask(thread, "One book, please.")
        assert bench.bodies[0]["text"] == {"format": wanted, "verbosity": "low"}
        found = check_turn(asked)
        assert found is not None
        assert found.is_valid


def test_a_thread_keeps_its_schema() -> None:
    options = with_schema({"temperature": 1, "text": {"verbosity": "low"}}, AnswerSchema(STRICT, "p"))
    assert options["text"]["verbosity"] == "low"
    assert options["text"]["format"]["name"] == "p"
    assert with_schema(options, None) == {"temperature": 1, "text": {"verbosity": "low"}}
    assert with_schema(with_schema({}, AnswerSchema(STRICT)), None) == {}


class TestTables:
    def test_a_list_of_objects_is_a_table(self) -> None:
        rows = [{"a": "x", "b": 1}, {"b": None, "c": [1, "ü"]}]
        wanted = Table(("a", "b", "c"), (("x", "1", ""), ("", "", '[1, "ü"]')))
        assert table(rows) == wanted
        assert table({"items": rows}) == wanted

    @pytest.mark.parametrize("value", [[], [1], {}, {"a": 1}, {"a": [{"b": 1}], "c": 2}, "x", None, [{}, 1]])
    def test_other_values_are_none(self, value: Any) -> None:
        assert table(value) is None

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ([{"a": 'x "y", z', "b": True}], 'a,b\n"x ""y"", z",true\n'),
            ([{"a": "two\nlines"}], 'a\n"two\nlines"\n'),
            ({"a": 1, "b": [2]}, "a,b\n1,[2]\n"),
            ([1, None, "x"], 'value\n1\n""\nx\n'),
            ("x\x1b[31m", "value\nx␛[31m\n"),
        ],
    )
    def test_csv(self, value: Any, text: str) -> None:
        assert to_csv(value) == text

    @settings(max_examples=100, deadline=None)
    @given(
        st.lists(st.dictionaries(st.text("abc", min_size=1), st.text('x,"\n é', max_size=5)), min_size=1, max_size=4)
    )
    def test_csv_is_read_back(self, rows: list[dict[str, str]]) -> None:
        found = table(rows)
        assert found is not None
        if found.columns:
            assert list(csv.reader(io.StringIO(to_csv(rows)))) == [list(found.columns), *map(list, found.rows)]
