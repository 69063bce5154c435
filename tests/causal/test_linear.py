"""In a linear network every slope is known: what is found must be what its matrices say, in any batch."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch

from interlingua.causal.bench import Bench
from interlingua.causal.edits import Applied, Donor, SetTo, Steer, swap_partners
from interlingua.causal.effects import dose_response, of_sets, slope_over_words, unit_effects
from interlingua.causal.network import Network
from interlingua.causal.readouts import Training, get
from interlingua.errors import ModelError
from interlingua.models import LoadedModel
from interlingua.models.targets import Target

WIDTH, WORDS, LAYER = 24, 30, 1
UNITS = np.array([2, 5, 11, 20])
Make = Callable[[torch.Tensor, list[torch.Tensor]], LoadedModel]


@pytest.fixture(scope="module")
def truth() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    return {
        "vectors": rng.normal(size=(64, WIDTH)),
        "before": rng.normal(size=(WIDTH, WIDTH)) / 4,
        "behind": rng.normal(size=(2, WIDTH, WIDTH)) / 4,
        "weights": rng.normal(size=WIDTH),
        "sd": rng.uniform(0.5, 2, size=WIDTH),
    }


@pytest.fixture
def bench(linear: Make, truth: dict[str, np.ndarray]) -> Callable[[int], Bench]:
    matrices = [truth["before"], *truth["behind"]]
    model = linear(
        torch.tensor(truth["vectors"], dtype=torch.float32),
        [torch.tensor(m, dtype=torch.float32) for m in matrices],
    )
    # Words of one, two or three tokens, in sentences of different lengths.
    targets = [
        Target((3, 4, *range(5 + word, 6 + word + word % 3), *range(40, 41 + word % 4)), tuple(range(2, 3 + word % 3)))
        for word in range(WORDS)
    ]
    return lambda most: Bench(Network(model, LAYER), targets, batch_tokens=most)


def reader(truth: dict[str, np.ndarray]) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    weights = torch.from_numpy(truth["weights"])
    return lambda target, _: target.double() @ weights


@pytest.mark.parametrize("most", [1, 40, 5_000])
def test_slopes_are_those_of_the_matrices(
    bench: Callable[[int], Bench], truth: dict[str, np.ndarray], most: int
) -> None:
    made, read = bench(most), reader(truth)
    assert made.network.skips
    through = truth["behind"][0] @ truth["behind"][1] @ truth["weights"]  # of each unit on what is read
    signs = np.where(np.arange(WIDTH) % 2, 1.0, -1.0)
    known = float((signs * truth["sd"] * through)[UNITS].sum())
    (first,) = made.first_order([read], {"steer": Steer(truth["sd"])})
    np.testing.assert_allclose(
        unit_effects(first["steer"].astype(float)) @ np.diag(signs), signs * truth["sd"] * through, rtol=1e-4
    )
    doses = (-2.0, -1.0, 1.0, 2.0)
    shift = signs * truth["sd"]
    values = made.edited([read], [Applied(Steer(dose * shift), UNITS) for dose in doses]).values[:, 0]
    response = dose_response(doses, values - made.unedited([read])[0])
    assert response.slope.estimate == pytest.approx(known, rel=1e-4)
    np.testing.assert_allclose(response.words, known, rtol=1e-3)
    assert response.straight == pytest.approx(1, abs=1e-6)
    assert response.right_way == float(known > 0)


def test_other_edits_are_foretold_exactly_and_those_of_sets_add_up(
    bench: Callable[[int], Bench], truth: dict[str, np.ndarray]
) -> None:
    made, read = bench(200), reader(truth)
    rng = np.random.default_rng(1)
    ratings = rng.normal(size=WORDS)
    partners = swap_partners(ratings)
    edits = {"mean": SetTo(made.values.mean(axis=0)), "swap": Donor(made.values[partners])}
    (first,) = made.first_order([read], edits)
    unedited = made.unedited([read])[0]
    sets = np.array([UNITS, [0, 1, 2, 3], [7, 12, 20, 23]])
    for name, on in (("mean", unedited), ("swap", ratings[partners] - ratings)):
        real = made.edited([read], [Applied(edits[name], units) for units in sets]).values[:, 0] - unedited
        for number, units in enumerate(sets):
            np.testing.assert_allclose(first[name][:, units].sum(axis=1), real[number], atol=1e-3)
        slopes = [slope_over_words(on, change).estimate for change in real]
        np.testing.assert_allclose(of_sets(unit_effects(first[name].astype(float), on), sets), slopes, atol=1e-3)


def test_signs_at_random_are_centred_on_nothing(bench: Callable[[int], Bench], truth: dict[str, np.ndarray]) -> None:
    made = bench(5_000)
    (first,) = made.first_order([reader(truth)], {"steer": Steer(truth["sd"])})
    of_units = unit_effects(first["steer"].astype(float))[UNITS]
    every = [float(of_units @ np.array(signs)) for signs in product((-1.0, 1.0), repeat=len(UNITS))]
    assert np.mean(every) == pytest.approx(0, abs=1e-12)
    assert np.abs(every).max() == pytest.approx(np.abs(of_units).sum())


def no_slots() -> Any:
    raise ModelError("a linear network says no words")


def test_the_probe_finds_the_weights_and_likeness_the_axis(
    bench: Callable[[int], Bench], truth: dict[str, np.ndarray]
) -> None:
    made = bench(5_000)
    rng = np.random.default_rng(2)
    vectors = rng.normal(size=(300, WIDTH))
    words = np.arange(300)
    # Sentences are the words' vectors, so that the highest and the lowest lie along the weights.
    sentences = lambda rows: torch.from_numpy(vectors[rows])  # noqa: E731
    y, texts = vectors @ truth["weights"] + 1.5, words.astype(object)
    training = Training(vectors, y, words, words, texts, sentences, no_slots, 5, 0)
    read = get("probe").fit(training)
    new = torch.from_numpy(rng.normal(size=(40, WIDTH)))
    rating = new.numpy() @ truth["weights"] + 1.5
    np.testing.assert_allclose(read(new, new).numpy(), rating, atol=0.05)
    likeness = get("likeness").fit(training)(new, new).numpy()
    lengths = np.linalg.norm(new.numpy(), axis=1)
    assert np.corrcoef(likeness * lengths, rating)[0, 1] > 0.9
    # A readout that knows the layer's own reading is one that can be edited.
    assert made.unedited([read]).shape == (1, WORDS)


def test_training_words_without_another_rating_are_left_out() -> None:
    vectors = np.arange(12.0).reshape(6, 2)
    numbers, texts = np.array([0, 0, 1, 1, 2, 2]), np.array(list("aabbcc"), dtype=object)
    concepts = np.array([0, 0, 0, 0, 1, 1])
    training = Training(vectors, np.arange(6.0), numbers, concepts, texts, torch.from_numpy, no_slots, 2, 0)
    other = training.rated(np.array([np.nan, np.nan, 3.0, 3.0, 5.0, 5.0]))
    assert other.words.tolist() == [0, 0, 1, 1]
    assert other.concepts.tolist() == [0, 0, 1, 1]
    assert other.texts.tolist() == ["b", "b", "c", "c"]
    np.testing.assert_array_equal(other.vectors, vectors[2:])
    assert other.sentences(np.array([0, 3])).tolist() == [2, 5]
