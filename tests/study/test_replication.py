"""The published figures beside ours: every cell is looked up where it stands."""

from __future__ import annotations

import pandas as pd
import pytest

from interlingua.study.replication import ALIGNMENT, BY_MODEL, FINNISH, published, replication_table
from interlingua.units import PAPER_MODEL

CELLS = list(BY_MODEL)


def tables_of_the_paper() -> dict[str, pd.DataFrame]:
    """Return tables that hold the published figures, and other methods' and languages' rows around them."""
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
        "pairs_summary": pd.DataFrame(summary),
        "highest_degree": pd.DataFrame(degrees),
        "transfer": pd.DataFrame(transfer),
        "transfer_units": pd.DataFrame(units),
        "alignment_models": pd.DataFrame(models),
    }


def test_the_papers_own_figures_all_agree() -> None:
    table = replication_table(tables_of_the_paper(), "elastic-net", {"valence": 13, "arousal": 13})
    assert len(table) == len(published()) == 4 * 6 + 2 * 8 + 3
    assert set(table["agrees"]) == {"yes"}
    assert table["ours"].to_numpy() == pytest.approx(table["published"].to_numpy())


def test_what_is_far_off_does_not_agree_and_what_is_missing_was_not_run() -> None:
    tables = tables_of_the_paper()
    tables["transfer_units"]["t"] += 0.6
    tables["alignment_models"].loc[2, ["estimate", "se", "t"]] = float("nan")
    table = replication_table(tables, "elastic-net", {"valence": 10, "arousal": 10}).set_index("quantity")
    assert set(table.loc["Finnish: t", "agrees"]) == {"no"}
    assert set(table.loc["Finnish: B", "agrees"]) == {"yes"}
    assert table.loc["alignment: B of MPO", "agrees"] == "not run"
    assert "10 of the paper's 13 languages" in table.loc["share of pairs with FE > 1", "why"].iloc[0]


def test_without_finnish_and_without_mbert() -> None:
    tables = tables_of_the_paper()
    del tables["transfer"], tables["transfer_units"]
    tables = {name: table[table["model"] != "mbert"] if "model" in table else table for name, table in tables.items()}
    table = replication_table(tables, "elastic-net", {"valence": 13, "arousal": 13})
    finnish = table["quantity"].str.startswith("Finnish")
    assert set(table.loc[finnish | (table["model"] == "mbert"), "agrees"]) == {"not run"}
    assert set(table.loc[~finnish & (table["model"] == "xlm-r"), "agrees"]) == {"yes"}
