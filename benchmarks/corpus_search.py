"""What a corpus search costs: by the number of words, by the size of the corpus, and with inflected forms.

    python benchmarks/corpus_search.py                  # a made Wikipedia of 100 MB, and a tenth of it for memory
    python benchmarks/corpus_search.py --megabytes 20   # quicker

Each search runs in a process of its own, so that its peak of memory is its own. Two claims are checked: 14,000
words cost at most twice what 100 do, and ten times the data need the same memory.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
from itertools import accumulate
from pathlib import Path

N_FORMS = 60_000
SYLLABLES = [consonant + vowel for consonant in "bcdfglmnprstvz" for vowel in "aeiou"]


def vocabulary(rng: random.Random) -> list[str]:
    """Return distinct made words, the frequent ones short."""
    forms: dict[str, None] = {}
    while len(forms) < N_FORMS:
        length = 1 + min(3, len(forms) // 200) + rng.randrange(3)
        forms["".join(rng.choices(SYLLABLES, k=length))] = None
    return list(forms)


def page(rng: random.Random, forms: list[str], weights: list[float]) -> str:
    """Return eight paragraphs of four sentences, of words whose frequencies fall as 1 / rank."""
    paragraphs = []
    for _ in range(8):
        sentences = []
        for _ in range(4):
            words = rng.choices(forms, cum_weights=weights, k=max(4, round(rng.gauss(18, 6))))
            if rng.random() < 0.3:
                words[rng.randrange(len(words))] = rng.choice(words).capitalize()
            sentences.append(f"{' '.join(words).capitalize()}.")
        paragraphs.append(" ".join(sentences))
    return "\n\n".join(paragraphs)


def write_corpus(path: Path, megabytes: float, forms: list[str], rng: random.Random) -> None:
    """Write pages as Parquet, in the layout of the hub's wikimedia/wikipedia."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    weights = list(accumulate(1 / (rank + 3) for rank in range(len(forms))))
    schema = pa.schema([(name, pa.string()) for name in ("id", "url", "title", "text")])
    written = number = 0
    with pq.ParquetWriter(path, schema) as writer:
        while written < megabytes * 1e6:
            texts = [page(rng, forms, weights) for _ in range(200)]
            written += sum(map(len, texts))
            ids = [str(number + row) for row in range(len(texts))]
            urls = [f"https://es.wikipedia.org/wiki/{row}" for row in ids]
            writer.write_table(pa.table([ids, urls, ids, texts], schema=schema))
            number += len(texts)


def measure(corpus: str, words: int, forms: str) -> None:
    """Search, and print time, throughput and peak memory as JSON (in a process of its own)."""
    from interlingua.contexts.corpora import open_corpus, search_corpus

    listed = json.loads(Path(corpus).with_name("words.json").read_text(encoding="utf-8"))
    found = search_corpus(listed[:words], open_corpus(corpus, "es"), "es", forms=forms)  # type: ignore[arg-type]
    progress = found.progress
    assert progress is not None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    used = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    figures = {"seconds": used, "megabytes": progress.megabytes, "peak": peak, "kept": len(found.contexts.table)}
    sys.stdout.write(json.dumps(figures))


def run(corpus: Path, words: int, forms: str = "exact") -> dict[str, float]:
    """Search in a process of its own, and print what it cost."""
    command = [sys.executable, __file__, "--measure", str(corpus), "--words", str(words), "--forms", forms]
    figures: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print(
        f"{figures['megabytes']:8.1f} MB {words:8,} words  {forms:<9} {figures['seconds']:8.1f} s of processor time"
        f" {figures['megabytes'] / figures['seconds']:6.2f} MB/s {figures['peak']:8.0f} MB peak"
        f" {figures['kept']:9,.0f} sentences kept"
    )
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=100.0)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--words", type=int, default=100, help=argparse.SUPPRESS)
    parser.add_argument("--forms", default="exact", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(arguments.measure, arguments.words, arguments.forms)
        return
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        forms = vocabulary(rng)
        # Rated words are of middling frequency: neither the commonest nor the rarest.
        listed = rng.sample(forms[200:40_000], 14_000)
        (Path(folder) / "words.json").write_text(json.dumps(listed), encoding="utf-8")
        small, large = (Path(folder) / name for name in ("small.parquet", "large.parquet"))
        write_corpus(small, arguments.megabytes / 10, forms, rng)
        write_corpus(large, arguments.megabytes, forms, rng)
        few, many = run(large, 100), run(large, 14_000)
        print(f"14,000 words cost {many['seconds'] / few['seconds']:.2f} times what 100 do")
        run(large, 14_000, "inflected")
        # Of 100 words each has its sentences in the smaller corpus already: what grows then is the corpus alone.
        print(f"ten times the data: {few['peak'] / run(small, 100)['peak']:.2f} times the memory")


if __name__ == "__main__":
    main()
