"""``poe-tui config``, ``login``, ``logout`` and ``demo-server``."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
from pathlib import Path

import pytest

from poe_tui import config, paths
from poe_tui.demo.server import DemoServer
from tests.cli.running import COMMAND, here, poe, poe_in_a_terminal

CANARY = "sk-poe-canary-0123456789"


def test_config_path() -> None:
    told = here("config")
    assert told.out == f"{paths.config_file()}\n" == here("config", "path").out
    assert not paths.config_file().exists()


def test_set_get_and_back() -> None:
    file = paths.config_file()
    assert here("config", "set", "defaults.temperature", "0.7").code == 0
    file.write_text("# mine\n" + file.read_text() + "other = 1 # kept\n")
    assert here("config", "set", "general.send_key", "^J").code == 0
    assert file.read_text() == (
        '# mine\n[defaults]\ntemperature = 0.7\nother = 1 # kept\n\n[general]\nsend_key = "ctrl+j"\n'
    )
    told = here("config", "get", "defaults.temperature")
    assert told.out == "0.7\n"
    assert "defaults.other: Unknown setting; it is kept but not used." in told.err
    assert here("config", "get", "general.send_key").out == "ctrl+j\n"
    assert here("config", "get", "defaults.top_p").out == "not sent\n"
    assert here("config", "get", "defaults.top_p", "--json").out == "null\n"
    assert here("config", "get", "keys.model.pick").out == "\n"
    assert here("config", "set", "defaults.temperature", "--default").code == 0
    assert "temperature" not in file.read_text()
    assert here("config", "set", "defaults.instructions", "Be brief.\n\x1b[31mNo red.").code == 0
    assert here("config", "get", "defaults.instructions").out == "Be brief.\n␛[31mNo red.\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("set", "defaults.top_p", "1.4"), "defaults.top_p: Must be 0 to 1."),
        (("set", "defaults.temperature", "-1"), "defaults.temperature: Must be 0 to 2."),
        (("set", "appearance.theem", "x"), "There is no setting 'appearance.theem'. Did you mean appearance.theme"),
        (("set", "keys.model.pikc", "a"), "There is no setting 'keys.model.pikc'. Did you mean keys.model.pick"),
        (("set", "general.model"), "config set needs a KEY and a VALUE (or --default)."),
        (("set", "general.model", "x", "--default"), "config set needs a KEY and a VALUE"),
        (("set", "general.model", "x", "--nope"), "unrecognized arguments: --nope."),
        (("get",), "config get needs a KEY."),
        (("get", "x", "y"), "config get takes no more words."),
        (("path", "x"), "config path takes no more words."),
        (("explain", "zzz"), "There is no setting 'zzz'."),
        (("burn",), "argument ACTION: invalid choice: 'burn'"),
    ],
)
def test_mistakes_change_nothing(arguments: tuple[str, ...], words: str) -> None:
    told = here("config", *arguments)
    assert (told.code, told.out) == (2, "")
    assert words in told.err
    assert not paths.config_file().exists()


def test_a_file_with_a_mistake_is_told_and_never_written() -> None:
    file = paths.config_file()
    file.parent.mkdir(parents=True)
    file.write_text("[general]\nmodel = \n")
    told = here("config", "set", "general.model", "x")
    assert told.code == 1
    assert "config.toml was left as it is. line 2: Not valid TOML" in told.err
    assert "config.toml, line 2: Not valid TOML" in here("config", "get", "general.model").err
    assert file.read_text() == "[general]\nmodel = \n"


def test_comments_that_cannot_be_kept_are_in_the_backup() -> None:
    file = paths.config_file()
    file.parent.mkdir(parents=True)
    file.write_text('# mine\nappearance = { theme = "a" }\n')
    told = here("config", "set", "appearance.theme", "b")
    assert told.code == 0
    assert "config.toml.bak" in told.err
    assert file.with_name("config.toml.bak").read_text().startswith("# mine")


def test_explain() -> None:
    assert here("config", "set", "advanced.max_requests", "2").code == 0
    rows = {row[0]: row[1:] for row in here("config", "explain", env={"POE_BASE_URL": "http://localhost:1/v1"}).rows}
    assert set(rows) == {row.key for row in config.rows()}
    assert rows["advanced.max_requests"] == ["2", "3", "whole number", "1 to 3", "config.toml, line 2"]
    assert rows["account.base_url"][4] == "POE_BASE_URL"
    listed = json.loads(here("config", "explain", "defaults", "--json").out)
    assert {one["id"].partition(".")[0] for one in listed} == {"defaults"}
    seen = poe_in_a_terminal("config", "explain", "defaults.top_p").out
    assert seen.startswith("defaults.top_p = not sent\n    number, 0 to 1; default: not sent\n    Keeps only")


def test_login_by_a_pipe_and_logout(demo_server_thread: DemoServer) -> None:
    env = {"POE_BASE_URL": demo_server_thread.base_url}
    told = here("login", stdin=f"  {CANARY}\n", env=env)
    assert (told.code, told.out) == (0, "")
    assert "points are left" in told.err and "stored in" in told.err
    file = paths.credentials_file()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert CANARY in file.read_text()
    assert here("usage", env=env).code == 0
    assert here("usage").code == 3, "the key belongs to another server"
    told = here("logout", env={**env, "POE_API_KEY": "x"})
    assert (told.code, told.err) == (0, "poe-tui: forgotten.\npoe-tui: POE_API_KEY is still set and is used.\n")
    assert CANARY not in file.read_text()
    assert "there was no stored key" in here("logout", env=env).err


def test_login_at_a_terminal_shows_nothing(demo_server_thread: DemoServer) -> None:
    seen = poe_in_a_terminal("login", typed=f"{CANARY}\r", env={"POE_BASE_URL": demo_server_thread.base_url})
    assert seen.code == 0
    assert "canary" not in seen.out
    assert CANARY in paths.credentials_file().read_text()


@pytest.mark.parametrize(("typed", "words"), [("", "The key is empty."), (f"{CANARY} {CANARY}\n", "holds a space")])
def test_a_key_that_cannot_be_one_is_not_stored(typed: str, words: str) -> None:
    told = here("login", stdin=typed)
    assert told.code == 3
    assert words in told.err
    assert "canary" not in told.err
    assert not paths.credentials_file().exists()


def test_a_key_that_the_server_refuses_is_not_stored(demo_server_thread: DemoServer) -> None:
    env = {"POE_BASE_URL": demo_server_thread.base_url}
    told = here("login", stdin=f"bad-{CANARY}", env=env)
    assert told.code == 3
    assert "does not take this key" in told.err and told.err.endswith(". Nothing was stored.\n")
    told = here("login", stdin=CANARY, env={"POE_BASE_URL": "http://127.0.0.1:9/v1"})
    assert told.code == 1
    assert "could not be checked" in told.err
    assert not paths.credentials_file().exists()
    assert here("login", "--no-check", stdin=CANARY, env={"POE_BASE_URL": "http://127.0.0.1:9/v1"}).code == 0
    assert "canary" not in told.err


def test_a_key_file_of_somebody_else_is_told(tmp_path: Path) -> None:
    file = paths.credentials_file()
    file.parent.mkdir(parents=True)
    (tmp_path / "elsewhere").write_text(f'key = "{CANARY}"\n')
    file.symlink_to(tmp_path / "elsewhere")
    told = here("usage")
    assert told.code == 3
    assert "is not used: it is a symbolic link" in told.err
    assert here("logout").code == 1
    assert here("login", "--no-check", stdin="x").code == 1


def test_a_key_in_config_toml_is_named_and_not_used() -> None:
    file = paths.config_file()
    file.parent.mkdir(parents=True)
    file.write_text(f'[account]\napi_key = "{CANARY}"\n')
    told = here("usage")
    assert told.code == 3
    assert "config.toml, line 2, account.api_key: A key does not belong in this file" in told.err
    assert "canary" not in told.err + here("config", "explain", "--json").out


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_demo_server_serves_until_it_is_ended(end: signal.Signals) -> None:
    process = subprocess.Popen(
        [*COMMAND, "demo-server", "--port", "0", "--speed", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        url = process.stdout.readline().decode().strip()
        assert url.startswith("http://127.0.0.1:") and url.endswith("/v1")
        assert poe("models", env={"POE_BASE_URL": url}).code == 0
        taken = poe("demo-server", "--port", url.split(":")[2].split("/")[0])
        assert taken.code == 1
        assert "cannot be used" in taken.err
        process.send_signal(end)
        assert process.communicate(timeout=20)[1] == b""
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0
