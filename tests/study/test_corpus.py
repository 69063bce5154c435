"""A language whose sentences are searched in a corpus: its section, the search, the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

pytest.importorskip("icu4py", reason="needs the extra 'corpora'")
pytest.importorskip("sentencex", reason="needs the extra 'corpora'")

from interlingua.contexts import Contexts
from interlingua.errors import ConfigError, ContextsError
from interlingua.run.contexts import build_contexts
from interlingua.run.study import load_study
from interlingua.study.config import Study
from interlingua.study.sources import gather

SIDES = ["left", "right", "near", "far", "above", "below"]
WORDS = ["sea", "sky", "sun", "wind", "stone", "river", "cloud", "tree"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A corpus in which the n-th word has n + 2 sentences, norms of the words, and a study of both."""
    texts = [
        f"{number * 10 + place}\tThe {word} is {SIDES[place % 6]} of the {['door', 'road'][place // 6]} now."
        for number, word in enumerate(WORDS)
        for place in range(number + 2)
    ]
    (tmp_path / "made-sentences.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    rows = [f"{word}\t{1 + number}" for number, word in enumerate([*WORDS, "whale"])]
    (tmp_path / "norms.tsv").write_text("word\tvalence\n" + "\n".join(rows) + "\n", encoding="utf-8")
    (tmp_path / "study.toml").write_text(
        """
name = "made"
models = ["multilingual-e5-small"]
variables = ["valence"]
norms = "norms.tsv"
sampling = { words = "all", sentences = 4 }
[languages.en]
corpus = "made-sentences.txt"
[languages.de]
corpus = { source = "made-sentences.txt", n = 3, at_least = 2, forms = "exact", policy = "shortest" }
[languages.it]
""",
        encoding="utf-8",
    )
    return tmp_path


def per_word(contexts: Contexts, code: str) -> dict[str, int]:
    table = contexts.table
    return table[table["language"] == code].groupby("word", sort=False).size().to_dict()


def test_sentences_of_a_study(folder: Path) -> None:
    study = load_study(folder / "study.toml")
    material = gather(study, folder / "cache")
    assert per_word(material.contexts, "en") == dict.fromkeys(WORDS[2:], 4)
    # Unequal by choice: at most three, at least two.
    assert per_word(material.contexts, "de") == {**dict.fromkeys(WORDS[:1], 2), **dict.fromkeys(WORDS[1:], 3)}
    table = material.contexts.table
    sea = table[(table["language"] == "de") & (table["word"] == "sea")]
    assert set(sea["valence"]) == {0.0}
    assert set(table["split"]) == {"train", "test"}
    issues = material.contexts.issues.set_index(["language", "kind"])["count"].to_dict()
    assert issues["en", "left out: too few sentences"] == 2
    assert issues["en", "word not found"] == 1
    assert material.n_rated["en"] == 9
    pd.testing.assert_frame_equal(gather(study, folder / "cache").contexts.table, table)


def test_as_many_words_as_are_wanted_flat_over_the_scale(folder: Path) -> None:
    study = load_study(
        folder / "study.toml", overrides={"sampling.words": 4, "languages.de.corpus": "made-sentences.txt"}
    )
    words = per_word(gather(study, folder / "cache").contexts, "en")
    assert len(words) == 4
    assert set(words) <= set(WORDS[2:])


def test_what_was_found_is_kept_until_the_corpus_changes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import interlingua.study.corpus as module

    calls: list[str] = []
    search = module.search_corpus
    monkeypatch.setattr(module, "search_corpus", lambda *a, **k: calls.append(a[2]) or search(*a, **k))
    study = load_study(folder / "study.toml")
    gather(study, folder / "cache")
    gather(study, folder / "cache")
    assert calls == ["en", "de"]
    corpus = folder / "made-sentences.txt"
    corpus.write_text(corpus.read_text(encoding="utf-8") * 2 + "1\tThe sea is blue and wide now.\n", encoding="utf-8")
    gather(study, folder / "cache")
    assert calls == ["en", "de", "en", "de"]


def test_a_corpus_that_grows_is_searched_in_its_new_files_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import interlingua.contexts.corpora.search as module

    read: list[str] = []
    search = module.search_shard
    monkeypatch.setattr(module, "search_shard", lambda *a, **k: read.append(a[1].name) or search(*a, **k))
    (folder / "corpus").mkdir()
    (folder / "made-sentences.txt").rename(folder / "corpus/a-sentences.txt")
    study = load_study(
        folder / "study.toml", overrides={"languages.en.corpus": "corpus", "languages.de.corpus.source": "corpus"}
    )
    found = per_word(gather(study, folder / "cache").contexts, "en")
    (folder / "corpus/b-sentences.txt").write_text(
        "".join(f"{n}\tThe sea is {side} of a house now.\n" for n, side in enumerate(SIDES)), encoding="utf-8"
    )
    assert per_word(gather(study, folder / "cache").contexts, "en") == {"sea": 4} | found
    assert read == [*["a-sentences.txt"] * 2, *["b-sentences.txt"] * 2]


def test_a_search_that_fails_leaves_no_entry(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import interlingua.study.corpus as module

    def broken(*_: Any, **__: Any) -> None:
        raise ContextsError("the corpus breaks off")

    study = load_study(folder / "study.toml")
    with monkeypatch.context() as patch:
        patch.setattr(module, "search_corpus", broken)
        with pytest.raises(ContextsError, match="breaks off"):
            gather(study, folder / "cache")
    assert not [path for path in (folder / "cache").rglob("*") if path.is_file()]
    assert per_word(gather(study, folder / "cache").contexts, "en") == dict.fromkeys(WORDS[2:], 4)


def test_the_section_survives_being_written_out(folder: Path) -> None:
    study = load_study(folder / "study.toml")
    (folder / "again.toml").write_text(study.to_toml(), encoding="utf-8")
    assert load_study(folder / "again.toml") == study
    corpus = study.languages["de"].corpus
    assert corpus is not None
    assert (corpus.n, corpus.policy, corpus.source) == (3, "shortest", str(folder / "made-sentences.txt"))


def test_a_data_set_of_the_hub_keeps_its_name(folder: Path) -> None:
    study = load_study(folder / "study.toml", overrides={"languages.en.corpus": "wikimedia/wikipedia"})
    assert study.languages["en"].corpus is not None
    assert study.languages["en"].corpus.source == "wikimedia/wikipedia"


@pytest.mark.parametrize(
    ("overrides", "error", "wrong"),
    [
        ({"languages.en.contexts": "authors"}, ConfigError, "languages.en: give either contexts or corpus, not both"),
        ({"languages.en.corpus": {"kind": "text"}}, ConfigError, "'languages.en.corpus.source' is missing"),
        ({"languages.de.corpus.policy": "longest"}, ConfigError, "languages.de.corpus.policy"),
        ({"languages.de.corpus.sources": "x"}, ConfigError, "there is no key 'languages.de.corpus.sources'"),
        ({"languages.en.corpus": "nowhere.txt"}, ContextsError, r"nowhere\.txt: there is no such file or folder"),
        ({"sampling.sentences": 50}, ContextsError, r"languages\.en\.corpus: no word has 50 sentences.* most is 9"),
        ({"languages.en.norms": None}, ConfigError, "languages.en: no norms"),
    ],
)
def test_what_is_refused(folder: Path, overrides: dict[str, Any], error: type[Exception], wrong: str) -> None:
    def load() -> Study:
        return load_study(folder / "study.toml", overrides=overrides)

    with pytest.raises(error, match=wrong):
        gather(load(), folder / "cache")


def test_files_to_share(folder: Path) -> None:
    study = load_study(folder / "study.toml")
    built = list(build_contexts(study, folder / "out", folder / "cache"))
    assert [path.name for _, path in built] == ["en.parquet", "de.parquet"]
    again = Contexts.read(folder / "out/en.parquet")
    assert again.variables == ()
    card = json.loads((folder / "out/en.card.json").read_text(encoding="utf-8"))
    assert (card["words"], card["words_with_at_least"]) == (9, {"1": 8, "2": 8, "4": 6})
    # What was written can be the contexts of another study.
    overrides: dict[str, Any] = {"languages": {"en": {"contexts": str(folder / "out/en.parquet")}, "it": {}}}
    used = gather(load_study(folder / "study.toml", overrides=overrides), folder / "cache")
    assert per_word(used.contexts, "en") == per_word(again, "en")
    with pytest.raises(ConfigError, match=r"languages\.it: no corpus; those with one are en, de"):
        list(build_contexts(study, folder / "out", folder / "cache", codes=["Italian"]))
    without = load_study(folder / "study.toml", overrides={"languages": ["en", "it"]})
    with pytest.raises(ConfigError, match="no language of this study names a corpus"):
        list(build_contexts(without, folder / "out", folder / "cache"))


def test_the_command(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from interlingua.cli.main import app

    monkeypatch.setenv("INTERLINGUA_CACHE", str(folder / "cache"))
    run: Callable[..., Any] = lambda *words: app([*map(str, words)], standalone_mode=False)  # noqa: E731
    run("contexts", "build", folder / "study.toml", "-o", folder / "out", "-l", "en")
    said = capsys.readouterr().out
    assert f"{folder / 'out/en.parquet'}: 29 sentences of 8 words" in said
    assert "of 9 words: 8 with 1 or more, 8 with 2 or more, 6 with 4 or more" in said
    run("contexts", "check", folder / "out/en.parquet")
    said = capsys.readouterr().out
    assert "en: 29 sentences of 8 words, 2 to 4 each (train 29)" in said
    assert "en: word not found: 1 (words without a sentence, such as whale)" in said
    with pytest.raises(ContextsError, match="can't be read as a Parquet table"):
        run("contexts", "check", folder / "norms.tsv")
