"""The sections of a study file: every option with its default and what it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from interlingua.errors import ConfigError, suggest
from interlingua.tables.layout import RESID, Site

Share = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[int, Field(gt=0)]
#: Words of `contexts` that are not paths.
AUTHORS, CARRIERS = "authors", "carriers"


class Section(BaseModel):
    """Frozen, and without keys that nobody reads."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _true_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        field = cls.model_fields[info.field_name or ""]
        if _holds_flag(value) and not _takes_flag(field.annotation):
            raise PydanticCustomError("flag", "true and false are no numbers")
        return value


def _holds_flag(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_flag, value.values()))
    return isinstance(value, bool) or (isinstance(value, list | tuple) and any(map(_holds_flag, value)))


def _takes_flag(kind: Any) -> bool:
    """Return whether true and false may stand in a key of this type; sections within it look for themselves."""
    if kind in (bool, Any) or (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return True
    return any(map(_takes_flag, get_args(kind)))


class CorpusConfig(Section):
    """Where to search the words of a language's norms, and which sentences to take."""

    source: str
    """A file, a folder, a pattern such as ``dumps/es*.xml.bz2``, or a data set on the hub such as
    ``wikimedia/wikipedia`` or ``wikimedia/wikipedia:20231101.es``."""
    kind: Literal["auto", "wikipedia", "dump", "leipzig", "conll", "jsonl", "squad", "text"] = "auto"
    """The format; by default the one that the files' names tell."""
    shards: Positive | None = None
    """Read only so many files, the first by name."""
    encoding: str = "utf-8"
    columns: Mapping[str, str] = Field(default_factory=dict)
    """What a Parquet or JSON lines file calls ``text``, ``page``, ``url`` and ``date``."""
    whole_sentences: bool | None = None
    """Whether each record is one sentence already; by default as is usual for the kind."""
    paragraphs: Literal["line", "blank"] = "line"
    """Of plain text: each line is a paragraph, or lines are wrapped and a blank one parts paragraphs."""
    date: str = ""
    licence: str = ""
    n: Positive | None = None
    """Sentences a word; by default as many as ``sampling.sentences``."""
    at_least: Positive | None = None
    """Words with fewer sentences are left out; by default all that have not ``n``."""
    min_tokens: Positive = 4
    max_tokens: Positive = 100
    policy: Literal["reservoir", "shortest"] = "reservoir"
    """A fair sample of all distinct sentences, or the shortest ones, as the authors took them."""
    forms: Literal["exact", "inflected"] = "exact"
    segmenter: Literal["auto", "icu", "jieba", "substring"] = "auto"
    fragments: bool = False
    """Whether headings, captions and items of lists count as sentences."""
    most_page_megabytes: Positive = 32
    """The most that is read of a page, a record or a line; more is an error."""
    most_page_seconds: Positive = 60
    """The most that the markup of a page may take; more is an error."""
    most_unpacked_megabytes: Positive | None = None
    """The most that a packed file may be unpacked; by default a thousand times as much, and 64 in any case."""


def _from_source(value: Any) -> Any:
    return {"source": value} if isinstance(value, str) else value


#: A section, or the source alone.
CorpusEntry = Annotated[CorpusConfig, BeforeValidator(_from_source)]


class LanguageConfig(Section):
    """Where one language's ratings and sentences come from."""

    norms: str | None = None
    """A norm card's name (``interlingua norms``), or a file of ratings. Not needed where the sentences
    already carry their ratings (the authors' data, or a table with a column for each variable, used unscaled)."""
    file: str | None = None
    """A copy of your own of the table that `norms` names by its card: it is read as the card says, and licence and
    citation are the card's."""
    columns: Mapping[str, str | int] = Field(default_factory=dict)
    """Columns of that file, by name or position from 0: ``word`` and one entry for each variable; names that are
    equal may be left out."""
    options: Mapping[str, Any] = Field(default_factory=dict)
    """How to read that file: ``encoding``, ``separator``, ``decimal``, ``sheet``, ``header_row``, ``na_values`` and
    the other fields of `interlingua.norms.Layout`."""
    variables: tuple[str, ...] = ()
    """Which of the study's variables this language has ratings of; all of them by default."""
    contexts: str = CARRIERS
    """``carriers`` (our own neutral frames), ``authors`` (the paper's public files), or a file of sentences."""
    context_columns: Mapping[str, str | int] = Field(default_factory=dict)
    """Columns of the sentence file, by name or position from 0: ``text``, ``word``, and ``start`` and ``end``, or
    ``index``; without ``norms`` also one for each variable."""
    context_options: Mapping[str, Any] = Field(default_factory=dict)
    """How to read that file: ``encoding``, ``separator``, ``quoted``, ``sheet``, ``header_row``, ``member`` and the
    other options of `interlingua.norms.Layout` that are not about ratings."""
    corpus: CorpusEntry | None = None
    """Instead of `contexts`: the corpus in which the words of the norms are searched, or a table of its options."""

    @model_validator(mode="after")
    def _a_copy_of_known_norms(self) -> Self:
        if self.file is not None and self.norms is None:
            raise ValueError(
                "file: of which norms is it a copy? Give their card, too: norms = 'NAME' ('interlingua norms' lists "
                "them); of a table without a card give the path as norms"
            )
        if self.file is not None and self.contexts == AUTHORS:
            raise ValueError("file: the authors' files bring their own ratings; leave file out, or give other contexts")
        return self


class Sampling(Section):
    """Which words and sentences are used."""

    words: Positive | Literal["smallest", "all"] = "smallest"
    """Words a seen language: a number, as many as the smallest language has, or all."""
    sentences: Positive = 10
    """Sentences a word (for carriers: how many frames; each language has ten)."""
    test_share: Share = 0.2
    """Share of the words held out for testing (no word stands in both)."""
    flat: bool = True
    """Draw the words of a larger norm flat over the scale of the first variable instead of at random."""
    scale: Literal["minmax", "z", "none", "ends"] = "minmax"
    """How ratings are scaled, over the whole norm table, before any word is drawn."""


class Concepts(Section):
    """Which words of different languages are translations of each other."""

    links: str | None = None
    """A table (CSV, TSV) with the columns ``language``, ``word`` and ``concept``: words with one concept are linked,
    beside those that the norms link (by a column of concepts, Concepticon or English glosses)."""
    links_options: Mapping[str, Any] = Field(default_factory=dict)
    """How to read that table, as ``context_options``."""
    neighbours: bool = True
    """Where neither norms nor `links` say it, link words that are mutual nearest neighbours by the model's own word
    vectors. Only permutations and overlaps without linked words use these links."""
    least: Annotated[float, Field(gt=-2, lt=2)] = 0.4
    """How near they must be: their CSLS."""
    split: bool = True
    """Keep the words of a concept on one side of the split, in all languages (by links of norms and `links` only)."""


class Extraction(Section):
    """How activations are read."""

    dtype: Literal["float32", "float16", "bfloat16", "auto"] = "float32"
    """Arithmetic of the forward pass; ``auto`` takes bfloat16 where the processor computes in it."""
    quantisation: Literal["none", "8bit", "4bit"] = "none"
    """To what weights of linear layers are rounded, by bitsandbytes (docs/models.md)."""
    trust: bool = False
    """Open weights that are a pickle, too, which can run code when it is opened; ``--trust`` says the same."""
    store_dtype: Literal["float32", "float16"] = "float32"
    pooling: Literal["mean", "first", "last", "after", "end", "sentence"] = "mean"
    """Where in the sentence: the mean of the target's pieces, its first or last one; the token after it, the sentence's
    last token, or the mean of the sentence."""
    layers: Mapping[Site, tuple[Positive, ...]] = Field(default_factory=dict)
    """Layers of MLP units and of heads that are read; by default all. The residual stream is read in all layers."""
    heads: Literal["units", "whole"] = "units"
    """Of heads: every number that they give is a unit, or the length of what a head gives is one."""

    @field_validator("layers")
    @classmethod
    def _of_sites_that_are_wide(cls, value: Mapping[Site, tuple[int, ...]]) -> Mapping[Site, tuple[int, ...]]:
        if RESID in value:
            raise ValueError(f"the residual stream is read in all layers: leave '{RESID}' out")
        for site, layers in value.items():
            if not layers:
                raise ValueError(f"'{site}' names no layer: give one or more, or leave it out")
        return {site: tuple(sorted(set(layers))) for site, layers in value.items()}

    boundary_piece: Literal["include", "exclude"] = "exclude"
    """Whether a lone word-boundary piece in front of the target counts as part of it (NeuroX: it does)."""
    batch_tokens: Positive = 1024
    device: str = "auto"
    """``auto`` (CUDA where there is one), ``cpu``, ``cuda``, ``cuda:1`` (a GPU by its number), ``mps``, or ``spread``
    (over all GPUs and, where they are full, the processor's memory)."""

    @field_validator("device")
    @classmethod
    def _a_device(cls, value: str) -> str:
        from interlingua.models.devices import DEVICES, WHICH_DEVICES

        if not DEVICES.fullmatch(value):
            raise ValueError(f"give {WHICH_DEVICES}, not '{value}'")
        return value


def _a_probe(name: str) -> str:
    from interlingua.probes.methods import names

    if name not in names():
        *most, last = map(repr, names())
        raise ValueError(f"give {', '.join(most)} or {last}{suggest(name, names())}")
    return name


#: The name of a probe (`interlingua.probes.methods`).
Probe = Annotated[str, AfterValidator(_a_probe)]


class Probes(Section):
    """Which probes are fitted, and how."""

    methods: tuple[Probe, ...] = ("ridge", "elastic-net-cv", "elastic-net")
    whole: bool = True
    """Fit probes of the whole network, too, as the paper does. Their memory grows with the square of all units: without
    them large models can be studied, performance is that of the chosen layer, and there is no zeroed curve."""
    l1: Annotated[float, Field(ge=0)] = 0.001
    l2: Annotated[float, Field(ge=0)] = 0.001
    folds: Annotated[int, Field(ge=2)] = 5
    standardise: Literal["train", "each-split"] = "train"
    adam_epochs: Positive = 500


class Layer(Section):
    """How the layer whose units are compared is chosen."""

    choose: Literal["cv", "test"] | Annotated[int, Field(ge=0)] = "cv"
    """By mean r over languages in cross-validation on the training words, on the test words (the paper), or given."""
    probe: Probe = "ridge"
    curve: Literal["layer", "zeroed"] = "layer"
    """The curve that chooses: a probe a layer, or the whole-network probe with the other layers zeroed."""


def _all_nulls() -> tuple[str, ...]:
    from interlingua.units.nulls import names

    return names()


class Units(Section):
    """How units are ranked and compared."""

    methods: tuple[str, ...] = ("correlation", "ridge", "elastic-net-cv", "elastic-net")
    headline: str = "correlation"
    k: Positive | Share = 100 / 768
    """How many units of a layer count as carrying the rating: a number, or a share of the layer's width."""
    random_units: Positive = 100
    """Random units of the layer that the unseen language's units are compared with (Table 2)."""
    permutations: Annotated[int, Field(ge=0)] = 200
    """Draws of every null (0: none)."""
    nulls: tuple[str, ...] = Field(default_factory=_all_nulls)
    """What is drawn: permuted ratings, and ratings that each language encodes in its own way; all of them by
    default."""

    @field_validator("nulls")
    @classmethod
    def _nulls_that_exist(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        from interlingua.units.nulls import get

        for name in value:
            try:
                get(name)
            except ConfigError as error:
                raise ValueError(str(error)) from None
            if value.count(name) > 1:
                raise ValueError(f"'{name}' stands there twice")
        return value


class Scrutiny(Section):
    """What a reviewer would ask for beside the paper's tests."""

    confounds: bool = True
    """Partial out word length, number of sub-words and (with the extra ``confounds``) log frequency."""
    concreteness: Mapping[str, str] = Field(default_factory=dict)
    """Norms of concreteness by language (a card's name or a file), to be partialled out, too."""
    stability: Positive = 100
    """Draws of the bootstrap over words that says how often a unit is selected again, by every ranking."""
    adam_seeds: Annotated[int, Field(ge=2)] = 2
    """Initialisations of Adam whose top units are compared, where Adam is among the probes."""
    audit_against: str = "labmt"
    """A norm with which every language's ratings are compared where it has the language and variable ("": none)."""
    controls: tuple[str, ...] = ("untrained",)
    """Models that can't know the languages, beside which the study's are set: ``"untrained"`` is each of them with
    random weights, anything else a model as in ``models`` (a monolingual one, say)."""
    untrained_draws: Positive = 5
    """Draws of random weights behind ``"untrained"``."""
    untrained_sentences: Positive = 1
    """Sentences a word that each of them reads: one is enough for a control that shares next to nothing."""
    control_sentences: Positive | None = None
    """Sentences a word that the other controls read; by default as many as the study's models."""


def _a_readout(name: str) -> str:
    from interlingua.causal.readouts import names

    if name not in names():
        raise ValueError(f"give one of {', '.join(map(repr, names()))}{suggest(name, names())}")
    return name


def _all_readouts() -> tuple[str, ...]:
    from interlingua.causal.readouts import names

    return names()


EditName = Literal["steer", "mean", "swap", "resample", "zero"]


class Causal(Section):
    """Whether the model uses the units: they are edited, and what can be read behind them is compared."""

    ask: bool = False
    """Ask it: a forward and a backward pass over some of the test words of every language, and some hundred edits."""
    sites: tuple[Site, ...] | None = None
    """Where units are edited; by default at all of the study's `sites`."""
    units: Positive | None = None
    """Units that are edited for real; by default as many as at the top (`units.k`)."""
    sizes: tuple[Positive, ...] = (5, 10, 20)
    """Smaller sets, the first of the same units, whose effects are predicted."""
    edits: tuple[EditName, ...] = ("steer", "mean", "swap")
    """``steer``: shifted by a dose x sign x SD; ``mean``: set to the language's mean; ``swap``: to the values of a word
    of another rating; ``resample``: of a random word; ``zero``: which measures outliers."""
    doses: tuple[Annotated[float, Field(ge=-10, le=10)], ...] = (-2.0, -1.0, 1.0, 2.0)
    """Of ``steer``, in SDs of each unit over the language's training words."""
    tokens: Literal["target", "all"] = "target"
    """Where: at the word's tokens, or at all of its sentence."""
    readouts: tuple[Annotated[str, AfterValidator(_a_readout)], ...] = Field(default_factory=_all_readouts)
    """What reads the rating behind the edit; all there are by default."""
    frames: Positive = 4
    """Slot frames a language at most, from the first, in which the readout ``words`` asks a model for words."""
    words: Annotated[int, Field(ge=10)] = 100
    """Test words a language at most, spread over the ratings, each in its first sentence."""
    sets: Annotated[int, Field(ge=20)] = 199
    """Control sets: as many units, each alike one of the tested ones; with fewer no p could be below .05."""
    edited: Annotated[int, Field(ge=5)] = 20
    """Control sets that are edited for real, to see whether the predictions hold for all."""
    edited_words: Annotated[int, Field(ge=5)] = 24
    """Words in which they are."""
    sweep: bool = False
    """Units of every layer, too, by a backward pass through the whole model for each word and readout."""
    untrained: bool = True
    """Steer the first draw of random weights, too, where `scrutiny.controls` has ``"untrained"``."""

    @field_validator("sites", "edits", "readouts", "sizes", "doses")
    @classmethod
    def _each_once(cls, value: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
        if value == ():
            raise ValueError("give one at least")
        for entry in (every := value or ()):
            if every.count(entry) > 1:
                raise ValueError(f"'{entry}' stands there twice")
        return value

    @field_validator("doses")
    @classmethod
    def _not_nothing(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if 0 in value:
            raise ValueError("a dose of 0 is no edit: leave it out")
        return value

    @model_validator(mode="after")
    def _with_steering(self) -> Self:
        if "steer" not in self.edits:
            raise ValueError("edits: 'steer' is what the answer is about: keep it among them")
        if self.edited > self.sets:
            raise ValueError(f"edited: {self.edited} of {self.sets} control sets can't be edited; give fewer")
        return self


class Alignment(Section):
    """The relation between sharing and performance."""

    draws: Positive = 2000
    """Draws of the permutation of languages."""
