"""Paths follow XDG variables, and what must be private is made private or refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from poe_tui import paths


def test_xdg_variables_win(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for kind in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind))
    assert paths.config_file() == tmp_path / "CONFIG" / "poe-tui" / "config.toml"
    assert paths.credentials_file().parent == paths.config_dir() == paths.user_themes_dir().parent
    assert paths.database_file() == tmp_path / "DATA" / "poe-tui" / "poe-tui.db"
    assert paths.database_file(demo=True) == tmp_path / "DATA" / "poe-tui" / "demo" / "poe-tui.db"
    assert paths.state_dir() == tmp_path / "STATE" / "poe-tui"
    assert paths.catalog_file("https://api.poe.com/v1") == (
        tmp_path / "CACHE" / "poe-tui" / "models" / "api-poe-com-v1.json"
    )


def test_a_relative_xdg_variable_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "not/absolute")
    assert paths.config_dir().is_absolute()
    assert "not/absolute" not in str(paths.config_dir())


def test_a_server_name_cannot_leave_the_cache_directory() -> None:
    assert paths.catalog_file("https://../../../etc/passwd").parent == paths.cache_dir() / "models"
    assert paths.catalog_file("").name == "server.json"


def test_shipped_themes_are_found() -> None:
    assert (paths.shipped_themes_dir() / "poe-dark.toml").is_file()


def test_a_private_directory_is_made_and_tightened(tmp_path: Path) -> None:
    private = paths.ensure_private_dir(tmp_path / "a" / "b")
    assert private.stat().st_mode & 0o777 == 0o700
    private.chmod(0o755)
    assert paths.ensure_private_dir(private).stat().st_mode & 0o777 == 0o700


def test_a_link_a_file_and_a_foreign_directory_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "file").write_text("")
    for name, words in (("link", "symbolic link"), ("file", "not a directory")):
        with pytest.raises(paths.PathRefused, match=words) as refused:
            paths.ensure_private_dir(tmp_path / name)
        assert refused.value.path == tmp_path / name
    foreign = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: foreign)
    with pytest.raises(paths.PathRefused, match="another user"):
        paths.ensure_private_dir(tmp_path / "real")
