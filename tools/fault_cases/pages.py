"""Result folders: pages from damaged ones, spreadsheets, full disks, names of folders."""

from __future__ import annotations

import shutil

from fault_cases.case import fault
from fault_cases.material import study, write
from fault_cases.spoilt import finished
from fault_cases.tool import Tool

_DAMAGED = """
import io, json, shutil, sys, contextlib
from pathlib import Path
from interlingua.cli.main import main
from interlingua.errors import InterlinguaError
import pandas as pd

def cut(path): path.write_bytes(path.read_bytes()[:-40])
def empty(path): path.write_bytes(b"")
def noise(path): path.write_bytes(b"noise" * 20)
def lost(path): path.unlink()
def list_(path): path.write_text("[]")
def deep(path): path.write_text("[" * 50_000)
def number(path): path.write_text("x = 1")
def column(path):
    table = pd.read_parquet(path)
    table.drop(columns=table.columns[-1]).to_parquet(path, index=False)
def rows(path): pd.read_parquet(path).head(0).assign(more=1).to_parquet(path, index=False)

damages = [("run.json", how) for how in (cut, empty, lost, list_, deep)]
damages += [("study.toml", how) for how in (cut, number, lost)]
damages += [("tables/pairs.parquet", how) for how in (cut, noise, lost, column, rows)]
damages += [("tables/rankings.parquet", how) for how in (noise, column, rows)]
damages += [("tables/languages.parquet", how) for how in (column, rows)]
tracebacks, silent = [], []
for name, how in damages:
    for command in ("report", "atlas"):
        whole = Path("results", name).read_bytes()
        how(Path("results", name))
        sys.argv = ["interlingua", command, "results"]
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                main()
            code = 0
        except SystemExit as ended:
            code = ended.code or 0
        except BaseException as error:
            tracebacks.append([command, name, type(error).__name__])
            code = 1
        if not code:
            silent.append([command, name, how.__name__])
        Path("results", name).write_bytes(whole)
show([2 * len(damages), tracebacks, silent])
"""


@fault(
    "B15 damaged results", "`report` and `atlas` of damaged result folders are tracebacks, or pages of something else."
)
def damaged(tool: Tool) -> str:
    """Eighteen damages to what the pages are made of; each must be refused in words."""
    tool.take("finished", finished)
    outcome = tool.python(_DAMAGED)
    if wrong := outcome.failed():
        return wrong
    n, tracebacks, silent = outcome.value
    if not tracebacks and not silent:
        return ""
    kinds = sorted({kind for *_, kind in tracebacks})
    return f"of {n}: {len(tracebacks)} tracebacks ({', '.join(kinds)}), {len(silent)} pages all the same {silent[:1]}"


@fault("B17 output as text", '`il.run(output="text")` is a traceback.')
def text(tool: Tool) -> str:
    """The name of a file that is there, so that nothing is run."""
    study(tool.folder)
    outcome = tool.python('il.run(il.load_study("study.toml"), output="study.toml", workers=1)')
    return outcome.refused("is a file")


@fault("B17 long output", "An output name of 256 characters is a traceback.")
def long_name(tool: Tool) -> str:
    """No system has such names."""
    study(tool.folder)
    return tool.cli("run", "study.toml", "--output", "x" * 256).refused("name too long", "output")


@fault(
    "B18 formula", "A text that a spreadsheet takes for a formula (`=cmd|...`) stands as it is in CSV files of tables."
)
def formula(tool: Tool) -> str:
    """A word of a sentence file, which nothing requires to be plain."""
    import csv

    from fault_cases.material import words

    odd = "=cmd|' /C calc'!A0"
    codes = ("en", "es", "fr", "it", "de")
    for i, code in enumerate(codes):
        chosen = words(20, seed=i)
        chosen[3] = odd
        rows = [f'"It is {word} here.",{word},{60 if j == 3 else (7 * j + i) % 20}' for j, word in enumerate(chosen)]
        write(tool.folder / f"{code}.sentences.csv", "text,word,valence", *rows)
    entries = {code: f'{{ contexts = "{code}.sentences.csv" }}' for code in codes}
    study(tool.folder, codes, entries=entries, changes={"words": 20, "permutations": 0, "k": 30})
    outcome = tool.cli("run", "study.toml", "--output", "results", "--workers", "1")
    if wrong := outcome.failed():
        return wrong
    for path in sorted((tool.folder / "results" / "tables").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                if bad := [cell for cell in row if cell.startswith("=")]:
                    return f"{path.name}: {bad[0]}"
    told = (tool.folder / "results" / "tables" / "audit_words.csv").read_text(encoding="utf-8")
    return "" if "cmd|" in told else "the word is in no table: nothing was tested"


@fault("B18 full disk", "A full disk is told as `can't be written (None)`.")
def full(tool: Tool) -> str:
    """The error of a full disk as some libraries raise it, in one sentence and without the system's own words."""
    tool.take("finished", finished)
    shutil.rmtree(tool.cache / "rankings")
    outcome = tool.python(
        """
from pathlib import Path
import pyarrow.parquet
def full(*positional, **named):
    raise OSError("Error writing bytes to file. Detail: [errno 28] No space left on device")
pyarrow.parquet.write_table = pyarrow.parquet.ParquetWriter.write_table = full
il.run(il.load_study("study.toml"), output=Path("again"), workers=1, show_progress=False)
"""
    )
    return outcome.refused("No space left")
