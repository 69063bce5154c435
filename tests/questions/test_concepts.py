"""Translations: which words are linked, what is shared without them, and what is said as it comes out."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from interlingua.models import Activations
from interlingua.probes import Design
from interlingua.questions.concepts import (
    CONCEPT_LINKS,
    DISJOINT,
    ELSEWHERE,
    LINKS,
    QUESTION,
    STRATA,
    SUMMARY,
    WORDS,
)
from interlingua.questions.concepts.compute import compare_apart, link_words, rank_apart, stratify
from interlingua.questions.concepts.show import glance, section
from interlingua.report.results import Results
from interlingua.study.cell import Cell
from interlingua.tables.layout import Layout
from interlingua.units import LayerData, concepts, rank_units

WIDTH, N_WORDS, LANGUAGES = 40, 60, ("de", "en", "it")
CELL = Cell("m", "valence", 1, 8, Layout.even(4, WIDTH))
PROBES = pd.DataFrame(columns=["model", "variable", "language", "curve", "layer", "probe", "l1", "l2"])


def list_of(
    code: str, meanings: NDArray[np.float64], rating: NDArray[np.float64], rng: np.random.Generator, noise: float = 0.7
) -> tuple[Activations, pd.DataFrame]:
    """Return a language's words, two sentences each, placed by what they mean; the last eight are test words."""
    n = len(meanings)
    words = np.repeat(np.arange(n), 2)
    X = np.stack([meanings[words] + noise * rng.normal(size=(2 * n, WIDTH)) for _ in range(4)]).astype(np.float32)
    ratings = pd.DataFrame(
        {
            "language": code,
            "word": [f"{code}{number}" for number in words],
            "split": np.where(words < n - 8, "train", "test"),
            "valence": rating[words],
        }
    )
    return Activations.from_arrays(X, {"language": code, "model": "m"}), ratings


def named(code: str, concept: str | None = None, origin: str = "norms") -> pd.DataFrame:
    """Return the study's concepts of a language, a row a sentence; every word's number is its meaning."""
    words = np.repeat(np.arange(N_WORDS), 2)
    names = [f"{concept}{number}" if concept else "" for number in words]
    return pd.DataFrame(
        {
            "language": code,
            "word": [f"{code}{number}" for number in words],
            "concept": names,
            "origin": origin if concept else "",
        }
    )


def translated(seed: int, *, same: bool = True) -> dict[str, tuple[Activations, pd.DataFrame]]:
    """Lists of the same meanings in another order of chance; ratings mean nothing, and are equal for translations."""
    rng = np.random.default_rng(seed)
    meanings, rating = rng.normal(size=(N_WORDS, WIDTH)), rng.normal(size=N_WORDS)
    return {code: list_of(code, meanings, rating if same else rng.normal(size=N_WORDS), rng) for code in LANGUAGES}


def steps(
    material: dict[str, tuple[Activations, pd.DataFrame]], known: dict[str, pd.DataFrame], **options: Any
) -> dict[str, Any]:
    """Take all steps of the question, and check what they leave."""
    activations = {code: one for code, (one, _) in material.items()}
    ratings = {code: one for code, (_, one) in material.items()}
    first = link_words(activations, known, model="m", **{"neighbours": True, "least": 0.4} | options)
    second = stratify(first["links"], ratings, model="m", variable="valence")
    found = {**first, **second}
    strata = STRATA.empty() if found["strata"] is None else found["strata"]
    rankings, signs = [], {}
    for code, of_language in material.items():
        design = Design(*of_language)
        y, _ = design.ratings("valence")
        ranked = rank_units(LayerData(design.train(1), y, design.train_words, 1, WIDTH, {}), "correlation")
        rankings.append(
            ranked.assign(language=code, method="correlation", layer=1, model="m", site="resid", variable="valence")
        )
        signs[code] = rank_apart(
            *of_language,
            PROBES,
            CELL,
            strata,
            language=code,
            headline="correlation",
            draws=99,
            standardise="train",
            folds=5,
            seed=0,
        )["disjoint_signs"]
    found |= compare_apart(signs, pd.concat(rankings), CELL, headline="correlation")
    for table in (LINKS, CONCEPT_LINKS, STRATA, ELSEWHERE, WORDS, SUMMARY, DISJOINT):
        if found[table.name] is not None:
            assert list(table.check(found[table.name]).columns) == list(table.names)
    return found


def test_neighbours_find_the_translations_of_one_list() -> None:
    found = steps(translated(0), {code: named(code) for code in LANGUAGES})
    links = found["links"].assign(number=found["links"]["word"].str[2:])
    linked = links[links["concept"] != ""]
    assert set(linked["origin"]) == {"neighbours"}
    # Every word of one concept is the same word of the list.
    assert (linked.groupby("concept")["number"].nunique() == 1).all()
    assert len(linked) > 0.95 * len(links)
    assert (found["concept_links"]["n_links"] > 0.9 * N_WORDS).all()
    summary = found["concept_summary"].iloc[0]
    assert summary["n_words"] == 3 * (N_WORDS - 8)
    assert summary["n_neighbours"] == summary["n_linked"]
    assert summary["largest"] == 3
    assert not summary["chained"]


def test_without_neighbours_or_names_there_is_nothing() -> None:
    found = steps(translated(0), {code: named(code) for code in LANGUAGES}, neighbours=False)
    assert found["strata"] is None
    assert found["linked_elsewhere"] is None
    assert found["concept_disjoint"] is None
    assert found["concept_summary"]["n_linked"].iloc[0] == 0
    assert found["concept_summary"]["largest_words"].iloc[0] is None
    assert (found["concept_links"]["n_links"] == 0).all()
    assert set(found["links"]["origin"]) == {""}


def test_names_of_two_languages_link_only_these() -> None:
    known = {"de": named("de", "c"), "en": named("en", "c", "user"), "it": named("it")}
    found = steps(translated(1), known, neighbours=False)
    table = found["concept_links"].set_index(["language_a", "language_b"])
    assert table.loc[("de", "en"), "n_user"] == N_WORDS
    assert table.loc[("de", "it"), "n_links"] == 0
    counts = found["concept_words"].set_index("language")
    assert counts["n_linked"].to_dict() == {"de": N_WORDS - 8, "en": N_WORDS - 8, "it": 0}
    assert set(found["strata"]["stratum"]) == {"de:1 en:1"}
    row = found["concept_disjoint"].iloc[0]
    assert row["n_words"] == 3 * (N_WORDS - 8)
    # Of each of 52 concepts one of the two words is kept.
    assert row["n_kept"] == 2 * (N_WORDS - 8)


def test_two_languages_are_enough() -> None:
    material = {code: one for code, one in translated(1).items() if code != "it"}
    found = steps(material, {code: named(code, "c") for code in material}, neighbours=False)
    assert found["concept_links"]["n_links"].tolist() == [N_WORDS]
    row = found["concept_disjoint"].iloc[0]
    assert (row["n_languages"], row["n_kept"]) == (2, N_WORDS - 8)


def test_each_choice_ranks_the_words_that_are_kept() -> None:
    """The first choice again, from the sentences with numpy alone."""
    material = translated(2)
    known = {code: named(code, "c") for code in LANGUAGES}
    found = steps(material, known, neighbours=False)
    from interlingua.seeds import derive_seed

    homes = concepts.kept_words(found["strata"], derive_seed(0, "concept-disjoint", "m", "valence", 0))
    sets = {}
    for code, (activations, ratings) in material.items():
        away = set(homes.loc[(homes["language"] == code) & ~homes["kept"], "word"])
        rows = ((ratings["split"] == "train") & ~ratings["word"].isin(away)).to_numpy()
        r = [np.corrcoef(column, ratings.loc[rows, "valence"])[0, 1] for column in activations.layer(1)[rows].T]
        sets[code] = set(np.argsort(-np.abs(r))[: CELL.k])
    shared = [len(sets[a] & sets[b]) for a, b in combinations(LANGUAGES, 2)]
    assert found["concept_disjoint"]["fe_first"].iloc[0] == pytest.approx(np.mean(shared) / (CELL.k**2 / WIDTH))


def test_translations_with_meaningless_ratings_are_seen_through() -> None:
    """A truth that the method does not make: ratings are noise, equal for translations, by which languages share units.

    All words: far more than expected. Each concept in one language: as much as on permuted ratings.
    """
    plain, p = [], []
    for seed in range(25):
        found = steps(translated(100 + seed), {code: named(code, "c") for code in LANGUAGES}, neighbours=False)
        row = found["concept_disjoint"].iloc[0]
        plain.append(row["fe"])
        p.append(row["p"])
    assert np.mean(plain) > 2
    # Binomial(25, .05): five or more in .7 % of the cases; the mean of 25 uniform ones is .5 +- .06.
    assert np.sum(np.array(p) <= 0.05) <= 4
    assert 0.33 < np.mean(p) < 0.67


def test_what_is_shared_by_meaning_stays() -> None:
    """Ratings that are encoded alike in all languages, by words of which no two are translations but in name."""
    rng = np.random.default_rng(5)
    direction = np.where(np.arange(WIDTH) < 8, 1.0, 0.0)
    material = {}
    for code in LANGUAGES:
        rating = rng.normal(size=N_WORDS)
        material[code] = list_of(code, rng.normal(size=(N_WORDS, WIDTH)) + np.outer(rating, direction), rating, rng)
    row = steps(material, {code: named(code, "c") for code in LANGUAGES}, neighbours=False)["concept_disjoint"].iloc[0]
    assert row["p"] == 0.001  # 999 draws
    assert row["fe_disjoint"] == pytest.approx(row["fe_random"], rel=0.2)
    assert row["null_fe"] == pytest.approx(1, abs=0.2)


def test_too_few_words_of_a_language() -> None:
    rng = np.random.default_rng(0)
    material = {
        code: list_of(code, rng.normal(size=(n, WIDTH)), rng.normal(size=n), rng)
        for code, n in {"de": 13, "en": 13, "it": 13}.items()
    }
    known = {code: named(code, "c").head(26) for code in LANGUAGES}
    # Five training words a language, of which some go elsewhere: fewer than folds are left.
    assert steps(material, known, neighbours=False)["concept_disjoint"] is None


def test_a_ranking_that_cannot_be_repeated_is_not_compared() -> None:
    material = translated(0)
    strata = steps(material, {code: named(code, "c") for code in LANGUAGES}, neighbours=False)["strata"]
    nothing = rank_apart(
        *material["de"],
        PROBES,
        CELL,
        strata,
        language="de",
        headline="adam",
        draws=9,
        standardise="train",
        folds=5,
        seed=0,
    )
    assert nothing == {"disjoint_signs": {}}


def told(tables: dict[str, Any], neighbours: bool = True) -> Results:
    declared = {table.name: table for table in QUESTION.tables}
    read = {
        name: declared[name].check(frame) for name, frame in tables.items() if name in declared and frame is not None
    }
    read["layer_choice"] = pd.DataFrame({"model": ["m"], "variable": ["valence"]})
    study = {"units": {"headline": "correlation"}, "concepts": {"neighbours": neighbours}}
    return Results(Path("nowhere"), declared, study, {}, read)


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return steps(translated(0), {code: named(code) for code in LANGUAGES})


MORE = "Codes of their own were not drawn for it, and translations that are not linked remain."


@pytest.mark.parametrize(
    ("p", "draws", "answer", "said"),
    [
        (0.001, 999, "More than on permuted ratings: ", MORE),
        (0.0499, 999, "More than on permuted ratings: ", MORE),
        (0.05, 999, "Not shown: ", "what is shared may come from translations, or be chance."),
        (0.6, 999, "Not shown: ", "what is shared may come from translations, or be chance."),
        (np.nan, 0, "Not tested: no ratings were permuted", "whether that is more than chance was not tested."),
    ],
)
def test_the_claim_follows_from_the_test(found: dict[str, Any], p: float, draws: int, answer: str, said: str) -> None:
    table = found["concept_disjoint"].assign(p=p, draws=draws, null_fe=np.nan if draws == 0 else 1.0)
    results = told({**found, "concept_disjoint": table})
    assert section(results).findings[-1].endswith(said)
    row = glance(results, "m", "valence")[0]
    assert row.answer.startswith(answer)
    if draws:  # what was tested, and what was not
        assert f"{table['fe_disjoint'].iloc[0]:.2f} times what independent sets would, beside " in row.answer
        assert "codes of their own were not drawn for it" in row.sure
    assert len(section(results).tables) == 3


def test_by_what_words_are_linked_is_told(found: dict[str, Any]) -> None:
    said = section(told(found)).findings[0]
    summary = found["concept_summary"].iloc[0]
    assert summary["n_linked_at_all"] >= summary["n_linked"] > 0
    assert f"{summary['n_linked_at_all']} of {summary['n_words']} rated training words are linked" in said
    assert f"another language, {summary['n_linked']} of them to one that trains, too, in " in said
    assert "by the model's own nearest neighbours (circular, and in part wrong: see below)" in said
    assert f"The largest concept: {summary['largest_words']}." in said
    assert "norms" not in said
    mixed = found["concept_summary"].assign(n_user=3, n_norms=2, n_neighbours=0)
    said = section(told({**found, "concept_summary": mixed})).findings[0]
    assert "3 by your own links, 2 by the norms." in said
    assert "circular" not in said


def test_a_chain_is_told(found: dict[str, Any]) -> None:
    chained = found["concept_summary"].assign(chained=True, largest=40, largest_words="a (de), b (en) and 38 more")
    said = section(told({**found, "concept_summary": chained})).findings
    assert any("the largest concept holds 40 words" in finding and "b (en) and 38 more" in finding for finding in said)
    assert not any("The largest concept: " in finding for finding in said)
    assert not any("largest concept holds" in finding for finding in section(told(found)).findings)


@pytest.mark.parametrize(("neighbours", "said"), [(True, "own neighbours link none"), (False, "were not asked")])
def test_no_links_are_declared(neighbours: bool, said: str) -> None:
    nothing = steps(translated(0), {code: named(code) for code in LANGUAGES}, neighbours=False)
    results = told(nothing, neighbours)
    [finding] = section(results).findings
    assert said in finding
    assert "what languages share may come from them" in finding
    assert glance(results, "m", "valence")[0].answer == "Not tested: no word is linked to another language's"


def test_links_without_a_comparison_say_why(found: dict[str, Any]) -> None:
    results = told({**found, "concept_disjoint": None})
    assert "too few words are left in a language" in section(results).findings[-1]
    assert "too few words are left" in glance(results, "m", "valence")[0].answer
