"""Why a step would be computed: what has changed since it was last, by the recipes that the cache keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from interlingua.flow.cache import MANIFEST, Cache, Made
from interlingua.flow.graph import Graph, Node

#: Characters of an option's value that are shown.
_SHOWN = 40


def why(graph: Graph, made: Mapping[Node, Made], cache: Cache) -> dict[str, dict[str, int]]:
    """Return, for each step that would run, the reasons with how many of its nodes have each.

    Parameters
    ----------
    graph
        Of a study.
    made
        The nodes that are in the cache.
    cache
        It.
    """
    reasons: dict[str, dict[str, int]] = {}
    before = _Recipes(cache)
    for node in graph.nodes:
        if node not in made:
            counts = reasons.setdefault(node.step.name, {})
            reason = _reason(node, made, before)
            counts[reason] = counts.get(reason, 0) + 1
    return reasons


class _Recipes:
    """The recipes in a cache, by step and place, the newest first; a step's are read when they are asked for."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._read: dict[str, list[dict[str, Any]]] = {}

    def of(self, node: Node) -> list[dict[str, Any]]:
        """Return what was computed at a node's place."""
        step = node.step.name
        if step not in self._read:
            self._read[step] = list(self._load(step))
        return [recipe for recipe in self._read[step] if recipe.get("at") == dict(node.at)]

    def _load(self, step: str) -> Iterator[dict[str, Any]]:
        manifests = (self._cache.root / step).glob(f"[!.]*/{MANIFEST}")
        for path in sorted(manifests, key=lambda path: -path.stat().st_mtime):
            try:
                recipe = json.loads(path.read_text(encoding="utf-8"))["recipe"]
            except (OSError, ValueError, LookupError, TypeError):
                continue
            if isinstance(recipe, dict):
                yield recipe


def _reason(node: Node, made: Mapping[Node, Made], before: _Recipes) -> str:
    missing = [parent for parent in node.parents if parent not in made]
    if missing:
        return f"it reads what is to be computed: {', '.join(dict.fromkeys(one.step.name for one in missing))}"
    recipe = json.loads(
        json.dumps(node.recipe(lambda parent, output: made[parent].digests[f"{output.name}{output.suffix}"]))
    )
    found = [_differences(old, recipe) for old in before.of(node)]
    if not found:
        return "it was never computed here"
    fewest = min(found, key=len)
    return "; ".join(fewest) if fewest else "its entry is damaged"


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return in words where two recipes differ."""
    found = [
        f"{name} was {_short(was)}, is {_short(now)}"
        for name, was, now in _changed(old.get("options"), new.get("options"))
    ]
    found += [
        f"{name} was {was or 'absent'}, is {now or 'absent'}"
        for name, was, now in _changed(old.get("versions"), new["versions"])
    ]
    if old.get("seed") != new.get("seed"):
        found.append(f"the seed was {old.get('seed')}, is {new.get('seed')}")
    inputs = [name for name, _, _ in _changed(old.get("inputs"), new["inputs"])]
    if inputs:
        found.append(f"other inputs: {', '.join(inputs)}")
    if any(old.get(key) != new.get(key) for key in ("function", "source", "outputs", "loaded")):
        found.append("the code that it runs has changed")
    return found


def _changed(old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    was, now = (value if isinstance(value, Mapping) else {} for value in (old, new))
    for name in dict.fromkeys([*now, *was]):
        if was.get(name) != now.get(name):
            yield str(name), was.get(name), now.get(name)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
