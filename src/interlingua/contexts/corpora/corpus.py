"""A corpus: its shards, on this machine or on the Hugging Face hub, and the documents of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from interlingua import languages
from interlingua.contexts.corpora.readers.base import Document, Options
from interlingua.contexts.corpora.readers.files import ZIPPED
from interlingua.contexts.corpora.readers.json_files import looks_like_squad
from interlingua.contexts.corpora.readers.registry import KINDS, Kind, get_kind, kind_of
from interlingua.errors import ContextsError

_DATE = re.compile(r"(?<!\d)(20\d\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])(?!\d)")
_YEAR = re.compile(r"(?<!\d)(20[0-4]\d)(?!\d)")
#: owner/name of a data set on the hub, and perhaps its configuration: wikimedia/wikipedia:20231101.es
_HUB_NAME = re.compile(r"[\w-][\w.-]*/[\w.-]+(?::[\w.-]+)?")


@dataclass(frozen=True)
class Shard:
    """One file of a corpus.

    Attributes
    ----------
    name
        Its name within the corpus: the same wherever the corpus lies.
    path
        Where it lies; empty for a file of the hub, which is fetched when it is first read.
    """

    name: str
    path: str = ""


@dataclass(frozen=True)
class Corpus:
    """A corpus of one language.

    Attributes
    ----------
    name
        What provenance calls it: the file's or folder's name, or the hub's ``owner/name:configuration``.
    language
        ISO 639-1 code.
    kind
        The format, one of `interlingua.contexts.corpora.readers.KINDS`.
    shards
        Its files, in the order of their names.
    date
        ISO 8601 date or year that its name tells; empty if it tells none.
    licence
        As the format's source states it, or as given.
    options
        How its files are read.
    repo, revision
        Of a corpus on the hub.
    """

    name: str
    language: str
    kind: str
    shards: tuple[Shard, ...]
    date: str = ""
    licence: str = ""
    options: Options = field(default_factory=Options)
    repo: str = ""
    revision: str = ""

    def documents(self, shard: Shard) -> Iterator[Document]:
        """Yield the documents of one shard, in their order; a shard of the hub is fetched first.

        Raises
        ------
        ContextsError
            If the file is missing, damaged, breaks off, is in another encoding or lacks a column.
        """
        path = Path(shard.path) if shard.path else _fetch(self, shard)
        return get_kind(self.kind).read(path, self.options)


def open_corpus(
    source: str | Path,
    language: str,
    *,
    kind: str = "auto",
    options: Options | None = None,
    shards: int | None = None,
    date: str = "",
    licence: str = "",
) -> Corpus:
    """Look at a corpus without reading it.

    Parameters
    ----------
    source
        A file, a folder of files, a pattern with ``*`` in its last part (``wikineural/es.*.conllu``), or a data
        set of Parquet files on the hub: ``wikimedia/wikipedia`` (the newest configuration of the language) or
        ``wikimedia/wikipedia:20231101.es``.
    language
        Its language, any tag that `interlingua.languages.get` knows.
    kind
        The format; by default the one that the files' names tell.
    options
        How the files are read.
    shards
        Read only so many files, the first by name.
    date, licence
        Where the corpus's own name or format doesn't tell them.

    Raises
    ------
    ContextsError
        If there is nothing there, or the format is not known, or there are files of several formats.
    """
    code = languages.get(language).code
    options = options or Options()
    if shards is not None and shards < 1:
        raise ContextsError(f"{source}: shards is {shards}; give 1 or more, or leave it out to read them all")
    if names_hub(source):
        repo, _, config = str(source).partition(":")
        corpus = _on_the_hub(repo, config, code, options)
    else:
        corpus = _on_disk(Path(source), code, kind, options)
    corpus = replace(corpus, shards=corpus.shards[:shards])
    return replace(corpus, date=date or corpus.date, licence=licence or corpus.licence)


def names_hub(source: str | Path) -> bool:
    """Return whether a source is a data set of the hub, ``owner/name`` or ``owner/name:configuration``.

    What lies here, or has the name of a file of a known format, is not.
    """
    return bool(_HUB_NAME.fullmatch(str(source))) and kind_of(Path(source)) is None and not Path(source).exists()


def _on_disk(source: Path, code: str, kind: str, options: Options) -> Corpus:
    wanted = None if kind == "auto" else get_kind(kind)
    files = _files(source, wanted)
    kinds = {found.name: found for path in files if (found := wanted or kind_of(path)) is not None}
    if not kinds:
        raise ContextsError(
            f"{source}: {ZIPPED}"
            if source.suffix.lower() == ".zip"
            else f"{source}: the name does not tell the format; say which it is with kind = 'text' (or"
            f" {', '.join(kind for kind in KINDS if kind != 'text')})"
        )
    if len(kinds) > 1:
        raise ContextsError(f"{source}: files of several formats ({', '.join(kinds)}); choose one with kind = '...'")
    (found,) = kinds.values()
    shards = tuple(Shard(path.name, str(path)) for path in files)
    name = f"{source.resolve().parent.name}/{source.name}" if "*" in source.name else source.resolve().name
    return Corpus(name, code, found.name, shards, _date(str(source)), found.licence, options)


def _files(source: Path, wanted: Kind | None) -> list[Path]:
    if "*" in source.name:
        files = sorted(path for path in source.parent.glob(source.name) if path.is_file())
        if not files:
            raise ContextsError(f"{source}: no file fits this pattern")
        return files
    if source.is_dir():
        files = _of_one_kind([path for path in sorted(source.iterdir()) if path.is_file()], wanted)
        if not files:
            raise ContextsError(f"{source}: no file of a corpus in this folder; see docs/corpora.md for the formats")
        return files
    if not source.is_file():
        raise ContextsError(f"{source}: there is no such file or folder")
    return [source]


def _of_one_kind(files: list[Path], wanted: Kind | None) -> list[Path]:
    told = {path: kind.name for path in files if (kind := kind_of(path)) is not None}
    if wanted is None:  # beside other files, JSON mostly describes them
        told = {path: name for path, name in told.items() if name != "squad" or looks_like_squad(path)}
    # An unpacked Leipzig archive holds lists of words and sources beside its sentences.
    chosen = wanted.name if wanted else "leipzig" if "leipzig" in told.values() else None
    return [path for path, name in told.items() if chosen is None or name == chosen]


def _date(name: str) -> str:
    """Return the last date that a path tells, or else the last year."""
    if dates := _DATE.findall(name):
        return "-".join(dates[-1])
    years = _YEAR.findall(name)
    return years[-1] if years else ""


def _on_the_hub(repo: str, config: str, code: str, options: Options) -> Corpus:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    try:
        info = HfApi().dataset_info(repo)
    except (HfHubHTTPError, OSError, ValueError) as error:
        first = str(error).strip().splitlines()[0]
        raise ContextsError(
            f"{repo}: neither a file here nor a data set that the Hugging Face hub gives ({first})"
        ) from error
    names = sorted(entry.rfilename for entry in info.siblings or () if entry.rfilename.endswith(".parquet"))
    configs = sorted({name.split("/")[0] for name in names if "/" in name})
    if not config:
        edition = languages.get(code).wikipedia
        of_language = [entry for entry in configs if entry == edition or entry.endswith(f".{edition}")]
        if not of_language:
            raise ContextsError(f"{repo}: no configuration for '{code}'; name one as in '{repo}:20231101.es'")
        config = of_language[-1]
    shards = tuple(Shard(name) for name in names if name.startswith(f"{config}/"))
    if not shards:
        raise ContextsError(f"{repo}: no Parquet files of a configuration '{config}'")
    wikipedia = "wikipedia" in repo
    licence = get_kind("wikipedia").licence if wikipedia else "see the data set's page on the hub"
    return Corpus(
        f"{repo}:{config}", code, "wikipedia", shards, _date(config), licence, options, repo, str(info.sha or "")
    )


def _fetch(corpus: Corpus, shard: Shard) -> Path:
    """Return the shard's file in the hub's cache; a fetch that broke off goes on where it stopped."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError

    try:
        return Path(hf_hub_download(corpus.repo, shard.name, repo_type="dataset", revision=corpus.revision or None))
    except (HfHubHTTPError, OSError, ValueError) as error:
        first = str(error).strip().splitlines()[0]
        raise ContextsError(
            f"{corpus.repo}/{shard.name}: could not be fetched from the hub ({first}); run it again to go on"
        ) from error
