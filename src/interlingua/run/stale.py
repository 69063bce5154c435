"""Which entries of a cache the installed code will never read again, as it has changed since they were made."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from interlingua.errors import ConfigError
from interlingua.flow import Output
from interlingua.flow.graph import Node, Reading
from interlingua.flow.source import source_digest
from interlingua.flow.step import Step
from interlingua.questions.order import questions
from interlingua.run.inputs import INPUTS
from interlingua.study.steps import FACTS, STEPS


@cache
def known_steps() -> Mapping[str, Step]:
    """Return every step that a study may take, by name."""
    every = [FACTS, *STEPS, *(step for question in questions() for step in question.steps)]
    return {step.name: step for step in every}


def is_stale(recipe: Mapping[str, Any]) -> bool | None:
    """Return whether the source that made an entry differs from today's.

    Parameters
    ----------
    recipe
        The entry's.

    Returns
    -------
    bool or None
        None where it can't be told: what a study read (it has no source), searches in corpora, steps and rankings
        that this installation doesn't know, as they may be those of another program.
    """
    step = known_steps().get(str(recipe.get("step")))
    if step is None:
        return None
    if recipe.get("function") != step.function:
        return True if str(recipe.get("function")).startswith("interlingua.") else None
    options = recipe.get("options")
    chosen = []
    for parameter, package in step.plugged:
        names = options.get(parameter) if isinstance(options, Mapping) else None
        if not isinstance(names, list | str):  # a step that had other options
            return True
        chosen += [(package, str(name)) for name in ([names] if isinstance(names, str) else names)]
    modules = tuple(_module(package, name) for package, name in chosen)
    if "" in modules:
        return None
    # What opened its inputs, as sources of models do, is known by the recipe alone.
    opened = recipe.get("loaded", [])
    opening = tuple(str(name) for name in opened if name not in modules) if isinstance(opened, list) else ()
    if gone := [name for name in opening if not _is_there(name)]:
        return True if all(name.startswith("interlingua.") for name in gone) else None
    return bool(recipe.get("source") != _source(step.name, (*modules, *opening)))


@cache
def _source(name: str, modules: tuple[str, ...]) -> str:
    """Return the digest of a step's source with these modules of plugins."""
    step = known_steps()[name]
    reads = {parameter: Reading(_output(read.name), (), ()) for parameter, read in step.inputs.items()}
    return source_digest(Node(step, {}, "", {}, 0, reads, modules=modules).source)


def _output(name: str) -> Output:
    """Return the output of that name."""
    if name in INPUTS:
        return INPUTS[name]
    return next(output for step in known_steps().values() for output in step.outputs if output.name == name)


@cache
def _is_there(module: str) -> bool:
    """Return whether a module can be imported."""
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


@cache
def _module(package: str, name: str) -> str:
    """Return the module that a plugin's name comes from, "" if there is none of that name."""
    try:
        return str(import_module(package).module_of(name))
    except ConfigError:
        return ""
