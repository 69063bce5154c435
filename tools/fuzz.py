"""Spoilt files for every reader: each is read as it is, or refused in a line; nothing else may happen.

python tools/fuzz.py                            2,000 and more inputs a reader, 100,000 in all: make fuzz
python tools/fuzz.py --inputs 200               so many a reader
python tools/fuzz.py --seconds 90               stop after so long, each reader having its share
python tools/fuzz.py --only "norms csv" dump    some readers (--list names them)
python tools/fuzz.py --case "norms csv:417"     one input again; it is kept as a file, and what came of it printed
python tools/fuzz.py --seed 7                   other inputs; the same seed gives the same

Seeds are written from one known table (fuzzing/known.py). Containers are unpacked, changed inside and packed again, so
that mutants get past them. A failure is a traceback, more than 10 s of a processor or 2 GB, or a pair of word and
rating, or sentence and target, or a number of units or weights, that the file does not say, without an issue. The exit
code is 1 if there is any.
Linux only: it forks, and looks into /proc.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

#: Inputs a reader, and what cheap ones have more, to come to more than 100,000.
INPUTS, CHEAP = 2_000, 6_000
_COST_OF_CHEAP = 5.0
#: What has neither ratings nor sentences.
NOTHING = ("links", "study", "card")


def main() -> int:
    """Run the inputs, and print what came of them."""
    options = _options()
    from fuzzing import corpora, gguf_files, models, results, tables, texts, units  # noqa: F401 - they register their kinds
    from fuzzing.kinds import KINDS
    from fuzzing.worker import Tally, run

    if options.list:
        print("\n".join(KINDS))
        return 0
    if options.case:
        return _one(*options.case.rsplit(":", 1), options.seed)
    chosen = [KINDS[name] for name in options.only or KINDS]
    begun = time.monotonic()
    tallies: dict[str, Tally] = {}
    with tempfile.TemporaryDirectory(prefix="interlingua-fuzz-") as folder:
        for kind in chosen:
            if fault := _seeds(kind, Path(folder)):
                print(f"{kind.name}: a seed is not read as the table says: {fault}")
                return 1
        for place, kind in enumerate(chosen):
            left = (options.seconds or 10**9) - (time.monotonic() - begun)
            until = time.monotonic() + max(left, 0) / (len(chosen) - place)
            count = options.inputs or (CHEAP if kind.cost <= _COST_OF_CHEAP else INPUTS)
            tallies[kind.name] = run(kind, options.seed, range(count), Path(folder), until)
            print(
                f"{time.monotonic() - begun:6.0f} s  {kind.name}: {tallies[kind.name].inputs} inputs", file=sys.stderr
            )
    _table(tallies)
    failures = [(name, *failure) for name, tally in tallies.items() for failure in tally.failures]
    for name, number, wrong in failures[:100]:
        print(f'FAILED --seed {options.seed} --case "{name}:{number}": {wrong}')
    print(f"seed {options.seed}: {sum(tally.inputs for tally in tallies.values()):,} inputs, {len(failures)} failures")
    return 1 if failures else 0


def _seeds(kind: Any, folder: Path) -> str:
    """Return what is wrong with what is read of the seeds, which nobody spoilt."""
    from fuzzing.kinds import Mutant
    from fuzzing.known import RATING, SENTENCE

    for number, seed in enumerate(kind.seeds):
        path = folder / f"{kind.name.replace(' ', '_')}{kind.suffix}"
        path.write_bytes(seed)
        read = kind.read(path)
        if kind.name.startswith("norms") and dict(read.ratings) != RATING:
            return f"seed {number}: {len(read.ratings)} of {len(RATING)} ratings"
        known = [target for sentence, target in read.sentences if SENTENCE[target] == sentence.replace(" .", ".")]
        of_some = kind.name.startswith("authors")
        if read.sentences and len(set(known)) < (10 if of_some else len(SENTENCE)):
            return f"seed {number}: {len(set(known))} of {len(SENTENCE)} sentences"
        if not (read.ratings or read.sentences or read.values or kind.name in NOTHING):
            return f"seed {number}: nothing is read"
        if read.values and (wrong := kind.wrong(Mutant(seed, inside=True), read)):
            return f"seed {number}: {wrong}"
    return ""


def _one(name: str, number: str, seed: int) -> int:
    from fuzzing.kinds import KINDS
    from fuzzing.worker import attempt, mutant_of

    kind = KINDS[name]
    mutant = mutant_of(kind, seed, int(number))
    folder = Path(tempfile.mkdtemp(prefix="interlingua-fuzz-"))
    path = folder / f"{kind.name.replace(' ', '_')}{kind.suffix}"
    what, wrong = attempt(kind, mutant, path)
    print(f"{path}: {what} {wrong}")
    return 1 if what == "failed" else 0


def _table(tallies: dict[str, Any]) -> None:
    print("| reader | inputs | past the container | read | refused | slowest, s | peak, GB | failures |")
    print("|---|---|---|---|---|---|---|---|")
    for name, tally in tallies.items():
        share = f"{tally.inside / max(tally.inputs, 1):.0%}"
        print(
            f"| {name} | {tally.inputs} | {share} | {tally.outcomes['read']} | {tally.outcomes['refused']} | "
            f"{tally.slowest:.1f} | {tally.peak:.2f} | {len(tally.failures)} |"
        )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--inputs", type=int, help="of each reader")
    parser.add_argument("--seconds", type=float, help="stop after so long")
    parser.add_argument("--only", nargs="+", metavar="READER")
    parser.add_argument("--case", metavar="READER:NUMBER", help="one input again")
    parser.add_argument("--list", action="store_true", help="name the readers")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
