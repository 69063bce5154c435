"""The house of docs/architecture.md: a room imports only the rooms below it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import interlingua

PACKAGE = Path(interlingua.__file__).parent
#: From the top down; what stands outside of rooms may be used by all of them.
ROOMS = ("cli", "study", "report", "units", "probes", "models", "contexts", "norms", "languages", "stats", "errors")
FILES = sorted(PACKAGE.rglob("*.py"))


def imported(file: Path) -> Iterator[str]:
    """Yield every module that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_go_down_only(file: Path) -> None:
    room = room_of(file)
    if room not in ROOMS:
        return  # __init__.py offers every room's verbs, seeds.py knows none
    for module in imported(file):
        parts = module.split(".")
        if parts[0] == "interlingua" and len(parts) > 1 and parts[1] in ROOMS:
            assert ROOMS.index(parts[1]) >= ROOMS.index(room), f"{file} imports {module}"


def test_statistics_know_neither_torch_nor_files() -> None:
    for file in (file for file in FILES if room_of(file) == "stats"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        roots = {module.split(".")[0] for module in imported(file)}
        assert not roots & {"torch", "transformers", "pathlib", "os", "io", "shutil", "json"}, file
        calls = {
            node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert "open" not in calls, file


def test_torch_lives_with_the_models() -> None:
    for file in FILES:
        if room_of(file) != "models" and file.name != "adam.py":
            assert not {module.split(".")[0] for module in imported(file)} & {"torch", "transformers"}, file


def test_the_report_computes_nothing() -> None:
    for file in (file for file in FILES if room_of(file) == "report"):
        roots = {".".join(module.split(".")[:2]) for module in imported(file)}
        assert not roots & {"interlingua.stats", "interlingua.units", "interlingua.probes", "scipy", "statsmodels"}, (
            file
        )


def test_files_have_a_readable_length() -> None:
    long = {
        str(f.relative_to(PACKAGE)): n for f in FILES if (n := len(f.read_text(encoding="utf-8").splitlines())) > 450
    }
    assert not long
