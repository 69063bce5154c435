"""The report's tables as LaTeX, ready for a paper: headings in words, caption and label, lines of booktabs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from textwrap import wrap
from typing import Any

from interlingua.report.results import Results
from interlingua.report.table import laid_out
from interlingua.report.words import Shown

#: Longer tables are for spreadsheets.
MOST_ROWS = 60
#: Characters of a line of a heading.
_LINE = 16
#: Points of a character and between columns, and of the text's width, in an article of 10 points.
_CHARACTER, _BETWEEN, _TEXT = 5.0, 12.0, 345.0
#: How much of the text's width a column of prose has.
_PROSE = 0.25
#: Characters that LaTeX needs in another way.
_WRITTEN = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    **{sign: rf"\{sign}" for sign in "&%$#_"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "|": r"$|$",
    "<": r"$<$",
    ">": r"$>$",
    "−": r"$-$",
    "–": "--",
    "×": r"$\times$",
    "±": r"$\pm$",
    "≠": r"$\neq$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "·": r"$\cdot$",
    "²": r"$^2$",
    "ρ̄": r"$\bar{\rho}$",
    "ρ": r"$\rho$",
    "“": "``",
    "”": "''",
    "‘": "`",
    "’": "'",
    "…": r"\ldots{}",
    "\u00a0": "~",
}
_SIGN = re.compile("|".join(map(re.escape, sorted(_WRITTEN, key=len, reverse=True))))
#: A number as `interlingua.report.table.number` writes small and great ones.
_POWER = re.compile(r"(\d\.\d+)e([−+]?)0*(\d+)")
#: Latin letters that pdfLaTeX knows in no encoding, and those that it knows in T1 only.
_UNKNOWN, _OF_T1 = "ĦħĸĿŀŉŦŧſ", "«»ÐðÞþĄąĐđĘęĮįŊŋŲų"
_LATIN = re.compile(rf"(?:(?![{_UNKNOWN}])[\x00-\u017f])*")


def write_latex(results: Results, shown: Iterable[Shown], folder: Path) -> None:
    """Write tables of the report that a paper has room for as ``NAME.tex``; of one name the next is ``NAME-2.tex``.

    Parameters
    ----------
    results
        A result folder.
    shown
        The tables, as the report shows them.
    folder
        Where to.
    """
    older = set(folder.glob("*.tex"))
    written: dict[str, int] = {}
    for table in shown:
        if "tex" in results.tables[table.table].files and 0 < len(table.frame) <= MOST_ROWS:
            number = written[table.table] = written.get(table.table, 0) + 1
            name = table.table if number == 1 else f"{table.table}-{number}"
            path = folder / f"{name}.tex"
            path.write_text(latex(results, table, name), encoding="utf-8")
            older.discard(path)
    for path in older:
        path.unlink()


def latex(results: Results, shown: Shown, name: str) -> str:
    r"""Return a table as a float of LaTeX, its columns and numbers as on the page.

    Parameters
    ----------
    results
        A result folder.
    shown
        The table.
    name
        For its label, ``tab:NAME``.
    """
    laid = laid_out(results, shown, most=MOST_ROWS)
    columns = "".join({"number": "r", "text": rf"p{{{_PROSE}\textwidth}}"}.get(kind, "l") for kind in laid["kinds"])
    title = re.sub(r"^Table \d+\. ", "", laid["title"])
    same = f" In all rows: {'; '.join(laid['same'])}." if laid["same"] else ""
    lines = [" & ".join(map(escaped, row)) + r" \\" for row in laid["rows"]]
    tabular = [
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        " & ".join(map(_heading, laid["headings"])) + r" \\",
        r"\midrule",
        *lines,
        r"\bottomrule",
        r"\end{tabular}",
    ]
    needs = r"\usepackage{booktabs}"
    if _width(laid) > _TEXT:
        needs += r" and \usepackage{graphicx}"
        tabular = [r"\resizebox{\textwidth}{!}{%", *tabular[:-1], tabular[-1] + "}"]
    body = "\n".join(tabular)
    caption = f"{escaped(title)}{'' if title.endswith(('.', '?')) else '.'}{escaped(same)}"
    if not _LATIN.fullmatch(body + caption):
        needs += "; letters beyond Latin: XeLaTeX or LuaLaTeX, and a font that has them"
    elif set(_OF_T1) & set(body + caption):
        needs += r"; \usepackage[T1]{fontenc}"
    return "\n".join(
        [
            f"% needs {needs}",
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{caption}}}",
            rf"\label{{tab:{name}}}",
            r"\smallskip",
            "",
            body,
            r"\end{table}",
            "",
        ]
    )


def _heading(text: str) -> str:
    """Return a heading on lines of its own where one is too long."""
    lines = [escaped(line) for line in wrap(text, _LINE)]
    broken = r" \\ ".join(lines)
    return broken if len(lines) == 1 else rf"\shortstack{{{broken}}}"


def _width(laid: Mapping[str, Any]) -> float:
    """Return how many points wide a table is, about."""
    widths = [max(map(len, wrap(heading, _LINE))) for heading in laid["headings"]]
    for row in laid["rows"]:
        widths = [max(width, len(cell)) for width, cell in zip(widths, row, strict=True)]
    points = [
        _PROSE * _TEXT if kind == "text" else _CHARACTER * width
        for width, kind in zip(widths, laid["kinds"], strict=True)
    ]
    return sum(points) + _BETWEEN * len(points)


def escaped(text: str) -> str:
    """Return a text so that LaTeX sets it as it stands."""
    marked = _POWER.sub(lambda found: f"{found[1]}\0{'-' if found[2] == '−' else ''}{found[3]}\0", text)
    written = _SIGN.sub(lambda found: _WRITTEN[found[0]], marked)
    return re.sub(r"\0(-?\d+)\0", r"$\\times10^{\1}$", written)
