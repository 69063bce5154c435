"""The published figures beside ours: every cell is looked up where it stands."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pandas as pd
import pytest

from interlingua.flow import Graph
from interlingua.flow.step import Step
from interlingua.flow.work import Input
from interlingua.questions.alignment import QUESTION as ALIGNMENT_QUESTION
from interlingua.questions.question import Asked
from interlingua.questions.replication import QUESTION, REPLICATION, SUMMARY
from interlingua.questions.replication.compute import ALIGNMENT, BY_MODEL, FINNISH, published, replication
from interlingua.questions.replication.show import section
from interlingua.questions.unseen import QUESTION as UNSEEN_QUESTION
from interlingua.questions.unseen import TRANSFER
from interlingua.report.latex import latex
from interlingua.report.results import Results
from interlingua.report.table import laid_out
from interlingua.study.config import Study
from interlingua.tables import Table
from interlingua.units import PAPER_MODEL

CELLS = list(BY_MODEL)


def pairs_of(n: int) -> pd.DataFrame:
    """Return the pairs of so many languages, of each model and variable."""
    rows = [{"language_a": a, "language_b": b} for a, b in combinations([f"x{number}" for number in range(n)], 2)]
    return pd.concat([pd.DataFrame(rows).assign(model=m, variable=v) for m, v in CELLS], ignore_index=True)


def tables_of_the_paper() -> dict[str, pd.DataFrame]:
    """Return tables that hold the published figures, with the rows of other methods and languages around them."""
    cells = [{"model": model, "variable": variable} for model, variable in CELLS]
    layers = [
        {**cell, "layer": layer, "chosen": layer == BY_MODEL[key][0]}
        for cell, key in zip(cells, CELLS, strict=True)
        for layer in range(13)
    ]
    summary, degrees, transfer, units = [], [], [], []
    for cell, key in zip(cells, CELLS, strict=True):
        _, over_1, below_05, degree, b, t = BY_MODEL[key]
        for method, factor in (("ridge", 0), ("elastic-net", 1)):
            here = {**cell, "method": method}
            summary.append(
                {**here, "n_pairs": 78, "fe_over_1": 78 * over_1 * factor, "p_below_05": 78 * below_05 * factor}
            )
            degrees.append({**here, "degree": degree * factor})
            for language in ("ko", "fi"):
                close = factor * (language == "fi")
                transfer.append(
                    {**here, "language": language, "baseline_abs_b": b * close, "baseline_abs_t": t * close}
                )
        for unit, b_unit, t_unit in FINNISH[key]:
            units.append({**cell, "language": "ko", "unit": unit, "b": 0.0, "t": 0.0})
            units.append({**cell, "language": "fi", "unit": unit, "b": b_unit, "t": t_unit})
    fit = {"estimate": ALIGNMENT[0][1], "se": ALIGNMENT[1][1], "t": ALIGNMENT[2][1]}
    models = [
        {"method": "ridge", "formula": PAPER_MODEL, "estimate": 9.0, "se": 9.0, "t": 9.0},
        {"method": "elastic-net", "formula": "r ~ mpo", "estimate": 9.0, "se": 9.0, "t": 9.0},
        {"method": "elastic-net", "formula": PAPER_MODEL, **fit},
    ]
    return {
        "layer_choice": pd.DataFrame(layers),
        "pairs": pairs_of(13),
        "pairs_summary": pd.DataFrame(summary),
        "highest_degree": pd.DataFrame(degrees),
        "transfer": pd.DataFrame(transfer),
        "transfer_units": pd.DataFrame(units),
        "alignment_models": pd.DataFrame(models),
    }


def compared(tables: dict[str, pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    found = replication(**tables, headline="elastic-net")
    return REPLICATION.check(found["replication"]), SUMMARY.check(found["replication_summary"])


def test_the_papers_own_figures_all_agree() -> None:
    table, summary = compared(tables_of_the_paper())
    assert len(table) == len(published()) == 4 * 6 + 2 * 8 + 3
    assert set(table["agrees"]) == {"yes"}
    assert table["ours"].to_numpy() == pytest.approx(table["published"].to_numpy())
    assert summary.values.tolist() == [[43, 43, 0, 0]]


def test_what_is_far_off_does_not_agree_and_what_is_missing_was_not_run() -> None:
    tables = tables_of_the_paper()
    tables["transfer_units"]["t"] += 0.6
    tables["alignment_models"].loc[2, ["estimate", "se", "t"]] = float("nan")
    tables["pairs"] = pairs_of(10)
    table, summary = compared(tables)
    by_quantity = table.set_index("quantity")
    assert set(by_quantity.loc["Finnish: t", "agrees"]) == {"no"}
    assert set(by_quantity.loc["Finnish: B", "agrees"]) == {"yes"}
    assert by_quantity.loc["alignment: B of MPO", "agrees"] == "not run"
    assert "10 of the paper's 13 languages" in by_quantity.loc["share of pairs with FE > 1", "why"].iloc[0]
    assert summary.values.tolist() == [[43, 43 - 8 - 3, 8, 3]]


def without_unseen() -> dict[str, pd.DataFrame]:
    """Return the tables of a study of XLM-R alone, without unseen languages."""
    declared = {table.name: table for table in UNSEEN_QUESTION.tables}
    tables = tables_of_the_paper() | {name: declared[name].empty() for name in ("transfer", "transfer_units")}
    return {name: table[table["model"] != "mbert"] if "model" in table else table for name, table in tables.items()}


def test_without_finnish_and_without_mbert() -> None:
    table, summary = compared(without_unseen())
    finnish = table["quantity"].str.startswith("Finnish")
    assert set(table.loc[finnish | (table["model"] == "mbert"), "agrees"]) == {"not run"}
    assert set(table.loc[~finnish & (table["model"] == "xlm-r"), "agrees"]) == {"yes"}
    assert int(summary["not_run"].iloc[0]) == int((table["agrees"] == "not run").sum())


def graph(absent: list[Step]) -> Graph:
    """Return the graph of the question's step alone."""
    made = Graph()
    made.add(
        QUESTION.steps,
        places=lambda step: [{}],
        has_role=lambda at, role: True,
        option=lambda key: "elastic-net",
        seed=1,
        size=lambda step, at: None,
        module_of=lambda package, name: package,
        absent=absent,
    )
    return made


def test_tables_of_questions_that_are_not_asked_are_read_as_empty() -> None:
    names = ("layer_choice", "pairs", "pairs_summary", "highest_degree")
    others = [Step(name, "", "a:b", (), {}, (Table(name, "a row", (), ()),)) for name in names]
    (node,) = graph([*others, *UNSEEN_QUESTION.steps, *ALIGNMENT_QUESTION.steps]).nodes
    assert node.parents == []
    read = {name: Input(reading.output, (), reading.dims).value() for name, reading in node.reads.items()}
    assert set(read) == set(tables_of_the_paper())
    assert read["transfer"].columns.tolist() == list(TRANSFER.names)
    assert read["alignment_models"].empty


def test_what_no_step_leaves_can_still_not_be_read() -> None:
    with pytest.raises(AssertionError, match="reads 'layer_choice', which no step leaves"):
        graph(list(UNSEEN_QUESTION.steps))


def test_only_the_papers_preset_asks() -> None:
    own = {"name": "s", "models": ["builtin:e5-small"], "variables": ["valence"], "languages": {"en": {}, "es": {}}}
    study = Study.model_validate(own)
    assert "preset = 'paper'" in QUESTION.asked(Asked(study, {}, {}))
    assert QUESTION.asked(Asked(study.model_copy(update={"preset": "paper"}), {}, {})) == ""


def test_what_is_said() -> None:
    table, summary = compared(without_unseen())
    read = {"replication": table, "replication_summary": summary}
    results = Results(Path(), {table.name: table for table in QUESTION.tables}, {}, {}, read)
    found = section(results)
    assert found.findings == [
        "Of 43 published figures 11 agree with ours, 0 do not, and 32 were not run in this study."
    ]
    assert laid_out(results, found.tables[0])["headings"][3] == "of"
    assert r"\toprule" in latex(results, found.tables[0], "replication")
