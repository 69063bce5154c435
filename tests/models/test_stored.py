"""Units of one's own, from a folder through the whole chain: the features of a small autoencoder."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from typer.testing import CliRunner

from interlingua.cli.main import app
from interlingua.errors import ModelError
from interlingua.models import extract, fingerprint, load_model, parse_spec
from interlingua.models.stored import StoredUnits
from interlingua.run.run import run
from interlingua.run.study import load_study
from interlingua.study.sources import gather

FEATURES = 48
LANGUAGES = ["en", "es", "fr", "de"]
SHORT = {
    "variables": ["valence"],
    "probes.methods": ["ridge"],
    "probes.whole": False,
    "units.methods": ["correlation"],
    "units.headline": "correlation",
    "units.permutations": 3,
}


def train_autoencoder(X: NDArray[np.float32]) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Fit a sparse autoencoder, h = relu(W x + b), x ~ V h, and return its encoder."""
    data = torch.from_numpy((X - X.mean(axis=0)) / X.std())
    generator = torch.Generator().manual_seed(1)
    W = (torch.randn(FEATURES, X.shape[1], generator=generator) / X.shape[1] ** 0.5).requires_grad_()
    V = W.detach().T.clone().requires_grad_()
    b = torch.zeros(FEATURES, requires_grad=True)
    optimiser = torch.optim.Adam([W, V, b], lr=0.01)
    losses = []
    for _ in range(60):
        hidden = torch.relu(data @ W.T + b)
        loss = ((hidden @ V.T - data) ** 2).mean() + 1e-3 * hidden.mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]
    mean, scale = X.mean(axis=0), X.std()

    def encode(rows: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.no_grad():
            return torch.relu(torch.from_numpy((rows - mean) / scale) @ W.T + b).numpy()

    return encode


@pytest.fixture(scope="module")
def folder(study_folder: Path, minilm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a study's folder with the features of an autoencoder of a layer of its model."""
    folder = tmp_path_factory.mktemp("own")
    for file in study_folder.iterdir():
        shutil.copy(file, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INTERLINGUA_CACHE", str(folder / "cache"))
        done = CliRunner().invoke(app, ["contexts", "export", str(folder / "study.toml"), "-o", str(folder / "sae")])
    assert done.exit_code == 0, done.output
    model = load_model(str(minilm), device="cpu")
    tables = {code: pd.read_parquet(folder / "sae" / f"{code}.parquet") for code in LANGUAGES}
    states = {code: extract(model, table).layer(4) for code, table in tables.items()}
    encode = train_autoencoder(np.concatenate(list(states.values())))
    for i, code in enumerate(LANGUAGES):
        features = encode(states[code])
        layers = {"layer.00": features, "layer.01": features.astype(np.float32) ** 2}
        if i % 2:
            save_file(layers, folder / "sae" / f"{code}.safetensors")
        else:
            columns = {name: list(values) for name, values in layers.items()}
            tables[code].assign(**columns).to_parquet(folder / "sae" / f"{code}.parquet")
    return folder


def test_through_the_whole_chain(folder: Path, tmp_path: Path) -> None:
    study = load_study(folder / "study.toml", overrides=SHORT | {"models": ["sae"]})
    results = run(study, output=tmp_path / "out", workers=1, cache_dir=tmp_path / "cache", show_progress=False)
    rankings = pd.read_parquet(results / "tables" / "rankings.parquet")
    assert set(rankings["model"]) == {"sae"}
    assert rankings.groupby(["language", "layer"]).size().eq(FEATURES).all()
    material = gather(study, tmp_path / "cache")
    for code in LANGUAGES[:3]:
        rows = material.language(code)
        units = StoredUnits.read(folder / "sae").activations(rows, code)
        train = (rows["split"] == "train").to_numpy()
        own = rankings[(rankings["language"] == code) & (rankings["layer"] == 1)].sort_values("index")
        for index in (0, 7, FEATURES - 1):
            values, ratings = units.layer(1)[train, index], rows["valence"].to_numpy()[train]
            expected = np.corrcoef(values, ratings)[0, 1] if values.std() else 0.0
            row = own.iloc[index]
            assert abs(row["score"] * row["sign"] - expected) < 1e-6
    confounds = pd.read_parquet(results / "tables" / "confounds.parquet")
    assert not confounds["covariates"].str.contains("n_subwords").any()  # there is no tokenizer
    assert (results / "report.html").exists()
    assert "No control ran beside the model" in (results / "report.html").read_text(encoding="utf-8")


def test_rows_are_found_by_their_sentence_in_any_order(folder: Path) -> None:
    units = StoredUnits.read(folder / "sae")
    assert units.shape == (2, FEATURES)
    for code in ("en", "es"):
        table = pd.read_parquet(folder / "sae" / f"{code}.parquet", columns=["context_id", "text", "start", "end"])
        straight, mixed = units.activations(table, code), table.sample(frac=0.5, random_state=2)
        again = units.activations(mixed, code)
        assert np.array_equal(again.layer(0), straight.layer(0)[mixed.index])
        assert again.metadata["language"] == code


def copied(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder / "sae", tmp_path / "sae"))


def refused(folder: Path, match: str, code: str = "es") -> None:
    table = pd.read_parquet(folder / f"{code}.parquet", columns=["context_id", "text", "start", "end"])
    with pytest.raises(ModelError, match=match) as caught:
        StoredUnits.read(folder).activations(table, code)
    assert "\n" not in str(caught.value)


def test_a_sentence_without_units(folder: Path, tmp_path: Path) -> None:
    units = StoredUnits.read(folder / "sae")
    table = pd.read_parquet(folder / "sae" / "es.parquet", columns=["context_id", "text", "start", "end"])
    table.loc[3, "start"] += 1
    with pytest.raises(ModelError, match=r"sae has no units for 1 of \d+ sentences in es, the first .*contexts export"):
        units.activations(table, "es")
    with pytest.raises(ModelError, match=r"has no xx\.parquet; languages that are there: de, en, es, fr"):
        units.activations(table, "xx")


def test_what_does_not_hold_together(folder: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    own = copied(folder, tmp_path)
    layers = load_file(own / "es.safetensors")
    n = len(layers["layer.00"])
    wrong: list[tuple[dict[str, NDArray[Any]], str]] = [
        ({name: values[:-1] for name, values in layers.items()}, rf"units of {n - 1} rows, and es\.parquet has {n}"),
        (
            {"layer.00": layers["layer.00"], "layer.02": layers["layer.01"]},
            r"needs layer\.00, layer\.01, \.\.\. of one",
        ),
        ({"layer.00": layers["layer.00"], "layer.01": layers["layer.01"][:, :-1]}, "of one shape"),
        ({"layer.00": layers["layer.00"][0]}, "of one shape"),
        ({"features": layers["layer.00"]}, r"it has none of them"),
        (
            {"layer.00": layers["layer.00"]},
            r"de has 2 layers of 48 units, and es has 1 of 48|all languages need the same",
        ),
        ({name: np.where(values > 0.5, np.nan, values) for name, values in layers.items()}, "that are not finite"),
    ]
    for tensors, message in wrong:
        save_file(tensors, own / "es.safetensors")
        refused(own, message)
    (own / "es.safetensors").write_bytes(b"nothing")
    refused(own, r"es\.safetensors can't be read as units")
    torch_file = {"layer.00": torch.zeros(n, 4, dtype=torch.bfloat16)}
    from safetensors.torch import save_file as save_torch

    save_torch(torch_file, own / "es.safetensors")
    refused(own, "float32 or float16|all languages need the same")
    twice = pd.read_parquet(own / "en.parquet")
    twice.loc[1, ["text", "start", "end"]] = twice.loc[0, ["text", "start", "end"]]
    save_file(layers, own / "es.safetensors")
    twice.to_parquet(own / "en.parquet")
    refused(own, r"twice \(rows 0 and 1\) with other units; leave one out", "en")


def made(folder: Path, lists: list[Any], **options: Any) -> Path:
    """Write a folder of one language whose units stand beside the sentences."""
    folder.mkdir(exist_ok=True)
    (folder / "activations.toml").write_text("name = 'made'", encoding="utf-8")
    texts = [f"word {row}" for row in range(len(lists))]
    table = pa.table({"text": texts, "start": [0] * len(texts), "end": [4] * len(texts), "layer.00": lists})
    pq.write_table(table, folder / "es.parquet", **options)
    return folder


@pytest.mark.parametrize(
    ("lists", "message"),
    [
        # As many numbers as three rows of two have: read side by side, each row would get its neighbour's.
        ([[0.0], [1.0, 2.0, 3.0], [4.0, 5.0]], "the list in row 1 is missing or of another length"),
        ([[0.0] * 2, None, [4.0] * 2], "the list in row 1 is missing or of another length"),
        ([["1.5"], ["2"], ["3"]], "layer.00 holds list<"),
        ([[True], [False], [True]], "layer.00 holds list<"),
    ],
)
def test_lists_that_are_not_one_number_a_unit(tmp_path: Path, lists: list[Any], message: str) -> None:
    units = StoredUnits.read(made(tmp_path, lists))
    with pytest.raises(ModelError, match=f"a list of equally many numbers a row .*{message}"):
        units.activations(pd.DataFrame({"text": ["word 0"], "start": [0], "end": [4]}), "es")


@pytest.mark.parametrize(
    ("checksums", "piece", "other"),
    [(True, struct.pack("<d", 7.5), struct.pack("<d", 8.5)), (False, b"word 7", b"word \xe1")],
)
def test_a_file_that_is_not_what_was_written_is_not_read(
    tmp_path: Path, checksums: bool, piece: bytes, other: bytes
) -> None:
    lists = [[float(row), row + 0.5] for row in range(40)]
    made(tmp_path, lists, write_page_checksum=checksums, compression="none", use_dictionary=False)
    assert StoredUnits.read(tmp_path).shape == (1, 2)
    path = tmp_path / "es.parquet"
    assert piece in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(piece, other, 1))
    units = StoredUnits.read(tmp_path)
    with pytest.raises(ModelError, match=r"es\.parquet can't be read as ") as caught:
        units.activations(pd.DataFrame({"text": ["word 9"], "start": [0], "end": [4]}), "es")
    assert "\n" not in str(caught.value)


def test_what_the_folder_says_of_itself(folder: Path, tmp_path: Path) -> None:
    own = copied(folder, tmp_path)
    spec = parse_spec(str(own))
    assert (spec.name, spec.source) == ("sae", "stored")
    (own / "activations.toml").write_text('name = "my features"\nis_decoder = true\n', encoding="utf-8")
    assert parse_spec(str(own)).name == "my features"
    assert StoredUnits.read(own).is_decoder
    before = fingerprint(str(own))
    content = (own / "es.safetensors").read_bytes()
    (own / "es.safetensors").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert fingerprint(str(own)) != before
    for text, message in (
        ("nam = 'x'", r"has the key 'nam' \(did you mean 'name'\?\); it may have name, is_decoder, about"),
        ("is_decoder = 1", "is_decoder must be true or false"),
        ("name = ' '", "the name is blank"),
        ("name = ", "is no TOML in UTF-8"),
        ("name = " + "[" * 3000, r"is no TOML in UTF-8 \(maximum recursion depth"),
    ):
        (own / "activations.toml").write_text(text, encoding="utf-8")
        with pytest.raises(ModelError, match=message):
            parse_spec(str(own))
    (own / "activations.toml").write_text("", encoding="utf-8")
    with pytest.raises(ModelError, match="is a folder of units, and no model that could be loaded"):
        load_model(str(own))
    with pytest.raises(ModelError, match="units of your own have no weights to be drawn at random"):
        fingerprint(f"untrained:{own}")
