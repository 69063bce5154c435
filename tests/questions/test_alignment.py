"""Sharing and performance of made-up languages, with and without those that are flagged."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from interlingua.questions.alignment import FLAGGED, LINES, MODELS, MODELS_WITHOUT, POINTS, QUESTION
from interlingua.questions.alignment.compute import alignment, side_by_side, without_flagged
from interlingua.questions.alignment.show import draw, glance_of_all, section
from interlingua.report.results import Results
from interlingua.report.table import laid_out
from interlingua.seeds import derive_seed
from interlingua.tables import Table
from interlingua.units import alignment_models

CODES = ("en", "es", "fr", "de", "zh")
OPTIONS: dict[str, Any] = {"probe": "ridge", "draws": 200, "seed": 3}
METHODS = ("ridge", "correlation")


def pairs(codes: tuple[str, ...] = CODES, methods: tuple[str, ...] = METHODS) -> pd.DataFrame:
    """Return pairs of languages that share more the earlier they stand."""
    rows = [
        {"method": method, "language_a": a, "language_b": b, "observed": 20 - CODES.index(a) - CODES.index(b) + more}
        for more, method in enumerate(methods)
        for a, b in combinations(codes, 2)
    ]
    return pd.DataFrame(rows).assign(model="m", site="resid", variable="valence", layer=1)


def performance(reads: str = "layer 1", probe: str = "ridge") -> pd.DataFrame:
    rows = [{"language": code, "r": 0.8 - 0.1 * number} for number, code in enumerate(CODES)]
    told = pd.DataFrame(rows).assign(model="m", site="resid", variable="valence", probe=probe, reads=reads)
    return pd.concat([told, told.assign(probe="other", r=0.0)], ignore_index=True)


def results(flagged: tuple[str, ...] = (), read: pd.DataFrame | None = None) -> Results:
    """Return what the steps leave where some languages are flagged."""
    parts: dict[str, list[pd.DataFrame]] = {}
    table = performance() if read is None else read
    left = pairs(tuple(code for code in CODES if code not in flagged)).assign(languages=f"without {' '.join(flagged)}")
    outputs: dict[str, Table] = {table.name: table for table in (POINTS, LINES, MODELS, MODELS_WITHOUT, FLAGGED)}
    for method in METHODS:
        found = alignment(pairs(), table, site="resid", method=method, **OPTIONS)
        found |= without_flagged(left if flagged else left.head(0), table, site="resid", method=method, **OPTIONS)
        for name, frame in found.items():
            parts.setdefault(name, []).append(outputs[name].empty() if frame is None else outputs[name].check(frame))
    made = {name: outputs[name].concat(frames) for name, frames in parts.items()}
    beside = side_by_side(made["alignment_models"], made["alignment_models_without"])["flagged_alignment"]
    made["flagged_alignment"] = FLAGGED.empty() if beside is None else FLAGGED.check(beside)
    names = ["English", "Spanish", "French", "German", "Chinese"]
    made["languages"] = pd.DataFrame({"language": CODES, "name": names})
    made["layer_choice"] = pd.DataFrame({"model": ["m"], "variable": ["valence"]})
    declared = {table.name: table for table in QUESTION.tables}
    return Results(Path(), declared, {"units": {"headline": "correlation"}}, {}, made)


def test_points_are_of_the_ranking_and_the_probe() -> None:
    points = results().table("alignment_points")
    assert points["method"].tolist() == ["ridge"] * 5 + ["correlation"] * 5
    assert points["language"].tolist() == [*CODES, *CODES]
    of_english = points[points["language"] == "en"]
    assert of_english["mpo"].tolist() == [17.5, 18.5]
    assert of_english["r"].tolist() == [0.8, 0.8]


@pytest.mark.parametrize("probe", ["elastic-net", "adam"])
def test_a_probe_of_the_whole_network_comes_first(probe: str) -> None:
    points = results(read=performance("whole network", probe)).table("alignment_points")
    assert set(points["probe"]) == {probe}
    assert set(points["reads"]) == {"whole network"}


def test_the_seed_is_the_methods_own() -> None:
    points = results().of("alignment_points", method="ridge")
    again = alignment_models(points, draws=200, seed=derive_seed(3, "alignment", "ridge"))
    models = results().of("alignment_models", method="ridge")
    pd.testing.assert_frame_equal(models.drop(columns=["site", "method"]), again)


def test_the_line_is_that_of_least_squares() -> None:
    line = results().of("alignment_lines", method="correlation").iloc[0]
    points = results().of("alignment_points", method="correlation")
    assert line["slope"] == pytest.approx(results().of("alignment_models", method="correlation")["estimate"].iloc[1])
    assert points["r"].mean() == pytest.approx(line["intercept"] + line["slope"] * points["mpo"].mean())


def test_where_all_share_as_much_there_is_no_line() -> None:
    same = pairs(methods=("ridge",)).assign(observed=4)
    found = alignment(same, performance(), site="resid", method="ridge", **OPTIONS)
    assert found["alignment_lines"] is None
    without_r = performance().assign(r=np.nan)
    assert alignment(pairs(), without_r, site="resid", method="ridge", **OPTIONS)["alignment_lines"] is None


def test_without_flagged_languages_nothing_stands_beside() -> None:
    found = results()
    assert found.table("flagged_alignment").empty
    assert section(found).tables[1].frame.empty
    (row,) = glance_of_all(found)
    assert row.question == "Do languages that share more do better?"
    assert row.answer.startswith("Yes: r changes by 0.1333 with each unit more")


def test_flagged_languages_are_left_out_beside_all() -> None:
    found = results(("de", "zh"))
    beside = found.table("flagged_alignment")
    assert beside["method"].tolist() == ["correlation"] * 4 + ["ridge"] * 4
    assert beside["source"].tolist() == ["paper", "paper", "simpler", "simpler"] * 2
    assert beside["languages"].tolist() == ["all", "without de zh"] * 4
    assert beside["n"].tolist() == [5, 3] * 4
    assert [row.question for row in glance_of_all(found)] == [
        "Do languages that share more do better?",
        "And without German and Chinese?",
    ]
    shown = section(found).tables[1]
    assert laid_out(found, shown)["rows"][1][2] == "without de zh"


def test_the_unsound_p_is_not_told_beside_the_sound_one() -> None:
    said = section(results())
    assert said.findings[0].endswith("1 model and 1 variable.")
    assert "permutation of languages p = ." in said.findings[1]
    assert "Satterthwaite" not in said.findings[1]
    assert said.tables[0].frame["p"].isna().all()
    assert results().table("alignment_models")["p"].notna().any()


@pytest.mark.parametrize(
    ("estimate", "p", "answer"),
    [
        (0.01, 0.01, "Yes: "),
        (-0.01, 0.01, "No, they do worse: "),
        (0.01, 0.2, "Not shown: "),
        (0.01, np.nan, "Can't be told: "),
    ],
)
def test_the_answer_follows_from_the_permutation(estimate: float, p: float, answer: str) -> None:
    found = results()
    models = found.table("alignment_models")
    models["estimate"], models["p_permutation"] = estimate, p
    (row,) = glance_of_all(found)
    assert row.answer.startswith(answer)
    assert "95 % interval" in row.sure


def test_the_figure_has_a_point_a_language_and_the_line() -> None:
    figure, caption = draw(results())
    (axis,) = figure.axes
    assert len(axis.collections[0].get_offsets()) == 5
    (line,) = axis.lines
    ends = results().of("alignment_points", method="correlation")["r"]
    assert sorted(line.get_ydata()) == pytest.approx([ends.min(), ends.max()])
    assert axis.get_ylabel() == "Pearson r, layer 1"
    assert "5 languages a panel" in caption


def test_the_estimate_follows_the_number_of_arrangements() -> None:
    def seconds(languages: int, models: int = 2, variables: int = 2) -> float:
        study = SimpleNamespace(models=range(models), variables=range(variables), alignment=SimpleNamespace(draws=2000))
        return QUESTION.steps[0].seconds(SimpleNamespace(study=study, languages=languages))

    assert seconds(4) < 0.3  # 24 arrangements, not 2,000
    assert seconds(8) < seconds(13) < 1.1 * seconds(8)  # 2,000 each
    assert 1 < seconds(13) < 10
    assert seconds(13, models=1) < 1
    assert seconds(13, models=1, variables=1) < seconds(13, models=1)
