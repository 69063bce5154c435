"""The atlas of a run, and of a result folder whose activations are still in the cache."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from interlingua.atlas import write_atlas
from interlingua.contexts import contexts_hash
from interlingua.errors import StoreError, reason
from interlingua.flow import Cache, cache_root
from interlingua.models import Activations
from interlingua.questions.order import questions, tables
from interlingua.report.results import Results
from interlingua.run.study import load_study
from interlingua.study.outputs import ActivationsFile
from interlingua.study.prepare import Prepared
from interlingua.study.sources import Material, gather
from interlingua.study.steps import ACTIVATIONS

ACTIVATIONS_NAME = f"{ActivationsFile().name}{ActivationsFile.suffix}"


def atlas_of(folder: Path, prepared: Prepared, cache: Cache) -> Path:
    """Write the atlas of a run beside its tables.

    Parameters
    ----------
    folder
        With the run's tables, study and record.
    prepared
        The study.
    cache
        Of the run.

    Returns
    -------
    Path
        The page.
    """
    results = Results.read(folder, tables())
    return _write(results, _contexts(results, prepared.material), _activations(results, cache))


def rebuild_atlas(folder: Path | str, *, cache_dir: Path | str | None = None) -> Path:
    """Write the atlas of a finished run anew, from its tables, its study and the activations in the cache.

    Parameters
    ----------
    folder
        A result folder.
    cache_dir
        The cache of that run; the user's by default.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    StoreError
        If `folder` is not a result folder, or its activations or sentences are no longer what they were.
    """
    folder = Path(folder)
    results = Results.read(folder, tables())
    again = f"'interlingua run {folder / 'study.toml'} --output {folder}' makes them again"
    cache = Cache(Path(cache_dir or cache_root()))
    files = {}
    for model, site, language, key in _entries(results):
        what = f"the activations of {model} ({site}) for '{language}'"
        made = cache.peek(ACTIVATIONS.name, key)
        if made is None or ACTIVATIONS_NAME not in made.digests:
            raise StoreError(f"{what} are not in the cache {cache.root}; {again}")
        files[model, site, language] = made.folder / ACTIVATIONS_NAME
        if cache.spoilt(made, [ACTIVATIONS_NAME]):
            raise StoreError(f"{files[model, site, language]}: {what} are not what the run wrote; {again}")
    contexts = _contexts(results, gather(load_study(folder / "study.toml"), cache.root))
    for (_, _, language), file in files.items():
        if Activations.open(file).metadata["contexts"] != contexts_hash(contexts[language]):
            raise StoreError(f"the sentences of '{language}' have changed since this run; {again}")
    try:
        return _write(results, contexts, files)
    except OSError as error:
        raise StoreError(f"{error.filename or folder}: {reason(error)}") from error


def _write(
    results: Results, contexts: Mapping[str, pd.DataFrame], activations: Mapping[tuple[str, str, str], Path]
) -> Path:
    columns = [column for question in questions() for column in question.atlas]
    return write_atlas(results.folder, results, contexts, activations, columns)


def _contexts(results: Results, material: Material) -> dict[str, pd.DataFrame]:
    """Return the sentences of each language of the study."""
    return {code: material.language(code) for code in results.names}


def _activations(results: Results, cache: Cache) -> dict[tuple[str, str, str], Path]:
    """Return the file of activations of each (model, site, language) that the atlas shows."""
    return {
        (model, site, language): cache.folder(ACTIVATIONS.name, key) / ACTIVATIONS_NAME
        for model, site, language, key in _entries(results)
    }


def _entries(results: Results) -> list[tuple[str, str, str, str]]:
    """Return model, site, language and key in the cache of all activations, those of the control models left out."""
    shown = {model for model, _ in results.cells}
    of_study = [
        entry for entry in results.run["activations"] if entry["model"] in shown and entry["site"] in results.sites
    ]
    return [(entry["model"], entry["site"], entry["language"], entry["key"]) for entry in of_study]
