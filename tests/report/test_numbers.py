"""The report computes nothing: every number that it tells stands in a table of the result folder.

The tables of a real study hold so many small numbers that a count or ratio made up in a ``show`` module would find its
like there by chance. So each study is told again with all its cells replaced by numbers that occur once: what is then
told and was not read from a cell is found.
"""

from __future__ import annotations

import copy
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from interlingua.questions import audit, performance, sharing, stability, unseen
from interlingua.questions.order import questions, tables
from interlingua.report.results import Results
from interlingua.report.words import Row, Section, Shown, short
from interlingua.tables.cells import select

#: Levels of tests and intervals: the only numbers that a sentence may bring along.
LEVELS = re.compile(
    r"< \.05(?!\d)"
    r"|\b95 % (?:intervals?|of (?:the )?random|of codes|of what|of draws)"
    r"|\b2\.5 % of random"
    r"|\bbelow \.1(?!\d)"
    r"|\b95 %(?=: )"
    r"|≥ \.05(?!\d)"
    r"|\b(?:best|top) 5 % of the layer"
    r"|\bat least 80 % of"
    r"|\b0 if each had a code of its own, 1 if all had one"
    r"|\b0: unrelated, 1: the same"
    r"|\bfalse discoveries below 5 %"
    r"|\bmore than 95 % of random ones"
)
#: A number as it is told: whether of a layer or unit, with its sign, per cent or not.
NUMBER = re.compile(
    r"(?P<place>\b(?:layer|unit) )?"
    r"(?<![\w.,])(?P<number>[-−]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?<=\d))"
    r"(?P<percent> %)?"
)

BARE = """
name = "bare"
models = ["{model}"]
variables = ["valence"]
[languages]
en = {{ norms = "en.csv", columns = {{ valence = "Mean" }} }}
es = {{ norms = "es.csv", columns = {{ valence = "Mean" }} }}
[sampling]
words = 20
sentences = 1
[probes]
methods = ["ridge"]
whole = false
folds = 2
[layer]
choose = 3
[units]
methods = ["correlation"]
permutations = 0
random_units = 5
[scrutiny]
stability = 2
audit_against = ""
controls = []
confounds = false
[alignment]
draws = 10
"""


@dataclass(frozen=True)
class Watched(Results):
    """Results that note which rows are handed out."""

    handed: list[tuple[str, pd.DataFrame]] = field(default_factory=list)

    def table(self, name: str) -> pd.DataFrame:
        frame = super().table(name)
        self.handed.append((name, frame))
        return frame

    def of(self, name: str, **where: Any) -> pd.DataFrame:
        frame = select(super().table(name), **where)
        self.handed.append((name, frame))
        return frame


@pytest.fixture(scope="module")
def bare(study_folder: Path, small: Any, minilm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the results of a study without the parts that the preset has: it asks as little as a study can."""
    from interlingua.run.run import run
    from interlingua.run.study import load_study

    file = study_folder / "bare.toml"
    file.write_text(BARE.format(model=minilm), encoding="utf-8")
    folder = tmp_path_factory.mktemp("bare")
    cache = shutil.copytree(small.cache, folder / "cache")  # what it adds is not the small study's
    return run(load_study(file), output=folder / "results", workers=1, cache_dir=cache, show_progress=False)


@pytest.fixture
def every_part(flagged: Results) -> Results:
    """The small study with a flagged language and published figures: it asks whatever a study can."""
    counts = {"figures": 9, "agree": 4, "differ": 3, "not_run": 2}
    flagged._read["replication_summary"] = pd.DataFrame([counts])
    flagged.run["not_asked"] = {}
    # Eight words are too few for a readout to pass: edits as they are told where one does.
    summary = flagged.table("causal_summary")
    numbers = [column.name for column in flagged.tables["causal_summary"].columns if column.missing]
    counts = {"n_languages": 3, "n_units": 4, "n_moved": 2, "why": None}
    flagged._read["causal_summary"] = summary.assign(**(dict.fromkeys(numbers, 0.5) | counts))
    cells = flagged.table("causal_readouts").drop_duplicates(["model", "variable"])
    flagged._read["causal_selectivity"] = pd.concat(
        cells[["model", "site", "variable", "layer", "language"]].assign(
            property=name, r=0.5, passes=True, slope=0.1, slope_low=0.0, slope_high=0.2, own_slope=0.3
        )
        for name in ("length", "log_frequency")
    )
    return flagged


def watched(results: Results) -> Watched:
    study, run = copy.deepcopy(results.study), copy.deepcopy(results.run)
    return Watched(results.folder, results.tables, study, run, {name: results.table(name) for name in results.tables})


def marked(results: Results, seed: int) -> Watched:
    """Return the results with a number that occurs once in each cell and in each place of the study.

    Keys, layers and units stay, for by them rows are found; so does what is missing, and the sign of what is no r.
    """
    rng = np.random.default_rng(seed)
    whole = iter(rng.choice(np.arange(10_000, 1_000_000), size=100_000, replace=False).tolist())

    def mark(kind: str, value: Any) -> Any:
        if pd.isna(value):
            return value
        if kind == "count":
            return next(whole)
        if kind == "p":
            return rng.uniform(0.0002, 0.049) if rng.random() < 0.5 else rng.uniform(0.06, 0.99)
        if kind == "percent":
            return rng.uniform(10, 99)
        sign = rng.choice([-1, 1]) if kind == "r" else -1 if value < 0 else 1
        return sign * rng.uniform(1_000, 9_999)

    def mark_study(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: mark_study(inner) for key, inner in value.items()}
        return next(whole) if isinstance(value, int) and not isinstance(value, bool) else value

    made = watched(results)
    for name, frame in made._read.items():
        # Tables of every unit are read for figures alone.
        columns = [c for c in made.tables[name].columns if c.name not in made.tables[name].key and len(frame) < 5_000]
        numbers = {
            c.name: [mark(c.kind, value) for value in frame[c.name]]
            for c in columns
            if c.kind in ("count", "number", "r", "p", "percent")
        }
        made._read[name] = frame.assign(**numbers)
    made.study.update({key: mark_study(value) for key, value in made.study.items()})
    return made


def written(kind: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield how a cell may be told: what sort of number it is, and its text."""
    if kind == "unit":
        yield "place", f"{int(value)}"
    elif kind == "count":
        yield from (("plain", f"{int(value)}"), ("plain", f"{int(value):,}"))
    elif kind == "p":
        yield "p", ".0001" if value < 0.0001 else f"{value:.4f}".removeprefix("0")
    elif kind in ("number", "r", "percent"):
        for digits in range(5):
            if kind != "percent":
                yield from (("plain", f"{value:z.{digits}f}"), ("plain", f"{value:z,.{digits}f}"))
            if digits < 2:
                yield "percent", f"{100 * value:z.{digits}f}"


def standing(results: Watched, where: dict[str, str]) -> set[tuple[str, str]]:
    """Return all numbers that stand in the rows which were handed out, as far as these are about `where`."""
    found = set()
    for name, frame in results.handed:
        declared = results.tables[name]
        rows = select(frame, **{column: value for column, value in where.items() if column in declared.names})
        found.add(("plain", f"{len(rows)}"))
        for column in declared.columns:
            # A key tells rows apart and is no result; layers and units are told all the same.
            if len(rows) < 5_000 and (column.name not in declared.key or column.kind == "unit"):
                values = rows[column.name].dropna().unique()
                found |= {text for value in values for text in written(column.kind, value)}
    numbers = [value for part in results.study.values() if isinstance(part, dict) for value in part.values()]
    found |= {("plain", f"{value}") for value in numbers if isinstance(value, int)}
    return {(sort, text.replace("-", "−")) for sort, text in found}


def names(results: Watched) -> list[str]:
    """Return texts with numbers in them that are told as they stand: labels, names, cells of prose; longest first."""
    texts = {str(label) for label in results.run["labels"].values()}
    for name, frame in results.handed:
        for column in results.tables[name].columns:
            if column.kind in ("text", "name") and len(frame) < 5_000:
                texts |= {short(str(text)) for text in frame[column.name].dropna().unique()}
    with_numbers = (text for text in texts if re.search(r"\d", text) and re.search(r"[^\W\d]", text))
    return sorted(with_numbers, key=len, reverse=True)


def made_up(results: Watched, text: str, where: dict[str, str]) -> list[str]:
    """Return the numbers of a text that stand nowhere."""
    known, left = standing(results, where), text
    for name in names(results):
        left = left.replace(name, "…")
    left = LEVELS.sub("…", left)
    found = []
    for match in NUMBER.finditer(left):
        number = match["number"]
        sort = (
            "percent" if match["percent"] else "p" if number.startswith(".") else "place" if match["place"] else "plain"
        )
        # A p of 1 is told as 1.0000; a layer's or unit's number may end a listing of them.
        if (sort, number) not in known and not (sort == "plain" and ("p", number) in known):
            found.append(f"{number} in: {text}")
    return found


def changed_cells(results: Watched, shown: Shown) -> list[str]:
    """Return which columns of a table on the page hold anything else than the result table; nothing is no fault."""
    declared, whole = results.tables[shown.table], super(Watched, results).table(shown.table)
    columns = shown.columns.split()
    if not declared.key:
        there = set(whole[columns].astype(str).itertuples(index=False))
        return [] if set(shown.frame[columns].astype(str).itertuples(index=False)) <= there else columns
    key = list(declared.key)
    beside = shown.frame[key].merge(whole, on=key, how="left", validate="one_to_one")
    assert len(beside) == len(shown.frame)
    return [
        column
        for column in columns
        if not all(
            pd.isna(mine) or mine == theirs for mine, theirs in zip(shown.frame[column], beside[column], strict=True)
        )
    ]


def faults(results: Watched) -> list[str]:
    """Return all that is told and stands nowhere."""
    cells, found = results.cells, []
    assert results.names

    def tell(show: ModuleType, what: str, *cell: str) -> None:
        if not hasattr(show, what):
            return
        results.handed.clear()
        said = getattr(show, what)(results, *cell)
        texts = [said] if isinstance(said, str) else said.findings if isinstance(said, Section) else [*said]
        texts = [text for one in texts for text in (one if isinstance(one, Row) else [one])]
        where = dict(zip(("model", "variable"), cell, strict=False))
        found.extend(f"{show.__name__}.{what}: {fault}" for text in texts for fault in made_up(results, text, where))
        for shown in said.tables if isinstance(said, Section) else ():
            found.extend(f"{show.__name__}.{what}: {shown.table}.{name}" for name in changed_cells(results, shown))

    def tell_main(show: ModuleType, what: str, *more: str) -> None:
        for place in results.places if hasattr(show, what) else ():
            results.handed.clear()
            said = getattr(show, what)(results, place, *more)
            if said is None:
                continue
            texts = [said.text] if what in ("lead", "brief") else [said.caption] if what == "heat" else said
            found.extend(
                f"{show.__name__}.{what}: {fault}" for text in texts for fault in made_up(results, text, place)
            )

    for question in questions():
        if question.key not in results.not_asked:
            show = import_module(question.show)
            for what in ("lead", "tile", "heat"):
                tell_main(show, what)
            for chapter in question.chapters:
                tell_main(show, "brief", chapter)
            tell(show, "caveats")
            for cell in cells:
                tell(show, "claim", *cell)
                tell(show, "glance", *cell)
            tell(show, "glance_of_all")
            tell(show, "beneath")
            tell(show, "section")
    return found


def test_numbers_of_a_whole_study_stand_in_its_tables(results: Results) -> None:
    assert faults(watched(results)) == []


def test_numbers_of_a_bare_study_stand_in_its_tables(bare: Path) -> None:
    results = Results.read(bare, tables())
    not_asked = {"controls", "left_out", "causal", "unseen", "confounds", "sites", "checkpoints", "replication"}
    assert results.not_asked.keys() == not_asked
    assert faults(watched(results)) == []


@pytest.mark.parametrize("seed", range(3))
def test_they_are_read_there_and_nowhere_else(every_part: Results, bare: Path, seed: int) -> None:
    assert faults(marked(every_part, seed)) == []
    assert faults(marked(Results.read(bare, tables()), seed)) == []


def ratio(results: Results, model: str, variable: str) -> list[Row]:
    null = results.of("null", model=model, variable=variable).iloc[0]
    return [Row("How much more?", "", f"{null.mean_fe / null.null_fe:.2f} times as many", "")]


def count(results: Results) -> Section:
    transfer = results.of("transfer", method=results.headline)
    return Section([f"{(transfer['p_words'] < 0.05).sum()} units have p < .05."])


def mean(results: Results, model: str, variable: str) -> list[Row]:
    rows = results.of("stability", model=model, variable=variable)
    return [Row("How firm is it?", "", f"{100 * rows['frequency'].mean():.0f} % are there again", "")]


def total(results: Results) -> Section:
    return Section([f"{results.table('audit')['n_words'].sum():,} words are audited."])


def least_p(results: Results, model: str, variable: str) -> str:
    rows = results.of("pairs", model=model, variable=variable)
    return f"Corrected for {len(rows)} pairs: p = {2 * rows['p'].min():.4f}.".replace("0.", ".", 1)


def other_layer(results: Results, model: str, variable: str) -> str:
    return f"Look at layer {results.layer(model, variable) + 1}."


def hyphen(results: Results) -> Section:
    return Section([f"mean r {-abs(row.mean_r):.2f}" for row in results.table("performance_summary").itertuples()])


def doubled(results: Results) -> Section:
    frame = results.table("performance")
    return Section([], tables=(Shown("Doubled", "performance", frame.assign(r=2 * frame["r"]), "language r"),))


@pytest.mark.parametrize(
    ("question", "what", "tell"),
    [
        (sharing, "glance", ratio),
        (unseen, "section", count),
        (stability, "glance", mean),
        (audit, "section", total),
        (sharing, "claim", least_p),
        (unseen, "claim", other_layer),
        (performance, "section", hyphen),
        (performance, "section", doubled),
    ],
)
def test_a_number_that_is_computed_is_found(
    results: Results,
    monkeypatch: pytest.MonkeyPatch,
    question: ModuleType,
    what: str,
    tell: Callable[..., Any],
) -> None:
    show = import_module(question.QUESTION.show)
    monkeypatch.setattr(show, what, tell)
    # A count may hit upon a number of rows by chance, but not on and on.
    found = next((found for seed in range(5) if (found := faults(marked(results, seed)))), [])
    assert found
    assert all(fault.startswith(f"{show.__name__}.{what}: ") for fault in found)
