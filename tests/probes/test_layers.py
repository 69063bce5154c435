"""The choice of the layer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from interlingua.errors import ConfigError
from interlingua.probes import choose_layer


@pytest.fixture
def table() -> pd.DataFrame:
    r = {"en": [0.1, 0.6, 0.5], "fr": [0.2, 0.3, 0.6]}
    r_cv = {"en": [0.5, 0.2, 0.5], "fr": [0.4, 0.1, 0.4]}
    rows = [
        {"model": "m", "language": code, "variable": "valence", "probe": "ridge", "curve": curve, "layer": i}
        | {"r": r[code][i], "r_cv": r_cv[code][i] if curve == "layer" else np.nan}
        for code in ("en", "fr")
        for curve in ("layer", "zeroed")
        for i in range(3)
    ]
    return pd.DataFrame(rows)


def test_by_test_r(table: pd.DataFrame) -> None:
    chosen = choose_layer(table, "ridge", criterion="test")
    assert chosen.columns.tolist() == ["model", "variable", "layer", "mean_r", "n_languages", "best"]
    assert chosen["mean_r"].tolist() == pytest.approx([0.15, 0.45, 0.55])
    assert chosen["best"].tolist() == [False, False, True]
    assert (chosen["n_languages"] == 2).all()


def test_by_cross_validation_the_first_of_equal_layers(table: pd.DataFrame) -> None:
    assert choose_layer(table, "ridge")["best"].tolist() == [True, False, False]


def test_each_model_and_variable_has_its_own(table: pd.DataFrame) -> None:
    other = table.assign(variable="arousal", r=-table["r"])
    chosen = choose_layer(pd.concat([table, other], ignore_index=True), "ridge", criterion="test")
    best = chosen[chosen["best"]].set_index("variable")["layer"]
    assert best.to_dict() == {"valence": 2, "arousal": 0}


def test_errors(table: pd.DataFrame) -> None:
    with pytest.raises(ConfigError, match="criterion='test'"):
        choose_layer(table, "ridge", curve="zeroed")
    with pytest.raises(ConfigError, match=r"it has ridge \(layer\), ridge \(zeroed\)"):
        choose_layer(table, "adam")
    with pytest.raises(ConfigError, match="use 'cv' or 'test'"):
        choose_layer(table, "ridge", criterion="tests")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="lack layers"):
        choose_layer(table.drop(index=0), "ridge")
