"""Writing config.toml: one value changes, everything else stays, and a crash leaves the old file or the new one."""

from __future__ import annotations

import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui import config, private_files
from poe_tui.config import UNSET, BadValue, ConfigError, UnknownSetting

OURS = """\
# My settings.
title = "kept" # unknown, kept

[appearance] # colours
theme = "poe-light"   # for the day
density = "compact"

[defaults]
metadata = { a = "1" }

[[tools]]
name = "get_weather" # a tool
manual = true

[keys]
model.pick = "f5"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def test_a_value_is_replaced_in_its_line(file: Path) -> None:
    file.write_text(OURS)
    assert config.save_value(file, "appearance.theme", "poe-dark") is None
    assert file.read_text() == OURS.replace('"poe-light"', '"poe-dark"')
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_value_is_added_to_its_table(file: Path) -> None:
    file.write_text(OURS)
    config.save_value(file, "appearance.mouse", "off")
    config.save_value(file, "advanced.max_requests", 2)
    config.save_value(file, "keys.app.help", "^H")
    text = file.read_text()
    assert 'density = "compact"\nmouse = "off"\n' in text
    assert text.endswith('model.pick = "f5"\n"app.help" = "ctrl+h"\n\n[advanced]\nmax_requests = 2\n')
    assert config.load(file).settings.keys == {"model.pick": "f5", "app.help": "ctrl+h"}


def test_a_binding_without_quotes_is_replaced_too(file: Path) -> None:
    file.write_text(OURS)
    config.save_value(file, "keys.model.pick", "f6")
    assert file.read_text() == OURS.replace('"f5"', '"f6"')
    config.reset_value(file, "keys.model.pick")
    assert file.read_text() == OURS.replace('model.pick = "f5"\n', "")


def test_back_to_the_default_takes_the_line_out(file: Path) -> None:
    file.write_text(OURS)
    assert config.reset_value(file, "appearance.density") is None
    assert file.read_text() == OURS.replace('density = "compact"\n', "")
    before = file.stat().st_mtime_ns
    config.save_value(file, "appearance.density", None)
    config.save_value(file, "appearance.motion", UNSET)
    assert file.stat().st_mtime_ns == before


def test_the_same_value_writes_nothing(file: Path) -> None:
    file.write_text(OURS)
    file.chmod(0o400)
    config.save_value(file, "appearance.theme", "poe-light")
    assert stat.S_IMODE(file.stat().st_mode) == 0o400


def test_the_first_value_makes_file_and_directory(tmp_path: Path) -> None:
    file = tmp_path / "one" / "two" / "config.toml"
    config.save_value(file, "general.model", 'a "b" \\ é')
    assert config.load(file).settings.general.model == 'a "b" \\ é'
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    config.reset_value(tmp_path / "none" / "config.toml", "general.model")
    assert not (tmp_path / "none" / "config.toml").exists()


@pytest.mark.parametrize(
    ("before", "key", "value"),
    [
        ('appearance = { theme = "a" }\n', "appearance.theme", "b"),
        ('appearance = { theme = "a" }\n', "appearance.mouse", "off"),
        ("[defaults.metadata]\na = '1'\n", "defaults.metadata", {"b": "2"}),
    ],
)
def test_what_no_line_edit_can_do_is_rewritten_with_one_backup(file: Path, before: str, key: str, value: Any) -> None:
    file.write_text(f"# a comment\n{before}")
    backup = config.save_value(file, key, value)
    assert backup == file.with_name("config.toml.bak")
    assert backup.read_text() == f"# a comment\n{before}"
    section, name = key.split(".")
    assert tomllib.loads(file.read_text())[section][name] == value
    file.write_text(f"# another\n{before}")
    assert config.save_value(file, key, value) is None
    assert backup.read_text() == f"# a comment\n{before}"


def test_without_comments_no_backup_is_made(file: Path) -> None:
    file.write_text('appearance = { theme = "a#b" }\n')
    assert config.save_value(file, "appearance.theme", "b") is None
    assert not file.with_name("config.toml.bak").exists()


def test_dotted_keys_at_the_top_are_understood(file: Path) -> None:
    file.write_text('appearance.theme = "a" # x\n')
    config.save_value(file, "appearance.mouse", "off")
    config.save_value(file, "appearance.theme", "b")
    assert file.read_text() == 'appearance.theme = "b" # x\nappearance.mouse = "off"\n'


def test_a_file_with_a_mistake_is_never_written(file: Path) -> None:
    file.write_text("[general]\nmodel = \n")
    with pytest.raises(ConfigError, match=r"config\.toml was left as it is\. line 2: Not valid TOML"):
        config.save_value(file, "general.model", "x")
    with pytest.raises(ConfigError, match="left as it is"):
        config.reset_value(file, "general.model")
    file.write_text("general = 3\n")
    with pytest.raises(ConfigError, match="general must be a table"):
        config.save_value(file, "general.model", "x")
    assert file.read_text() == "general = 3\n"


def test_what_does_not_fit_is_not_written(file: Path) -> None:
    with pytest.raises(BadValue, match=r"Must be 0 to 1\."):
        config.save_value(file, "defaults.top_p", 1.4)
    with pytest.raises(UnknownSetting, match=r"appearance\.theme"):
        config.save_value(file, "appearance.theem", "x")
    with pytest.raises(UnknownSetting, match=r"keys\.model\.pick"):
        config.save_value(file, "keys.model.pikc", "x")
    with pytest.raises(BadValue, match="Must be a key"):
        config.save_value(file, "keys.model.pick", "")
    assert not file.exists()


def test_a_link_stays_and_its_target_changes(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    target = tmp_path / "dotfiles" / "poe.toml"
    target.write_text("# mine\n")
    link = tmp_path / "config.toml"
    link.symlink_to("dotfiles/poe.toml")
    config.save_value(link, "general.model", "x")
    assert link.is_symlink()
    assert target.read_text() == '# mine\n\n[general]\nmodel = "x"\n'
    assert sorted(path.name for path in target.parent.iterdir()) == ["poe.toml"]


def test_windows_line_ends_stay(file: Path) -> None:
    file.write_bytes(b'[general]\r\nmodel = "a"\r\n')
    config.save_value(file, "general.sidebar", "on")
    config.save_value(file, "advanced.chain", "never")
    assert file.read_bytes() == (b'[general]\r\nmodel = "a"\r\nsidebar = "on"\r\n\r\n[advanced]\r\nchain = "never"\r\n')


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="Not saved"):
        config.save_value(tmp_path / "file" / "config.toml", "general.model", "x")


def test_a_full_disk_leaves_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(OURS)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(private_files.os, "fsync", full)
    with pytest.raises(ConfigError, match="No space left on device"):
        config.save_value(file, "appearance.theme", "poe-dark")
    assert file.read_text() == OURS
    assert [path.name for path in file.parent.iterdir()] == ["config.toml"]


_SAVER = """
import sys
from pathlib import Path
from poe_tui import config
file, key, values = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
print("ready", flush=True)
sys.stdin.readline()
for value in values:
    config.save_value(file, key, value)
"""


def test_two_instances_do_not_undo_each_other(file: Path) -> None:
    file.write_text(OURS)
    names = [f"name-{number}" for number in range(30)]
    savers = [
        subprocess.Popen(
            [sys.executable, "-c", _SAVER, str(file), key, *names], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for key in ("appearance.theme", "general.model")
    ]
    for saver in savers:
        assert saver.stdout is not None
        assert saver.stdout.readline() == b"ready\n"
    for saver in savers:
        saver.communicate(b"go\n", timeout=60)
        assert saver.returncode == 0
    loaded = config.load(file)
    assert loaded.settings.appearance.theme == loaded.settings.general.model == "name-29"
    assert loaded.document["title"] == "kept"


_KILLED = """
import itertools, sys
from pathlib import Path
from poe_tui import config
file = Path(sys.argv[1])
print("ready", flush=True)
for number in itertools.count():
    config.save_value(file, "general.model", ("a" if number % 2 else "b") * 200)
"""


def test_a_save_that_is_killed_leaves_the_old_or_the_new_file(file: Path) -> None:
    file.write_text(OURS)
    for _ in range(3):
        saver = subprocess.Popen([sys.executable, "-c", _KILLED, str(file)], stdout=subprocess.PIPE)
        assert saver.stdout is not None
        saver.stdout.readline()
        for _ in range(5):
            text = file.read_text()
            assert tomllib.loads(text)["title"] == "kept"
        saver.kill()
        saver.communicate()
        loaded = config.load(file)
        assert {problem.severity for problem in loaded.problems} == {"warning"}
        assert loaded.settings.general.model in ("a" * 200, "b" * 200, "Claude-Sonnet-4.5")


_JUNK = st.dictionaries(
    st.text(min_size=1, max_size=6).filter(lambda name: name not in ("general", "appearance", "keys")),
    st.one_of(
        st.text(max_size=10),
        st.integers(min_value=-(2**60), max_value=2**60),
        st.floats(allow_nan=False),
        st.booleans(),
        st.lists(st.text(max_size=3), max_size=3),
        st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
    ),
    max_size=5,
)
_LINE = st.text(st.characters(blacklist_categories=("C", "Z")), min_size=1, max_size=20)


@settings(max_examples=150, deadline=None)
@given(junk=_JUNK, model=_LINE, theme=_LINE)
def test_saving_keeps_unknown_keys_and_gives_back_what_was_saved(
    tmp_path_factory: pytest.TempPathFactory, junk: dict[str, Any], model: str, theme: str
) -> None:
    import tomli_w

    file = tmp_path_factory.getbasetemp() / "junk.toml"
    try:
        file.write_text("# head\n" + tomli_w.dumps({**junk, "general": {"other": 1}}), encoding="utf-8", newline="")
    except UnicodeEncodeError:
        return
    before = tomllib.loads(file.read_bytes().decode())
    for key, value in (("general.model", model), ("appearance.theme", theme), ("general.model", theme)):
        config.save_value(file, key, value)
    after = tomllib.loads(file.read_bytes().decode())
    assert after == before | {"general": {"other": 1, "model": theme}, "appearance": {"theme": theme}}
    config.reset_value(file, "general.model")
    config.reset_value(file, "appearance.theme")
    cleared = tomllib.loads(file.read_bytes().decode())
    assert cleared == before | ({"appearance": {}} if "appearance" in cleared else {})
    assert file.read_bytes().startswith(b"# head\n")
