"""Data sets on the hub, with the hub's library answering from a folder: no network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub.errors import LocalEntryNotFoundError

from interlingua.contexts.corpora import open_corpus, search_corpus
from interlingua.errors import ContextsError

FILES = [
    "README.md",
    "20220301.fi/train-00000-of-00001.parquet",
    "20231101.fi/train-00000-of-00002.parquet",
    "20231101.fi/train-00001-of-00002.parquet",
    "20231101.sv/train-00000-of-00001.parquet",
]


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Put a hub of two Finnish shards in the library's place, and list what is fetched from it."""
    names: list[str] = []

    def download(repo: str, name: str, *, repo_type: str, revision: str) -> str:
        assert (repo, repo_type, revision) == ("wikimedia/wikipedia", "dataset", "0123abcd")
        names.append(name)
        path = tmp_path / name.replace("/", "-")
        number = int(name.rpartition("train-0000")[2][0])
        text = f"Kissa ja koira {['nukkuvat', 'leikkivät'][number]} pihalla. Tämä on muuta tekstiä."
        pq.write_table(pa.table({"id": ["1"], "url": ["u"], "title": ["Kissa"], "text": [text]}), path)
        return str(path)

    siblings = [SimpleNamespace(rfilename=name) for name in FILES]
    info = SimpleNamespace(siblings=siblings, sha="0123abcd")
    monkeypatch.setattr(huggingface_hub.HfApi, "dataset_info", lambda self, repo: info)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    return names


def test_the_newest_configuration_of_the_language(fetched: list[str]) -> None:
    corpus = open_corpus("wikimedia/wikipedia", "fi")
    assert corpus.name == "wikimedia/wikipedia:20231101.fi"
    assert (corpus.date, corpus.revision) == ("2023-11-01", "0123abcd")
    assert fetched == []
    search = search_corpus(["kissa"], corpus, "fi")
    assert fetched == FILES[2:4]
    assert len(search.contexts.table) == 2
    assert set(search.provenance["page"]) == {"Kissa"}
    assert search.card["licence"] == "CC BY-SA 4.0 (text of Wikipedia)"


def test_a_named_configuration_and_some_of_its_shards(fetched: list[str]) -> None:
    assert [shard.name for shard in open_corpus("wikimedia/wikipedia:20220301.fi", "fi").shards] == FILES[1:2]
    assert len(open_corpus("wikimedia/wikipedia", "fi", shards=1).shards) == 1


@pytest.mark.parametrize(
    ("source", "language", "wrong"),
    [
        ("wikimedia/wikipedia", "tr", "no configuration for 'tr'; name one as in"),
        ("wikimedia/wikipedia:20231101.tr", "tr", "no Parquet files of a configuration '20231101.tr'"),
    ],
)
@pytest.mark.usefixtures("fetched")
def test_what_is_not_there(source: str, language: str, wrong: str) -> None:
    with pytest.raises(ContextsError, match=wrong):
        open_corpus(source, language)


def _broken(error: Exception) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def test_no_network(fetched: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = open_corpus("wikimedia/wikipedia", "fi")
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", _broken(LocalEntryNotFoundError("no connection\nat all")))
    with pytest.raises(ContextsError, match=r"could not be fetched from the hub \(no connection\); run it again to go"):
        search_corpus(["kissa"], corpus, "fi")
    monkeypatch.setattr(huggingface_hub.HfApi, "dataset_info", _broken(ConnectionError("no connection")))
    with pytest.raises(ContextsError, match=r"a/b: neither a file here nor a data set that the Hugging Face hub gives"):
        open_corpus("a/b", "fi")
    assert fetched == []
