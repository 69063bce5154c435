"""The untrained model as a control: it says what plain hooks and numpy give, or that nothing is read there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from interlingua.models import Activations, LoadedModel
from interlingua.models.specs import parse_spec
from interlingua.questions.causal.tables import UNTRAINED
from interlingua.questions.causal.untrained import untrained
from interlingua.study.cell import Cell
from interlingua.study.model import Handle
from interlingua.tables import Layout

WIDTH, LAYER, K, WORDS = 32, 1, 4, 61
DOSES = (-1.0, 2.0)
#: Frames and the target's place in them.
FRAMES = {"en": ("w1 {} w2", 1), "fr": ("w7 w8 {}", 2)}


def states(model: LoadedModel, texts: Iterable[str], place: int, shift: Any = None) -> np.ndarray:
    """Return the states at a token in all layers, (layers, n, width), by plain torch; LAYER is shifted on request."""

    def add(_: Any, __: Any, out: Any) -> Any:
        first = (out[0] if isinstance(out, tuple) else out).clone()
        first[:, place] += torch.tensor(shift, dtype=first.dtype)
        return (first, *out[1:]) if isinstance(out, tuple) else first

    ids = torch.tensor([model.tokenizer(text)["input_ids"] for text in texts])
    blocks = model.model.encoder.layer
    hooks = [] if shift is None else [blocks[LAYER - 1].register_forward_hook(add)]
    with torch.no_grad():
        found = model.model(input_ids=ids, output_hidden_states=True)
    for hook in hooks:
        hook.remove()
    return torch.stack([*found.hidden_states[:-1], found.last_hidden_state])[:, :, place].numpy()


@pytest.fixture(scope="module")
def made(tiny: Callable[[str], LoadedModel]) -> dict[str, Any]:
    """Return two languages in an untrained twin, whose ratings are a linear function of its last layer."""
    twin = Handle(parse_spec(f"untrained:{tiny('bert').tokenizer.name_or_path}"), "float32", "cpu")
    rng = np.random.default_rng(1)
    weights = rng.normal(size=WIDTH)
    split = np.where(np.arange(WORDS) % 5 == 0, "test", "train")
    of: dict[str, Any] = {
        "twin": twin,
        "weights": weights,
        "split": split,
        "states": {},
        "ratings": {},
        "sentences": {},
    }
    for code, (frame, place) in FRAMES.items():
        words = [f"w{number}" for number in range(WORDS)]
        texts = [frame.format(word) for word in words]
        values = states(twin.model, texts, place)
        start = [len(" ".join(text.split()[:place])) + 1 for text in texts]
        table = pd.DataFrame({"context_id": texts, "language": code, "text": texts, "start": start})
        of["sentences"][code] = table.assign(end=[at + len(word) for at, word in zip(start, words, strict=True)])
        of["states"][code] = values
        rating = values[-1] @ weights
        frame_of = {
            "context_id": texts,
            "language": code,
            "word": words,
            "concept": "",
            "split": split,
            "valence": rating,
        }
        of["ratings"][code] = pd.DataFrame(frame_of)
    return of


def asked(made: dict[str, Any], **changes: Any) -> pd.DataFrame | None:
    twin = made["twin"]
    cell = Cell(twin.spec.name.removeprefix("untrained:"), "valence", LAYER, K, Layout.even(4, WIDTH))
    train = made["split"] == "train"
    rankings = []
    for code, values in made["states"].items():
        r = correlations(values[LAYER][train], made["ratings"][code]["valence"].to_numpy()[train])
        rank = (-np.abs(r)).argsort(kind="stable").argsort() + 1
        units = np.arange(WIDTH)
        ranked = {"language": code, "unit": WIDTH * LAYER + units, "index": units, "score": np.abs(r), "rank": rank}
        rankings.append(pd.DataFrame(ranked))
    ranked = pd.concat(rankings, ignore_index=True).assign(
        model=twin.spec.name, site="resid", variable="valence", method="correlation", layer=LAYER
    )
    given: dict[str, Any] = {
        "weights": {twin.spec.name: twin},
        "cells": {cell.model: cell},
        "sentences": made["sentences"],
        "ratings": made["ratings"],
        "activations": {
            (twin.spec.name, code): Activations.from_arrays(values) for code, values in made["states"].items()
        },
        "rankings": ranked,
        "variable": "valence",
        "ask": True,
        "sites": None,
        "headline": "correlation",
        "size": None,
        "sets": 20,
        "doses": DOSES,
        "readouts": ("probe", "likeness"),
        "test_share": 0.2,
        "seed": 0,
        "tokens": "target",
        "frames": 4,
        "words": 100,
        "edited_words": 5,
        "folds": 3,
        "pooling": "mean",
        "boundary_piece": "exclude",
        "batch_tokens": 200,
        "on_progress": lambda share: None,
    }
    found = untrained(**given | changes)["causal_untrained"]
    return None if found is None else UNTRAINED.check(found)


def correlations(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.array([np.corrcoef(column, y)[0, 1] for column in X.T])


def test_its_own_units_are_steered_as_by_plain_hooks(made: dict[str, Any]) -> None:
    found = asked(made)
    assert found is not None
    row = found.set_index("readout").loc["probe"]
    assert (row["n_languages"], row["n_asked"], row["n_units"], row["control"]) == (2, 2, K, made["twin"].spec.name)
    train, effects = made["split"] == "train", []
    for code, other in (("en", "fr"), ("fr", "en")):
        y = made["ratings"][code]["valence"].to_numpy()
        # The other language chooses units and signs, this one has its own SDs; the probe is exact, as nothing is noise.
        r = correlations(made["states"][other][LAYER][train], made["ratings"][other]["valence"].to_numpy()[train])
        units = np.abs(r).argsort()[-K:]
        shift = np.zeros(WIDTH)
        shift[units] = np.sign(r[units]) * made["states"][code][LAYER][train].std(axis=0, ddof=1)[units]
        frame, place = FRAMES[code]
        texts = [frame.format(f"w{number}") for number in range(WORDS) if made["split"][number] == "test"]
        read = [
            (states(made["twin"].model, texts, place, dose * shift)[-1] @ made["weights"] - y[~train]).mean()
            for dose in DOSES
        ]
        effects.append(np.dot(DOSES, read) / np.dot(DOSES, DOSES) / y[train].std(ddof=1))
    assert row["mean_effect"] == pytest.approx(np.mean(effects), rel=0.03)
    assert row["mean_effect"] > 0.05
    assert 0 < row["p"] <= 1


def test_where_nothing_is_read_it_cannot_be_asked(made: dict[str, Any]) -> None:
    rng = np.random.default_rng(7)
    noise = {code: table.assign(valence=rng.normal(size=WORDS)) for code, table in made["ratings"].items()}
    found = asked(made, ratings=noise)
    assert found is not None
    assert found["n_languages"].tolist() == [0, 0]
    assert found["n_units"].isna().all()
    assert found["why"].str.contains("does not read the rating").all()


def test_without_the_twin_or_when_it_is_not_asked_there_is_nothing(made: dict[str, Any]) -> None:
    assert asked(made, activations={}) is None
    assert asked(made, ask=False) is None
