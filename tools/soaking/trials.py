"""What the soak does to runs, one function a kind: it returns what was wrong."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from soaking.checks import KEPT, digests, left_over, orphans, tables, words
from soaking.runs import Ended, Run, in_child
from soaking.spoil import WAYS, dig, draw, spoil
from soaking.study import write_study

STOPPED = "stopped; the same command goes on where it stopped"
#: Of one run in four: they load torch each time, which takes longer than all the rest.
WORKERS = (1, 1, 1, 2)
#: After which call of `ShardFolder` runs kill themselves that leave unfinished extractions.
UNFINISHED = (("write", 1), ("write", 3), ("write", 8), ("finish", 1), ("finish", 5))


@dataclass
class Found:
    """What a trial showed: what was wrong, and in a word what happened."""

    faults: list[str] = field(default_factory=list)
    what: str = ""


@dataclass
class Bench:
    """What all trials start from.

    Attributes
    ----------
    root
        Its folder.
    study
        The study's file.
    right
        The digests of the tables of an undisturbed run.
    caches
        Prepared caches: of a whole run (``whole``), and of extractions that were killed (``write-N``, ``finish-N``).
    seconds
        How long an undisturbed run on an empty cache takes, by the number of workers.
    """

    root: Path
    study: Path
    right: dict[str, str] = field(default_factory=dict)
    caches: dict[str, Path] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)

    def run(
        self,
        folder: Path,
        workers: int = 1,
        output: str = "out",
        *,
        fresh: bool = False,
        before: Callable[[], None] | None = None,
    ) -> Run:
        """Start ``interlingua run`` on the study."""
        command = ["run", str(self.study), "-o", str(folder / output), "--workers", str(workers)]
        return Run(folder, command, fresh=fresh, before=before or small)

    def again(self, folder: Path, before: list[Ended]) -> list[str]:
        """Run the study undisturbed after something was done to it, and return what is wrong then."""
        ended = self.run(folder).wait()
        faults = words(ended) + tables(folder / "out", self.right)
        return faults + left_over(folder, [*before, ended]) + verified(folder)


def small() -> None:
    """Extract in small shards, and draw no figures: they take two thirds of a run of which all is cached."""
    from interlingua.models import extraction
    from interlingua.run import report

    extraction.SHARD_ROWS = 16

    def draw_nothing(figure: object, folder: Path, name: str) -> None:
        import matplotlib.pyplot as plt

        (folder / f"{name}.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", encoding="utf-8")
        plt.close(figure)  # type: ignore[arg-type]

    report.save = draw_nothing  # type: ignore[assignment]


def as_large() -> None:
    """Treat every file as one that is too large to be compared with its digest before something is to read it."""
    from interlingua.flow import cache

    small()
    cache._SMALL = -1


def killed_after(name: str, times: int) -> Callable[[], None]:
    """Return what lets a run kill itself when a method of `ShardFolder` has done its work so often."""

    def before() -> None:
        from interlingua.models.shards import ShardFolder

        small()
        method, calls = getattr(ShardFolder, name), []

        def call_and_die(*arguments: object) -> object:
            calls.append(method(*arguments))
            if len(calls) == times:
                os.kill(os.getpid(), signal.SIGKILL)
            return calls[-1]

        setattr(ShardFolder, name, call_and_die)

    return before


def make_bench(root: Path, seed: int) -> Bench:
    """Write the study, and make the undisturbed runs: by the command in an interpreter of its own, and as forks.

    Raises
    ------
    RuntimeError
        If one of them fails or writes other tables.
    """
    in_child(lambda: _quietly_write(root / "study", seed))
    bench = Bench(root, root / "study" / "study.toml")

    def first(name: str, workers: int, fresh: bool = False) -> None:
        folder = root / name
        ended = bench.run(folder, workers, fresh=fresh).wait()
        bench.right = bench.right or digests(folder / "out")
        if faults := words(ended) + tables(folder / "out", bench.right) + left_over(folder, [ended]):
            raise RuntimeError(f"an undisturbed run ({name}): {'; '.join(faults)}")
        bench.seconds[workers] = ended.seconds
        bench.caches["whole"] = folder / "cache"

    first("fresh", 2, fresh=True)
    first("two", 2)
    first("one", 1)
    for method, times in UNFINISHED:
        folder = root / f"{method}-{times}"
        bench.run(folder, before=killed_after(method, times)).wait()
        if not list((folder / "cache" / "pass").glob(f"*{KEPT}/*")):
            raise RuntimeError(f"{folder}: no unfinished extraction was left")
        bench.caches[folder.name] = folder / "cache"
    return bench


def _quietly_write(folder: Path, seed: int) -> None:
    from transformers.utils import logging

    logging.disable_progress_bar()
    write_study(folder, seed)


def verified(folder: Path) -> list[str]:
    """Return what 'interlingua cache verify' finds wrong."""
    ended = Run(folder, ["cache", "verify"]).wait()
    return [] if ended.code == 0 else [f"cache verify: exit code {ended.code}: {ended.out}{ended.err}"]


def _start(bench: Bench, folder: Path, drawn: random.Random) -> tuple[float, list[str]]:
    """Half of the trials begin on an empty cache, the others on one with holes; return what is missing."""
    if drawn.random() < 0.5:
        return 1.0, sorted(path.name for path in bench.caches["whole"].iterdir() if path.name != ".progress")
    shutil.copytree(bench.caches["whole"], folder / "cache")
    return dig(folder / "cache", drawn)


def _disturbed(
    bench: Bench, folder: Path, drawn: random.Random, workers: int, disturb: Callable[[Run], bool]
) -> tuple[Ended, bool]:
    """Run, disturb it at a random moment, and return how it ended and whether it was still under way.

    Half of the moments are drawn over the whole run; the others are those at which a step begins to write an entry,
    and the twentieth of a second behind.
    """
    missing, steps = _start(bench, folder, drawn)
    run = bench.run(folder, workers, fresh=drawn.random() < 0.1)
    if drawn.random() < 0.5:
        lasts = bench.seconds[workers] * (0.3 + 0.7 * missing)  # the tables and pages are always made
        hit = run.sleep(drawn.uniform(0.0, lasts))
    else:
        step = folder / "cache" / drawn.choice(steps)
        while (hit := not run.ended()) and not list(step.glob(".*")):
            time.sleep(0.001)
        hit = hit and run.sleep(drawn.uniform(0.0, 0.05))
    hit = hit and disturb(run)
    return run.wait(), hit


def killed_group(bench: Bench, folder: Path, drawn: random.Random) -> Found:
    """Kill a run and all its processes, as the kernel or a batch system does."""

    def kill(run: Run) -> bool:
        run.kill(signal.SIGKILL)
        return True

    ended, hit = _disturbed(bench, folder, drawn, drawn.choice(WORKERS), kill)
    faults = words(ended, None)
    faults += [f"processes left: {left}" for left in [orphans(ended.pid)] if left]
    faults += [f"exit code {ended.code}"] if hit and ended.code not in (0, -signal.SIGKILL) else []
    if ended.code != -signal.SIGKILL:
        return Found(faults, "had ended")
    return Found(faults + bench.again(folder, [ended]), "killed")


def killed_worker(bench: Bench, folder: Path, drawn: random.Random) -> Found:
    """Kill one of a run's workers, as the kernel does when memory is short."""

    def kill(run: Run) -> bool:
        while not (workers := run.workers()):
            if not run.sleep(0.02):
                return False
        os.kill(drawn.choice(workers), signal.SIGKILL)
        return True

    ended, hit = _disturbed(bench, folder, drawn, 2, kill)
    if ended.code == 0:  # it had nothing to do any more, or there was none
        faults = words(ended) + tables(folder / "out", bench.right)
    else:
        faults = words(ended, 2) + left_over(folder, [ended], kept=True)
        if len(ended.errors) != 1 or "worker" not in ended.errors[0] or "goes on" not in ended.errors[0]:
            faults.append(f"a killed worker is answered by {ended.errors}")
    if not hit:
        return Found(faults, "had ended")
    return Found(faults + bench.again(folder, [ended]), "answered" if ended.code else "nothing lost")


def stopped(bench: Bench, folder: Path, drawn: random.Random) -> Found:
    """Stop a run by a signal, sent to the one process or, as a terminal does, to its group."""
    number = drawn.choice((signal.SIGTERM, signal.SIGHUP, signal.SIGINT))
    group = drawn.random() < 0.5
    results = []

    def stop(run: Run) -> bool:
        results.append((folder / "out").exists())
        if group:
            run.kill(number)
        else:
            os.kill(run.pid, number)
        return True

    ended, hit = _disturbed(bench, folder, drawn, drawn.choice(WORKERS), stop)
    faults = left_over(folder, [ended], kept=True)
    if not hit or (any(results) and ended.code in (0, -number)):
        return Found(faults + words(ended, None), "had ended")
    if ended.code == -number and not ended.err:  # before the command had begun: the interpreter's own answer
        return Found(faults, "not begun")
    faults += words(ended, 128 + number)
    if ended.err.splitlines()[-1:] != [STOPPED] or ended.err.count(STOPPED) != 1:
        faults.append(f"{number.name} is answered by {ended.err[-300:]!r}")
    return Found([f"{number.name}: {fault}" for fault in faults + bench.again(folder, [ended])], number.name)


def spoilt(bench: Bench, folder: Path, drawn: random.Random) -> Found:
    """Spoil one file of the cache between two runs."""
    name = drawn.choice(("whole", "whole", drawn.choice([name for name in bench.caches if name != "whole"])))
    cache = Path(shutil.copytree(bench.caches[name], folder / "cache"))
    file, way = draw(cache, drawn), drawn.choice(WAYS)
    inside = file.relative_to(cache)
    changed = spoil(file, cache, way, drawn)
    large = drawn.random() < 0.2
    ended = bench.run(folder, before=as_large if large else small).wait()
    faults = words(ended) + tables(folder / "out", bench.right)
    warned = [line for line in ended.err.splitlines() if inside.parts[0] in line and "again" in line]
    # Locks and marks of progress hold no results, a missing shard is one not yet written, and of activations that were
    # not yet handed in there is no digest, so that they are always extracted again.
    no_results = inside.name.endswith(".lock") or inside.parts[0] == ".progress"
    handed_in = not any(part.endswith(KEPT) for part in inside.parts)
    as_if_not_there = not handed_in and (way == "removed" or inside.name == "activations.safetensors")
    if changed and not warned and not (large or no_results or as_if_not_there):
        faults.append("no line says what was made again")
    faults += left_over(folder, [ended])
    if not large:  # else what nothing reads stays as it is
        faults += verified(folder)
    what = f"{way}: {inside.parts[0]}/{inside.name} ({name}{', large' if large else ''})"
    return Found([f"{what}: {fault}" for fault in faults], way)


def pair(bench: Bench, folder: Path, drawn: random.Random) -> Found:
    """Run the study twice at once on one cache, on two outputs or on one."""
    _start(bench, folder, drawn)
    outputs = ("out", drawn.choice(("out", "other", "other")))
    workers = [drawn.choice(WORKERS) for _ in outputs]
    first = bench.run(folder, workers[0], outputs[0])
    first.sleep(drawn.choice((0.0, drawn.uniform(0.0, 2.0))))
    second = bench.run(folder, workers[1], outputs[1])
    both = [first.wait(), second.wait()]
    faults = [fault for ended in both for fault in words(ended)]
    for output in sorted(set(outputs)):
        faults += tables(folder / output, bench.right)
    return Found(
        faults + left_over(folder, both) + verified(folder), "one output" if outputs[1] == "out" else "two outputs"
    )


KINDS: dict[str, Callable[[Bench, Path, random.Random], Found]] = {
    "killed": killed_group,
    "worker": killed_worker,
    "stopped": stopped,
    "spoilt": spoilt,
    "pair": pair,
}
