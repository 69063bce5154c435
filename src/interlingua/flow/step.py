"""A step: a pure function, what it reads and what it leaves, said without importing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from interlingua.flow.outputs import Output

Place = Literal["any", "device"]


@dataclass(frozen=True)
class Read:
    """An input of a step: an output of other steps, or a source.

    Parameters
    ----------
    name
        Of the output or source.
    role
        Only those whose place in the study has this role (a graph's builder knows them: "seen", "unseen").
    part
        Of which part of the graph; by default the reader's own.
    at
        Only those of this place, whatever the reader's own is (such as ``{"site": "resid"}``).
    """

    name: str
    role: str = ""
    part: str = ""
    at: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One kind of computation, repeated over what it is `per`.

    Parameters
    ----------
    name
        Of the step and of its folder in the cache.
    says
        What it does, for people who wait ("permuted ratings").
    function
        ``package.module:function``, imported where it runs. It is called with keyword arguments only: an input for
        each of `reads`, `options`, ``seed`` if the step is `seeded`; and, if it has such parameters, the names of what
        it is `per` (``language="en"``), ``on_progress`` (called with the share done, 0 to 1), ``folder`` (where it may
        write outputs itself) and ``unfinished`` (a folder for what it can go on from after it was stopped). It returns
        a mapping of output name to value (None for a table without rows), less what it wrote itself.
    per
        What it is repeated over, in the order of its results: some of "model", "site", "variable", "language",
        "method".
    reads
        Parameter to what it reads. Of an input that is repeated over less, or over the same, the step gets the value
        that belongs to it; of one that is repeated over more, all values that do (see `Output`).
    outputs
        What it leaves.
    options
        Parameter to the dotted key of the study; ``("folds=probes.folds",)``, or ``("probes.folds",)`` for short.
    settings
        Options that change how it computes, but not what: they are no part of the key.
    role
        Which places in the study it is for (see `Read`).
    seeded
        Whether it gets the study's seed, from which it derives its own.
    plugins
        Option to the package (or several of them) whose modules are known by the names in it: their source belongs to
        the step's.
    packages
        Further packages whose version, or absence, changes results.
    seconds
        How long one takes on one core of a common machine, by its `Size`; for estimates and for what comes first.
    place
        "device" for what must run where the model's device is.
    """

    name: str
    says: str
    function: str
    per: tuple[str, ...]
    reads: Mapping[str, str | Read]
    outputs: tuple[Output, ...]
    options: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    role: str = "seen"
    seeded: bool = False
    plugins: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    packages: tuple[str, ...] = ()
    seconds: Callable[[Any], float] = lambda size: 0.05
    place: Place = "any"

    def __post_init__(self) -> None:
        assert ":" in self.function, self.function
        assert len(self.outputs) == len({output.name for output in self.outputs}), self.name

    @property
    def inputs(self) -> dict[str, Read]:
        """What it reads, by parameter."""
        return {key: Read(read) if isinstance(read, str) else read for key, read in self.reads.items()}

    @property
    def keys(self) -> dict[str, str]:
        """The dotted keys of its options and settings, by parameter."""
        pairs = (option.partition("=") for option in (*self.options, *self.settings))
        return {(name if key else name.rpartition(".")[2]): key or name for name, _, key in pairs}

    @property
    def plugged(self) -> list[tuple[str, str]]:
        """Its plugins: each option with a package, one after the other."""
        return [
            (option, package)
            for option, packages in self.plugins.items()
            for package in ([packages] if isinstance(packages, str) else packages)
        ]

    def output(self, name: str) -> Output:
        """Return the output of that name."""
        return next(output for output in self.outputs if output.name == name)
