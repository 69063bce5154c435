"""The real file of gemma-3-270m: its numbers, its tokens, what it says, and a small study."""

from __future__ import annotations

import random
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
        ("Paris est la capitale de la", "France"),
        ("Berlin ist die Hauptstadt von", "Deutschland"),
        ("Madrid es la capital de", "España"),
        ("Москва является столицей", "России"),
        ("北京是中国的", "首都"),
        ("One, two, three, four,", "five"),
        ("Uno, dos, tres, cuatro,", "cinco"),
        ("Eins, zwei, drei, vier,", "fünf"),
        ("一、二、三、四、", "五"),
        ("lundi, mardi, mercredi,", "jeudi"),
    ],
)
def test_what_it_says(model: LoadedModel, text: str, follows: str) -> None:
    ids = model.tokenizer(text)["input_ids"]
    assert ids[0] == model.tokenizer.bos_token_id
    assert model.tokenizer.decode([int(scores(model, ids)[-1].argmax())]).strip() == follows


def scores(model: LoadedModel, ids: list[int]) -> torch.Tensor:
    """Return log probabilities of what follows each token: embeddings are tied, so they are the head, too."""
    with torch.inference_mode():
        states = model.model(input_ids=torch.tensor([ids])).last_hidden_state[0]
        found: torch.Tensor = (states @ model.model.get_input_embeddings().weight.T).log_softmax(dim=-1)
    return found


@pytest.mark.parametrize(
    "text",
    [
        "The children played in the garden until the sun went down.",
        "Les enfants ont joué dans le jardin jusqu'au coucher du soleil.",
        "Die Kinder spielten im Garten, bis die Sonne unterging.",
        "Дети играли в саду, пока не зашло солнце.",
        "孩子们在花园里玩到太阳下山。",
        "아이들은 해가 질 때까지 정원에서 놀았다.",
        "لعب الأطفال في الحديقة حتى غروب الشمس.",
    ],
)
def test_a_sentence_is_likelier_than_its_pieces_in_another_order(model: LoadedModel, text: str) -> None:
    begin, *ids = model.tokenizer(text)["input_ids"]
    assert model.tokenizer.decode(ids) == text
    mixed = list(ids)
    random.Random(1).shuffle(mixed)
    written, shuffled = (
        float(scores(model, [begin, *order])[:-1].gather(1, torch.tensor(order)[:, None]).mean())
        for order in (ids, mixed)
    )
    assert written > shuffled + 2  # 2.8 to 7.9 were found


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
