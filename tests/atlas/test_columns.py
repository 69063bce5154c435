"""What the page gets of declared columns, on made-up tables; and a whole atlas of them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from interlingua.atlas import write_atlas
from interlingua.atlas.columns import beside_units, described
from interlingua.errors import StoreError, TableError
from interlingua.models import Activations
from interlingua.questions.order import tables
from interlingua.report.results import Results
from interlingua.tables import Column, Table, UnitColumn
from interlingua.tables.columns import LANGUAGE, METHOD, MODEL, UNIT, VARIABLE

SPREAD = Table(
    name="spread",
    row="a unit in a language, by a ranking",
    key=("model", "variable", "method", "language", "unit"),
    columns=(MODEL, VARIABLE, METHOD, LANGUAGE, UNIT, Column("width", "how wide it is", "number", "breadth", True)),
)
KURTOSIS = Table(
    name="kurtosis",
    row="a unit",
    key=("model", "variable", "unit"),
    columns=(MODEL, VARIABLE, UNIT, Column("excess", "how heavy its tails are")),
)
RUN = {
    "models": [
        {
            "name": "m",
            "layers": 2,
            "width": 3,
            "sites": {"resid": {"widths": [3, 3], "site": "resid", "layers": [0, 1], "heads": 0}},
        },
        {"name": "control", "layers": 1, "width": 9},
    ],
    "labels": {"correlation": "|correlation|", "permuted": "permuted ratings"},
}
STUDY = {
    "name": "s",
    "sites": ["resid"],
    "variables": ["valence"],
    "units": {"methods": ["correlation"], "headline": "correlation", "k": 2},
}


def frame(columns: str, *rows: tuple[Any, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns.split()).assign(model="m", site="resid", variable="valence")


@pytest.fixture
def results(tmp_path: Path) -> Results:
    """A study of a model of two layers of three units, whose second layer is chosen and shares units 3 and 4."""
    ranked = [
        ("correlation", code, unit // 3, unit, unit % 3, score, sign, rank)
        for code in ("en", "zh")
        for unit, score, sign, rank in (
            *((0, 0.3, 1, 1), (1, 0.2, 1, 2), (2, 0.1, 1, 3)),
            *((3, 0.9, -1, 1), (4, 0.8, 1, 2), (5, 0.0, 0, 3)),
        )
    ]
    frames = {
        "spread": frame(
            "method language unit width",
            *(("correlation", "en", 3, 1.0), ("correlation", "zh", 3, 2.0), ("correlation", "en", 4, float("nan"))),
            *(("ridge", "en", 4, 5.0),),
        ),
        "kurtosis": frame("unit excess", (3, 0.5), (5, -0.5)),
        "layer_choice": frame("layer mean_r chosen probe curve criterion", (1, 0.5, True, "ridge", "layer", "cv")),
        "rankings": frame("method language layer unit index score sign rank", *ranked),
        "null": frame(
            "method null draws null_fe corrected_fe p_shared null_highest_degree",
            ("correlation", "permuted", 3, 0.0, float("nan"), 0.25, 0.0),
        ),
        "languages": pd.DataFrame(
            {"language": ["en", "zh"], "name": ["English", "Chinese"], "script": ["Latn", "Hans"], "role": "seen"}
        ).assign(sentences=2, norms="made up", licence="none"),
    }
    declared = {**tables(), SPREAD.name: SPREAD, KURTOSIS.name: KURTOSIS}
    return Results(tmp_path, declared, STUDY, RUN, {**{n: t.empty() for n, t in declared.items()}, **frames})


def read(folder: Path, name: str) -> Any:
    text = (folder / "atlas" / "data" / f"{name}.js").read_text(encoding="utf-8")
    return json.loads(text.removeprefix(f'window.__atlas("{name}",').removesuffix(");\n"))


def test_a_column_beside_units_is_the_mean_over_the_rows_of_a_unit_by_ranking(results: Results) -> None:
    assert beside_units(results, UnitColumn("spread", "width"), model="m", site="resid", variable="valence") == {
        "table": "spread",
        "column": "width",
        "means": {"correlation": {"units": [3], "values": [1.5]}, "ridge": {"units": [4], "values": [5.0]}},
        "languages": {
            "correlation": {"en": {"units": [3], "values": [1.0]}, "zh": {"units": [3], "values": [2.0]}},
            "ridge": {"en": {"units": [4], "values": [5.0]}},
        },
    }


def test_without_rankings_and_languages_it_is_there_for_every_ranking(results: Results) -> None:
    found = beside_units(results, UnitColumn("kurtosis", "excess"), model="m", site="resid", variable="valence")
    assert found["means"] == {"": {"units": [3, 5], "values": [0.5, -0.5]}}
    assert found["languages"] == {}
    assert beside_units(results, UnitColumn("kurtosis", "excess"), model="m", variable="arousal")["means"] == {}


def test_what_columns_say_is_what_is_declared(results: Results) -> None:
    about = described(results.tables, [UnitColumn("spread", "width")])
    assert about["spread"] == {"width": {"heading": "breadth", "says": "how wide it is", "kind": "number"}}
    declared = results.tables["pairs"]
    assert list(about["pairs"]) == list(declared.atlas)
    assert about["pairs"]["fe"] == {"heading": "fold enrichment", "says": declared["fe"].says, "kind": "number"}
    with pytest.raises(TableError, match="did you mean 'width'"):
        described(results.tables, [UnitColumn("spread", "widht")])


def test_the_data_of_a_study(results: Results, tmp_path: Path) -> None:
    contexts = pd.DataFrame(
        {"word": ["a", "b"], "text": ["a.", "b."], "start": 0, "end": 1, "split": "train", "valence": [0.0, 1.0]}
    )
    file = tmp_path / "activations.safetensors"
    layers = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    Activations.from_arrays(layers, {"store_dtype": "float32"}).save(file)
    files = {("m", "resid", "en"): file, ("m", "resid", "zh"): file}
    columns = [UnitColumn("spread", "width")]
    page = write_atlas(tmp_path, results, {"en": contexts, "zh": contexts}, files, columns)
    assert page.is_file()
    index = read(tmp_path, "index")
    [cell] = index["cells"]
    assert cell["layout"] == {"widths": [3, 3], "first": [0, 3], "layers": [0, 1], "heads": 0}
    assert (cell["layer"], cell["k"], cell["first_unit"], cell["unseen"]) == (1, 2, 3, [])
    assert index["pages"] == [{"model": "m", "site": "resid", "layer": 1, "units": [3, 4]}]
    assert index["nulls"] == [{"key": "permuted", "name": "permuted ratings"}]
    data = read(tmp_path, "cells/0")
    assert data["unit_columns"] == [beside_units(results, columns[0], model="m", site="resid", variable="valence")]
    assert set(data["tables"]) == {name for name, table in results.tables.items() if table.atlas}
    assert data["tables"]["null"] == {
        "columns": list(results.tables["null"].atlas),
        "rows": [["correlation", "permuted", 3, 0.0, None, 0.25, 0.0]],
    }
    assert data["tables"]["pairs"]["rows"] == []
    low = base64.b64decode(read(tmp_path, "units/0-1-en")["low"])
    np.testing.assert_array_equal(np.frombuffer(low, "<f4"), layers[1, :, :2].min(axis=0))
    assert not (tmp_path / "atlas/data/transfer").exists()


def test_where_nothing_can_be_written_the_old_atlas_stays(results: Results, tmp_path: Path) -> None:
    (tmp_path / "atlas").mkdir()
    (tmp_path / "atlas" / "index.html").write_text("old", encoding="utf-8")
    contexts = pd.DataFrame({"word": ["a"], "text": ["a"], "start": 0, "end": 1, "split": "train", "valence": [1.0]})
    missing = {("m", "resid", "en"): tmp_path / "none.safetensors"}
    with pytest.raises(StoreError):
        write_atlas(tmp_path, results, {"en": contexts}, missing)
    assert [path.name for path in tmp_path.iterdir()] == ["atlas"]
    assert (tmp_path / "atlas" / "index.html").read_text(encoding="utf-8") == "old"
