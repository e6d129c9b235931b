"""The rules of the house: who may import whom, what nobody may do, and how long a file may get.

The floors stand in the README's tree. Everything here reads the source (or a fresh interpreter's ``sys.modules``), so
that a rule holds for a module from the day it is written.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "poe_tui"
LONGEST_FILE = 450

FLOORS: dict[str, int] = {
    "poe_tui": 0,
    "poe_tui.paths": 0,
    "poe_tui.sanitize": 0,
    "poe_tui.actions": 0,
    "poe_tui.model": 0,
    "poe_tui.filters": 0,
    "poe_tui.numbers": 0,
    "poe_tui.palette": 0,
    "poe_tui.launch": 0,
    "poe_tui.private_files": 0,
    "poe_tui.servers": 0,
    "poe_tui.request_fields": 0,
    "poe_tui.attachment": 0,
    "poe_tui.formats": 0,
    "poe_tui.media": 0,
    "poe_tui.pasted_paths": 0,
    "poe_tui.path_words": 0,
    "poe_tui.payload_fold": 0,
    "poe_tui.picture": 0,
    "poe_tui.api.types": 0,
    "poe_tui.api.events": 0,
    "poe_tui.api.errors": 0,
    "poe_tui.api": 1,
    "poe_tui.early": 1,
    "poe_tui.settings_fields": 1,
    "poe_tui.settings_files": 1,
    "poe_tui.settings_model": 1,
    "poe_tui.settings_read": 1,
    "poe_tui.settings_request": 1,
    "poe_tui.settings_section": 1,
    "poe_tui.toml_edit": 1,
    "poe_tui.array_tables": 1,
    "poe_tui.json_check": 1,
    "poe_tui.shorthand": 1,
    "poe_tui.tool_config": 1,
    "poe_tui.config": 1,
    "poe_tui.credentials": 1,
    "poe_tui.demo": 1,
    "poe_tui.storage": 2,
    "poe_tui.engine": 3,
    "poe_tui.transcript": 4,
    "poe_tui.terminal": 4,
    "poe_tui.widgets": 4,
    "poe_tui.screens": 5,
    "poe_tui.app": 6,
    "poe_tui.commands": 6,
    "poe_tui.approvals": 6,
    "poe_tui.opening": 6,
    "poe_tui.dialogs": 6,
    "poe_tui.themed_app": 6,
    "poe_tui.themes": 6,
    "poe_tui.oneshot": 6,
    "poe_tui.cli": 7,
    "poe_tui.__main__": 8,
}
"""A module's floor is that of its longest prefix here. It imports from lower floors or from its own package;
the modules that stand alone on one floor, and all of the ground floor, count as one package."""

ALLOWED_IMPORTERS: dict[str, tuple[str, ...]] = {
    "httpx": ("poe_tui.api",),
    "sqlite3": ("poe_tui.storage",),
    "tomli_w": ("poe_tui.config",),
}
TEXTUAL_FLOORS = (4, 5, 6)
ENGINE_FOR_FLOOR_4 = ("poe_tui.engine.turn",)
"""What the things that are drawn may know of the engine: its events. Behaviour is handed in as a callable."""


def sources() -> list[Path]:
    """Return every module of the package."""
    return sorted(path for path in PACKAGE.rglob("*.py") if "__pycache__" not in path.parts)


def name_of(path: Path) -> str:
    """Return the dotted name of a module."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def known_prefix(module: str) -> str | None:
    """Return the longest prefix of a module's name that has a floor; the package itself counts only as itself."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        prefix = ".".join(parts[:length])
        if prefix in FLOORS and (prefix != "poe_tui" or module == "poe_tui"):
            return prefix
    return None


def floor_of(module: str) -> int:
    """Return a module's floor."""
    prefix = known_prefix(module)
    assert prefix is not None, f"{module} has no floor: give it one in FLOORS and in the README's tree"
    return FLOORS[prefix]


def home_of(module: str) -> str:
    """Return what counts as a module's own package: its folder below ``poe_tui``, or ``poe_tui`` itself."""
    parts = module.split(".")
    is_package = len(parts) > 1 and (PACKAGE / parts[1]).is_dir()
    return ".".join(parts[:2]) if is_package else "poe_tui"


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the module and the line of every import, wherever it stands."""
    here = name_of(path).split(".")
    package = here if path.name == "__init__.py" else here[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                whole = f"{stem}.{alias.name}"
                is_module = (ROOT / (whole.replace(".", "/") + ".py")).is_file()
                is_package = (ROOT / whole.replace(".", "/")).is_dir()
                yield (whole if is_module or is_package else stem), node.lineno


def within(module: str, packages: tuple[str, ...]) -> bool:
    """Whether a module is one of the packages or inside one."""
    return any(module == package or module.startswith(package + ".") for package in packages)


def may_import(module: str, other: str) -> bool:
    """Whether one module of ours may import another."""
    own_floor, other_floor = floor_of(module), floor_of(other)
    homes = {home_of(module), home_of(other)}
    if homes == {"poe_tui"} or own_floor == other_floor == 0:
        return other_floor <= own_floor
    return other_floor < own_floor or len(homes) == 1


def test_imports_point_down() -> None:
    wrong = set()
    for path in sources():
        module = name_of(path)
        for other, line in imported(path):
            if within(other, ("poe_tui",)) and not may_import(module, other):
                wrong.add(f"{module}:{line} (floor {floor_of(module)}) imports {other} (floor {floor_of(other)})")
    assert not wrong, "\n".join(sorted(wrong))


def test_what_is_drawn_knows_no_engine_and_no_store() -> None:
    wrong = []
    for path in sources():
        module = name_of(path)
        if floor_of(module) != 4:
            continue
        for other, line in imported(path):
            hidden = ("poe_tui.engine", "poe_tui.storage", "poe_tui.api.client", "poe_tui.demo")
            if within(other, hidden) and not within(other, ENGINE_FOR_FLOOR_4):
                wrong.append(f"{module}:{line} imports {other}")
    assert not wrong, "\n".join(wrong)


def test_the_demo_server_stands_alone() -> None:
    wrong = []
    for path in sources():
        if within(name_of(path), ("poe_tui.demo",)):
            for other, line in imported(path):
                if within(other, ("poe_tui",)) and not within(other, ("poe_tui.demo", "poe_tui.api.types")):
                    wrong.append(f"{name_of(path)}:{line} imports {other}")
    assert not wrong, "\n".join(wrong)


def test_only_the_allowed_import_the_libraries() -> None:
    wrong = []
    for path in sources():
        module = name_of(path)
        for other, line in imported(path):
            library = other.split(".")[0]
            allowed = ALLOWED_IMPORTERS.get(library)
            if allowed is not None and not within(module, allowed):
                wrong.append(f"{module}:{line} imports {library}, which only {', '.join(allowed)} may")
            if library == "textual" and floor_of(module) not in TEXTUAL_FLOORS:
                wrong.append(f"{module}:{line} (floor {floor_of(module)}) imports textual")
    assert not wrong, "\n".join(wrong)


def modules_loaded(*arguments: str) -> set[str]:
    """Return the top-level names of all modules that a fresh interpreter imports while it runs with these arguments."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    assert done.returncode == 0, "\n".join(line for line in done.stderr.splitlines() if line not in lines)
    return {line.rsplit("|", 1)[1].strip().split(".")[0] for line in lines}


@pytest.mark.parametrize("package", ["poe_tui.engine", "poe_tui.api", "poe_tui.storage", "poe_tui.demo"])
def test_the_floors_below_the_screen_load_no_textual(package: str) -> None:
    names = [name_of(path) for path in sources() if within(name_of(path), (package,))]
    assert names, f"{package} is empty"
    loaded = modules_loaded("-c", f"import {', '.join(names)}")
    assert not loaded & {"textual", "rich"}


def test_the_demo_server_needs_the_standard_library_alone() -> None:
    names = [name_of(path) for path in sources() if within(name_of(path), ("poe_tui.demo",))]
    assert not modules_loaded("-c", f"import {', '.join(names)}") & {"httpx", "pydantic", "sqlite3", "anyio"}


def test_version_loads_nothing_heavy() -> None:
    loaded = modules_loaded("-m", "poe_tui", "--version")
    assert not loaded & {"textual", "rich", "pydantic", "httpx", "sqlite3", "asyncio", "argparse"}


def test_no_file_is_too_long() -> None:
    long = []
    for folder in ("poe_tui", "tests", "bench"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            lines = len(path.read_text(encoding="utf-8").splitlines())
            if lines > LONGEST_FILE:
                long.append(f"{path.relative_to(ROOT)}: {lines} lines")
    assert not long, "which idea wants a file of its own?\n" + "\n".join(long)


def dangers(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield what untrusted text must never meet, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            for name in names:
                if name.split(".")[0] in ("pickle", "cPickle", "marshal", "shelve", "dill"):
                    yield f"import {name}", node.lineno
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called in ("eval", "exec", "os.system", "os.popen", "yaml.load") or called.endswith(".extractall"):
            yield called, node.lineno
        for keyword in node.keywords:
            value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
            if (keyword.arg == "shell" and value is True) or (keyword.arg == "verify" and value is False):
                yield f"{keyword.arg}={value}", keyword.value.lineno


def test_nothing_dangerous_is_called() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line} {what}"
        for path in sources()
        for what, line in dangers(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not found, "\n".join(found)


def test_the_search_for_dangers_finds_them() -> None:
    code = "import pickle\neval('1')\nrun('ls', shell=True)\nget(url, verify=False)\nos.system('ls')\nz.extractall()\n"
    assert {line for _, line in dangers(ast.parse(code))} == {1, 2, 3, 4, 5, 6}


def test_no_checker_is_silenced_without_an_argument() -> None:
    """No linter rule is switched off in a line; mypy only by its code and with the reason beside it."""
    silenced = re.compile(r"#\s*" + "no" + r"qa\b|#\s*type:\s*ignore(?!\[[\w, -]+\]\s+#\s*\w)")
    found = [
        f"{path.relative_to(ROOT)}:{number} {line.strip()}"
        for path in sources()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if silenced.search(line)
    ]
    assert not found, "\n".join(found)


def test_no_package_registry_is_named() -> None:
    hosts = re.compile("|".join(("py" + "pi\\.org", "python" + "hosted", "index" + "-url", "/sim" + "ple/")))
    found = []
    for path in [*ROOT.glob("*.*"), *ROOT.glob(".ci/*"), *ROOT.glob("*/**/*")]:
        hidden = any(part.startswith(".") and part != ".ci" for part in path.relative_to(ROOT).parts)
        if path.suffix in (".py", ".toml", ".md", ".cfg", ".txt", "") and path.is_file() and not hidden:
            text = path.read_text(encoding="utf-8", errors="replace")
            found += [f"{path.relative_to(ROOT)}: {match}" for match in hosts.findall(text)]
    assert not found, "\n".join(found)
