"""The house of docs/architecture.md: a room imports only the rooms below it, and nothing runs in circles."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import interlingua

PACKAGE = Path(interlingua.__file__).parent
#: From the top down; what stands outside of rooms may be used by all of them.
ROOMS = (
    *("cli", "run", "atlas", "questions", "study", "causal", "units", "probes", "models", "contexts", "norms"),
    "languages",
    *("report", "flow", "tables", "stats", "plugins", "errors", "seeds", "stop"),
)
#: The package's own __init__ offers every room's verbs, and __main__ is the command line.
FILES = sorted(set(PACKAGE.rglob("*.py")) - {PACKAGE / "__init__.py", PACKAGE / "__main__.py"})
MOST_LINES = 400


def module_of(file: Path) -> str:
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(file): file for file in FILES}


def imported(file: Path) -> Iterator[str]:
    """Yield every module that a file imports, wherever in the file: in functions and for type checkers, too."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            # A name of a module is not a module: then it is the module that is imported.
            yield from {name if name in MODULES else str(node.module) for name in inner}


def own(file: Path) -> set[str]:
    """Return the modules of the package that a file imports."""
    return {name for name in imported(file) if name.startswith("interlingua.")}


def room_of(module: str) -> str:
    return module.split(".")[1]


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down_only(module: str) -> None:
    assert room_of(module) in ROOMS, f"{module} stands in no room"
    for name in own(MODULES[module]):
        assert name in MODULES, f"{module} imports {name}, which is no module"
        assert ROOMS.index(room_of(name)) >= ROOMS.index(room_of(module)), f"{module} imports {name}"


def circle(edges: dict[str, set[str]]) -> list[str]:
    """Return the modules of a circle of imports, in order; nothing if there is none."""
    done: set[str] = set()

    def walk(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        for name in sorted(edges.get(module, ())):
            if found := walk(name, [*path, module]):
                return found
        done.add(module)
        return []

    return next((found for module in sorted(edges) if (found := walk(module, []))), [])


def test_nothing_imports_in_circles_hidden_imports_included() -> None:
    assert circle({module: own(file) - {module} for module, file in MODULES.items()}) == []


def test_a_circle_would_be_found() -> None:
    assert circle({"a": {"b"}, "b": {"c", "d"}, "c": set(), "d": {"a"}}) == ["a", "b", "d", "a"]


QUESTIONS = sorted(folder for folder in (PACKAGE / "questions").iterdir() if (folder / "compute.py").is_file())


@pytest.mark.parametrize("folder", QUESTIONS, ids=lambda folder: folder.name)
def test_a_question_declares_computes_and_tells_apart(folder: Path) -> None:
    name = f"interlingua.questions.{folder.name}"
    told = {*folder.glob("show*.py"), *folder.glob("figure*.py"), *folder.glob("verdict.py")}
    declared = {folder / "__init__.py"} | set(folder.glob("tables.py"))
    for file in sorted(folder.glob("*.py")):
        rooms = {room_of(module) for module in own(file) if not module.startswith(name)}
        inside = {MODULES[module] for module in own(file) if module.startswith(name)}
        others = {module for module in own(file) if module.startswith("interlingua.questions.")} - {
            module for module in own(file) if module.startswith(name)
        }
        if file in told:
            assert rooms <= {"report", "tables", "languages"}, f"{file} imports {rooms}"
            assert inside <= told, f"{file} tells, and imports what computes"
        elif file in declared:
            assert rooms <= {"flow", "questions", "study", "tables"}, f"{file} imports {rooms}"
            assert others <= {"interlingua.questions.question"}, f"{file} imports {others}"
            assert {m for m in own(file) if room_of(m) == "study"} <= {
                f"interlingua.study.{name}" for name in ("size", "cell", "sections", "steps")
            }
            assert inside <= declared, f"{file} declares, and imports what computes or tells"
        else:
            assert not rooms & {"report", "questions", "run", "atlas", "flow", "cli"}, f"{file} imports {rooms}"
            assert not {m for m in own(file) if m in ("interlingua.study.config", "interlingua.study.sources")}, file
            assert not inside & told, f"{file} computes, and imports what tells"


def test_all_questions_stand_in_the_order() -> None:
    from interlingua.questions.order import ORDER, questions

    assert {folder.name for folder in QUESTIONS} == set(ORDER)
    assert tuple(question.key for question in questions()) == ORDER


def test_statistics_know_neither_torch_nor_files() -> None:
    for file in (file for module, file in MODULES.items() if room_of(module) == "stats"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        roots = {module.split(".")[0] for module in imported(file)}
        assert not roots & {"torch", "transformers", "pathlib", "os", "io", "shutil", "json"}, file
        calls = {
            node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert "open" not in calls, file


def test_torch_lives_with_the_models() -> None:
    for module, file in MODULES.items():
        if room_of(module) not in ("models", "causal") and file.name != "adam.py":
            assert not {name.split(".")[0] for name in imported(file)} & {"torch", "transformers"}, file


def test_the_report_computes_nothing() -> None:
    for module, file in MODULES.items():
        if room_of(module) == "report" or file.name == "show.py":
            assert not {name.split(".")[0] for name in imported(file)} & {"scipy", "statsmodels", "sklearn"}, file


def test_files_have_a_readable_length() -> None:
    lines = {module: len(file.read_text(encoding="utf-8").splitlines()) for module, file in MODULES.items()}
    assert {module: n for module, n in lines.items() if n > MOST_LINES} == {}
