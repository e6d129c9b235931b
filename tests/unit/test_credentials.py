"""The key: found in the right place, kept privately, bound to its server, and never shown (measured)."""

from __future__ import annotations

import copy
import json
import os
import pickle
import stat
import traceback
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui import credentials, private_files, servers
from poe_tui.credentials import BadKey, CredentialsError, Secret, find_key, remove_key, store_key

CANARY = "sk-poe-canary-0123456789"
ELSEWHERE = "https://other.example/v1"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "poe-tui" / "credentials.toml"


def test_a_secret_never_shows() -> None:
    secret = Secret(f"  {CANARY}\n")
    assert secret.reveal() == CANARY
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r:>20}", f"{secret:>9}", str([secret]), repr((secret,))]
    assert all("***" in text and "canary" not in text for text in shown)
    assert not hasattr(secret, "__dict__")


def test_a_secret_is_neither_pickled_nor_copied_nor_put_into_json() -> None:
    secret = Secret(CANARY)
    for refuse in (pickle.dumps, copy.copy, copy.deepcopy, json.dumps):
        with pytest.raises(TypeError) as raised:
            refuse(secret)
        assert "canary" not in str(raised.value)
    with pytest.raises(TypeError):
        hash(secret)


def test_secrets_are_compared_by_value() -> None:
    assert Secret(CANARY) == Secret(f"{CANARY} ")
    assert Secret(CANARY) != Secret("other")
    assert Secret(CANARY) != CANARY


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("", "empty"),
        (" \n\t", "empty"),
        (f"{CANARY} and more", "space or a line break"),
        (f"{CANARY}\n{CANARY}", "space or a line break"),
        (f"{CANARY}\N{LATIN SMALL LETTER E WITH ACUTE}", "no key has"),
        (f"{CANARY}\0", "no key has"),
        (f"{CANARY}\x1b[0m", "no key has"),
        (f"{CANARY}\ud800", "no key has"),
        (CANARY * 500, "longer than 4096"),
    ],
)
def test_a_bad_key_is_refused_by_name_only(key: str, words: str) -> None:
    with pytest.raises(BadKey, match=words) as raised:
        Secret(key)
    text = "".join(traceback.format_exception(raised.value))
    assert "canary" not in str(raised.value) + repr(raised.value)
    assert CANARY not in text


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_what_is_taken_fits_a_header(text: str) -> None:
    try:
        value = Secret(text).reveal()
    except BadKey:
        return
    assert value == text.strip()
    assert value.encode("ascii")
    assert all(33 <= ord(character) <= 126 for character in value)


def test_the_environment_wins_over_the_file(file: Path) -> None:
    store_key(file, Secret("stored"))
    found = find_key({"POE_API_KEY": f" {CANARY}\n"}, file)
    assert found is not None
    assert found.secret.reveal() == CANARY
    assert found.source == "POE_API_KEY"
    assert "canary" not in repr(found)
    blank = find_key({"POE_API_KEY": "  "}, file)
    assert blank is not None
    assert blank.secret.reveal() == "stored"
    assert blank.source == str(file)


def test_no_key_anywhere(file: Path) -> None:
    assert find_key({}, file) is None
    assert not file.parent.exists()
    assert remove_key(file) is False


def test_a_bad_key_is_told_with_its_place(file: Path) -> None:
    with pytest.raises(BadKey, match=r"^POE_API_KEY cannot be used\. The key holds a space") as raised:
        find_key({"POE_API_KEY": f"{CANARY} x"}, file)
    assert "canary" not in str(raised.value)
    file.parent.mkdir()
    file.write_text(f'key = "{CANARY} x"\n')
    file.chmod(0o600)
    with pytest.raises(BadKey, match=r"credentials\.toml cannot be used\.") as raised:
        find_key({}, file)
    assert "canary" not in str(raised.value)


def test_a_key_belongs_to_its_server(file: Path) -> None:
    store_key(file, Secret(CANARY))
    store_key(file, Secret('other"\\key'), ELSEWHERE)
    assert find_key({}, file, "http://127.0.0.1:8080/v1") is None
    assert find_key({}, file, "https://api.poe.com:444/v1") is None
    for url, key in ((servers.POE, CANARY), ("https://API.poe.com:443/", CANARY), (ELSEWHERE, 'other"\\key')):
        found = find_key({}, file, url)
        assert found is not None
        assert found.secret.reveal() == key
    assert remove_key(file, ELSEWHERE) is True
    assert find_key({}, file, ELSEWHERE) is None
    assert find_key({}, file) is not None


def test_a_file_written_by_hand_is_understood(file: Path) -> None:
    file.parent.mkdir()
    file.write_text(f'key = "{CANARY}"\n[keys]\n"{ELSEWHERE}" = "b"\n"ftp://x" = "c"\n"https://d.example" = 4\n')
    file.chmod(0o600)
    assert (found := find_key({}, file)) and found.secret.reveal() == CANARY
    assert (found := find_key({}, file, ELSEWHERE)) and found.secret.reveal() == "b"
    assert find_key({}, file, "https://d.example") is None
    file.write_text("keys = 1\n")
    assert find_key({}, file) is None


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_the_file_is_private_whatever_the_umask(file: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        store_key(file, Secret(CANARY))
        store_key(file, Secret("again"))
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [path.name for path in file.parent.iterdir()] == ["credentials.toml"]


def test_a_loose_file_is_tightened_and_told(file: Path) -> None:
    store_key(file, Secret(CANARY))
    file.chmod(0o644)
    found = find_key({}, file)
    assert found is not None
    assert "was readable by others" in found.notices[0]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = find_key({}, file)
    assert again is not None
    assert not again.notices


def test_a_link_is_refused(file: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.toml"
    elsewhere.write_text('key = "x"\n')
    file.parent.mkdir()
    file.symlink_to(elsewhere)
    with pytest.raises(CredentialsError, match="is a symbolic link"):
        find_key({}, file)
    with pytest.raises(CredentialsError, match="is a symbolic link"):
        store_key(file, Secret(CANARY))
    assert "canary" not in elsewhere.read_text()


def test_a_linked_or_foreign_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(CredentialsError, match="symbolic link"):
        store_key(tmp_path / "link" / "credentials.toml", Secret(CANARY))
    assert not list((tmp_path / "real").iterdir())


def test_a_foreign_file_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store_key(file, Secret(CANARY))
    monkeypatch.setattr(credentials.os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(CredentialsError, match="belongs to another user"):
        find_key({}, file)


def test_a_file_that_is_none_or_broken_is_told_without_its_content(file: Path) -> None:
    file.parent.mkdir()
    os.mkfifo(file)
    with pytest.raises(CredentialsError, match="not a regular file"):
        find_key({}, file)
    file.unlink()
    for text in (f'key = "{CANARY}', f'key = "{CANARY}"\nkey = 1', "[" * 3000):
        file.write_text(text)
        file.chmod(0o600)
        with pytest.raises(CredentialsError, match="not valid TOML") as raised:
            find_key({}, file)
        with pytest.raises(CredentialsError, match="not valid TOML"):
            store_key(file, Secret("new"))
        assert file.read_text() == text
        assert "canary" not in "".join(traceback.format_exception(raised.value))


def test_a_path_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CredentialsError, match="cannot be read: Not a directory"):
        find_key({}, tmp_path / "file" / "credentials.toml")
    with pytest.raises(CredentialsError, match="Not stored"):
        store_key(tmp_path / "file" / "credentials.toml", Secret(CANARY))


def test_a_full_disk_keeps_the_old_key(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store_key(file, Secret("old"))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(private_files.os, "fsync", full)
    with pytest.raises(CredentialsError, match="No space left on device") as raised:
        store_key(file, Secret(CANARY))
    assert "canary" not in str(raised.value)
    monkeypatch.undo()
    assert (found := find_key({}, file)) and found.secret.reveal() == "old"
