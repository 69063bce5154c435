"""Write docs/results.md from the declarations of the tables: ``python docs/make_results.py``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from interlingua.questions.order import questions
from interlingua.study.steps import TABLES
from interlingua.tables.schema import Table

PAGE = Path(__file__).with_name("results.md")

HEAD = """# What is in a result folder

<!-- Written by docs/make_results.py from the declarations in src/interlingua/questions/*/__init__.py: change those. -->

```
results/NAME/
  report.html      the story, self-contained
  atlas/           units that can be clicked through (open atlas/index.html)
  tables/          every table as CSV and Parquet, and those that the report shows as LaTeX (up to 60 rows)
  figures/         every figure as SVG, PDF and PNG
  study.toml       the study, every default written out: `interlingua run study.toml` repeats it
  run.json         versions, machine, seeds, hashes of models and activations, seconds; what was not asked, and why
```

The same study and seed give the same bytes in `tables/`, whatever the number of workers. Unit ids are the paper's:
layer x width + index. `p` is one-tailed for overlap, two-tailed for regressions. A question that a study does not ask
(no unseen language, say) leaves no tables; `run.json` says why under `not_asked`.

Each table is written and read only if it is exactly what stands here. `run.json` holds a hash of all (`tables`):
pages are made again only from results of the same one. Columns in italics may be empty in a row; *key* columns
together name a row. `run.json` also holds a digest of every file that pages are made from (`files`) and one of itself
(`seal`): `interlingua report` and `atlas` name a file that is not what the run wrote instead of making a page of it.

In CSV files text that a spreadsheet would take for a formula (it begins with `=`, `+`, `-` or `@`) has an apostrophe in
front; numbers and lone signs have none. The Parquet files hold every word as it is.

LaTeX tables are floats with caption and label (`tab:NAME`), with the headings, columns and numbers of the report:
`\\input{tables/pairs}` after `\\usepackage{booktabs}` (wide ones need `graphicx`). Of a table that the report shows
twice the second is `NAME-2.tex`.
"""


def page() -> str:
    """Return the page."""
    return "\n".join([HEAD, *_section("The study's own", TABLES), *_questions()]).rstrip() + "\n"


def _questions() -> Iterator[str]:
    for question in questions():
        if question.tables:
            yield from _section(f"{question.title} (`{question.key}`)", question.tables)


def _section(title: str, tables: tuple[Table, ...]) -> Iterator[str]:
    yield f"## {title}\n"
    for table in tables:
        formats = "" if "tex" in table.files else f" ({', '.join(table.files)})"
        says = f" {_sentence(table.says)}" if table.says else ""
        yield f"### `{table.name}`{formats}\n\nA row is {table.row}.{says}\n"
        yield "| column | holds | what it says |\n|---|---|---|"
        for column in table.columns:
            name = f"*`{column.name}`*" if column.missing else f"`{column.name}`"
            key = " *key*" if column.name in table.key else ""
            yield f"| {name}{key} | {column.kind} | {column.says.replace('|', chr(92) + '|')} |"
        yield ""


def _sentence(text: str) -> str:
    # A name in backquotes keeps its small letter.
    start = text[0].upper() if text[0].isalpha() else text[0]
    return f"{start}{text[1:]}" + ("" if text.endswith(".") else ".")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
