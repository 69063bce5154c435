"""How fast this machine is at what a study does: measured in a second or two, kept for a day."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from interlingua.flow import Cache
from interlingua.flow.cache import content_key
from interlingua.flow.processes import processes, processor_name
from interlingua.flow.source import source_digest

#: The step's name in the cache, and after how many seconds a measure is renewed.
STEP, VALID_S = "measure", 86_400.0
_FILE = "measure.json"
#: Seconds of `_numerics` on the machine on which the steps' own estimates (`Step.seconds`) were made.
NUMERICS_S = 0.065
_TIMES = 25

Shape = tuple[int, str, str]
"""Width, number format and device of a model."""


@dataclass(frozen=True)
class Measure:
    """What was measured with all workers busy.

    Attributes
    ----------
    layer_s
        For each shape (as text), seconds of a layer over `interlingua.models.machine.TIMED_TOKENS` tokens.
    numerics
        How much longer probes and statistics take here than on the machine on which they were timed.
    start_s
        Seconds until a worker has begun, libraries loaded.
    share
        Share of a core that each worker had while it measured: the rest went to other programs.
    """

    layer_s: dict[str, float]
    numerics: float
    start_s: float
    share: float = 1.0

    def layer(self, shape: Shape) -> float:
        """Return the seconds of a layer of that shape."""
        return self.layer_s[_text(shape)]


def measure(shapes: Sequence[Shape], workers: int, cache: Cache) -> Measure:
    """Measure this machine, or read what was measured less than a day ago.

    All workers measure at once, as cores that share a processor slow each other down.

    Parameters
    ----------
    shapes
        Of the study's models.
    workers
        How many processes a run would have.
    cache
        Where the measure is kept.
    """
    shapes = sorted(set(shapes))
    recipe = {
        "step": STEP,
        "host": platform.node(),
        "processor": processor_name(),
        "workers": workers,
        "shapes": [_text(shape) for shape in shapes],
        "source": source_digest(["interlingua.models.machine", __name__]),
    }
    key = content_key(recipe)
    made = cache.peek(STEP, key)
    if made is not None:
        path = made.folder / _FILE
        if 0 <= time.time() - path.stat().st_mtime < VALID_S:
            return Measure(**json.loads(path.read_text(encoding="utf-8")))
    with Cache(cache.root, "refresh").claim(STEP, key, recipe) as claim:
        found = _measured(shapes, workers)
        if claim.made is None:
            (claim.folder / _FILE).write_text(json.dumps(asdict(found), indent=1), encoding="utf-8")
    return found


def _measured(shapes: Sequence[Shape], workers: int) -> Measure:
    with processes(workers) as executor:
        begun = time.time()
        each = [future.result() for future in [executor.submit(measure_here, shapes) for _ in range(workers)]]
    layers = {_text(shape): float(np.mean([one.layers[i] for one in each])) for i, shape in enumerate(shapes)}
    numerics = float(np.mean([one.numerics for one in each])) / NUMERICS_S
    share = float(np.mean([one.share for one in each]))
    # Starting is waited for, so it is counted as if the machine were this run's alone.
    start = (max(one.began for one in each) - begun) * share if workers > 1 else 0.0
    return Measure(layers, numerics, start, share)


@dataclass(frozen=True)
class Own:
    """What one process measured: seconds of each shape's layer, of the numerics, when it began, its share of a core."""

    layers: list[float]
    numerics: float
    began: float
    share: float


def measure_here(shapes: Sequence[Shape]) -> Own:
    """Measure in this process."""
    from interlingua.flow.processes import one_thread
    from interlingua.models.machine import layer_seconds

    _numerics()  # loads what it needs
    began = time.time()
    with one_thread():
        seconds = [_numerics() for _ in range(_TIMES)]
        layers = [layer_seconds(*shape) for shape in shapes]
    # Other programs can only add to what it takes: the least is the machine's own, and all beyond it theirs.
    return Own(layers, min(seconds), began, _TIMES * min(seconds) / sum(seconds))


def _numerics() -> float:
    """Return the seconds of what probes do most: Gram matrices, decompositions, coordinate descent, tables."""
    import pandas as pd

    from interlingua.probes.elastic_net import elastic_net
    from interlingua.probes.ridge import RIDGE_PENALTIES, RidgePath

    rng = np.random.default_rng(0)
    X = rng.standard_normal((1500, 384))
    y = X[:, :20].sum(axis=1) + rng.standard_normal(1500)
    started = time.perf_counter()
    X = X - X.mean(axis=0)
    gram = X.T @ X
    path = RidgePath(X, gram=gram)
    for penalty in RIDGE_PENALTIES:
        path.weights(y[:, None], penalty)
    elastic_net(X, y, l1=0.01, l2=0.01, gram=gram)
    frame = pd.DataFrame({"word": np.arange(1500) // 8, "y": y})
    for _ in range(20):
        frame.groupby("word")["y"].mean()
    return time.perf_counter() - started


def _text(shape: Shape) -> str:
    return "{} {} {}".format(*shape)
