"""Standardising, Gram matrices and the rows of the design, against plain NumPy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import StandardScaler

from interlingua.errors import ConfigError, ContextsError, StatsError
from interlingua.models.store import Activations
from interlingua.probes import WHOLE, Design
from interlingua.probes import design as design_module

Study = tuple[Activations, pd.DataFrame]


def test_training_statistics_standardise_both_splits(study: Study) -> None:
    activations, contexts = study
    design = Design(*study)
    train = (contexts["split"] == "train").to_numpy()
    raw = activations.layer(1).astype(np.float64)
    scaler = StandardScaler().fit(raw[train])
    np.testing.assert_allclose(design.train(1), scaler.transform(raw[train]), atol=1e-12)
    np.testing.assert_allclose(design.test(1), scaler.transform(raw[~train]), atol=1e-12)


def test_each_split_may_have_its_own_statistics(study: Study) -> None:
    design = Design(*study, standardise="each-split")
    np.testing.assert_array_equal(design.train(2), Design(*study).train(2))
    np.testing.assert_allclose(design.test(2).mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(design.test(2).std(axis=0), 1, atol=1e-12)


def test_constant_units_are_zero_and_counted(study: Study) -> None:
    design = Design(*study)
    assert [design.n_constant(i) for i in (0, 1, 2, WHOLE)] == [1, 0, 0, 1]
    assert (design.train(0)[:, 5] == 0).all()
    assert (design.test(0)[:, 5] == 0).all()


def test_gram_matrices(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(design_module, "_ROWS_AT_A_TIME", 50)  # 192 rows: four blocks, the last one short
    design = Design(*study)
    alone = [design.gram(i) for i in range(3)]
    whole = design.train(WHOLE)
    assert whole.shape == (192, 30)
    np.testing.assert_allclose(design.gram(WHOLE), whole.T @ whole, atol=1e-10)
    fresh = Design(*study)
    fresh.gram(WHOLE)
    for i in range(3):
        np.testing.assert_allclose(fresh.gram(i), alone[i], atol=1e-10)
        assert fresh.gram(i).flags.c_contiguous
    assert fresh.gram(1) is fresh.gram(1)


def test_units_stand_as_in_the_activations(study: Study) -> None:
    design = Design(*study)
    assert design.layout == study[0].layout
    block = design.layout.block(2)
    np.testing.assert_array_equal(design.train(WHOLE)[:, block], design.train(2))


def test_products_with_ratings(study: Study) -> None:
    design = Design(*study)
    y, _ = design.ratings("valence")
    whole = design.train(WHOLE)
    np.testing.assert_allclose(design.xy(WHOLE, y), whole.T @ (y - y.mean()), atol=1e-10)
    Y = np.column_stack([y, y[::-1]])
    np.testing.assert_allclose(design.xy(2, Y)[:, 0], design.xy(2, y), atol=1e-10)


def test_rows_without_a_rating_are_left_out(study: Study) -> None:
    activations, contexts = study
    contexts.loc[contexts["word"].isin(["w003", "w035"]), "valence"] = np.nan
    design = Design(activations, contexts)
    rated = design.rated("valence")
    assert design.rated("arousal") is design
    assert design.rated("valence") is rated
    assert (len(rated.train_rows), len(rated.test_rows)) == (192 - 6, 48 - 6)
    kept = contexts["valence"].notna().to_numpy()
    other = Design(activations.rows(kept), contexts[kept].reset_index(drop=True))
    np.testing.assert_array_equal(rated.train(1), other.train(1))
    np.testing.assert_array_equal(rated.test_words, other.test_words)
    np.testing.assert_array_equal(rated.ratings("valence")[0], other.ratings("valence")[0])


def test_unseen_rows_are_not_used(study: Study) -> None:
    activations, contexts = study
    contexts.loc[contexts["word"] == "w000", "split"] = "unseen"
    contexts.loc[contexts["word"] == "w000", "valence"] = np.nan
    design = Design(activations, contexts)
    assert len(design.train_rows) == 186
    assert design.rated("valence") is design


def test_errors(study: Study) -> None:
    activations, contexts = study
    with pytest.raises(ConfigError, match="did you mean 'train'"):
        Design(activations, contexts, standardise="trian")  # type: ignore[arg-type]
    with pytest.raises(ContextsError, match="239 rows but the activations 240"):
        Design(activations, contexts[1:])
    with pytest.raises(ContextsError, match="of 'en' but the contexts of 'fr'"):
        Design(activations, contexts.assign(language="fr"))
    with pytest.raises(ContextsError, match="of 2 languages"):
        Design(activations, contexts.assign(language=["en"] * 100 + ["fr"] * 140))
    with pytest.raises(ContextsError, match="0 sentences with a rating have split 'test'"):
        Design(activations, contexts.assign(split="train"))
    with pytest.raises(ConfigError, match="did you mean 'valence'"):
        Design(*study).rated("valense")
    with pytest.raises(StatsError, match="same valence"):
        Design(activations, contexts.assign(valence=0.5)).ratings("valence")
    with pytest.raises(ConfigError, match="layers 0 to 2"):
        Design(*study).train(3)
    bad = np.array(activations.whole().reshape(240, 3, 10).transpose(1, 0, 2))
    bad[1, 7, 2] = np.inf
    broken = Activations.from_arrays(bad, {"language": "en", "model": "tiny"})
    with pytest.raises(StatsError, match="layer 1 holds a value that is not finite"):
        Design(broken, contexts).train(1)
