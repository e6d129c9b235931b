"""The door of ``poe-tui``: version, help, what cannot be, and what every command shares."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from poe_tui import __version__
from poe_tui.cli.text import COMMANDS
from tests.cli.running import COMMAND, here, poe, poe_in_a_terminal


def test_version_and_help() -> None:
    assert poe("--version").out == f"poe-tui {__version__}\n"
    told = poe("--help")
    assert (told.code, told.err) == (0, "")
    assert all(command in told.out for command in COMMANDS if command != "logout")
    assert max(map(len, told.out.splitlines())) <= 110


def test_version_loads_next_to_nothing() -> None:
    code = "import sys; from poe_tui.__main__ import main; main(['--version']); print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    loaded = done.stdout.decode().split()
    for heavy in ("argparse", "pydantic", "asyncio", "textual", "typing", "dataclasses", "poe_tui.cli.main"):
        assert heavy not in loaded


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help(command: str) -> None:
    told = here(command, "--help")
    assert (told.code, told.err) == (0, "")
    assert f"poe-tui {command}" in told.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["modles"], "there is no command 'modles'. Did you mean models?"),
        (["x\x1b]0;owned\x07"], "there is no command 'x␛]0;owned'. poe-tui --help lists the commands."),
        (["--dmeo"], "cannot make sense of '--dmeo'. poe-tui --help tells more."),
        (["-t"], "-t needs a value."),
        (["-m", " "], "-m needs a value."),
        (["-c", "--thread=x"], "-c and -t exclude each other."),
        (["models", "--nope"], "unrecognized arguments: --nope. poe-tui models --help tells more."),
        (["threads", "--limit", "0"], "--limit must be 1 or more."),
        (["search"], "the following arguments are required: QUERY."),
        (["usage", "--limit", "x\x1b"], "argument --limit: invalid int value: 'x"),
        (["demo-server", "--port", "70000"], "--port must be 0 to 65535."),
    ],
)
def test_usage_errors_end_with_2_and_one_line(arguments: list[str], words: str) -> None:
    told = here(*arguments)
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith(f"poe-tui: {words}")
    assert told.err.count("\n") == 1
    assert "\x1b" not in told.err


def test_the_app_needs_a_terminal() -> None:
    told = poe()
    assert told.code == 2
    assert told.err == (
        "poe-tui: stdin is not a terminal, and the app needs one. For pipes and scripts there is poe-tui ask.\n"
    )
    assert "Traceback" not in poe("--demo", "-c").err


@pytest.mark.parametrize("terminal", ["dumb", ""])
def test_the_app_needs_a_terminal_that_can_draw(terminal: str) -> None:
    told = poe_in_a_terminal(env={"TERM": terminal})
    assert told.code == 2
    assert "cannot show a full screen. poe-tui ask works anywhere." in told.out


def test_the_app_does_not_start_for_a_server_that_cannot_be_used() -> None:
    told = poe_in_a_terminal(env={"POE_BASE_URL": "http://poe.example/v1"})
    assert told.code == 2
    assert "POE_BASE_URL cannot be used. Must be https" in told.out


def test_commands_do_not_run_for_a_server_that_cannot_be_used() -> None:
    told = here("models", env={"POE_BASE_URL": "nonsense"})
    assert told.code == 2
    assert "POE_BASE_URL cannot be used. Must be a URL" in told.err


def test_a_closed_pipe_is_quiet() -> None:
    script = f"{' '.join(COMMAND)} keys | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.count(b"\n") == 1
    big = "import sys; sys.argv = ['poe-tui', '--help']; from poe_tui.cli import text; text.HELP *= 1000\n"
    big += "from poe_tui.__main__ import main; sys.exit(main())"
    done = subprocess.run(
        ["bash", "-c", f'{sys.executable} -c "$1" | head -1; exit ${{PIPESTATUS[0]}}', "-", big],
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_full_disk_behind_stdout_is_told() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*COMMAND, "--help"], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert done.stderr == b"poe-tui: the output could not be written: No space left on device.\n"


def test_no_stdout_at_all() -> None:
    done = subprocess.run(["bash", "-c", f"{' '.join(COMMAND)} config path >&-"], capture_output=True, check=False)
    assert b"Traceback" not in done.stderr


def test_a_terminal_that_knows_ascii_only_is_no_obstacle() -> None:
    told = poe("keys", env={"PYTHONIOENCODING": "ascii:strict", "PYTHONUTF8": "0", "LANG": "C"})
    assert told.code == 0
    assert "Traceback" not in told.err


def test_ctrl_c_ends_with_130_and_no_words() -> None:
    told = poe_in_a_terminal("login", typed="\x03")
    assert told.code == 130
    assert told.out.strip() == "Key (it does not show):"


def test_files_are_private_from_the_first_moment() -> None:
    before = os.umask(0)
    try:
        assert poe("config", "set", "appearance.motion", "off").code == 0
    finally:
        os.umask(before)
    path = Path(poe("config").out.strip())
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
