"""Shows each fault of commit ea68ace on that commit, and none here, by the command line and public functions.

python tools/faults.py                           every case, on both trees
python tools/faults.py --only A3 B12             some of them
python tools/faults.py --write docs/reliability.md

A case (`tools/fault_cases/`) makes small inputs of its own, runs the tool in child processes, and says what is wrong.
The old commit is checked out as a git worktree, this tree's sources are copied, and both are removed at the end. The
exit code is 1 if a case is faulty here, or is not shown on the old commit without being declared as such.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from fault_cases import CASES, Case, order
from fault_cases.tool import Server, Tool

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"
_HEADING = """## The faults that were found, and what shows them

`python tools/faults.py` shows each fault of commit {base} on that commit, and none on the tree that it is run in, by
the command line and public functions alone: each case (`tools/fault_cases/`) makes small inputs of its own, runs
interlingua in child processes, and says what is wrong: a traceback, a wrong number with exit code 0, silence, or advice
that does not help. `--only A3 B12` runs some of them, `--write docs/reliability.md` writes this table.
`tests/test_faults.py` and `tests/test_faults_of_runs.py` run the same cases on every change: one that fails is a fault
that has come back. A dash says that nothing was wrong.

| fault | what was wrong | on {base} | here |
|---|---|---|---|
"""


@dataclass(frozen=True)
class Shown:
    """What a case showed on the old commit and here."""

    case: Case
    old: str
    here: str

    @property
    def right(self) -> bool:
        """Whether it is as it should be."""
        return not self.here and bool(self.old or self.case.not_shown)


def run_case(case: Case, server: Server) -> str:
    """Run a case on a tree in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="fault-") as folder:
        try:
            said = case.run(Tool(server, Path(folder)))
        except RuntimeError as error:  # its inputs could not be made: nothing is shown, and that is no good news
            said = f"NOT RUN: {error}"
        return " ".join(said.replace(folder, "").split())


@contextmanager
def trees(base: str) -> Iterator[tuple[Server, Server]]:
    """Yield the old commit's server and this tree's."""
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        folder = Path(name)
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(folder / "old"), base], check=True)
        servers: list[Server] = []
        try:
            # A copy, so that nothing changes under a run.
            shutil.copytree(ROOT / "src", folder / "here" / "src", ignore=shutil.ignore_patterns("__pycache__"))
            for tree in ("old", "here"):
                kept = folder / f"{tree}-kept"
                kept.mkdir()
                servers.append(Server(folder / tree / "src", kept))
            yield servers[0], servers[1]
        finally:
            for server in servers:
                server.close()
            subprocess.run([*git, "remove", "--force", str(folder / "old")], check=True)


def chosen(only: Sequence[str]) -> list[Case]:
    """Return the cases of the numbers given, or all, in the order of their numbers."""
    cases = [CASES[name] for name in sorted(CASES, key=order)]
    if not only:
        return cases
    found = [case for case in cases if any(case.name == name or case.name.split()[0] == name for name in only)]
    if not found:
        raise SystemExit(f"no case is called {' or '.join(only)}")
    return found


def row(shown: Shown) -> str:
    """Return a row of the table."""
    here = shown.here or "–"
    old = shown.old or (f"not shown there: {shown.case.not_shown}" if shown.case.not_shown else "–")
    cells = (shown.case.name, shown.case.says, _short(old), _short(here))
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:199]}…"


def _cell(text: str) -> str:
    """Escape what Markdown would take for its own outside of code, and characters that nobody sees."""
    text = re.sub(r"[^\S ]|[\u00ad\u200b-\u200f\u2060\ufeff]", "", text).replace("|", "\\|")
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else re.sub(r"([<>*_\[\]])", r"\\\1", part) for part in parts)


def write(path: Path, base: str, rows: Sequence[str]) -> None:
    """Put rows into the table between its markers (which is put at the end of the page); others of it stay."""
    before, begin, rest = path.read_text(encoding="utf-8").partition(f"{BEGIN}\n")
    there, _, after = rest.partition(f"{END}\n")
    found = {
        row.split(" | ")[0].removeprefix("| "): row for row in [*there.splitlines(), *rows] if row.startswith("| ")
    }
    kept = [found[name] for name in sorted(found.keys() & CASES.keys(), key=order)]
    table = f"{BEGIN}\n{_HEADING.format(base=base)}" + "\n".join(kept) + f"\n{END}\n"
    path.write_text(f"{before if begin else before.rstrip() + chr(10) * 2}{table}{after}", encoding="utf-8")


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", default="ea68ace", help="the commit that has the faults [ea68ace]")
    parser.add_argument("--only", nargs="+", default=[], metavar="FAULT", help="numbers (A3) or names of cases")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table into this page")
    arguments = parser.parse_args()
    cases, rows, wrong = chosen(arguments.only), list[str](), list[Shown]()
    begun = time.monotonic()
    with trees(arguments.base) as (old, here):
        for case in cases:
            shown = Shown(case, run_case(case, old), run_case(case, here))
            rows.append(row(shown))
            say(f"{'ok   ' if shown.right else 'WRONG'} {rows[-1]}")
            if not shown.right:
                wrong.append(shown)
    say(f"{len(cases)} cases in {time.monotonic() - begun:.0f} s, {len(wrong)} wrong")
    if arguments.write:
        write(arguments.write, arguments.base, rows)
    return bool(wrong)


if __name__ == "__main__":
    raise SystemExit(main())
