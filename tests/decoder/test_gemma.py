"""The real file of gemma-3-270m: its numbers, its tokens, what it says, and a small study."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from interlingua.models import CARDS, LoadedModel, describe, extract, load_model
from interlingua.models.licences import VARIABLE

pytestmark = pytest.mark.decoder

NAME = "builtin:gemma-3-270m"
STUDY = f"""
name = "few-words"
models = ["{NAME}"]
variables = ["valence"]
languages = ["en", "fr", "zh"]
norms = "labmt"
contexts = "carriers"
[sampling]
words = 150
sentences = 1
[layer]
choose = 6
[probes]
methods = ["ridge"]
whole = false
[units]
methods = ["correlation", "ridge"]
permutations = 20
[scrutiny]
controls = []
stability = 5
audit_against = ""
confounds = false
[alignment]
draws = 50
"""


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return load_model(NAME, device="cpu")


def test_its_shape(model: LoadedModel) -> None:
    card = CARDS[NAME]
    assert (model.n_layers, model.width, model.is_decoder) == (card.n_layers, card.width, card.is_decoder)
    assert describe(NAME) == type(describe(NAME))(NAME, card.n_layers, card.width)
    assert model.count == (268_098_176, 262_144 * 640)
    config = model.model.config
    assert (config.rope_parameters["full_attention"]["rope_theta"], config.sliding_window) == (1_000_000.0, 512)
    # The model's own: local attention turns by another base, in five layers of six.
    assert config.rope_parameters["sliding_attention"]["rope_theta"] == 10_000.0
    assert [i for i, kind in enumerate(config.layer_types) if kind == "full_attention"] == [5, 11, 17]


@pytest.mark.parametrize(
    ("text", "follows"),
    [
        ("The capital of France is", "Paris"),
        ("La capitale de l'Allemagne est", "Berlin"),
        ("Die Hauptstadt von Frankreich ist", "Paris"),
        ("Москва является столицей", "России"),
        ("中国的首都是", "北京"),
    ],
)
def test_what_it_says(model: LoadedModel, text: str, follows: str) -> None:
    encoded = model.tokenizer(text, return_tensors="pt")
    assert encoded["input_ids"][0, 0] == model.tokenizer.bos_token_id
    with torch.inference_mode():
        last = model.model(**encoded).last_hidden_state[0, -1]
        scores = model.model.get_input_embeddings().weight @ last  # embeddings are tied
    best = [model.tokenizer.decode([i]).strip() for i in scores.topk(5).indices.tolist()]
    assert any(follows.startswith(piece) and piece for piece in best), best


def test_pieces_are_whole_words_where_they_should_be(model: LoadedModel) -> None:
    for text in ("happiness", " happiness", "Freude", "幸福", "счастье", "행복"):
        ids = model.tokenizer(text, add_special_tokens=False)["input_ids"]
        assert model.tokenizer.decode(ids) == text
        assert len(ids) <= 2, (text, model.tokenizer.convert_ids_to_tokens(ids))


def test_a_sentence_alone_and_in_a_batch(model: LoadedModel) -> None:
    texts = ["The word joy stands here.", "Le mot joie.", "A very long sentence about nothing, in which joy is a word."]
    words = ["joy", "joie", "joy"]
    rows: list[dict[str, Any]] = [
        {"context_id": str(i), "text": text, "start": text.index(word), "end": text.index(word) + len(word)}
        for i, (text, word) in enumerate(zip(texts, words, strict=True))
    ]
    together, alone = (extract(model, pd.DataFrame(rows), batch_tokens=tokens) for tokens in (1000, 1))
    for layer in range(model.n_layers):
        a, b = (torch.from_numpy(one.layer(layer)) for one in (together, alone))
        assert float(((a - b).norm(dim=1) / b.norm(dim=1)).max()) < 1e-5


def command(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "interlingua", *arguments], capture_output=True, text=True, check=False, cwd=cwd
    )


def test_its_licence_is_shown_and_must_be_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = command("models", "--licence", NAME).stdout
    assert "https://ai.google.dev/gemma/terms" in shown
    assert "By using, reproducing, modifying, distributing" in shown
    assert "{" not in shown  # no styles of the page that it was
    monkeypatch.delenv(VARIABLE)
    done = command("plan", "demo-decoder")
    assert done.returncode == 2
    assert f"set {VARIABLE}=gemma" in done.stderr


def test_the_built_in_study_can_be_planned() -> None:
    done = command("plan", "demo-decoder")
    assert done.returncode == 0, done.stderr
    assert f"{NAME:<22} {'en':<9} {'seen':<7} {520:>6} {1560:>9,}" in done.stdout


def test_a_small_study(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    done = command("run", "study.toml", "--output", "out", "--workers", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    layer = pd.read_parquet(tmp_path / "out" / "tables" / "performance_of_layer.parquet")
    assert float(layer["mean_r"].iloc[0]) > 0.6
    assert (tmp_path / "out" / "report.html").stat().st_size > 10_000
