"""Runs mutants in a process of its own, so that one that crashes, hangs or takes all memory is only a failure."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from fuzzing.kinds import Kind, Mutant, Read

#: What an input may take.
SECONDS, GIGABYTES = 10.0, 2.0
#: Seconds of the clock, on a machine that does other things, after which a process that does not answer is ended.
_PATIENCE = 60.0


@dataclass
class Tally:
    """What came of the inputs of one kind."""

    inputs: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    inside: int = 0
    slowest: float = 0.0
    peak: float = 0.0
    failures: list[tuple[int, str]] = field(default_factory=list)


def mutant_of(kind: Kind, seed: int, number: int) -> Mutant:
    """Return the mutant of a number: always the same."""
    return kind.mutants(random.Random(f"{seed} {kind.name} {number}"))


def attempt(kind: Kind, mutant: Mutant, path: Path) -> tuple[str, str]:
    """Read a mutant; return what came of it ("read", "refused" or "failed") and what is wrong."""
    from interlingua.errors import InterlinguaError

    path.write_bytes(mutant.content)
    try:
        read: Read = kind.read(path)
    except InterlinguaError as error:
        said = str(error)
        if not said or len(said) > 5000:
            return "failed", f"an error of {len(said)} characters"
        return "refused", ""
    except BaseException as error:  # a panic of Rust is no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        where = traceback.extract_tb(error.__traceback__)[-1]
        said = " ".join(str(error).split())[:200]
        place = f"{Path(where.filename).name}:{where.lineno}"
        return "failed", f"{type(error).__name__}: {said} ({place})"
    wrong = kind.wrong(mutant, read)
    return ("failed", wrong) if wrong else ("read", "")


def run(kind: Kind, seed: int, numbers: range, folder: Path, until: float) -> Tally:
    """Run some mutants of a kind, in processes that are started again after a failure that ends them."""
    tally = Tally()
    next_number = numbers.start
    while next_number < numbers.stop and (time.monotonic() < until or tally.inputs == 0):
        next_number = _one_process(kind, seed, range(next_number, numbers.stop), folder, until, tally)
    return tally


def _one_process(kind: Kind, seed: int, numbers: range, folder: Path, until: float, tally: Tally) -> int:
    """Run mutants in one process; return the number that comes next."""
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(told)
        _in_child(kind, seed, numbers, folder, until, tell)
    os.close(tell)
    number = numbers.start
    with os.fdopen(told, "rb") as lines:
        while True:
            signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
            signal.setitimer(signal.ITIMER_REAL, _PATIENCE)
            line = lines.readline()
            signal.setitimer(signal.ITIMER_REAL, 0)
            if not line:
                break
            if line == b"end\n":
                number = numbers.stop if number >= numbers.stop else number
                os.waitpid(child, 0)
                return numbers.stop
            _count(tally, number, json.loads(line))
            number += 1
    _, status = os.waitpid(child, 0)
    tally.inputs += 1
    tally.outcomes["failed"] += 1
    ended = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"exit code {os.WEXITSTATUS(status)}"
    tally.failures.append(
        (number, f"the process ended ({ended}): more than {_PATIENCE:g} s, or more memory than there is")
    )
    return number + 1


def _count(tally: Tally, number: int, found: dict[str, object]) -> None:
    tally.inputs += 1
    tally.inside += bool(found["inside"])
    tally.outcomes[str(found["what"])] += 1
    spent, peak = float(str(found["spent"])), float(str(found["peak"]))
    tally.slowest, tally.peak = max(tally.slowest, spent), max(tally.peak, peak)
    if found["wrong"]:
        tally.failures.append((number, str(found["wrong"])))


def _in_child(kind: Kind, seed: int, numbers: range, folder: Path, until: float, tell: int) -> None:
    """Read mutants until the time is over, and write a line for each."""
    out = os.fdopen(tell, "wb", buffering=0)
    code = 1
    try:
        least = _peak()
        hard = int((GIGABYTES + 2) * 2**30)
        grown = _address_space() + hard
        resource.setrlimit(resource.RLIMIT_AS, (grown, grown))
        for number in numbers:
            if time.monotonic() > until and number > numbers.start:
                break
            mutant = mutant_of(kind, seed, number)
            before = _spent()
            # A name without suffixes of its own, as some tell the format by it.
            what, wrong = attempt(kind, mutant, folder / f"{kind.name.replace(' ', '_')}{kind.suffix}")
            spent, peak = _spent() - before, max(_peak() - least, 0.0)
            if not wrong and spent > SECONDS:
                what, wrong = "failed", f"took {spent:.1f} s of a processor"
            if not wrong and peak > GIGABYTES:
                what, wrong = "failed", f"took {peak:.1f} GB of memory"
            said = {"what": what, "wrong": wrong, "inside": mutant.inside, "spent": spent, "peak": peak}
            out.write(json.dumps(said).encode() + b"\n")
            if peak > GIGABYTES:
                break  # what a process once held stays its peak
        else:
            number = numbers.stop
        out.write(b"end\n")
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _spent() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _peak() -> float:
    """Return the gigabytes that this process, or one that it started, held at most."""
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 2**20


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()
