"""Copying: which way the text goes, and what the toast says of it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from poe_tui.terminal.clipboard import OSC52_LIMIT, SCREEN_CHUNK, copy, osc52


async def test_osc52_by_default(tmp_path: Path) -> None:
    written: list[str] = []
    copied = await copy("héllo\nyou", written.append, tmp_path, {})
    encoded = base64.b64encode("héllo\nyou".encode()).decode()
    assert written == [f"\x1b]52;c;{encoded}\x07"]
    assert copied.route == "osc52"
    assert copied.words == "2 lines sent to your terminal's clipboard (OSC 52)."


async def test_the_text_is_cleaned(tmp_path: Path) -> None:
    written: list[str] = []
    await copy("a\x1b[31m\x07b", written.append, tmp_path, {})
    assert base64.b64decode(written[0][7:-1]).decode() == "a␛[31mb"


async def test_nothing_is_said_so(tmp_path: Path) -> None:
    written: list[str] = []
    copied = await copy("", written.append, tmp_path, {})
    assert copied.failed
    assert not written


async def test_a_long_text_goes_to_a_file(tmp_path: Path) -> None:
    written: list[str] = []
    text = "x" * (OSC52_LIMIT + 1)
    copied = await copy(text, written.append, tmp_path / "state", {})
    assert not written
    assert copied.route == "file"
    [path] = (tmp_path / "state").iterdir()
    assert path.read_text() == text
    assert path.stat().st_mode & 0o777 == 0o600
    assert str(path) in copied.words


async def test_no_file_either_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("not a folder")
    copied = await copy("x" * (OSC52_LIMIT + 1), [].append, tmp_path / "state", {})
    assert copied.failed


async def test_tmux_takes_it_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "tmux"
    fake.write_text(f'#!/bin/sh\n[ "$*" = "load-buffer -w -" ] && cat > {tmp_path}/buffer\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    written: list[str] = []
    copied = await copy("hello", written.append, tmp_path, {"TMUX": "/tmp/x,1,0"})
    assert copied.route == "tmux"
    assert (tmp_path / "buffer").read_text() == "hello"
    assert not written


async def test_a_tmux_that_refuses_leaves_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "tmux"
    fake.write_text("#!/bin/sh\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    written: list[str] = []
    copied = await copy("hello", written.append, tmp_path, {"TMUX": "/tmp/x,1,0"})
    assert copied.route == "osc52"
    assert written


def test_gnu_screen_gets_it_in_pieces() -> None:
    pieces = osc52(b"x" * 2000, screen=True)
    assert len(pieces) > 2
    assert all(piece.startswith("\x1bP") and piece.endswith("\x1b\\") for piece in pieces)
    assert all(len(piece) <= SCREEN_CHUNK + 4 for piece in pieces)
    whole = "".join(piece[2:-2] for piece in pieces)
    assert base64.b64decode(whole[7:-1]) == b"x" * 2000
