"""Edits of units: the table of a pilot again, what running only the blocks behind an edit saves, and the level of p.

    python benchmarks/causal.py             # three draws of words, four languages: some minutes on one thread
    python benchmarks/causal.py --speed     # blocks behind the edit against whole passes
    python benchmarks/causal.py --level     # share of p < .05 where tested units are nothing special, and power

The pilot: 400 labMT words a language in one carrier frame, layer 7 of multilingual-e5-small; the 23 units with the
largest |r| on 280 English words, their signs frozen; edited at the word's tokens; a ridge probe of the last layer,
fitted on the 280 unedited words of each language, is read on the other 120. Its numbers stand in `PILOT` and `SLOPES`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch

from interlingua.causal.bench import Bench
from interlingua.causal.controls import control_sets
from interlingua.causal.edits import Applied, SetTo, Steer
from interlingua.causal.effects import rank_p, widened
from interlingua.causal.network import Network
from interlingua.causal.readouts import Training, get
from interlingua.contexts import carrier_contexts
from interlingua.models import LoadedModel, load_model, locate_targets
from interlingua.norms import load_norms, plain_words, select_flat
from interlingua.stats.correlation import pearson, pearson_columns

LANGUAGES, DOSES = ("en", "es", "zh", "ru"), (-2.0, -1.0, 1.0, 2.0)
LAYER, UNITS, WORDS, TRAIN = 7, 23, 400, 280
#: Mean change of the prediction at each dose, in a single draw of words.
PILOT = {
    "en": (-0.091, -0.045, 0.046, 0.095),
    "es": (-0.071, -0.035, 0.036, 0.074),
    "zh": (-0.088, -0.043, 0.042, 0.085),
    "ru": (-0.063, -0.031, 0.032, 0.066),
}
#: Slope of predictions with the units at their mean on unedited ones.
SLOPES = {"en": 0.91, "es": 0.92, "zh": 0.91, "ru": 0.93}
#: r without an edit, and with three outlier units at zero.
READ = {"en": (0.877, 0.867), "es": (0.809, 0.797), "zh": (0.913, 0.883), "ru": (0.907, 0.883)}


def words_of(language: str, seed: int, frame: int) -> pd.DataFrame:
    norms = load_norms("labmt", language=language, variables=["valence"])
    table = select_flat(plain_words(norms.table, language), "valence", WORDS, seed=seed)
    table = table.sample(frac=1, random_state=seed).reset_index(drop=True)
    contexts = carrier_contexts(table[["word", "valence"]], language, frames=frame + 1).table
    return contexts.groupby("word", sort=False).nth(frame).reset_index(drop=True)


def benches(model: LoadedModel, language: str, seed: int, frame: int) -> tuple[Bench, Bench, np.ndarray]:
    table = words_of(language, seed, frame)
    targets = locate_targets(model, table)
    network = Network(model, LAYER)
    return Bench(network, targets[:TRAIN]), Bench(network, targets[TRAIN:]), table["valence"].to_numpy(np.float64)


def pilot(model: LoadedModel, seed: int, frame: int) -> pd.DataFrame:
    """Return the pilot's table from one draw of words."""
    rows = []
    chosen, signs = np.array([]), np.array([])
    for language in LANGUAGES:
        train, test, y = benches(model, language, seed, frame)
        values = train.values
        r = pearson_columns(values, y[:TRAIN])
        if language == "en":
            chosen = np.argsort(-np.abs(r))[:UNITS]
            signs = np.sign(r)
        mean, sd = values.mean(axis=0), values.std(axis=0, ddof=1)
        numbers = np.arange(TRAIN)
        vectors, sentences = train.targets.numpy(), train.sentences
        texts = np.full(TRAIN, "", dtype=object)  # which the probe does not read
        training = Training(vectors, y[:TRAIN], numbers, numbers, texts, sentences.__getitem__, tuple, 5, 0)
        read = get("probe").fit(training)
        features = np.column_stack([np.log(sd), np.abs(mean)])
        matched = control_sets(features, np.sort(chosen), draws=6, seed=seed).images
        outliers = np.argsort(-np.abs(mean))[:3]
        edits = [
            *(Applied(Steer(dose * signs * sd), chosen) for dose in DOSES),
            Applied(SetTo(mean), chosen),
            *(Applied(SetTo(mean), units) for units in matched),
            *(Applied(Steer(dose * signs * sd), matched[0]) for dose in (-2.0, 2.0)),
            Applied(SetTo(np.zeros(len(mean))), outliers),
            Applied(SetTo(mean), outliers),
        ]
        before = test.unedited([read])[0]
        after = test.edited([read], edits).values[:, 0]
        slopes = [float(np.polyfit(before, values, 1)[0]) for values in after]
        rows.append(
            {
                "language": language,
                "r": pearson(y[TRAIN:], before),
                **{f"{dose:+g} SD": float((after[at] - before).mean()) for at, dose in enumerate(DOSES)},
                "mean: slope": slopes[4],
                "r ": pearson(y[TRAIN:], after[4]),
                "matched: slopes": f"{min(slopes[5:11]):.2f}-{max(slopes[5:11]):.2f}",
                "matched -2, +2": " ".join(f"{(after[at] - before).mean():+.3f}" for at in (11, 12)),
                "outliers zero: r": pearson(y[TRAIN:], after[13]),
                "outliers mean: r": pearson(y[TRAIN:], after[14]),
            }
        )
    return pd.DataFrame(rows)


def compare(draws: Sequence[pd.DataFrame]) -> None:
    """Print how far the mean over draws is from the pilot's table."""
    mean = pd.concat(draws).groupby("language", sort=False).mean(numeric_only=True)
    for language in LANGUAGES:
        shifts = np.abs(mean.loc[language, [f"{dose:+g} SD" for dose in DOSES]].to_numpy() - np.array(PILOT[language]))
        slope = abs(mean.loc[language, "mean: slope"] - SLOPES[language])
        zero = mean.loc[language, "outliers zero: r"] - mean.loc[language, "outliers mean: r"]
        print(
            f"{language}: shifts differ by {shifts.max():.3f} at most (bound .015), the slope by {slope:.3f} (.03), "
            f"r without an edit {mean.loc[language, 'r']:.3f} (pilot {READ[language][0]:.3f}); three outliers at zero "
            f"change r by {zero:+.3f} against their mean"
        )


def speed(model: LoadedModel) -> None:
    """Print seconds of whole passes and of the blocks behind each layer, side by side."""
    table = words_of("en", 0, 0).head(120)
    targets = locate_targets(model, table)
    layers = model.n_layers - 1
    network = Network(model, 0)
    whole = _seconds(lambda: Bench(network, targets))
    print(f"{'layer':>5} {'whole s':>8} {'behind s':>9} {'ratio':>6} {'layers / layers behind':>23}")
    for layer in (3, 6, LAYER, 9, 11):
        bench = Bench(Network(model, layer), targets)
        edit = [Applied(Steer(np.zeros(model.width)), np.array([0]))]
        behind = _seconds(lambda bench=bench, edit=edit: bench.edited([lambda target, _: target[:, 0]], edit))
        print(f"{layer:>5} {whole:8.2f} {behind:9.2f} {whole / behind:6.2f} {layers / (layers - layer):23.2f}")


def _seconds(work: object) -> float:
    found = []
    for _ in range(5):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def level(studies: int) -> None:
    """Print how often p < .05 among matched sets, where what a unit adds depends on its SD and on chance, or on |r|."""
    print(f"{'width':>5} {'tested':>6} {'gain':>5} {'p < .05':>8} {'sets as drawn':>14}   ({studies} studies)")
    for width, size in ((384, 10), (384, 20), (384, 71), (768, 100)):
        for gain in (0.0, 0.3, 0.6):
            found, as_drawn = [], []
            for study in range(studies):
                rng = np.random.default_rng([study, width, size])
                log_sd, r, mean = rng.normal(0, 0.6, width), rng.normal(size=width), np.abs(rng.normal(size=width))
                tested = np.argsort(-np.abs(r))[:size]
                effects = np.exp(log_sd) * (0.3 + rng.normal(size=width) + gain * (np.abs(r) > 1))
                sets = control_sets(np.column_stack([log_sd, mean]), tested, draws=39, seed=study).images
                controls = effects[sets].sum(axis=1)
                found.append(rank_p(effects[tested].sum(), widened(controls, sets, np.exp(2 * log_sd)), sets))
                as_drawn.append(rank_p(effects[tested].sum(), controls, sets))
            shares = [float((np.array(p) <= 0.05).mean()) for p in (found, as_drawn)]
            print(f"{width:>5} {size:>6} {gain:>5} {shares[0]:8.3f} {shares[1]:14.3f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--level", action="store_true")
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--frame", type=int, default=0, help="which of the carriers' frames")
    arguments = parser.parse_args()
    if arguments.level:
        level(arguments.studies)
        return
    torch.set_num_threads(1)
    model = load_model("builtin:e5-small", dtype="float32")
    if arguments.speed:
        speed(model)
        return
    draws = []
    for seed in range(arguments.draws):
        draws.append(pilot(model, seed, arguments.frame))
        print(f"draw {seed}\n{draws[-1].round(3).to_string(index=False)}\n", flush=True)
    compare(draws)


if __name__ == "__main__":
    main()
