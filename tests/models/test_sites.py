"""Sites of nine families and more: what is read is what goes into the module, and what is edited is what is read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from transformers import AutoModel, AutoModelForCausalLM, PreTrainedTokenizerFast

from interlingua.errors import ModelError
from interlingua.models import LoadedModel, find_sites, load_model, read_sites
from interlingua.models import sites as sites_module
from interlingua.models.families import Family, families
from interlingua.models.placing import place
from interlingua.tables import HEADS, MLP, RESID

V = 260
BERT = {
    "vocab_size": V,
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 128,
}
LLAMA = BERT | {"num_key_value_heads": 2}
# Heads that have other dimensions together than the residual stream.
GEMMA = LLAMA | {"head_dim": 16}
T5 = {"vocab_size": V, "d_model": 32, "num_layers": 3, "num_heads": 4, "d_kv": 16, "d_ff": 48}
GATED = {"feed_forward_proj": "gated-gelu"}
BLOOM = {"vocab_size": V, "hidden_size": 32, "n_layer": 3, "n_head": 4}
XGLM = {"vocab_size": V, "d_model": 32, "num_layers": 3, "attention_heads": 4, "ffn_dim": 48}
OPT = {key: value for key, value in BERT.items() if key != "intermediate_size"}

_ENCODER = ("encoder.layer.{}", "output.dense", "attention.output.dense")
_LLAMA = ("layers.{}", "mlp.down_proj", "self_attn.o_proj")
_T5 = ("block.{}", "layer.1.DenseReluDense.wo", "layer.0.SelfAttention.o")

# Class of the configuration and its arguments; where block l is, what its MLP units and heads go into; their numbers.
FAMILIES: dict[str, tuple[str, dict[str, Any], tuple[str, str, str], int, int]] = {
    "bert": ("BertConfig", BERT, _ENCODER, 48, 32),
    "xlm-roberta": ("XLMRobertaConfig", BERT, _ENCODER, 48, 32),
    "llama": ("LlamaConfig", LLAMA, _LLAMA, 48, 32),
    "qwen2": ("Qwen2Config", LLAMA, _LLAMA, 48, 32),
    "qwen3": ("Qwen3Config", GEMMA, _LLAMA, 48, 64),
    "gemma3": ("Gemma3TextConfig", GEMMA, _LLAMA, 48, 64),
    "bloom": ("BloomConfig", BLOOM, ("h.{}", "mlp.dense_4h_to_h", "self_attention.dense"), 128, 32),
    "xglm": ("XGLMConfig", XGLM, ("layers.{}", "fc2", "self_attn.out_proj"), 48, 32),
    "mt5": ("MT5Config", T5 | GATED, _T5, 48, 64),
    "roberta": ("RobertaConfig", BERT, _ENCODER, 48, 32),
    "electra": ("ElectraConfig", BERT | {"embedding_size": 32}, _ENCODER, 48, 32),
    "mistral": ("MistralConfig", LLAMA, _LLAMA, 48, 32),
    "gemma2": ("Gemma2Config", GEMMA, _LLAMA, 48, 64),
    "t5": ("T5Config", T5, _T5, 48, 64),
    "umt5": ("UMT5Config", T5, _T5, 48, 64),
    "gpt2": (
        "GPT2Config",
        {"vocab_size": V, "n_embd": 32, "n_layer": 3, "n_head": 4, "n_positions": 128},
        ("h.{}", "mlp.c_proj", "attn.c_proj"),
        128,
        32,
    ),
    "gpt_neox": ("GPTNeoXConfig", BERT, ("layers.{}", "mlp.dense_4h_to_h", "attention.dense"), 48, 32),
}
SENTENCES = [
    list(range(10, 31)),
    [40, 41, 42, 43, 44],
    [50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60],
]
Values = dict[tuple[str, int], list[np.ndarray]]
EVERY = {RESID: (0, 1, 2, 3), MLP: (1, 2, 3), HEADS: (1, 2, 3)}


@pytest.fixture(scope="module")
def tokenizer(model_folders: dict[str, Path]) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast.from_pretrained(model_folders["bert"])


def drawn(config: Any) -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        model = AutoModel.from_config(config).eval()
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.ndim > 1:
                    parameter.normal_(0, 0.3)
    return model


def save(folder: Path, tokenizer: PreTrainedTokenizerFast, config: Any) -> str:
    drawn(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def folders(
    tokenizer: PreTrainedTokenizerFast, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[str, LoadedModel]]:
    made = {}
    for name, (kind, arguments, *_) in FAMILIES.items():
        folder = save(tmp_path_factory.mktemp(name), tokenizer, getattr(transformers, kind)(**arguments))
        made[name] = (folder, load_model(folder, device="cpu"))
    return made


def opened(folder: str) -> Any:
    model = AutoModel.from_pretrained(folder).eval()
    return model.get_encoder() if model.config.is_encoder_decoder else model


def read(model: LoadedModel, side: Any = "right") -> Values:
    """Return the values at each sentence's tokens, (tokens, width), by site and layer, of one batch."""
    layout = model.layouts[side]
    ids, mask, positions, begin = place(SENTENCES, layout.fill, left=layout.side == "left")
    seen: Values = {}

    def see(site: str, layer: int, tensor: torch.Tensor) -> None:
        assert (site, layer) not in seen
        rows = zip(tensor.float().numpy(), begin, SENTENCES, strict=True)
        seen[site, layer] = [row[at : at + len(ids)].copy() for row, at, ids in rows]

    with torch.inference_mode():
        read_sites(model.model, layout, model.sites, EVERY, see, ids, mask, positions)
    return seen


def recorded(model: Any, where: tuple[str, str, str]) -> Values:
    """Do the same without hooks and batches: the modules' own `forward` is wrapped, in another copy of the model."""
    block, mlp, heads = where
    seen: Values = {}
    for index in range(3):
        for site, path in ((MLP, mlp), (HEADS, heads)):
            module = model.get_submodule(f"{block.format(index)}.{path}")
            own, into = module.forward, seen.setdefault((site, index + 1), [])

            def forward(given: torch.Tensor, own: Any = own, into: Any = into) -> torch.Tensor:
                into.append(given[0].float().numpy())
                return own(given)

            module.forward = forward
    for sentence in SENTENCES:
        with torch.no_grad():
            states = model(
                input_ids=torch.tensor([sentence]),
                attention_mask=torch.ones(1, len(sentence), dtype=torch.long),
                output_hidden_states=True,
                use_cache=False,
            ).hidden_states
        for layer, state in enumerate(states):
            seen.setdefault((RESID, layer), []).append(state[0].float().numpy())
    return seen


@pytest.mark.parametrize("name", FAMILIES)
def test_values_are_what_goes_into_the_module(folders: dict[str, tuple[str, LoadedModel]], name: str) -> None:
    folder, model = folders[name]
    _, _, where, n_mlp, n_heads = FAMILIES[name]
    assert model.sites.why == ""
    assert (model.sites.widths, model.sites.n_heads) == ({MLP: n_mlp, HEADS: n_heads}, 4)
    assert [list(model.sites.layers(site)) for site in (RESID, MLP, HEADS)] == [
        list(layers) for layers in EVERY.values()
    ]
    other = opened(folder)
    if "t5" in name:  # does not scale its scores, so that rounding in float32 comes near the bound
        model = unasked(folder, model)
        model.model.double()
        other.double()
    expected = recorded(other, where)
    for side in ("left", "right"):
        ours = read(model, side)
        assert set(ours) == set(expected)
        for place_, rows in ours.items():
            for values, theirs in zip(rows, expected[place_], strict=True):
                assert values.shape == theirs.shape
                assert np.abs(values - theirs).max() <= 1e-5 * np.abs(theirs).max(), (place_, side)


def unasked(folder: str, loaded: LoadedModel) -> LoadedModel:
    """Return a copy of the model that was never asked for hidden states: `transformers` has no hooks in it yet."""
    model = opened(folder)
    own, names = dict(model.named_modules()), {module: path for path, module in loaded.model.named_modules()}
    sites = replace(
        loaded.sites,
        blocks=tuple(own[names[block]] for block in loaded.sites.blocks),
        modules={site: tuple(own[names[m]] for m in modules) for site, modules in loaded.sites.modules.items()},
    )
    return replace(loaded, model=model, sites=sites)


def put(tensor: torch.Tensor) -> torch.Tensor:
    """Set unit 5 at token 3 of the longest sentence, which has no padding."""
    changed = tensor.clone()
    changed[0, 3, 5] = 7.5
    return changed


@pytest.mark.parametrize("asked", [False, True], ids=["never asked for hidden states", "asked before"])
@pytest.mark.parametrize("name", FAMILIES)
def test_reading_after_an_edit_shows_it(folders: dict[str, tuple[str, LoadedModel]], name: str, asked: bool) -> None:
    folder, loaded = folders[name]
    before = read(loaded)
    for site, layer in ((RESID, 2), (RESID, 0), (MLP, 2), (HEADS, 2)):
        model = loaded if asked else unasked(folder, loaded)
        with model.sites.address(site, layer).edit(put):
            after = read(model)
        wanted = before[site, layer][0].copy()
        wanted[3, 5] = 7.5
        np.testing.assert_allclose(after[site, layer][0], wanted, rtol=0, atol=1e-5 * np.abs(wanted).max())
        # What follows moves, what comes before does not, nor do other sentences.
        moved = [np.abs(after[RESID, at][0] - before[RESID, at][0]).max() for at in range(4)]
        assert max(moved[:layer], default=0.0) < 1e-4 < min(moved[layer:])
        for key, rows in after.items():
            for row in (1, 2):
                np.testing.assert_allclose(rows[row], before[key][row], rtol=0, atol=1e-5 * np.abs(rows[row]).max())
        again = read(model)
        np.testing.assert_array_equal(again[RESID, 3][0], read(model)[RESID, 3][0])
        np.testing.assert_allclose(again[RESID, 3][0], before[RESID, 3][0], rtol=0, atol=1e-4)


def test_what_an_mlp_unit_adds_is_its_column(folders: dict[str, tuple[str, LoadedModel]]) -> None:
    model = folders["llama"][1]
    before = read(model)

    with model.sites.address(MLP, 2).edit(put):
        after = read(model)
    dose = 7.5 - before[MLP, 2][0][3, 5]
    column = model.model.layers[1].mlp.down_proj.weight[:, 5].detach().numpy()
    np.testing.assert_allclose(after[RESID, 2][0][3] - before[RESID, 2][0][3], dose * column, atol=1e-4)
    np.testing.assert_array_equal(after[RESID, 1][0], before[RESID, 1][0])


def test_units_of_a_head_stand_side_by_side(folders: dict[str, tuple[str, LoadedModel]], tmp_path: Path) -> None:
    """Without values in head 2, its units are 0, and no other's."""
    model = AutoModel.from_pretrained(folders["bert"][0]).eval()
    with torch.no_grad():
        model.encoder.layer[1].attention.self.value.weight[16:24] = 0
        model.encoder.layer[1].attention.self.value.bias[16:24] = 0
    sites = find_sites("tiny", model, SENTENCES[0])
    values = read(replace(folders["bert"][1], model=model, sites=sites))[HEADS, 2][0]
    per_head = np.abs(values).reshape(len(values), sites.n_heads, 8).max(axis=(0, 2))
    assert per_head[2] == 0
    assert (per_head[[0, 1, 3]] > 0).all()


@pytest.mark.parametrize("name", ["llama", "gemma3", "bloom", "xglm", "gpt2"])
def test_a_model_with_a_head_has_the_same_sites(folders: dict[str, tuple[str, LoadedModel]], name: str) -> None:
    folder, loaded = folders[name]
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    sites = find_sites(name, model, SENTENCES[0])
    assert sites.why == ""
    ours, expected = read(replace(loaded, model=model, sites=sites)), read(loaded)
    for place_, rows in expected.items():
        np.testing.assert_allclose(ours[place_][0], rows[0], rtol=1e-5, atol=1e-6)


def why(config: Any) -> str:
    model = drawn(config)
    sites = find_sites("tiny", model, SENTENCES[0])
    with pytest.raises(ModelError) as caught:
        sites.address(MLP, 1)
    assert str(caught.value) == f"the site 'mlp' of tiny can't be had: {sites.why}"
    return sites.why


def test_what_is_refused_and_why() -> None:
    experts = LLAMA | {"num_local_experts": 4, "num_experts_per_tok": 2}
    assert "mixture of 4 experts" in why(transformers.MixtralConfig(**experts))
    assert "family 'fnet' is not known" in why(
        transformers.FNetConfig(**{key: value for key, value in BERT.items() if key != "num_attention_heads"})
    )
    exact = transformers.BloomConfig(**BLOOM, pretraining_tp=2, slow_but_exact=True)
    assert "0 times" in why(exact)
    assert "slow_but_exact" in why(exact)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ({"mlp": "intermediate.dense"}, "not made of what its MLP units and heads give"),
        ({"heads": "attention.self.value"}, "not made of what its MLP units and heads give"),
        ({"mlp": "output.dens"}, "no module output.dens,"),
        ({"blocks": ("encoder.layers",)}, "no module output.dense,"),
    ],
)
def test_a_family_that_is_not_what_its_line_says(
    folders: dict[str, tuple[str, LoadedModel]], monkeypatch: pytest.MonkeyPatch, line: dict[str, Any], says: str
) -> None:
    wrong = {"bert": replace(families()["bert"], **line)}
    monkeypatch.setattr(sites_module, "families", lambda: wrong)
    assert says in find_sites("tiny", folders["bert"][1].model, SENTENCES[0]).why


def test_units_without_a_row_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """OPT lays all sentences of a batch below each other before its MLP."""
    line = Family(("opt",), ("decoder.layers",), "fc2", "self_attn.out_proj")
    monkeypatch.setattr(sites_module, "families", lambda: {"opt": line})
    model = drawn(transformers.OPTConfig(**OPT, ffn_dim=48, word_embed_proj_dim=32))
    assert "no row a token" in find_sites("tiny", model, SENTENCES[0]).why


def test_layers_that_are_not_there(folders: dict[str, tuple[str, LoadedModel]]) -> None:
    sites = folders["llama"][1].sites
    for site, layer, first in ((MLP, 0, 1), (HEADS, 4, 1), (RESID, 4, 0)):
        with pytest.raises(
            ModelError, match=f"no layer {layer} at the site '{site}'; its layers there are {first} to 3"
        ):
            sites.address(site, layer)


def test_bfloat16(folders: dict[str, tuple[str, LoadedModel]]) -> None:
    for name in ("bert", "gemma3", "bloom", "mt5"):
        assert load_model(folders[name][0], device="cpu", dtype="bfloat16").sites.why == ""
