"""The source code that decides a step's results: what its function imports inside the package, all the way down.

Imports are read from the syntax tree, wherever in a file they stand; a name that a package only passes on is followed
to the module that defines it, so that a change beside it changes nothing. Data files count with the module that names
them. What is loaded by name (registries) is said by the step (`Step.plugins`).
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_PACKAGE = "interlingua"
_ROOT = Path(__file__).resolve().parents[1]


def closure(modules: Iterable[str], root: Path = _ROOT) -> frozenset[str]:
    """Return the modules of the package that code in `modules` may run, these included.

    Parameters
    ----------
    modules
        Dotted names, such as ``interlingua.units.overlap``.
    root
        The package's folder; another one for a changed copy of it.
    """
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += _imports(module, root)
    return frozenset(found)


def source_digest(modules: Iterable[str], root: Path = _ROOT) -> str:
    """Return a hash of the source of the closure of `modules`, and of the data files that it names.

    Of a module outside the package only its own file counts.
    """
    return _digest(frozenset(modules), root)


@cache
def _digest(modules: frozenset[str], root: Path) -> str:
    foreign = {module for module in modules if module.partition(".")[0] != _PACKAGE}
    files = {
        file.relative_to(root).as_posix(): file
        for module in closure(modules - foreign, root)
        for file in _files(module, root)
    }
    for module in foreign:
        found = find_spec(module)
        assert found is not None, f"there is no module {module}"
        assert found.origin is not None, f"{module} has no file"
        files[module] = Path(found.origin)
    digest = hashlib.sha256()
    for name, file in sorted(files.items()):
        digest.update(name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _file(module: str, root: Path) -> Path | None:
    """Return the file of a module of the package, None if there is no such module."""
    parts = module.split(".")
    if parts[0] != _PACKAGE:
        return None
    path = root.joinpath(*parts[1:])
    if (path / "__init__.py").is_file():
        return path / "__init__.py"
    return path.with_suffix(".py") if len(parts) > 1 and path.with_suffix(".py").is_file() else None


@cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def _imports(module: str, root: Path) -> tuple[str, ...]:
    file = _file(module, root)
    assert file is not None, f"there is no module {module}"
    return tuple(dict.fromkeys(_followed(_running(_tree(file)), root)))


def _followed(nodes: Iterable[ast.AST], root: Path) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if _file(alias.name, root))
        elif isinstance(node, ast.ImportFrom) and node.module and _file(node.module, root):
            for alias in node.names:
                yield from _definers(node.module, alias.name, root)


def _definers(module: str, name: str, root: Path) -> Iterator[str]:
    """Yield the module that defines what `from module import name` gives, and what runs on the way to it."""
    inner = f"{module}.{name}"
    if _file(inner, root):
        yield inner
        return
    file = _file(module, root)
    assert file is not None
    nodes = list(ast.walk(_tree(file))) if file.name == "__init__.py" else []
    for node in nodes:  # also under TYPE_CHECKING, where a package says what it hands on lazily
        if isinstance(node, ast.ImportFrom) and node.module and _file(node.module, root):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    yield from _definers(node.module, alias.name, root)
                    if any(isinstance(one, ast.FunctionDef) and one.name == "__getattr__" for one in nodes):
                        yield module
                    return
    yield module


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the statements of a tree, in which imports stand, but for what is there for type checkers only."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            waiting += node.orelse
        else:
            yield node
            waiting += [inner for inner in ast.iter_child_nodes(node) if not isinstance(inner, ast.expr)]


@cache
def _files(module: str, root: Path) -> tuple[Path, ...]:
    """Return a module's file, and the data files and those in folders beside it that its code names."""
    return tuple(_named(module, root))


def _named(module: str, root: Path) -> Iterator[Path]:
    file = _file(module, root)
    assert file is not None
    yield file
    for node in ast.walk(_tree(file)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and 0 < len(node.value) < 64:
            beside = file.parent / node.value
            if "\0" in node.value or "/" in node.value or node.value.startswith(".") or not beside.exists():
                continue
            if beside.is_dir() and not (beside / "__init__.py").exists() and beside.name != "__pycache__":
                yield from (inner for inner in sorted(beside.rglob("*")) if inner.is_file() and inner.suffix != ".pyc")
            elif beside.is_file() and beside.suffix != ".py":
                yield beside
