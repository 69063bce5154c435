"""One node's work, wherever it is done: read the inputs, call the function, leave the outputs in the cache."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interlingua.errors import StoreError
from interlingua.flow.cache import Cache, Made
from interlingua.flow.processes import one_thread

if TYPE_CHECKING:
    from interlingua.flow.outputs import Output

#: Seconds between two words about how far a node is.
_TELL_EVERY_S = 0.5


@dataclass(frozen=True)
class Item:
    """A file to be read: whose it is, its digest, and what reads it."""

    at: Mapping[str, str]
    path: Path
    digest: str
    output: Output

    def value(self) -> Any:
        """Read it."""
        return self.output.read(self.path)


@dataclass(frozen=True)
class Input:
    """What a parameter is given: the one item, or all of them by the `dims` in which they differ."""

    output: Output
    items: tuple[Item, ...]
    dims: tuple[str, ...]

    def value(self) -> Any:
        """Read it."""
        if not self.dims:
            return self.items[0].value()
        together = getattr(self.output, "concat", None)
        if together is not None:
            return together([item.value() for item in self.items])
        return ByPlace({_place(item.at, self.dims): item for item in self.items})


class ByPlace(Mapping[Any, Any]):
    """Values by place (the language, or a tuple where places differ in more), each read when it is looked up."""

    def __init__(self, items: Mapping[Any, Item]) -> None:
        self._items = items

    def __getitem__(self, place: Any) -> Any:
        return self._items[place].value()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)


@dataclass(frozen=True)
class Job:
    """A node, ready to be computed anywhere that sees the cache."""

    step: str
    function: str
    at: Mapping[str, str]
    key: str
    recipe: Mapping[str, Any]
    inputs: Mapping[str, Input]
    outputs: tuple[Output, ...]
    options: Mapping[str, Any]
    seed: int | None
    root: Path
    owner: str
    policy: str = "reuse"
    place: str = "any"

    @property
    def keeps(self) -> str:
        """The digest of what a process keeps for its next job (a model), and "" if that is nothing."""
        kept = (given for given in self.inputs.values() if getattr(given.output, "kept", False))
        return next((given.items[0].digest for given in kept), "")


def work(job: Job) -> Made:
    """Compute a job and return its entry in the cache."""
    cache = Cache(job.root, job.policy)
    function = _function(job.function)
    asked = inspect.signature(function).parameters
    with one_thread(), cache.claim(job.step, job.key, job.recipe, job.owner) as claim:
        if claim.made is not None:
            return claim.made
        arguments = _values(job.inputs) | dict(job.options)
        if job.seed is not None:
            arguments["seed"] = job.seed
        offered = {
            **job.at,
            "on_progress": _Telling(job),
            "folder": claim.folder,
            "unfinished": claim.unfinished,
        }
        arguments |= {name: value for name, value in offered.items() if name in asked and name not in arguments}
        values = function(**arguments) or {}
        for output in job.outputs:
            path = claim.folder / f"{output.name}{output.suffix}"
            if output.name in values:
                value = values[output.name]
                output.write(path, output.empty() if value is None and hasattr(output, "empty") else value)
            else:
                assert path.is_file(), f"{job.function} left no '{output.name}'"
        unknown = set(values) - {output.name for output in job.outputs}
        assert not unknown, f"{job.function} declares no {unknown}"
    progress_file(job).unlink(missing_ok=True)
    made = cache.peek(job.step, job.key)
    if made is None:
        raise StoreError(
            f"{cache.folder(job.step, job.key)}: was removed as soon as it was made; is somebody emptying the cache?"
        )
    return made


#: Values that this process keeps from one job to the next, by digest: models, which take long to load.
_KEPT: dict[str, Any] = {}


def _values(inputs: Mapping[str, Input]) -> dict[str, Any]:
    """Read the inputs; what can be kept is, until a job comes that does not need it."""
    values, kept = {}, {}
    for name, given in inputs.items():
        if getattr(given.output, "kept", False):
            digest = given.items[0].digest
            kept[digest] = values[name] = _KEPT[digest] if digest in _KEPT else given.value()
        else:
            values[name] = given.value()
    _KEPT.clear()
    _KEPT.update(kept)
    return values


def progress_file(job: Job) -> Path:
    """Return where a job that is under way says how far it is."""
    return job.root / ".progress" / f"{job.step}-{job.key}"


class _Telling:
    """Writes how far a job is, now and then."""

    def __init__(self, job: Job) -> None:
        self._file = progress_file(job)
        self._told = time.monotonic()

    def __call__(self, share: float) -> None:
        now = time.monotonic()
        if now - self._told < _TELL_EVERY_S:
            return
        self._told = now
        try:
            self._file.parent.mkdir(exist_ok=True)
            self._file.write_text(f"{share:.4f}", encoding="ascii")
        except OSError:  # a bar that stands still harms nobody
            pass


def _function(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found


def _place(at: Mapping[str, str], dims: tuple[str, ...]) -> Any:
    return at[dims[0]] if len(dims) == 1 else tuple(at[dim] for dim in dims)
