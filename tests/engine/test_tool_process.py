"""Commands as processes: what they get, what is kept of them, and that nothing of them is left."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from poe_tui.engine import tool_process
from poe_tui.engine.tool_outcome import Outcome
from tests.engine.tool_kit import PYTHON, command, gone, script, there

KEY = "sk-canary-123456"


async def ran(folder: Path, *argv: str, values: dict[str, Any] | None = None, **fields: Any) -> Outcome:
    """Run a command in a directory."""
    environ = tool_process.environment(os.environ, KEY)
    return await tool_process.run(command("t", *argv, **fields), values or {}, folder, environ)


async def test_the_arguments_are_one_json_object_on_stdin(tmp_path: Path) -> None:
    values = {"city": "Zürich", "half": "\ud800", "n": [1, None]}
    outcome = await ran(tmp_path, "cat", values=values)
    assert (outcome.status, outcome.exit_code) == ("done", 0)
    assert json.loads(outcome.output) == values
    assert outcome.output.endswith("}\n")


async def test_there_is_no_shell(tmp_path: Path) -> None:
    outcome = await ran(tmp_path, "printf", "%s.", "$HOME; touch x", "`id`", "*", ">x")
    assert outcome.output == "$HOME; touch x.`id`.*.>x."


async def test_it_runs_in_its_directory(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    assert (await ran(tmp_path, "ls")).output == "inner\n"
    assert (await ran(tmp_path, "pwd", directory=inner)).output.endswith(f"{inner.name}\n")


async def test_nothing_of_poe_is_in_its_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "POE_API_KEY": KEY, "POE_BASE_URL": "x", "poe_other": "x", "OPENAI_API_KEY": KEY, "HEADER": f"Bearer {KEY}",
        "KEPT": "yes",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    outcome = await ran(tmp_path, "env")
    names = {line.partition("=")[0] for line in outcome.output.splitlines()}
    assert {"KEPT", "PATH", "HOME"} <= names
    assert not {name for name in names if name.upper().startswith("POE_")} | (names & {"OPENAI_API_KEY", "HEADER"})
    assert KEY not in outcome.output


async def test_it_has_no_terminal(tmp_path: Path) -> None:
    code = (
        "import os\ntry:\n    os.open('/dev/tty', os.O_RDWR)\n    print('open')\nexcept OSError:\n    print('none')\n"
    )
    assert (await ran(tmp_path, PYTHON, str(script(tmp_path, "tty", code)))).output == "none\n"


async def test_both_streams_are_told(tmp_path: Path) -> None:
    outcome = await ran(tmp_path, "sh", "-c", "echo out; echo err >&2")
    assert outcome.output == "out\nstderr:\nerr\n"
    assert outcome.size == 8


async def test_an_exit_code_is_told_in_words(tmp_path: Path) -> None:
    outcome = await ran(tmp_path, "sh", "-c", "echo half; exit 3")
    assert (outcome.status, outcome.exit_code) == ("failed", 3)
    assert outcome.output == "The tool failed with exit code 3.\n\nhalf\n"


async def test_a_crash_is_told_by_its_signal(tmp_path: Path) -> None:
    outcome = await ran(tmp_path, "sh", "-c", "kill -SEGV $$")
    assert (outcome.status, outcome.exit_code) == ("failed", -11)
    assert outcome.output == "The tool was ended by SIGSEGV."


async def test_silence_is_told(tmp_path: Path) -> None:
    assert (await ran(tmp_path, "true")).output == "The tool wrote nothing."


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("no-such-command-anywhere",), "no-such-command-anywhere: No such file or directory"),
        (("/",), "/: Permission denied"),
        (("x" * 5000,), "File name too long"),
        (("\ud800",), "it is no command"),
    ],
)
async def test_what_cannot_start_is_told(tmp_path: Path, argv: tuple[str, ...], told: str) -> None:
    outcome = await ran(tmp_path, *argv)
    assert outcome.status == "failed"
    assert told in outcome.output
    assert outcome.output.endswith("Nothing was run.")


async def test_a_missing_directory_is_told(tmp_path: Path) -> None:
    outcome = await ran(tmp_path / "gone", "true")
    assert outcome.output == (
        f"The tool could not be started: the directory {tmp_path / 'gone'} is not there. Nothing was run."
    )
    assert (await tool_process.run(command("t", "true"), {}, None, {})).status == "failed"


async def test_output_over_the_limit_is_cut_and_told(tmp_path: Path) -> None:
    outcome = await ran(tmp_path, PYTHON, "-c", "print('é' * 600)", output_limit=1001)
    assert (outcome.status, outcome.cut, outcome.size) == ("done", True, 1201)
    notice, _, text = outcome.output.partition("\n\n")
    assert notice == "The output was 1\u00a0201 bytes, over the limit of 1\u00a0001 bytes: this is its beginning."
    assert text == "é" * 500


async def test_a_flood_is_stopped(tmp_path: Path) -> None:
    outcome = await ran(tmp_path, "yes", output_limit=100)
    assert (outcome.status, outcome.cut) == ("failed", True)
    assert outcome.output.startswith("The tool wrote without end and was stopped. The output was ")
    assert len(outcome.output) < 300


async def test_broken_text_is_kept_readable(tmp_path: Path) -> None:
    outcome = await ran(tmp_path, "printf", r"a\377b\033[31m\000c")
    assert outcome.output == "a\ufffdb\x1b[31m\0c"


async def test_a_command_that_reads_nothing_loses_nothing(tmp_path: Path) -> None:
    outcome = await ran(tmp_path, "sh", "-c", "exec 0<&-; echo ok", values={"a": "x" * 500_000})
    assert outcome.output == "ok\n"


async def test_a_command_that_lies_about_json_is_told_as_it_is(tmp_path: Path) -> None:
    assert (await ran(tmp_path, "echo", '{"a": ')).output == '{"a": \n'


HANG = """\
import os, signal, subprocess, sys, time
{stubborn}
child = subprocess.Popen([sys.executable, "-c", {inner!r}])
print(os.getpid(), child.pid, flush=True)
time.sleep(1000)
"""
STUBBORN = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
INNER = "import time; time.sleep(1000)"
STUBBORN_INNER = f"import signal, time; {STUBBORN}; time.sleep(1000)"


@pytest.mark.parametrize(("stubborn", "inner"), [("", INNER), (STUBBORN, STUBBORN_INNER)])
async def test_a_hang_ends_with_everything_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stubborn: str, inner: str
) -> None:
    monkeypatch.setattr(tool_process, "GRACE", 0.2)
    file = script(tmp_path, "hang", HANG.format(stubborn=stubborn, inner=inner))
    outcome = await ran(tmp_path, PYTHON, str(file), timeout=2.0)
    assert outcome.status == "timed_out"
    assert outcome.output.startswith("The tool took longer than 2 s and was stopped. Until then it had written:\n\n")
    for pid in outcome.output.split()[-2:]:
        assert await gone(int(pid))


@pytest.mark.skipif(sys.platform != "linux", reason="parents can be followed on Linux alone")
async def test_a_child_that_leaves_for_a_session_of_its_own_is_ended_too(tmp_path: Path) -> None:
    inner = f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {INNER!r}]).pid, flush=True)"
    inner += f"; {INNER}"
    code = f"""\
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {inner!r}], start_new_session=True)
print(child.pid, flush=True)
time.sleep(1000)
"""
    outcome = await ran(tmp_path, PYTHON, str(script(tmp_path, "stray", code)), timeout=2.0)
    assert outcome.status == "timed_out"
    pids = outcome.output.split()[-2:]
    assert all(pid.isdigit() for pid in pids)
    for pid in pids:
        assert await gone(int(pid))


async def test_what_a_command_leaves_behind_is_ended(tmp_path: Path) -> None:
    code = f"import subprocess, sys\nprint(subprocess.Popen([sys.executable, '-c', {INNER!r}]).pid)\n"
    outcome = await ran(tmp_path, PYTHON, str(script(tmp_path, "parent", code)))
    assert outcome.status == "done"
    assert await gone(int(outcome.output))


async def test_cancelling_ends_everything(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    code = HANG.format(stubborn=STUBBORN, inner=INNER).replace(
        "flush=True)",
        f"file=open({str(file) + '.part'!r}, 'w'), flush=True)\nos.rename({str(file) + '.part'!r}, {str(file)!r})",
    )
    task = asyncio.ensure_future(ran(tmp_path, PYTHON, str(script(tmp_path, "hang", code))))
    assert await there(file)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for pid in file.read_text().split():
        assert await gone(int(pid))


async def test_a_second_cancel_does_not_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tool_process.Listener] = []

    class Kept(tool_process.Listener):
        def __init__(self, limit: int) -> None:
            super().__init__(limit)
            heard.append(self)

    monkeypatch.setattr(tool_process, "GRACE", 1000.0)
    monkeypatch.setattr(tool_process, "Listener", Kept)
    file = tmp_path / "ready"
    code = f"import pathlib, signal, time\n{STUBBORN}\npathlib.Path({str(file)!r}).touch()\ntime.sleep(1000)\n"
    task = asyncio.ensure_future(ran(tmp_path, PYTHON, str(script(tmp_path, "hang", code))))
    assert await there(file)
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=0.1)
    assert not done
    task.cancel()
    async with asyncio.timeout(5):
        with pytest.raises(asyncio.CancelledError):
            await task
    await asyncio.wait_for(heard[0].exited, 5)
