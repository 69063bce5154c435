"""The layer of a made-up model and variable: how it is chosen, and what is told of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from interlingua.errors import ConfigError
from interlingua.questions.layers import QUESTION
from interlingua.questions.layers.compute import chosen_layer
from interlingua.questions.layers.show import draw, section
from interlingua.report.results import Results
from interlingua.report.table import laid_out
from interlingua.study.cell import Cell
from interlingua.study.facts import Facts
from interlingua.study.steps import PROBES
from interlingua.tables import Layout, Table

FACTS = Facts("builtin:m", "1", "f", 3, 16, False, "float32", 10, 5, 64, 16, 4, "")
TABLES: dict[str, Table] = {table.name: table for table in QUESTION.tables}
#: r of ridge by layer: over test words layer 1 is best, over folds layer 2.
TEST, FOLDS = (0.1, 0.6, 0.4), (0.1, 0.4, 0.5)


def probes(n_probes: int = 1) -> pd.DataFrame:
    """Return probes of three layers in two languages, the second 0.2 above the first; none of "tried 1" has an r."""
    rows: list[dict[str, Any]] = []
    for language, more in (("en", 0.0), ("es", 0.2)):
        for number in range(n_probes):
            name = f"tried {number}" if number else "ridge"
            for curve, layer in [("whole", -1)] + [
                (curve, layer) for curve in ("layer", "zeroed") for layer in range(3)
            ]:
                r = np.nan if number == 1 else 0.9 if layer < 0 else TEST[layer] + more
                folds = FOLDS[layer] + more if curve == "layer" else np.nan
                place = {"language": language, "probe": name, "curve": curve, "layer": layer, "r": r, "r_cv": folds}
                rows.append(place | {"r_low": r, "r_high": r, "r_word": r, "r_word_low": r, "r_word_high": r})
    counts = dict.fromkeys(("n_nonzero", "n_constant", "n_train", "n_test", "n_test_words"), 8)
    table = pd.DataFrame(rows).assign(
        model="builtin:m", site="resid", variable="valence", l1=0.0, l2=1.0, gap=0.0, at_edge=False, **counts
    )
    return PROBES.check(table)


def choose(choose: Any = "cv", curve: Any = "layer", k: float = 0.25, n_probes: int = 1) -> dict[str, Any]:
    options = {
        "choose": choose,
        "probe": "ridge",
        "curve": curve,
        "k": k,
        "site": "resid",
        "layers": {},
        "heads": "units",
    }
    found = chosen_layer(probes(n_probes), FACTS, model="builtin:m", variable="valence", **options)
    return found | {name: table.check(found[name]) for name, table in TABLES.items()}


@pytest.mark.parametrize(
    ("by", "curve", "layer", "criterion"),
    [("cv", "layer", 2, "cv"), ("test", "layer", 1, "test"), (0, "layer", 0, "given"), ("test", "zeroed", 1, "test")],
)
def test_a_layer_is_chosen_or_given(by: Any, curve: str, layer: int, criterion: str) -> None:
    found = choose(by, curve)
    assert found["cell"] == Cell("builtin:m", "valence", layer, 4, Layout.even(3, 16))
    chosen = found["layer_choice"][found["layer_choice"]["chosen"]]
    assert chosen[["layer", "criterion", "curve"]].values.tolist() == [[layer, criterion, curve]]


def test_a_given_layer_is_read_by_folds_where_there_are_any() -> None:
    assert choose(0)["layer_choice"]["mean_r"].tolist() == pytest.approx([r + 0.1 for r in FOLDS])
    assert choose(0, "zeroed")["layer_choice"]["mean_r"].tolist() == pytest.approx([r + 0.1 for r in TEST])


def test_a_layer_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match="no layer 3; layers: 0 to 2"):
        choose(3)


def test_the_summary_has_the_mean_of_every_probe_and_curve_but_of_the_whole_network() -> None:
    summary = choose(n_probes=2)["layer_summary"]
    assert set(summary["curve"]) == {"layer", "zeroed"}
    ridge = summary[(summary["probe"] == "ridge") & (summary["curve"] == "layer")]
    assert ridge["mean_r"].tolist() == pytest.approx([r + 0.1 for r in TEST])
    assert set(summary["n_languages"]) == {2}
    assert summary.loc[summary["probe"] == "tried 1", "mean_r"].isna().all()


def results(n_probes: int = 1) -> Results:
    found = choose(n_probes=n_probes)
    languages = pd.DataFrame({"language": ["en", "es"], "name": ["English", "Spanish"]})
    read = {"probes": probes(n_probes), "languages": languages, **{name: found[name] for name in TABLES}}
    run = {"labels": {"ridge": "ridge regression"}}
    return Results(Path(), {**TABLES, "probes": PROBES}, {}, run, read)


def test_what_is_said_and_shown() -> None:
    found = section(results(3))
    assert found.findings == [
        "m · valence: layer 2 (chosen by cross-validation on the training words). Mean r over test words' "
        "sentences there, one probe each: ridge regression 0.500 and tried 2 0.500."
    ]
    (shown,) = found.tables
    assert shown.frame["layer"].tolist() == [2] * 6
    assert shown.frame["probe"].tolist() == ["ridge", "ridge", "tried 1", "tried 1", "tried 2", "tried 2"]
    assert len(laid_out(results(3), shown)["rows"]) == 6


def test_more_probes_than_colours_can_be_drawn() -> None:
    figure, caption = draw(results(9))
    assert "mean r over 2 languages" in caption
    left, right = figure.axes
    assert len(left.get_legend_handles_labels()[1]) == len(right.get_legend_handles_labels()[1]) == 9
    thick = next(line for line in left.lines if line.get_label() == "ridge regression")
    assert thick.get_ydata().tolist() == pytest.approx([r + 0.1 for r in TEST])
