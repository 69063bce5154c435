"""Files that ask for foreign code, lie elsewhere, are missing, or would be built for ever are refused, and say so."""

from __future__ import annotations

import json
import pickle
import re
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModel,
    BartConfig,
    BartModel,
    BertConfig,
    BertModel,
    GPT2Config,
    GPT2Model,
    PreTrainedTokenizerFast,
    T5Config,
    T5EncoderModel,
    T5Model,
)

from interlingua.errors import ModelError
from interlingua.models import describe, fingerprint, load_model
from interlingua.models.loading import load_tokenizer

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 435778770\n"
TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


@pytest.fixture
def folder(model_folders: dict[str, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(model_folders["gpt2"], tmp_path / "copy"))


def configure(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def refused(folder: Path, match: str, **options: Any) -> str:
    with pytest.raises(ModelError, match=match) as caught:
        load_model(str(folder), device="cpu", **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"attn_implementation": "evil/kernel"},
        {"_attn_implementation": "evil/kernel@main:attend"},
        {"_attn_implementation_internal": "evil/kernel"},
        {"attn_implementation": "paged|evil/kernel"},
        {"attn_implementation": {"text_config": "evil/kernel"}},
        {"attn_implementation": {"": "sdpa", "text_config": {"": ["evil/kernel"]}}},
        {"text_config": {"attn_implementation": "evil/kernel"}},
        {"experts_implementation": "evil/kernel"},
        {"attn_implementation": "kernels-community/flash-attn"},
        {"attn_implementation": "unheard_of"},
    ],
)
def test_code_from_elsewhere_is_refused_on_purpose(folder: Path, changes: dict[str, Any]) -> None:
    configure(folder, **changes)
    message = r"config\.json of (untrained:)?copy asks for \w+ = '.*code that a model brings along is never run"
    for spec in (str(folder), f"untrained:{folder}"):
        for run in (load_model, describe, load_tokenizer):
            with pytest.raises(ModelError, match=message):
                run(spec)


@pytest.mark.parametrize("value", ["eager", "sdpa", "flash_attention_2", None])
def test_how_attention_is_computed_is_not_the_configuration_s_choice(folder: Path, value: str | None) -> None:
    configure(folder, _attn_implementation=value, attn_implementation=value)
    assert load_model(str(folder), device="cpu").model.config._attn_implementation == "sdpa"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_layer": 10**7}, "n_layer = 10000000, and 1,000 is the most that is built"),
        ({"n_layer": 10**40}, "n_layer = a number of 41 digits"),
        ({"num_hidden_layers": 10**9}, "num_hidden_layers = 1000000000"),
        ({"text_config": {"num_hidden_layers": 10**9}}, "num_hidden_layers = 1000000000"),
        ({"block_sizes": [4, 10**7]}, "block_sizes = 10000000"),
        ({"num_local_experts": 10**8}, "num_local_experts = 100000000"),
        ({"num_labels": 10**9}, "num_labels = 1000000000"),
        ({"vocab_size": 10**11}, r"describes a model of 32\d{11}|describes a model of [\d,]+ numbers \(wte"),
        ({"n_positions": 10**10}, r"numbers \(wpe\.weight alone has 10000000000 x 32\), but its weights hold [\d,]+"),
        ({"n_embd": 10**5, "n_inner": 10**6}, r"describes a model of [\d,]+ numbers .* but its weights hold"),
        ({"n_layer": 1000}, r"lack \d+ parameters of its configuration"),
    ],
)
def test_a_configuration_that_is_not_the_weights(folder: Path, changes: dict[str, Any], message: str) -> None:
    configure(folder, **changes)
    begin = time.perf_counter()
    refused(folder, message)
    assert time.perf_counter() - begin < 60


def test_the_same_of_a_model_drawn_at_random(folder: Path) -> None:
    configure(folder, n_positions=10**10)
    with pytest.raises(ModelError, match="but its weights hold"):
        load_model(f"untrained:{folder}", device="cpu")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="do not fit this machine's memory"):
        load_model(f"untrained:{folder}", device="cpu")
    configure(folder, n_positions=64)
    assert load_model(f"untrained:{folder}", device="cpu").n_layers == 4


def test_describe_reads_no_absurd_configuration(folder: Path) -> None:
    configure(folder, n_layer=10**7)
    with pytest.raises(ModelError, match="n_layer = 10000000"):
        describe(str(folder))


def shard(folder: Path, kind: str = "safetensors") -> Path:
    """Cut the weights in two files and an index."""
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(weights)
    stem = "model" if kind == "safetensors" else "pytorch_model"
    places = {}
    for i, part in enumerate((names[::2], names[1::2]), start=1):
        file = f"{stem}-0000{i}-of-00002.{kind}"
        content = {name: weights[name] for name in part}
        if kind == "safetensors":
            save_file(content, folder / file, {"format": "pt"})
        else:
            torch.save(content, folder / file)
        places |= dict.fromkeys(part, file)
    index = folder / f"{stem}.{kind}.index.json"
    index.write_text(json.dumps({"metadata": {"total_size": 0}, "weight_map": places}))
    return index


@pytest.mark.parametrize("kind", ["safetensors", "bin"])
def test_shards(folder: Path, kind: str) -> None:
    whole = load_model(str(folder), device="cpu")
    index = shard(folder, kind)
    parts = load_model(str(folder), device="cpu", trust=True)
    for ours, theirs in zip(parts.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    content = json.loads(index.read_text())
    (tmp := folder.parent / "elsewhere").mkdir()
    file = sorted(set(content["weight_map"].values()))[0]
    shutil.copy(folder / file, tmp / file)
    for path in (f"../elsewhere/{file}", str(tmp / file), f"..\\elsewhere\\{file}", f"sub/../{file}", "..", ""):
        changed = {key: path if value == file else value for key, value in content["weight_map"].items()}
        index.write_text(json.dumps(content | {"weight_map": changed}))
        assert f"'{path}'" in refused(folder, "only files in the model's own folder are opened", trust=True)
    index.write_text(json.dumps(content))
    (folder / file).unlink()
    refused(folder, r"names 1 files of weights that are not there, the first .*-00001-of-00002", trust=True)
    for broken in ("[]", "{", '{"weight_map": {"a": 3}}'):
        index.write_text(broken)
        refused(folder, "is no index of weights: it needs a table weight_map", trust=True)


class Opened:
    """Runs when a pickle with it is opened."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return Path.touch, (Path("opened"),)


@pytest.mark.parametrize("index", [False, True])
def test_a_pickle_is_opened_by_those_who_trust_it_only(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, index: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    weights = load_file(folder / "model.safetensors")
    expected = load_model(str(folder), device="cpu")
    if index:
        shard(folder, "bin")
        name = "pytorch_model.bin.index.json"
    else:
        (folder / "model.safetensors").unlink()
        name = "pytorch_model.bin"
        torch.save(weights, folder / name)
    refused(folder, rf"{name} of copy is a pickle, which can run code .* as safetensors .* say --trust ")
    trusted = load_model(str(folder), device="cpu", trust=True)
    for ours, theirs in zip(trusted.model.parameters(), expected.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    # Safetensors beside it go before it.
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    assert load_model(str(folder), device="cpu").n_layers == 4


def test_a_pickle_that_the_configuration_names_is_not_opened_either(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with (folder / "other.bin").open("wb") as file:
        pickle.dump(Opened(), file)
    configure(folder, transformers_weights="other.bin")
    refused(folder, r"other\.bin of copy is a pickle")
    assert not (tmp_path / "opened").exists()
    pickle.loads((folder / "other.bin").read_bytes())
    assert (tmp_path / "opened").exists()  # it would have


def test_weights_named_in_the_configuration(folder: Path) -> None:
    shutil.move(folder / "model.safetensors", folder.parent / "other.safetensors")
    for path in ("../other.safetensors", str(folder.parent / "other.safetensors")):
        configure(folder, transformers_weights=path)
        refused(folder, r"config\.json of copy names '.*other\.safetensors' as a file of weights; only files in the")
    shutil.move(folder.parent / "other.safetensors", folder / "other.safetensors")
    configure(folder, transformers_weights="other.safetensors")
    assert load_model(str(folder), device="cpu").n_layers == 4


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_pointer_of_git_lfs(folder: Path, name: str) -> None:
    (folder / name).write_text(POINTER)
    message = refused(folder, rf"{name} of copy is a git-lfs pointer, not the file itself: run 'git lfs pull' in ")
    assert str(folder) in message
    if name != "model.safetensors":
        with pytest.raises(ModelError, match="git-lfs pointer"):
            load_tokenizer(str(folder))


def test_a_pointer_among_shards(folder: Path) -> None:
    shard(folder)
    (folder / "model-00002-of-00002.safetensors").write_text(POINTER)
    refused(folder, r"model-00002-of-00002\.safetensors of copy is a git-lfs pointer")


@pytest.mark.parametrize("kind", ["bert", "xlmr", "gpt2", "llama", "t5"])
@pytest.mark.parametrize("kept", [(), ("tokenizer_config.json", "special_tokens_map.json")])
def test_a_folder_without_a_tokenizer(
    model_folders: dict[str, Path], tmp_path: Path, kind: str, kept: tuple[str, ...]
) -> None:
    folder = Path(shutil.copytree(model_folders[kind], tmp_path / "copy"))
    for name in TOKENIZER:
        if name not in kept:
            (folder / name).unlink(missing_ok=True)
    if not kept:
        refused(folder, r"copy has no tokenizer files.*add its tokenizer\.json")
        with pytest.raises(ModelError, match="copy has no tokenizer files"):
            load_tokenizer(str(folder))
    else:
        refused(folder, r"copy has no tokenizer files|can't read the tokenizer")


def test_the_tokenizer_of_another_model(model_folders: dict[str, Path], tmp_path: Path) -> None:
    tokenizer = PreTrainedTokenizerFast.from_pretrained(model_folders["gpt2"])
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
    few, enough, many = len(tokenizer) // 2, len(tokenizer) + 60, len(tokenizer) * 5
    for rows, message in (
        (few, rf"has {len(tokenizer)} tokens, its model embeddings for {few}, and its model has no embedding for"),
        (many, rf"has {len(tokenizer)} tokens, its model embeddings for {many:,}; they are not of one model"),
    ):
        BertModel(BertConfig(vocab_size=rows, pad_token_id=0, **sizes)).save_pretrained(tmp_path)
        tokenizer.save_pretrained(tmp_path)
        refused(tmp_path, message)
    BertModel(BertConfig(vocab_size=enough, **sizes)).save_pretrained(tmp_path)
    assert load_model(str(tmp_path), device="cpu").n_layers == 2


def test_a_tokenizer_of_nothing(model_folders: dict[str, Path], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(model_folders["bert"], tmp_path / "copy"))
    path = folder / "tokenizer.json"
    parts = json.loads(path.read_text())
    special = {token["content"]: token["id"] for token in parts["added_tokens"]}
    parts["model"]["vocab"] = special
    path.write_text(json.dumps(parts))
    refused(folder, r"the tokenizer of copy has 5 tokens, its model embeddings for 260")


def small_t5(**changes: Any) -> T5Config:
    return T5Config(vocab_size=260, d_model=16, num_layers=2, num_heads=2, d_kv=8, d_ff=16, pad_token_id=1, **changes)


@pytest.mark.parametrize("saved", ["by itself", "under the whole model's configuration"])
def test_an_encoder_without_its_decoder(model_folders: dict[str, Path], tmp_path: Path, saved: str) -> None:
    PreTrainedTokenizerFast.from_pretrained(model_folders["t5"]).save_pretrained(tmp_path)
    if saved == "by itself":
        encoder = T5EncoderModel(small_t5())
        encoder.save_pretrained(tmp_path)
    else:
        whole = T5Model(small_t5())
        encoder = whole.get_encoder()
        whole.save_pretrained(tmp_path)
        drop_decoder(tmp_path)
    model = load_model(str(tmp_path), device="cpu")
    ids = torch.tensor([[5, 6, 7]])
    with torch.inference_mode():
        expected = encoder.eval()(input_ids=ids, output_hidden_states=True).hidden_states
        ours = model.model(input_ids=ids, output_hidden_states=True).hidden_states
    assert len(ours) == model.n_layers == 3
    assert all(torch.equal(a, b) for a, b in zip(ours, expected, strict=True))
    assert not model.is_decoder
    control = load_model(f"untrained:{tmp_path}", device="cpu")
    assert (control.n_layers, control.width) == (3, 16)
    assert sum(p.numel() for p in control.model.parameters()) == sum(p.numel() for p in model.model.parameters())


def drop_decoder(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    kept = {name: values for name, values in weights.items() if not name.startswith("decoder.")}
    assert len(kept) < len(weights)
    save_file(kept, folder / "model.safetensors", {"format": "pt"})


def test_a_part_of_the_encoder_may_not_be_missing(model_folders: dict[str, Path], tmp_path: Path) -> None:
    PreTrainedTokenizerFast.from_pretrained(model_folders["t5"]).save_pretrained(tmp_path)
    sizes = {"vocab_size": 260, "d_model": 16, "encoder_layers": 2, "decoder_layers": 2, "max_position_embeddings": 64}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "encoder_ffn_dim": 8, "decoder_ffn_dim": 8}
    BartModel(BartConfig(**sizes, **heads)).save_pretrained(tmp_path)
    drop_decoder(tmp_path)
    assert load_model(str(tmp_path), device="cpu").n_layers == 3
    weights = load_file(tmp_path / "model.safetensors")
    for lost in ("encoder.layers.1.fc1.weight", "shared.weight"):
        assert lost in weights
        kept = {name: values for name, values in weights.items() if name != lost}
        save_file(kept, tmp_path / "model.safetensors", {"format": "pt"})
        refused(tmp_path, r"lack \d+ parameters of its configuration")


def test_a_hub_model_is_looked_at_the_same_way(
    model_folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = "0" * 40
    repository = tmp_path / "hub" / "models--acme--tiny"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(commit)
    snapshot = Path(shutil.copytree(model_folders["gpt2"], repository / "snapshots" / commit))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    index = shard(snapshot)
    assert load_model("acme/tiny", device="cpu", local_files_only=True).n_layers == 4
    content = json.loads(index.read_text())
    index.write_text(json.dumps(content | {"weight_map": dict.fromkeys(content["weight_map"], "../../x.safetensors")}))
    with pytest.raises(ModelError, match="only files in the model's own folder"):
        load_model("acme/tiny", device="cpu", local_files_only=True)
    index.write_text(json.dumps(content))
    (snapshot / "tokenizer.json").rename(tmp_path / "tokenizer.json")
    with pytest.raises(ModelError, match=r"acme/tiny has no tokenizer files|can't read the tokenizer of acme/tiny"):
        load_model("acme/tiny", device="cpu", local_files_only=True)
    (tmp_path / "tokenizer.json").rename(snapshot / "tokenizer.json")
    for changes, message in (({"attn_implementation": "a/b"}, "asks for"), ({"n_layer": 10**7}, "is the most")):
        before = (snapshot / "config.json").read_text()
        configure(snapshot, **changes)
        for run in (load_model, describe):
            with pytest.raises(ModelError, match=message):
                run("acme/tiny", local_files_only=True)
        (snapshot / "config.json").write_text(before)


def test_the_fingerprint_covers_every_tokenizer_file(folder: Path) -> None:
    seen = {fingerprint(str(folder))}
    for name in ("source.spm", "vocab-src.json", "bpe.codes", "qwen.tiktoken"):
        (folder / name).write_text("x")
        seen.add(fingerprint(str(folder)))
    assert len(seen) == 5
    (folder / "vocabulary").mkdir()
    assert fingerprint(str(folder)) in seen


def test_the_fingerprint_covers_the_index_which_chooses_among_the_files_of_weights(folder: Path) -> None:
    index = shard(folder)
    for number in (1, 2):  # two more files, of other weights
        tensors = load_file(folder / f"model-0000{number}-of-00002.safetensors")
        others = {name: values + 1 for name, values in tensors.items()}
        save_file(others, folder / f"other-{number}.safetensors", {"format": "pt"})
    before = load_model(str(folder), device="cpu")
    index.write_text(re.sub(r"model-0000(\d)-of-00002", r"other-\1", index.read_text()))
    after = load_model(str(folder), device="cpu")
    assert not torch.equal(next(before.model.parameters()), next(after.model.parameters()))
    assert before.fingerprint != after.fingerprint


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"unk_token": ""}, "the tokenizer of copy has no '', which it names as its unknown token"),
        ({"model_max_length": "64"}, "says model_max_length = '64', which is no number of tokens"),
        ({"model_max_length": -1}, "says model_max_length = -1, which is no number of tokens"),
    ],
)
def test_a_tokenizer_that_opens_and_can_t_be_used(
    model_folders: dict[str, Path], tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    copy = Path(shutil.copytree(model_folders["bert"], tmp_path / "copy"))
    path = copy / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    refused(copy, message)


def test_the_given_cases(shared: Path) -> None:
    cases = shared / "cases" / "models"
    with pytest.raises(ModelError, match="notok-gpt2-left has no tokenizer files"):
        load_model(str(cases / "notok-gpt2-left"), device="cpu")
    model = load_model(str(cases / "t5enc"), device="cpu")
    plain = T5EncoderModel.from_pretrained(cases / "t5enc")
    ids = torch.tensor([[5, 6, 7, 1]])
    with torch.inference_mode():
        expected = plain(input_ids=ids, output_hidden_states=True).hidden_states
        ours = model.model(input_ids=ids, output_hidden_states=True).hidden_states
    assert all(torch.equal(a, b) for a, b in zip(ours, expected, strict=True))


def test_a_large_configuration_costs_no_memory(folder: Path) -> None:
    # What is compared is never allocated.
    with torch.device("meta"):
        assert AutoModel.from_config(GPT2Config(n_embd=4096, n_layer=2, n_head=4)).wte.weight.is_meta
    assert isinstance(load_model(str(folder), device="cpu").model, GPT2Model)
