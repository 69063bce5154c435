"""What gemma-3-270m says of English words: it goes with their ratings, and units found from those ratings move it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import interlingua as il
from interlingua import norms as nm
from interlingua.causal.controls import control_sets
from interlingua.causal.edits import Applied, Steer
from interlingua.causal.effects import of_sets, rank_p, unit_effects, widened
from interlingua.causal.network import Network
from interlingua.causal.readouts import Training
from interlingua.causal.readouts import get as get_readout
from interlingua.causal.slots import InSlots, Slots
from interlingua.contexts.slots import slot_frames
from interlingua.models.heads import load_head
from interlingua.stats.correlation import pearson_columns

pytestmark = pytest.mark.decoder

NAME, LAYER, TOP = "builtin:gemma-3-270m", 6, 38
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Asked:
    """English words in the model: what it says of held-out ones, and each unit's mean, SD and r over training words."""

    readout: InSlots
    words: list[str]
    ratings: Floats
    mean: Floats
    sd: Floats
    r: Floats

    @property
    def units(self) -> NDArray[np.int64]:
        """The units that go with the rating most."""
        return np.argsort(-np.abs(self.r), kind="stable")[:TOP]

    @property
    def shift(self) -> Floats:
        """One SD of every unit in the direction of the rating."""
        return np.sign(self.r) * self.sd


@pytest.fixture(scope="module")
def asked() -> Asked:
    model = il.load_model(NAME, device="cpu")
    norms = il.load_norms("labmt", language="en")
    words = nm.select_flat(nm.plain_words(norms.table, "en"), "valence", 300, seed=1)
    table = il.split_by_word(il.carrier_contexts(words, "en", frames=1).table, seed=1)
    train, test = (table[table["split"] == side].reset_index(drop=True) for side in ("train", "test"))
    found, y = il.extract(model, train).layer(LAYER).astype(np.float64), train["valence"].to_numpy(np.float64)
    of_units = found.mean(axis=0), found.std(axis=0, ddof=1), pearson_columns(found, y)
    slots = Slots(Network(model, LAYER), load_head(NAME, model), slot_frames("en"), "exclude", 1024, all_tokens=False)
    numbers, texts = np.arange(len(train)), train["word"].to_numpy(dtype=object)
    rest: Any = {"sentences": lambda rows: None, "slots": lambda: slots, "folds": 5, "seed": 1}
    readout: Any = get_readout("words").fit(Training(found, y, numbers, numbers, texts, **rest))
    return Asked(readout, list(test["word"]), test["valence"].to_numpy(np.float64), *of_units)


def test_what_it_says_goes_with_the_ratings_of_held_out_words(asked: Asked) -> None:
    said = asked.readout.unedited(asked.words)
    r = np.corrcoef(said, asked.ratings)[0, 1]
    assert r > 0.8  # .918 was found


def test_units_found_from_the_ratings_move_it_their_way(asked: Asked) -> None:
    words = asked.words[:24]
    doses = (-2.0, 0.0, 2.0)
    edits = [Applied(Steer(dose * asked.shift), asked.units) for dose in doses]
    values, divergence = asked.readout.edited(words, edits, apart=True)
    slopes = asked.readout.first_order(words, {"steer": Steer(asked.shift)})["steer"][:, asked.units].sum(axis=1)
    low, _, high = (values - values[1]).mean(axis=1)
    assert low < 0 < high
    assert (values[2] > values[0]).mean() > 0.9
    assert slopes.mean() == pytest.approx((high - low) / 4, rel=0.25)
    assert divergence[1].max() < 1e-6
    assert divergence[[0, 2]].min() > 0


def test_other_units_alike_in_sd_and_mean_move_it_less(asked: Asked) -> None:
    effects = unit_effects(asked.readout.first_order(asked.words[:24], {"steer": Steer(asked.shift)})["steer"])
    alike = np.column_stack([np.log(asked.sd), np.abs(asked.mean)])
    sets = control_sets(alike, np.sort(asked.units), draws=199, seed=1)
    others = widened(of_sets(effects, sets.images), sets.images, asked.sd**2)
    tested = float(effects[asked.units].sum())
    assert rank_p(tested, others, sets.images) == pytest.approx(1 / 200)
