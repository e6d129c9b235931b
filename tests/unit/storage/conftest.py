"""Real files, but in memory where there is room: every commit waits for the disk, and these tests commit thousands."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.storage.help import fast_folder


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """An empty private directory, gone after the test."""
    folder = fast_folder()
    yield folder
    shutil.rmtree(folder)
