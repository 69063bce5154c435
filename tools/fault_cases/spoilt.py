"""Caches in which something is not what was written."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from fault_cases.case import fault
from fault_cases.material import study
from fault_cases.tool import Tool

_METHODS = '["correlation", "ridge"]'


def finished(tool: Tool) -> None:
    """Run a study with a control, with results in ``results`` and a cache."""
    study(tool.folder, changes={"controls": '["untrained"]', "methods": _METHODS, "k": 16})
    outcome = tool.cli("run", "study.toml", "--output", "results", "--workers", "1")
    if wrong := outcome.failed():
        raise RuntimeError(f"the study itself: {wrong}")


def again(tool: Tool, spoil: Callable[[Tool], None]) -> str:
    """Return what is wrong with the tables of a second run after something in its cache was spoilt."""
    tool.take("finished", finished)
    spoil(tool)
    outcome = tool.cli("run", "study.toml", "--output", "again", "--workers", "1")
    if wrong := outcome.failed():
        return wrong
    before, after = (
        {path.name: path.read_bytes() for path in tables(tool.folder / name)} for name in ("results", "again")
    )
    differing = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    if differing:
        return f"exit 0, and {len(differing)} of {len(before)} files of tables differ ({differing[0]}, ...)"
    return "" if "computed again" in outcome.err else "the tables are the same, and nobody is told"


def tables(results: Path) -> Iterator[Path]:
    """Yield the files of tables."""
    return (results / "tables").glob("*.parquet")


def flip_table(path: Path) -> None:
    """Flip a bit of a Parquet file that can be read all the same: with other scores if there is such a bit."""
    import pandas as pd

    right, whole = pd.read_parquet(path), path.read_bytes()
    others = right.select_dtypes(exclude="float")
    second = b""
    for place in range(len(whole)):
        spoilt = bytearray(whole)
        spoilt[place] ^= 64
        path.write_bytes(spoilt)
        try:
            found = pd.read_parquet(path)
            if found.shape == right.shape and not found.equals(right):
                second = second or bytes(spoilt)
                if found[list(others)].equals(others):
                    return
        except Exception:  # a damage that the reader sees shows nothing here
            continue
    path.write_bytes(second)


def flip_numbers(path: Path) -> None:
    """Flip a high bit in the middle of a file of float numbers."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2 // 4 * 4 + 3] ^= 1
    path.write_bytes(content)


def _each(tool: Tool, pattern: str) -> list[Path]:
    found = sorted(tool.cache.glob(pattern))
    if not found:
        raise RuntimeError(f"nothing in the cache is called {pattern}")
    return found


@fault("A2 rankings", "A flipped bit of a ranking in the cache gives other tables, for good.")
def rankings(tool: Tool) -> str:
    """One table of rankings."""
    return again(tool, lambda tool: flip_table(_each(tool, "rankings/*/rankings.parquet")[0]))


@fault("A2 activations", "A flipped bit of activations in the cache gives other tables.")
def activations(tool: Tool) -> str:
    """In each language."""

    def spoil(tool: Tool) -> None:
        for path in _each(tool, "activations/**/*.safetensors"):
            flip_numbers(path)

    return again(tool, spoil)


@fault("A2 weights", "A flipped bit of probe weights in the cache gives other tables.")
def weights(tool: Tool) -> str:
    """In each language, where the rankings by them are still to be computed."""

    def spoil(tool: Tool) -> None:
        for path in _each(tool, "probes/*/*weights.safetensors"):
            flip_numbers(path)
        shutil.rmtree(tool.cache / "rankings")

    return again(tool, spoil)


@fault("A2 nulls", "A flipped bit of a null in the cache gives other tables, for good.")
def nulls(tool: Tool) -> str:
    """One table of draws."""
    return again(tool, lambda tool: flip_table(_each(tool, "null*/*/null.parquet")[0]))


@fault("A2 another key", "The file of another key in its place in the cache is read as its own.")
def another(tool: Tool) -> str:
    """Two languages' rankings exchanged, with all that lies beside them."""

    def spoil(tool: Tool) -> None:
        first, second, *_ = (path.parent for path in _each(tool, "rankings/*/rankings.parquet"))
        first.rename(first.with_name("aside"))
        second.rename(first)
        first.with_name("aside").rename(second)

    return again(tool, spoil)


@fault("A2 control", "The untrained control's activations in the model's place are read as the model's.")
def control(tool: Tool) -> str:
    """The file of every language, exchanged; rankings are still to be computed."""

    def spoil(tool: Tool) -> None:
        from safetensors import safe_open

        places: dict[tuple[str, str], Path] = {}
        for path in _each(tool, "activations/**/*.safetensors"):
            with safe_open(path, "np") as file:
                told = file.metadata()
            places[told["contexts"], told["fingerprint"]] = path
        for contexts in {contexts for contexts, _ in places}:
            mine = [path for (of, _), path in sorted(places.items()) if of == contexts]
            contents = [path.read_bytes() for path in mine]
            for path, content in zip(mine, reversed(contents), strict=True):
                path.write_bytes(content)
        for step in ("rankings", "probes"):
            shutil.rmtree(tool.cache / step)

    return again(tool, spoil)


@fault("A2 shard", "A flipped bit in a shard of a stopped extraction ends up in the activations.")
def shard(tool: Tool) -> str:
    """More rows than a shard takes, stopped behind the first."""
    from fault_cases.material import bert, words

    bert(tool.folder / "model")
    rows = [(f"It is {word} here.", word) for word in words(2200)]
    prepare = f"""
import numpy as np, pandas as pd
from pathlib import Path
rows = {rows!r}
contexts = pd.DataFrame({{
    "context_id": [f"en-{{i}}" for i in range(len(rows))], "language": "en", "text": [text for text, _ in rows],
    "start": 6, "end": [6 + len(word) for _, word in rows],
}})
model = il.load_model("./model", device="cpu")
"""
    outcome = tool.python(
        prepare
        + """
class Enough(Exception):
    pass
def stop(done, total, tokens):
    if done > 2000:
        raise Enough
try:
    il.extract(model, contexts, path="a.safetensors", on_progress=stop)
except Enough:
    pass
[shard, *_] = sorted(Path("a.safetensors.partial").rglob("*.safetensors"))
content = bytearray(shard.read_bytes())
content[len(content) // 2 // 4 * 4 + 3] ^= 1
shard.write_bytes(content)
found, right = il.extract(model, contexts, path="a.safetensors"), il.extract(model, contexts)
show(max(float(np.abs(found.layer(i) - right.layer(i)).max()) for i in range(found.n_layers)))
"""
    )
    if wrong := outcome.failed():
        return wrong
    return f"a value is off by {outcome.value:.2g}" if outcome.value > 1e-4 else ""
