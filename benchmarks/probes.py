"""How fast the probes are beside what one would write without them, on the same inputs and to the same gap.

    OMP_NUM_THREADS=1 python benchmarks/probes.py
    OMP_NUM_THREADS=1 python benchmarks/probes.py --rows 3328 --layers 13 --width 384 --repeats 1

Inputs are random but as correlated as those of a transformer: layers that follow from one another, spectra
that fall as a power law. Contenders take turns, and the ratios are medians over the turns. Processor time is
measured, so that other processes disturb little; run it on one thread.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import time
import warnings
from collections.abc import Callable

import numpy as np

from interlingua.probes import adam_probe, choose_penalty, duality_gap, elastic_net

L1 = L2 = 0.001
ALPHA, L1_RATIO = L1 / 2 + L2, L1 / 2 / (L1 / 2 + L2)
GAP = 1e-6


def inputs(rows: int, layers: int, width: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    words = np.repeat(np.arange(rows // 8 + 1), 8)[:rows]
    latent = rng.normal(size=(words.max() + 1, width))[words] + 0.5 * rng.normal(size=(rows, width))
    spectrum = np.arange(1, width + 1) ** -0.7
    blocks = []
    for _ in range(layers):
        latent = 0.8 * latent + 0.6 * np.tanh(latent @ rng.normal(size=(width, width)) / np.sqrt(width))
        blocks.append((latent * spectrum) @ rng.normal(size=(width, width)))
    X = np.concatenate(blocks, axis=1)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    by_word = np.bincount(words, X[:, : 5 * layers].sum(axis=1)) / np.bincount(words)
    y = (by_word / by_word.std() + rng.normal(size=words.max() + 1))[words]
    return X, (y - y.min()) / np.ptp(y), words


def timed(function: Callable[[], object]) -> tuple[float, object]:
    start = time.process_time()
    result = function()
    return time.process_time() - start, result


def to_the_gap(solve: Callable[[float], np.ndarray], gap_of: Callable[[np.ndarray], float]) -> Callable[[], float]:
    """Return a run that tightens the solver's tolerance until its answer has the gap; its gap is returned.

    Only the time of the last, sufficient run counts: the tolerance is found beforehand.
    """
    for tol in 10.0 ** -np.arange(2.0, 13.0):
        gap = gap_of(solve(tol))
        if gap <= GAP:
            break
    return lambda: gap_of(solve(float(tol)))


def elastic_net_race(X: np.ndarray, y: np.ndarray, repeats: int) -> None:
    from sklearn.linear_model import ElasticNet

    centred = y - y.mean()
    gram, xy, yy = X.T @ X, X.T @ centred, float(centred @ centred)

    def gap_of(w: np.ndarray) -> float:
        return duality_gap(w, gram=gram, xy=xy, yy=yy, m=len(y), l1=L1, l2=L2)

    def plain(tol: float) -> np.ndarray:
        return ElasticNet(alpha=ALPHA, l1_ratio=L1_RATIO, tol=tol, max_iter=1_000_000).fit(X, y).coef_

    contenders: dict[str, Callable[[], object]] = {
        "ours, Gram matrix included": lambda: elastic_net(X, y, l1=L1, l2=L2).gap,
        "ours, Gram matrix shared": lambda: elastic_net(X, y, l1=L1, l2=L2, gram=gram).gap,
        "scikit-learn, no Gram matrix": to_the_gap(plain, gap_of),
    }
    if importlib.util.find_spec("celer"):
        from celer import ElasticNet as Celer

        def celer(tol: float) -> np.ndarray:
            return Celer(alpha=ALPHA, l1_ratio=L1_RATIO, tol=tol, max_iter=1000).fit(X, y).coef_

        contenders["celer"] = to_the_gap(celer, gap_of)
    race(f"Eq. 1 to a gap of {GAP:g}, {X.shape[0]} x {X.shape[1]}", contenders, repeats)


def adam_race(X: np.ndarray, y: np.ndarray, epochs: int, repeats: int) -> None:
    import torch

    inputs32 = np.ascontiguousarray(X, dtype=np.float32)

    def autograd() -> None:
        model = torch.nn.Linear(X.shape[1], 1)
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-5)
        data, target = torch.from_numpy(inputs32), torch.tensor(y, dtype=torch.float32)
        for _ in range(epochs):
            for start in range(0, len(data), 32):
                optimizer.zero_grad()
                output = model(data[start : start + 32]).squeeze(1)
                loss = torch.nn.functional.mse_loss(output, target[start : start + 32])
                penalty = 0.001 * model.weight.abs().sum() + 0.001 * model.weight.norm(2)
                (loss + penalty).backward()
                optimizer.step()

    both = np.column_stack([y, y[::-1]])
    contenders: dict[str, Callable[[], object]] = {
        "ours": lambda: adam_probe(inputs32, y, seed=0, epochs=epochs),
        "ours, two variables at once": lambda: adam_probe(inputs32, both, seed=0, epochs=epochs),
        "torch.optim.Adam and autograd": autograd,
    }
    race(f"Adam, {epochs} epochs, {X.shape[0]} x {X.shape[1]}", contenders, repeats)


def race(title: str, contenders: dict[str, Callable[[], object]], repeats: int) -> None:
    times: dict[str, list[float]] = {name: [] for name in contenders}
    results: dict[str, object] = {}
    for _ in range(repeats):
        for name, run in contenders.items():
            seconds, results[name] = timed(run)
            times[name].append(seconds)
    print(f"\n{title}\n{'':32}{'seconds':>9}{'ratio to the first':>20}")
    first = times[next(iter(contenders))]
    for name, own in times.items():
        ratio = statistics.median(b / a for a, b in zip(first, own, strict=True))
        gap = f"   gap {results[name]:.1e}" if isinstance(results[name], float) else ""
        print(f"{name:32}{statistics.median(own):9.2f}{ratio:20.2f}{gap}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1664)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--width", type=int, default=384)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    warnings.filterwarnings("ignore")  # of contenders that don't reach a tolerance on the way to the gap
    X, y, words = inputs(options.rows, options.layers, options.width)
    elastic_net_race(X, y, options.repeats)
    layer = X[:, : options.width]
    contenders: dict[str, Callable[[], object]] = {
        f"{kind}, whole grid": lambda kind=kind: choose_penalty(layer, y, words, kind=kind)
        for kind in ("elastic-net", "ridge")
    }
    race(f"penalty by 5 folds of words, {layer.shape[0]} x {layer.shape[1]}", contenders, options.repeats)
    adam_race(X, y, options.epochs, options.repeats)


if __name__ == "__main__":
    main()
