"""What runs survive: killed, stopped, on a spoilt cache, two at once; the tables must stay the same to the byte.

python tools/soak.py                           everything: 330 trials, about an hour
python tools/soak.py --spoilt 20 --no-others   twenty spoilt files only
python tools/soak.py --seed 7                  the seed that a failure printed; every trial has its own, drawn from it
python tools/soak.py --only spoilt:14          one trial again, as with the same seed before
python tools/soak.py --minutes 5               begin nothing after five minutes but the first trial of each kind

Each trial takes a folder of its own with a copy of a prepared cache (never hard links: files are spoilt in place),
does something to ``interlingua run`` on a tiny study, runs it again undisturbed, and looks: exit codes, what was said,
the bytes of the tables, ``interlingua cache verify``, and that nothing was left: half-made folders, locks, processes,
semaphores. Folders of trials that showed a fault are kept. The exit code is 1 if any did.

Runs are children of this process, forked after it has imported everything, each in a session of its own, and call the
public ``main``: an interpreter that loads torch takes longer than the rest of the run. Some are the command in an
interpreter of its own all the same. Linux only: it looks into /proc and /dev/shm.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

COUNTS = {"killed": 50, "worker": 20, "stopped": 20, "spoilt": 200, "pair": 40}
SAYS = {
    "killed": "SIGKILL of a run and its workers",
    "worker": "SIGKILL of one worker",
    "stopped": "SIGTERM, SIGHUP or SIGINT",
    "spoilt": "one file of the cache spoilt",
    "pair": "two runs at once on one cache",
}
HOW_OFTEN_IT_MAY_MISS = 3


def main() -> int:
    """Run the trials, and print what they showed."""
    options = _options()
    from soaking import runs
    from soaking.trials import KINDS, make_bench

    begun = time.monotonic()
    root = Path(options.folder or tempfile.mkdtemp(prefix="interlingua-soak-")).resolve()
    _say(f"seed {options.seed}; in {root}")
    runs.prepare()
    bench = make_bench(root, options.seed)
    _say(f"undisturbed: {bench.seconds[1]:.1f} s with one worker, {bench.seconds[2]:.1f} s with two")
    trials = _trials(options)
    done: Counter[str] = Counter()
    what: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    failed: Counter[str] = Counter()
    for kind, number in trials:
        if options.minutes and time.monotonic() - begun > 60 * options.minutes and done[kind]:
            continue
        folder = root / f"{kind}-{number}"
        for attempt in range(HOW_OFTEN_IT_MAY_MISS):  # a run may have ended before its moment came
            folder.mkdir()
            found = KINDS[kind](bench, folder, random.Random(f"{options.seed} {kind} {number} {attempt}"))
            if found.faults or found.what not in ("had ended", "not begun"):
                break
            shutil.rmtree(folder)
        with (root / "log").open("a", encoding="utf-8") as log:
            log.write(f"{time.monotonic() - begun:6.0f} s  {kind}:{number} {found.what}, {len(found.faults)} faults\n")
        done[kind] += 1
        what[kind][found.what] += 1
        if found.faults:
            failed[kind] += 1
            _say(f"{kind}:{number} (seed {options.seed}, {folder}): {found.what}")
            for fault in found.faults:
                _say(f"    {fault}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    _say(table(options, done, what, failed))
    _say(f"\nseed {options.seed}, {(time.monotonic() - begun) / 60:.0f} minutes")
    if not failed and not options.folder:
        shutil.rmtree(root)
    return bool(failed)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def table(options: argparse.Namespace, done: Counter[str], what: dict[str, Counter[str]], failed: Counter[str]) -> str:
    """Return the summary as a table in Markdown."""
    lines = ["", "| what was done | wanted | done | of which | faults |", "|---|---:|---:|---|---:|"]
    for kind, says in SAYS.items():
        wanted = len([None for wanted, _ in _trials(options) if wanted == kind])
        if wanted:
            parts = ", ".join(f"{count} {name}" for name, count in what[kind].most_common())
            lines.append(f"| {says} | {wanted} | {done[kind]} | {parts} | {failed[kind]} |")
    return "\n".join(lines)


def _trials(options: argparse.Namespace) -> list[tuple[str, int]]:
    """Return the trials in an order in which an early end leaves some of every kind."""
    if options.only:
        kind, _, number = options.only.partition(":")
        return [(kind, int(number))]
    every = [
        ((number + 0.5) / count, kind, number)
        for kind in COUNTS
        for count in [getattr(options, kind)]
        for number in range(count)
    ]
    return [(kind, number) for _, kind, number in sorted(every)]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for kind, count in COUNTS.items():
        parser.add_argument(f"--{kind}", type=int, metavar="N", help=f"trials: {SAYS[kind]} [{count}]")
    parser.add_argument("--no-others", action="store_true", help="none of the kinds that are not named")
    parser.add_argument("--only", metavar="KIND:NUMBER", help="one trial")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="[drawn]")
    parser.add_argument("--minutes", type=float, help="begin none after so long, but the first of each kind [no limit]")
    parser.add_argument("--folder", type=Path, help="a new folder, kept [a temporary one]")
    options = parser.parse_args()
    for kind, count in COUNTS.items():
        if getattr(options, kind) is None:
            setattr(options, kind, 0 if options.no_others else count)
    if options.only and options.only.partition(":")[0] not in COUNTS:
        parser.error(f"--only: a kind is one of {', '.join(COUNTS)}")
    return options


def _stop(number: int, _: object) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _stop)
    try:
        raise SystemExit(main())
    finally:
        from soaking.runs import end_all

        end_all()
