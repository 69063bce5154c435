"""A model's files as `save_pretrained` writes them: opened by `transformers`, errors in one line."""

from __future__ import annotations

import copy
import hashlib
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import huggingface_hub
import torch
import transformers
from huggingface_hub import errors as hub_errors

from interlingua.errors import ModelError
from interlingua.models import files
from interlingua.models.sources.base import OpenedModel

# What a folder's hash covers; all weights, as an index names further files, and the index, which chooses among them.
_HASHED_WEIGHTS = ("*.safetensors", "*.safetensors.index.json", "pytorch_model*.bin", "pytorch_model*.bin.index.json")


@dataclass(frozen=True)
class Place:
    """Where a model's files are.

    Parameters
    ----------
    location
        What `from_pretrained` opens.
    commit
        Of the hub, or "".
    folder
        Where the files lie.
    local_files_only
        Whether the hub is not asked.
    gguf
        Name of the GGUF file that holds all of the model, "" where it is files as `save_pretrained` writes them.
    trusted
        Whether weights may be a pickle, which can run code when it is opened.
    """

    location: str
    commit: str
    folder: Path
    local_files_only: bool
    gguf: str = ""
    trusted: bool = False

    @property
    def options(self) -> dict[str, Any]:
        """What `from_pretrained` is given."""
        named = {"gguf_file": self.gguf} if self.gguf else {}
        return {"revision": self.commit or "main", "local_files_only": self.local_files_only, **named}


class PretrainedFiles(OpenedModel):
    """Files as `save_pretrained` writes them, on the hub or in a folder.

    Parameters
    ----------
    name
        How results call the model.
    place
        Where they are.

    Raises
    ------
    ModelError
        If the configuration asks for what is never done (code of the repository, files elsewhere).
    """

    def __init__(self, name: str, place: Place) -> None:
        self._name, self._place, self.commit = name, place, place.commit
        files.check_config(name, place.folder)

    @cached_property
    def _config(self) -> Any:
        return open_config(self._name, self._place)

    def config(self) -> Any:
        """Read the configuration."""
        return self._config

    def tokenizer(self) -> Any:
        """Open the tokenizer; where its files are missing, `transformers` would make one up."""
        return open_tokenizer(self._name, self._place)

    def model(self, dtype: torch.dtype) -> Any:
        """Open the weights."""
        return _open_model(self._name, self._place, config=self._config, dtype=dtype)

    def placed(self, dtype: torch.dtype, options: Mapping[str, Any]) -> Any:
        """Open the weights where `from_pretrained` is told to put them, and in the form that it is told."""
        return _open_model(self._name, self._place, config=self._config, dtype=dtype, **options)

    def reference(self, layers: int | None) -> Any:
        """Open the weights of the first layers alone; what comes behind them is not read."""
        config = self._config if layers is None else _cut(self._config, layers)
        return _open_model(self._name, self._place, config=config, dtype=torch.float32)

    def check(self) -> None:
        """Compare the configuration with the weights, if these lie here."""
        weights = [] if self._place.commit else _weights(self._name, self._place, self._config)
        files.check_size(self._name, self._config, _auto(self._config), weights)

    def random(self, dtype: torch.dtype, seed: int) -> Any:
        """Draw weights of the configuration, which must be about as large as the files say."""
        weights = [self._place.folder / name for name in files.WEIGHTS if (self._place.folder / name).is_file()]
        files.check_size(self._name, self._config, _auto(self._config), [p for p in weights if p.suffix != ".json"])
        return random_model(self._name, self._config, dtype, seed)

    def with_head(self, dtype: torch.dtype, *, causal: bool) -> Any:
        """Open the weights with those of the head; none of these may be missing."""
        return _open_with_head(self._name, self._place, copy.deepcopy(self._config), dtype, causal=causal)


def open_config(name: str, place: Place) -> Any:
    """Read a configuration; how attention is computed is never its choice.

    Raises
    ------
    ModelError
        If it can't be read.
    """
    config = _open("AutoConfig", name, place.location, **place.options)
    config._attn_implementation = None
    return config


def _open(auto: str, name: str, location: str, **options: Any) -> Any:
    try:
        return getattr(transformers, auto).from_pretrained(location, trust_remote_code=False, **options)
    except Exception as error:  # a folder that is not whole makes from_pretrained raise almost anything
        what = {"AutoConfig": "configuration", "AutoTokenizer": "tokenizer"}.get(auto, "weights")
        raise ModelError(f"can't read the {what} of {name} in {location}: {one_line(error)}") from error


def open_tokenizer(name: str, place: Place) -> Any:
    """Open a tokenizer; where its files are missing, `transformers` would make one up."""
    if place.gguf:
        return _checked(name, _open("AutoTokenizer", name, place.location, **place.options))
    files.refuse_pointers(name, place.folder, files.TOKENIZER_FILES)
    try:
        tokenizer = _open("AutoTokenizer", name, place.location, **place.options)
    except ModelError as error:
        if files.has_pieces(place.folder):
            raise
        raise files.no_pieces(name) from error
    # Only tokenizers of bytes need none, and they give no offsets, which is said elsewhere.
    if getattr(tokenizer, "is_fast", False) and not files.has_pieces(place.folder):
        raise files.no_pieces(name)
    return _checked(name, tokenizer)


def _checked(name: str, tokenizer: Any) -> Any:
    """Refuse a tokenizer that opens and can't be used: what it says of itself is not of its pieces."""
    unknown, most = getattr(tokenizer, "unk_token", None), tokenizer.model_max_length
    fast = getattr(tokenizer, "is_fast", False)
    # Any token without a number of its own has this one's: without it `transformers` looks for ever.
    if fast and unknown is not None and tokenizer.backend_tokenizer.token_to_id(str(unknown)) is None:
        raise ModelError(
            f"the tokenizer of {name} has no '{str(unknown)[:40]}', which it names as its unknown token: get "
            "its files again"
        )
    if isinstance(most, bool) or not isinstance(most, int | float) or not most >= 1:
        raise ModelError(f"the tokenizer of {name} says model_max_length = {most!r}, which is no number of tokens")
    return tokenizer


def _open_model(name: str, place: Place, *, config: Any, dtype: torch.dtype, **options: Any) -> Any:
    return _encoder(open_whole(name, place, config=config, dtype=dtype, **options))


def open_whole(name: str, place: Place, *, config: Any, dtype: torch.dtype, **options: Any) -> Any:
    """Open a model's weights, those of a decoder beside an encoder included.

    Parameters
    ----------
    name, place, config, dtype
        What is opened, and in which number format.
    **options
        Further ones of `from_pretrained`: where weights are put, how they are quantised.

    Raises
    ------
    ModelError
        If they can't be had or read, are a pickle that nobody trusts, or are not whole.
    """
    weights = _weights(name, place, config)
    auto = _auto(config)
    if weights:
        files.check_size(name, config, auto, weights)
    whole, report = _open(
        auto, name, place.location, output_loading_info=True, config=config, dtype=dtype, **place.options, **options
    )
    model = _encoder(whole)
    # A decoder that is thrown away may be missing; what it shares with the encoder may not.
    kept = {id(parameter) for parameter in (*model.parameters(), *model.buffers())}
    named = dict(whole.named_parameters(remove_duplicate=False)) | dict(whole.named_buffers(remove_duplicate=False))
    missing = sorted(
        parameter
        for parameter in report["missing_keys"]
        if "pooler" not in parameter and (parameter not in named or id(named[parameter]) in kept)
    )
    if missing:
        raise ModelError(
            f"the weights of {name} lack {len(missing)} parameters of its configuration ({missing[0]}, ...), "
            "which would stay random; give the files of one model"
        )
    return whole


def _open_with_head(name: str, place: Place, config: Any, dtype: torch.dtype, *, causal: bool) -> Any:
    known: Any = transformers.MODEL_FOR_CAUSAL_LM_MAPPING if causal else transformers.MODEL_FOR_MASKED_LM_MAPPING
    if getattr(config, "is_encoder_decoder", False) or type(config) not in known:
        raise ModelError(
            f"models of the family '{config.model_type}' have none for {'next' if causal else 'masked'} words"
        )
    _weights(name, place, config)  # which refuses what must not be opened
    auto = "AutoModelForCausalLM" if causal else "AutoModelForMaskedLM"
    whole, report = _open(
        auto, name, place.location, output_loading_info=True, config=config, dtype=dtype, **place.options
    )
    if missing := sorted(report["missing_keys"]):
        raise ModelError(f"its files hold none ({missing[0]} is missing)")
    return whole


def _weights(name: str, place: Place, config: Any) -> list[Path]:
    """Return the files of weights that will be opened, those of a hub model downloaded; none if that fails."""
    if place.gguf:
        return [place.folder / place.gguf]
    explicit = getattr(config, "transformers_weights", None)
    for wanted in (explicit,) if isinstance(explicit, str) else files.WEIGHTS:
        if not place.trusted and files.is_pickle(wanted):
            if _is_there(place, wanted):
                raise files.no_pickle(name, wanted)
            continue
        path = _get(place, wanted)
        if path is None:
            continue
        files.refuse_pointers(name, path.parent, (path.name,))
        if path.suffix != ".json":
            return [path]
        shards = [(shard, _get(place, shard)) for shard in files.shard_names(name, path)]
        absent = [shard for shard, found in shards if found is None]
        if absent:
            raise ModelError(
                f"{path.name} of {name} names {len(absent)} files of weights that are not there, the first "
                f"{absent[0]}; get the whole model again"
            )
        found = [shard for _, shard in shards if shard is not None]
        files.refuse_pointers(name, path.parent, [shard.name for shard in found])
        return found
    return []


def _get(place: Place, file: str) -> Path | None:
    """Return where a file of a model lies, downloading it from the hub, or None where there is none."""
    if not place.commit:
        path = place.folder / file
        return path if path.is_file() else None
    try:
        return Path(huggingface_hub.hf_hub_download(place.location, file, **place.options))
    except (OSError, ValueError, hub_errors.HfHubHTTPError):
        return None


def _is_there(place: Place, file: str) -> bool:
    """Tell whether a model has a file, without downloading it."""
    if not place.commit or place.local_files_only:
        return (place.folder / file).is_file()
    try:
        return bool(huggingface_hub.file_exists(place.location, file, revision=place.commit))
    except (OSError, ValueError, hub_errors.HfHubHTTPError):
        return (place.folder / file).is_file()


def _cut(config: Any, layers: int) -> Any:
    """Return a configuration of the first layers alone."""
    cut = copy.deepcopy(config)
    text = cut.get_text_config()
    text.num_hidden_layers = layers
    if isinstance(getattr(text, "layer_types", None), list):
        text.layer_types = text.layer_types[:layers]
    return cut


def _auto(config: Any) -> str:
    """Return the class that opens a model: for an encoder that was saved without its decoder, one without."""
    known: Any = transformers.MODEL_FOR_TEXT_ENCODING_MAPPING
    if getattr(config, "is_encoder_decoder", False) or type(config) not in known:
        return "AutoModel"
    return "AutoModelForTextEncoding" if known[type(config)].__name__.endswith("EncoderModel") else "AutoModel"


def _encoder(model: Any) -> Any:
    """Return the encoder alone where there is a decoder besides."""
    return model.get_encoder() if getattr(model.config, "is_encoder_decoder", False) else model


def random_model(name: str, config: Any, dtype: torch.dtype, seed: int) -> Any:
    """Return a model of a configuration with weights drawn at random."""
    auto: Any = getattr(transformers, _auto(config))
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return _encoder(auto.from_config(config).to(dtype))
    except (ValueError, TypeError, ImportError) as error:
        raise ModelError(f"can't build {name} from its configuration: {one_line(error)}") from error


def empty_model(name: str, config: Any, *, whole: bool = False) -> Any:
    """Return a model of a configuration that holds no numbers: its parameters have shapes only.

    Parameters
    ----------
    name, config
        The model.
    whole
        With the decoder that stands beside an encoder, which is loaded, too.
    """
    auto: Any = getattr(transformers, _auto(config))
    try:
        with torch.device("meta"):
            empty = auto.from_config(copy.deepcopy(config))
            return empty if whole else _encoder(empty)
    except Exception as error:  # a configuration may ask for anything
        raise ModelError(f"can't build {name} from its configuration: {one_line(error)}") from error


def hash_folder(folder: Path, *, weights: bool) -> str:
    """Return a sha256 over the names and contents of the files that decide a model's numbers."""
    safetensors = any(folder.glob("*.safetensors"))
    patterns = [
        "config.json",
        *files.TOKENIZER_FILES,
        *((_HASHED_WEIGHTS[:2] if safetensors else _HASHED_WEIGHTS) if weights else ()),
    ]
    digest = hashlib.sha256()
    for path in sorted({p for pattern in patterns for p in folder.glob(pattern) if p.is_file()}):
        with path.open("rb") as file:
            digest.update(f"{path.name}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return f"sha256:{digest.hexdigest()}"


def one_line(error: BaseException) -> str:
    """Return an error's message on one line of at most 200 characters."""
    text = " ".join(str(error).split())
    return text if len(text) <= 200 else text[:197] + "..."


@contextmanager
def quiet(*, bars: bool) -> Iterator[None]:
    """Silence what loading prints (retries, unused heads, bars but for a download's), then restore it.

    Parameters
    ----------
    bars
        Whether something may be downloaded, which is shown on a terminal.
    """
    logging: Any = transformers.utils.logging
    hub_logging: Any = huggingface_hub.utils.logging
    level, hub_level = logging.get_verbosity(), hub_logging.get_verbosity()
    hide_bars = logging.is_progress_bar_enabled() and not (bars and sys.stderr.isatty())
    logging.set_verbosity_error()
    hub_logging.set_verbosity_error()
    if hide_bars:
        logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        hub_logging.set_verbosity(hub_level)
        if hide_bars:
            logging.enable_progress_bar()
