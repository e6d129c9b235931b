"""Reading config.toml: nothing in it stops the app, everything wrong in it is named (measured)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui import config
from poe_tui.config import Problem, Settings
from poe_tui.early import LIMIT, Early, early
from poe_tui.settings_read import MOST_PROBLEMS


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def written(file: Path, text: str | bytes) -> config.Loaded:
    data = text.encode() if isinstance(text, str) else text
    file.write_bytes(data)
    loaded = config.load(file)
    assert file.read_bytes() == data
    return loaded


def test_no_file_means_the_defaults(file: Path) -> None:
    loaded = config.load(file)
    assert loaded.settings == Settings()
    assert not loaded.problems
    assert not loaded.sources
    assert not file.exists()


def test_values_are_taken_and_their_place_is_known(file: Path) -> None:
    loaded = written(
        file,
        '# mine\n[general]\nmodel = "GPT-5.2"\n[defaults]\ntemperature = 1\ntop_p = 0.5 # half\n'
        '[keys]\nmodel.pick = "F5"\n"turn.copy" = ["Y", "ctrl+k"]\n',
    )
    assert not loaded.problems
    assert loaded.settings.general.model == "GPT-5.2"
    assert loaded.settings.defaults.temperature == 1.0
    assert isinstance(loaded.settings.defaults.temperature, float)
    assert loaded.settings.keys == {"model.pick": "f5", "turn.copy": "Y,ctrl+k"}
    assert loaded.sources["defaults.top_p"] == "config.toml, line 6"
    assert loaded.sources["keys.turn.copy"] == "config.toml, line 9"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[general\nmodel = 1\n", 1, "Not valid TOML"),
        ('[general]\nmodel = "a"\nmodel = "b"\n', 3, "Not valid TOML"),
        ('a = 1\nb = "unclosed', 2, "Not valid TOML"),
        ("a = [" + "[" * 5000, None, "Nested too deeply"),
        ("a = " + "1" * 5000, None, "Not valid TOML"),
        (b"a = 1\nb = '\xff\xfe'\n", 2, "Not UTF-8"),
        ("a = 1\n".encode("utf-16"), 1, "Not UTF-8"),
        (bytes(range(256)), 2, "Not"),
    ],
    ids=["header", "twice", "unclosed", "deep", "digits", "utf-8", "utf-16", "garbage"],
)
def test_a_broken_file_is_named_and_the_defaults_hold(
    file: Path, text: str | bytes, line: int | None, words: str
) -> None:
    loaded = written(file, text)
    (problem,) = loaded.problems
    assert loaded.settings == Settings()
    assert words in problem.message
    assert "The defaults are used." in problem.message
    if line is not None:
        assert problem.line == line
        assert f"config.toml, line {line}" in str(problem)


def test_a_byte_order_mark_does_not_matter(file: Path) -> None:
    loaded = written(file, b'\xef\xbb\xbf[general]\r\nmodel = "x"\r\n')
    assert loaded.settings.general.model == "x"
    assert not loaded.problems


def test_a_huge_file_is_not_read(file: Path) -> None:
    loaded = written(file, b"#" + b"x" * 10_000_000)
    assert "is larger than 1000 kB" in loaded.problems[0].message
    assert early(file) == Early()


def test_a_file_that_is_none_never_blocks(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    for name in ("fifo", "folder"):
        (problem,) = config.load(tmp_path / name).problems
        assert "Cannot be read" in problem.message
        assert early(tmp_path / name) == Early()


def test_one_mistake_costs_one_default(file: Path) -> None:
    loaded = written(
        file,
        'appearance = 3\n[general]\nmodel = "GPT-5.2"\nsidebar = "left"\nconfirm_quit = 1\n'
        "[defaults]\ntop_p = 1.4\ntemperature = nan\nmax_output_tokens = true\ntop_logprobs = 21\n"
        '[advanced]\nmax_requests = 3.0\nproxy = "ftp://x"\n',
    )
    assert loaded.settings == Settings().model_copy(
        update={"general": Settings().general.model_copy(update={"model": "GPT-5.2"})}
    )
    told = {problem.key: problem for problem in loaded.problems}
    assert told["appearance"].message.startswith("Must be a table of settings.")
    assert told["general.sidebar"].message == "Must be auto, on or off. The default is used."
    assert told["general.sidebar"].line == 4
    assert told["general.confirm_quit"].message.startswith("Must be on or off.")
    assert told["defaults.top_p"].message.startswith("Must be 0 to 1.")
    assert told["defaults.temperature"].message.startswith("Must be 0 to 2.")
    assert told["defaults.max_output_tokens"].message.startswith("Must be a whole number, 1 or more.")
    assert told["defaults.top_logprobs"].message.startswith("Must be a whole number, 0 to 20.")
    assert told["advanced.max_requests"].message.startswith("Must be a whole number, 1 to 3.")
    assert told["advanced.proxy"].message.startswith("Must be a URL such as http://")
    assert {problem.severity for problem in loaded.problems} == {"error"}


def test_unknown_keys_are_kept_and_told_with_a_guess(file: Path) -> None:
    loaded = written(file, '[appearance]\ntheem = "x"\n[[pets]]\nname = "t"\n[keys]\n"model.pikc" = "a"\n')
    assert loaded.document["appearance"] == {"theem": "x"}
    told = {problem.key: problem for problem in loaded.problems}
    assert "Did you mean appearance.theme" in told["appearance.theem"].message
    assert told["pets"].severity == "warning"
    assert told["keys.model.pikc"].severity == "warning"
    assert loaded.settings == Settings()


@pytest.mark.parametrize(
    "text",
    [
        'api_key = "sk-canary"\n',
        '[account]\nkey = "sk-canary"\n',
        '[account]\nPOE_API_KEY = "sk-canary"\n',
        '[servers."https://x.example"]\ntoken = "sk-canary"\n',
        '[headers]\nAuthorization = "Bearer sk-canary"\n',
    ],
)
def test_a_key_in_config_toml_is_reported_and_never_shown(file: Path, text: str) -> None:
    loaded = written(file, text)
    (problem,) = loaded.problems
    assert "A key does not belong in this file" in problem.message
    assert problem.severity == "error"
    assert "canary" not in repr(loaded)
    assert "canary" not in str(problem)


def test_a_key_for_a_server_among_the_bindings_is_no_binding(file: Path) -> None:
    loaded = written(file, '[keys]\n"https://api.poe.com/v1" = "sk-canary"\n')
    assert loaded.settings.keys == {}
    assert "canary" not in repr(loaded)


def test_bad_bindings_are_told(file: Path) -> None:
    loaded = written(file, '[keys]\n"model.pick" = 3\n"turn.copy" = "a b"\n')
    assert loaded.settings.keys == {}
    assert all("Must be a key such as" in problem.message for problem in loaded.problems)


def test_a_file_full_of_mistakes_is_told_in_part(file: Path) -> None:
    assert len(written(file, "".join(f"a{n} = 1\n" for n in range(500))).problems) == MOST_PROBLEMS


def test_the_environment_names_the_server(file: Path) -> None:
    file.write_text('[account]\nbase_url = "https://one.example/v1"\n')
    loaded = config.load(file, {"POE_BASE_URL": " HTTP://LocalHost:80/v1/ "})
    assert loaded.settings.account.base_url == "http://localhost/v1"
    assert loaded.sources["account.base_url"] == "POE_BASE_URL"
    assert not loaded.refusal
    assert config.load(file, {"POE_BASE_URL": " "}).settings.account.base_url == "https://one.example/v1"


def test_a_server_in_the_environment_that_cannot_be_used_refuses_all_sending(file: Path) -> None:
    loaded = config.load(file, {"POE_BASE_URL": "http://elsewhere.example/v1"})
    assert loaded.refusal == "POE_BASE_URL cannot be used. Must be https: http is allowed on this machine only."


def test_explain_tells_everything_and_hides_a_password(file: Path) -> None:
    loaded = written(file, '[advanced]\nproxy = "http://me:secret@proxy:3128"\n[keys]\n"app.help" = "f1"\n')
    lines = {one.key: one for one in config.explain(loaded)}
    assert set(lines) == {row.key for row in config.rows()} | {"keys.app.help"}
    assert lines["advanced.proxy"].value == "http://me:***@proxy:3128"
    assert lines["advanced.proxy"].source == "config.toml, line 2"
    assert lines["defaults.top_p"].bounds == "0 to 1"
    assert lines["defaults.top_p"].default == "not sent"
    assert lines["general.model"].source == "default"


def test_early_reads_the_first_frame(file: Path) -> None:
    file.write_text(
        '[appearance]\ntheme = "poe-light"\ndensity = "compact"\nmouse = "off"\n[general]\nsidebar = "on"\n'
        '[keys]\nmodel.pick = "f5"\n"app.help" = "f2"\nbad = 3\n'
    )
    assert early(file) == Early("poe-light", "compact", "off", "on", {"model.pick": "f5", "app.help": "f2"})


def test_early_falls_back_value_by_value(file: Path) -> None:
    file.write_text('keys = 1\n[appearance]\ntheme = " "\ndensity = 3\nmouse = "left"\n[general]\nsidebar = "on"\n')
    assert early(file) == Early(sidebar="on")
    file.write_text("broken")
    assert early(file) == Early()


def test_early_has_the_same_defaults_as_the_settings() -> None:
    defaults = Settings()
    assert Early() == Early(
        defaults.appearance.theme, defaults.appearance.density, defaults.appearance.mouse, defaults.general.sidebar, {}
    )


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=200), st.binary(max_size=200)))
def test_load_never_raises_and_never_writes(tmp_path_factory: pytest.TempPathFactory, text: str | bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any.toml"
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    file.write_bytes(data)
    loaded = config.load(file, {})
    assert isinstance(early(file), Early)
    assert loaded.settings == Settings()
    assert all(isinstance(problem, Problem) and str(problem) for problem in loaded.problems)
    assert file.read_bytes() == data
    file.unlink()


_VALUES = st.one_of(
    st.text(max_size=12), st.integers(), st.floats(), st.booleans(), st.lists(st.integers(), max_size=3), st.none()
)
_KEYS = st.sampled_from([row.key for row in config.rows()] + ["keys.model.pick", "general.nothing", "other"])


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(_KEYS, _VALUES, max_size=8))
def test_any_value_of_any_key_is_taken_or_told(
    tmp_path_factory: pytest.TempPathFactory, pairs: dict[str, object]
) -> None:
    import tomli_w

    document: dict[str, object] = {}
    for key, value in pairs.items():
        section, _, name = key.partition(".")
        if value is not None:
            table = document.setdefault(section, {} if name else value)
            if name and isinstance(table, dict):
                table[name] = value
    file = tmp_path_factory.getbasetemp() / "pairs.toml"
    try:
        file.write_text(tomli_w.dumps(document), encoding="utf-8")
    except UnicodeEncodeError:
        return
    loaded = config.load(file)
    told = {problem.key for problem in loaded.problems}
    for key, value in pairs.items():
        if value is not None:
            assert key in told or key in loaded.sources
    assert LIMIT > 0
