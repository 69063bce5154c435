"""Tables for papers: they compile, and say what the tables on the page say."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from interlingua.questions.order import tables
from interlingua.report.latex import MOST_ROWS, escaped, latex, write_latex
from interlingua.report.results import Results
from interlingua.report.words import Shown, opening, signed

PAPER = r"""\documentclass{article}
\usepackage{booktabs}
\usepackage{graphicx}
\begin{document}
%s
\end{document}
"""


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("3.20e−09", r"3.20$\times10^{-9}$"),
        ("4.4e+12", r"4.4$\times10^{12}$"),
        ("−0.123", "$-$0.123"),
        ("< .0001", "$<$ .0001"),
        ("76.5 %", r"76.5 \%"),
        ("mean ρ̄ & a_b {c} #1 $x$", r"mean $\bar{\rho}$ \& a\_b \{c\} \#1 \$x\$"),
        ("\\ ~ ^", r"\textbackslash{} \textasciitilde{} \textasciicircum{}"),
        ("|correlation|", "$|$correlation$|$"),
        ("elastic net", "elastic net"),
    ],
)
def test_signs_are_set_as_they_stand(text: str, written: str) -> None:
    assert escaped(text) == written


def test_what_rounds_to_nothing_has_no_sign() -> None:
    assert [signed(value, 2) for value in (-0.004, -0.006, 0.0, 1.25)] == ["0.00", "−0.01", "0.00", "1.25"]


def test_rho_at_the_beginning_is_no_capital_rho() -> None:
    assert [opening(text) for text in ("ρ̄ by layer", "pairs", "")] == ["ρ̄ by layer", "Pairs", ""]


def test_a_heading_says_something() -> None:
    with pytest.raises(AssertionError, match="Pairs: a heading says nothing"):
        Shown("Pairs", "pairs", pd.DataFrame(), "model", {"model": ""})


def test_a_table_needs_no_retyping(results: Results) -> None:
    shown = Shown(
        "Table 3. Pairs_of languages",
        "pairs",
        results.of("pairs", variable="valence", method="ridge"),
        "model variable method language_a language_b fe p",
    )
    lines = latex(results, shown, "pairs").splitlines()
    assert lines[0] == r"% needs \usepackage{booktabs}"
    [caption] = [line for line in lines if line.startswith(r"\caption")]
    assert (
        caption
        == r"\caption{Pairs\_of languages. In all rows: model model; variable valence; ranking ridge (penalty by CV).}"
    )
    assert r"\label{tab:pairs}" in lines
    assert r"\begin{tabular}{llrr}" in lines
    assert r"language & and & fold enrichment & p (super exact) \\" in lines
    rows = [line for line in lines if line.startswith(("English & ", "Spanish & "))]
    assert len(rows) == 3
    first = results.of("pairs", variable="valence", method="ridge").iloc[0]
    assert rows[0].split(" & ")[2] == f"{first['fe']:#.3g}".rstrip(".")


def test_long_tables_and_those_of_machines_are_not_written(results: Results, tmp_path: Path) -> None:
    (tmp_path / "older.tex").write_text("what an older run left")
    pairs = results.table("pairs")
    many = pd.concat([pairs] * MOST_ROWS, ignore_index=True)
    columns = "model variable language_a language_b fe"
    tables = [
        Shown("Pairs", "pairs", pairs, columns),
        Shown("None", "pairs", pairs.head(0), columns),
        Shown("Many", "pairs", many, columns),
        Shown("Pairs again", "pairs", pairs, columns),
        Shown("Units", "conjunction_units", results.table("conjunction_units").head(3), "model variable unit"),
    ]
    write_latex(results, tables, tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["pairs-2.tex", "pairs.tex"]
    assert r"\label{tab:pairs-2}" in (tmp_path / "pairs-2.tex").read_text()


@pytest.mark.parametrize(
    ("letters", "needs"),
    [
        ("слово", "XeLaTeX or LuaLaTeX, and a font that has them"),
        ("kelma ħelwa", "XeLaTeX or LuaLaTeX, and a font that has them"),
        ("słowo ręką", r"\usepackage[T1]{fontenc}"),
        ("«mot»", r"\usepackage[T1]{fontenc}"),
        ("palabra, año, œuvre, łza", r"\usepackage{booktabs}"),
    ],
)
def test_letters_that_plain_latex_lacks_are_told(letters: str, needs: str) -> None:
    """In cells and, where all rows have the same, in the caption."""
    results = Results(Path("nowhere"), tables(), {}, {}, {})
    for same in (False, True):
        pairs = pd.DataFrame({"variable": [letters, letters if same else "valence"], "fe": [1.0, 2.0]})
        text = latex(results, Shown("Pairs", "pairs", pairs, "variable fe"), "pairs")
        assert text.splitlines()[0].endswith(needs)
        assert (letters in next(line for line in text.splitlines() if line.startswith(r"\caption"))) == same


def test_every_table_of_a_run_compiles(small: Any, tmp_path: Path) -> None:
    if not (shutil.which("pdflatex") and _has("booktabs.sty")):
        pytest.skip("needs pdflatex with booktabs (Debian: texlive-latex-recommended)")
    files = sorted((small.results / "tables").glob("*.tex"))
    assert len(files) > 15
    plain = [file for file in files if "XeLaTeX" not in file.read_text(encoding="utf-8")]
    assert len(plain) >= len(files) - 3
    whole = "\n\\clearpage\n".join(file.read_text(encoding="utf-8") for file in plain)
    (tmp_path / "paper.tex").write_text(PAPER % whole, encoding="utf-8")
    ran = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    log = (tmp_path / "paper.log").read_text(encoding="latin-1")
    assert ran.returncode == 0, log[-2000:]
    assert (tmp_path / "paper.pdf").stat().st_size > 10_000
    over = [float(found) for found in re.findall(r"Overfull \\hbox \(([\d.]+)pt too wide\)", log)]
    assert [width for width in over if width > 40] == []


def _has(file: str) -> bool:
    found = subprocess.run(["kpsewhich", file], capture_output=True, text=True, check=False)
    return bool(found.stdout.strip())
