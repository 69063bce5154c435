"""Tokens a second of `extract`, beside a bare forward pass of the same batches.

    python benchmarks/extraction.py [--model builtin:e5-small] [--sentences 600] [--repeats 5]

Both run by turns, so that whatever else the machine does falls on both; the ratio of the medians is the
cost of tokenising, finding targets, keeping all layers, and averaging. The prototype measured 1.06 to 1.41 in
float32 and 1.05 in bfloat16, and 17 to 21 for NeuroX.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import pandas as pd
import torch

from interlingua.models import LoadedModel, extract, load_model, locate_targets
from interlingua.models.batching import Padded, pad, plan_batches

FRAMES = [
    ("The word ", " stands here between two other words, and nobody has asked what it means."),
    ("Somebody wrote ", " on the blackboard this morning and left the room."),
    ("La palabra ", " aparece en la página doce, casi al final del segundo párrafo."),
    ("Das Wort ", " steht in der dritten Zeile, gleich neben dem kleinen Bild."),
    ("Слово ", " написано на первой странице, под заголовком."),
    ("「", "」这个词写在第二页的最后一行。"),
]
WORDS = ["happiness", "табурет", "Freude", "幸福", "ventana", "lighthouse", "dolor", "мост", "umbrella", "石头"]


def make_contexts(n: int) -> pd.DataFrame:
    rows = []
    for i in range(n):
        before, after = FRAMES[i % len(FRAMES)]
        word = f"{WORDS[i // len(FRAMES) % len(WORDS)]}{i if i >= len(FRAMES) * len(WORDS) else ''}"
        rows.append((f"xx-{i:05d}", before + word + after, len(before), len(before) + len(word)))
    return pd.DataFrame(rows, columns=["context_id", "text", "start", "end"])


def bare(model: LoadedModel, batches: list[Padded]) -> None:
    with torch.inference_mode():
        for batch in batches:
            mask = None if batch.mask is None else torch.from_numpy(batch.mask).to(model.device)
            model.model(input_ids=torch.from_numpy(batch.ids).to(model.device), attention_mask=mask)
    if model.device == "cuda":
        torch.cuda.synchronize()


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def measure(spec: str, dtype: str, contexts: pd.DataFrame, batch_tokens: int, repeats: int) -> None:
    model = load_model(spec, dtype=dtype)  # type: ignore[arg-type]
    targets = locate_targets(model, contexts)
    batches = plan_batches(targets, [target.tokens for target in targets], batch_tokens)
    tokens = sum(batch.n_tokens for batch in batches)
    padded = [pad(batch, model.pad_id, left=False) for batch in batches]
    runs: dict[str, Callable[[], object]] = {
        "bare": lambda: bare(model, padded),
        "extract": lambda: extract(model, contexts, batch_tokens=batch_tokens),
        "targets": lambda: locate_targets(model, contexts),
    }
    for run in runs.values():
        run()
    times = np.array([[seconds(run) for run in runs.values()] for _ in range(repeats)])
    taken = dict(zip(runs, times.T, strict=True))
    ratios = taken["extract"] / taken["bare"]
    print(
        f"{dtype:9} {model.device:5} batches of {batch_tokens:6,}: "
        f"bare {tokens / median(taken['bare']):9,.0f} tokens/s, "
        f"extract {tokens / median(taken['extract']):9,.0f} tokens/s, "
        f"ratio {median(ratios):.2f} ({ratios.min():.2f} to {ratios.max():.2f}), "
        f"of which tokenising and targets {median(taken['targets'] / taken['bare']):.3f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="builtin:e5-small")
    parser.add_argument("--sentences", type=int, default=600)
    parser.add_argument("--batch-tokens", type=int, nargs="+", default=[1024])
    parser.add_argument("--dtypes", nargs="+", default=["float32", "bfloat16"])
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    contexts = make_contexts(options.sentences)
    print(f"{options.model}, {options.sentences} sentences, {torch.get_num_threads()} threads")
    for dtype in options.dtypes:
        for batch_tokens in options.batch_tokens:
            measure(options.model, dtype, contexts, batch_tokens, options.repeats)


if __name__ == "__main__":
    main()
