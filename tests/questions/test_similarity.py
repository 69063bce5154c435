"""How much languages share: the steps on made-up languages of which it is known, and what is said as it comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from interlingua.flow.outputs import Arrays
from interlingua.models import Activations
from interlingua.probes import Design
from interlingua.questions.order import tables
from interlingua.questions.question import Asked
from interlingua.questions.similarity import QUESTION
from interlingua.questions.similarity.compute import beside_nulls, compare, profiles
from interlingua.questions.similarity.figures import draw_layers, draw_map, draw_tree
from interlingua.questions.similarity.show import brief, claim, glance, section
from interlingua.report.results import Results
from interlingua.report.style import house_style
from interlingua.report.words import listing
from interlingua.study.cell import Cell
from interlingua.study.config import Study
from interlingua.tables import Table
from interlingua.tables.layout import Layout
from interlingua.units.nulls import RatedLayer, get

WIDTH, DRAWS, SPLITS, SEED = 90, 60, 6, 4
CELL = Cell("m", "valence", 1, 10, Layout.even(2, WIDTH))
TABLES: dict[str, Table] = {table.name: table for table in QUESTION.tables}
NAMES = {"de": "German", "en": "English", "es": "Spanish", "fi": "Finnish", "fr": "French", "it": "Italian"}
SIX = tuple(NAMES)
NO_LINKS = pd.DataFrame({"language": [], "word": [], "concept": []})
NULLS = ("permuted", "own codes")


def profiles_of(made: Any, links: pd.DataFrame = NO_LINKS) -> dict[str, Any]:
    return {
        code: profiles(
            *of_language,
            links,
            model="m",
            variable="valence",
            language=code,
            splits=SPLITS,
            seed=SEED,
            on_progress=lambda share: None,
        )["unit_profiles"]
        for code, of_language in made.words.items()
    }


def linked(made: Any) -> pd.DataFrame:
    """Return the words that the norms link, as the question of concepts has them."""
    tables = [ratings[["language", "word", "concept"]].drop_duplicates() for _, ratings in made.words.values()]
    return pd.concat(tables, ignore_index=True)


def drawn(made: Any, nulls: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Draw ratings of the training words under each null, as the study does."""
    found: dict[str, dict[str, Any]] = {}
    for number, (code, (activations, ratings)) in enumerate(made.words.items()):
        layer = RatedLayer.of(Design(activations, ratings), "valence", 1, folds=3, seed=1)
        first = np.unique(layer.words, return_index=True)[1]
        found[code] = {null: get(null).draw(layer, DRAWS, seed=number)[first] for null in nulls}
    return found


def steps(
    made: Any, *, links: pd.DataFrame = NO_LINKS, margin: float | None = None, nulls: tuple[str, ...] = NULLS
) -> dict[str, pd.DataFrame]:
    """Take all steps of the question, and return what they leave, as declared."""
    found: dict[str, Any] = compare(profiles_of(made, links), CELL, margin=margin)
    table = TABLES["similarity"]
    found |= beside_nulls(
        {code: one for code, (one, _) in made.words.items()},
        {code: one for code, (_, one) in made.words.items()},
        CELL,
        table.empty() if found["similarity"] is None else found["similarity"],
        links,
        drawn(made, nulls),
        splits=SPLITS,
        nulls=nulls,
        seed=SEED,
        on_progress=lambda share: None,
    )
    return {name: TABLES[name].check(frame) for name, frame in found.items() if frame is not None}


def results_of(found: Mapping[str, pd.DataFrame]) -> Results:
    read = {name: tables()[name].empty() for name in ("concept_summary", "similarity_null")} | dict(found)
    read["layer_choice"] = pd.DataFrame(
        {"model": ["m"], "variable": ["valence"], "layer": pd.Series([1], dtype="int64"), "chosen": [True]}
    )
    read["languages"] = pd.DataFrame({"language": list(NAMES), "name": list(NAMES.values())})
    labels = {"permuted": "permuted ratings", "own codes": "codes of their own"}
    return Results(Path(), tables(), {}, {"labels": labels, "not_asked": {"controls": "Why."}}, read)


#: How the claim begins.
LAYER = "In layer 1 of m (90 units: the numbers that it computes for a word), "
WITHOUT = "And without the words that are linked to another language's?"


def said(found: Mapping[str, pd.DataFrame]) -> str:
    return claim(results_of(found), "m", "valence")


def answers(found: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    return {row.question: row for row in glance(results_of(found), "m", "valence")}


@pytest.fixture(scope="module")
def shared(made_up: Callable[..., Any]) -> dict[str, pd.DataFrame]:
    return steps(made_up(0.8, SIX))


@pytest.fixture(scope="module")
def own(made_up: Callable[..., Any]) -> dict[str, pd.DataFrame]:
    return steps(made_up(0.0, SIX))


@pytest.fixture(scope="module")
def nothing(made_up: Callable[..., Any]) -> dict[str, pd.DataFrame]:
    return steps(made_up(None, SIX))


def test_profiles_are_correlations_over_word_means(made_up: Callable[..., Any], tmp_path: Path) -> None:
    made = made_up(0.8, SIX[:2], linked=30)
    output = Arrays("unit_profiles")
    for code, arrays in profiles_of(made, linked(made)).items():
        output.write(tmp_path / f"{code}{output.suffix}", arrays)
        read = output.read(tmp_path / f"{code}{output.suffix}")
        activations, ratings = made.words[code]
        train = ratings["split"] == "train"
        frame = pd.DataFrame(activations.layer(1)[train.to_numpy()].astype(float))
        means = frame.groupby(ratings.loc[train, "word"].to_numpy()).mean()
        rated = ratings[train].groupby("word")["valence"].first()
        np.testing.assert_allclose(read["r/1"], means.corrwith(rated), atol=1e-6)
        # And these are the truth, but for sampling error.
        assert np.corrcoef(read["r/1"], made.r[code])[0, 1] > 0.9
        assert read["words"] == [144]
        assert read["unlinked words"] == [114]
        assert read["all/1"].shape == read["unlinked/0"].shape == (SPLITS, 2, WIDTH)


def test_a_concept_s_words_never_meet(made_up: Callable[..., Any]) -> None:
    """With every word linked and ratings that only translations share, nothing is shared all the same."""
    rng = np.random.default_rng(0)
    meanings, rating = rng.normal(size=(120, WIDTH)), rng.normal(size=120)
    words = {}
    names = made_up(None, SIX[:4], n_words=120, linked=120)
    for code, (_, ratings) in names.words.items():
        number = ratings["word"].str[2:].astype(int).to_numpy()
        layers = [meanings[number] + 0.3 * rng.normal(size=(len(number), WIDTH)) for _ in range(2)]
        activations = Activations.from_arrays([layer.astype(np.float32) for layer in layers], {"language": code})
        words[code] = activations, ratings.assign(valence=rating[number], concept="")  # by neighbours, not by norms
    made = SimpleNamespace(words=words)
    found = steps(made, links=linked(names), nulls=())
    assert abs(found["similarity"].set_index(["words", "layer"]).loc[("all", 1), "between"]) < 0.1
    naive = np.corrcoef([arrays["r/1"] for arrays in profiles_of(made).values()])
    assert naive[np.triu_indices(4, 1)].mean() > 0.5


def test_the_truth_comes_out_in_its_layer(shared: dict[str, pd.DataFrame]) -> None:
    table = shared["similarity"].set_index(["words", "layer"])
    assert set(table.index) == {(words, layer) for words in ("all", "unlinked", "random") for layer in (-1, 0, 1)}
    row = table.loc["all", 1]
    assert row["rho"] == pytest.approx(0.8, abs=0.12)
    assert row["rho_low"] < row["rho_lower"] < row["rho"] < row["rho_high"] <= 1
    assert (row["n_languages"], row["n_units"], row["n_words"], row["n_left_out"]) == (6, WIDTH, 144, 0)
    assert table["chosen"].tolist() == [layer == 1 for _, layer in table.index]
    assert table.loc[("all", -1), "n_units"] == 2 * WIDTH
    assert abs(table.loc[("all", 0), "between"]) < 0.1 < table.loc[("all", -1), "between"]
    # Nothing is linked: without linked words it is the same words.
    assert table.loc[("unlinked", 1), "rho"] == table.loc[("random", 1), "rho"] == pytest.approx(row["rho"])
    pairs = shared["similarity_pairs"]
    assert len(pairs) == 15
    assert pairs["between"].mean() == pytest.approx(row["between"])
    languages = shared["similarity_languages"].set_index("language")
    assert languages["ceiling"].mean() == pytest.approx(row["ceiling"])
    of_german = pairs[(pairs["language_a"] == "de") | (pairs["language_b"] == "de")]["rho"]
    assert languages.loc["de", "rho"] == pytest.approx(of_german.mean())


def test_components_stand_by_layer_and_over_all(shared: dict[str, pd.DataFrame], made_up: Callable[..., Any]) -> None:
    table = shared["components"].set_index("layer")
    assert list(table.index) == [-1, 0, 1]
    assert table.loc[1, "share"] == pytest.approx(0.8, abs=0.12)
    assert table.loc[1, "shared"] == pytest.approx(0.8 * 0.09, abs=0.03)
    assert table["noise"].tolist() == pytest.approx([1 / 141] * 3)
    assert table.loc[0, "shared"] < 0.1 * table.loc[1, "shared"]
    assert table["n_units"].tolist() == [2 * WIDTH, WIDTH, WIDTH]
    assert table["chosen"].tolist() == [False, False, True]
    units = shared["unit_scores"]
    assert units["unit"].tolist() == list(range(WIDTH, 2 * WIDTH))
    true = np.mean([np.arctanh(r) for r in made_up(0.8, SIX).r.values()], axis=0)
    assert np.corrcoef(units["score"], true)[0, 1] > 0.95
    assert table.loc[1, "n_sure"] == (units["false_sign"] < 0.05).sum()
    sure = units["false_sign"] < 0.05
    assert (np.sign(units["score"]) == np.sign(true - true.mean()))[sure].mean() > 0.95
    assert (units["sd"] == table.loc[1, "sd"]).all()


def test_nulls_are_beside_it(shared: dict[str, pd.DataFrame], own: dict[str, pd.DataFrame]) -> None:
    table = shared["similarity_null"].set_index("null")
    assert list(table.index) == list(NULLS)
    assert table["draws"].tolist() == [DRAWS] * 2
    assert (abs(table["null_mean"]) < 0.1).all()
    assert (table["null_mean"] < table["null_high"]).all()
    assert table["p"].tolist() == pytest.approx([1 / (DRAWS + 1)] * 2)
    assert (own["similarity_null"]["p"] > 0.05).any()


def test_shared_codes_are_said_to_be(shared: dict[str, pd.DataFrame]) -> None:
    row = shared["similarity"].query("words == 'all' and layer == 1").iloc[0]
    text = said(shared)
    assert text.startswith(f"{LAYER}6 languages share {row['rho']:.2f} of where valence is encoded (ρ̄: one if")
    interval = f"95 % interval {row['rho_low']:.2f} to {row['rho_high']:.2f}, leaving out one language at a time"
    assert f"{interval} and no words)" in text
    assert (
        f"agrees by {row['between']:.2f} between two languages and by {row['ceiling']:.2f} between two halves" in text
    )
    # What had been shared before any context was read is told beside it: here nothing can be told of it, so nothing is.
    assert "In layer 0" not in text
    before = shared["similarity"]
    known = {**shared, "similarity": before.assign(rho=before["rho"].where(before["layer"] != 0, 0.25))}
    assert "In layer 0, before any context is read, ρ̄ is 0.25 already." in said(known)
    unlinked = (before["layer"] == 0) & (before["words"] == "unlinked")
    table = known["similarity"].assign(n_left_out=9)
    table.loc[unlinked, ["rho", "rho_low", "rho_high"]] = 0.15, 0.05, 0.35
    known["similarity"] = table
    without = "without the words that are linked to another language's 0.15 (0.05 to 0.35)."
    assert f"In layer 0, before any context is read, ρ̄ is 0.25 already, {without}" in said(known)
    chapter = brief(results_of(known), {"model": "m", "variable": "valence"}, "firm")
    assert chapter is not None
    assert "(layer 0, no context: 0.25); without linked words " in chapter.text
    assert "; layer 0: 0.15); as many left out by chance " in chapter.text
    null = shared["similarity_null"].set_index("null").loc["own codes"]
    drawn = f"by {null['null_mean']:.2f} (95 % of draws below {null['null_high']:.2f}; p = ".replace("-", "−")
    assert (
        f"with codes of their own, ratings that each language encodes as well, but in a direction of its own, {drawn}"
        in text
    )
    assert "not shown" not in text
    assert "margin" not in text
    assert "small numbers" not in text
    # Permuted ratings, the easiest to beat, are told last.
    assert text.index("codes of their own") < text.index("permuted ratings")
    row = answers(shared)["How much do languages share?"]
    assert row.answer.startswith("ρ̄ = 0.")  # how much is a number, not a yes
    p = f"p = {1 / (DRAWS + 1):.4f} against codes of their own and permuted ratings, from {DRAWS} draws each"
    assert row.sure.startswith(p.replace("0.", ".", 1))
    assert list(answers(shared)) == ["How much do languages share?"]  # no word is linked
    (finding,) = section(results_of(shared)).findings
    assert "Over the 180 units of all layers together ρ̄ = " in finding
    share = shared["components"].set_index("layer").loc[1]
    assert f"true variance {100 * share['share']:.0f} % is shared" in finding
    assert f"shared part of {share['n_sure']} of 90 units" in finding


def test_codes_of_their_own_are_not_said_to_be_shared(own: dict[str, pd.DataFrame]) -> None:
    rho = own["similarity"].query("words == 'all' and layer == 1")["rho"].iloc[0]
    text = f"{LAYER}it is not shown that 6 languages share any of where valence is encoded (ρ̄ = "
    assert said(own).startswith(f"{text}{rho:.2f}: one if".replace("-", "−"))
    assert said(own).split(" In layer 0")[0].endswith(f"{DRAWS} draws each.")
    assert answers(own)["How much do languages share?"].answer.startswith("Not shown to be any: ρ̄ = ")


def test_without_any_code_it_can_t_be_told(nothing: dict[str, pd.DataFrame]) -> None:
    row = nothing["similarity"].query("words == 'all' and layer == 1").iloc[0]
    assert np.isnan(row["rho"])
    known = nothing["similarity_languages"]
    unsteady = [NAMES[code] for code in known.loc[known["ceiling"] <= 0, "language"]]
    assert unsteady
    why = f"in {listing(unsteady)} two halves of the words don't agree on the units"
    assert said(nothing) == (f"{LAYER}how much languages share of where valence is encoded can't be told: {why}.")
    assert answers(nothing)["How much do languages share?"].answer == f"Can't be told: {why}"
    (finding,) = section(results_of(nothing)).findings
    assert f"{why}, so ρ̄ can't be told." in finding
    assert "nan" not in finding


def with_rho(tables: Mapping[str, pd.DataFrame], **columns: Any) -> dict[str, pd.DataFrame]:
    return {**tables, "similarity": tables["similarity"].assign(**columns)}


def test_more_than_all_is_all_with_sampling_error(shared: dict[str, pd.DataFrame]) -> None:
    text = said(with_rho(shared, rho=1.04))
    assert "6 languages share all of where valence is encoded (ρ̄ = 1.04, sampling error included: one if" in text


def test_a_ratio_of_small_numbers_is_warned_of(shared: dict[str, pd.DataFrame]) -> None:
    assert "two halves of one language's words agree by 0.31 only, so that ρ̄ is a ratio of small numbers" in said(
        with_rho(shared, ceiling=0.31)
    )


@pytest.mark.parametrize("n", [2, 3])
def test_few_languages_have_no_interval(n: int, made_up: Callable[..., Any]) -> None:
    found = steps(made_up(0.8, SIX[:n]), nulls=("permuted",), margin=0.5)
    assert found["similarity"][["rho_low", "rho_high", "rho_lower"]].isna().all().all()
    text = said(found)
    assert f"no interval, as {n} languages are too few)" in text
    assert "with permuted ratings by " in text
    assert text.endswith(
        "Whether they reach the margin that the study named beforehand (0.50) can't be told of so few languages."
    )
    assert f"no interval, as {n} languages are too few" in answers(found)["How much do languages share?"].answer
    results = results_of(found)
    with house_style():
        assert (draw_tree(results) is None) == (n == 2)
        assert draw_layers(results) is not None
        drawn_map = draw_map(results)
    assert ("similarity_tree" in found) == (n == 3)
    assert drawn_map is not None
    assert len(drawn_map[0].axes[0].get_xticklabels()) == n


def test_a_margin_is_met_or_not_by_the_lower_bound(made_up: Callable[..., Any]) -> None:
    profile = profiles_of(made_up(0.8, SIX))
    row = compare(profile, CELL, margin=None)["similarity"]
    assert row is not None
    assert row["margin"].isna().all()
    lower = float(row.query("words == 'all' and layer == 1")["rho_lower"].iloc[0])
    for margin, told in (
        (lower - 0.01, "They count as one code by"),
        (lower + 0.01, "They don't count as one code by"),
    ):
        found: Any = compare(profile, CELL, margin=margin)
        text = said(found)
        assert told in text
        assert f"({margin:.2f}): the one-sided 95 % interval begins at {lower:.2f}." in text
        assert told in section(results_of(found)).findings[0]


def test_without_nulls_there_is_no_verdict(shared: dict[str, pd.DataFrame], made_up: Callable[..., Any]) -> None:
    alone = {name: frame for name, frame in shared.items() if name != "similarity_null"}
    assert "Two languages would agree" not in said(alone)
    row = answers(alone)["How much do languages share?"]
    assert row.answer.startswith("ρ̄ = ")
    assert row.sure == "not compared with ratings drawn under a null"
    assert "similarity_null" not in steps(made_up(0.8, SIX[:2]), nulls=())


def test_linked_words_are_left_out_and_counted(made_up: Callable[..., Any]) -> None:
    made = made_up(0.8, SIX[:4], linked=40)
    found = steps(made, links=linked(made), nulls=())
    row = found["similarity"].set_index(["words", "layer"]).loc[("unlinked", 1)]
    assert (row["n_left_out"], row["n_words"]) == (4 * 40, 104)
    without = answers(found)[WITHOUT]
    assert without.test == (
        "The same without the 160 training words that are linked to a word of another language; true translations "
        "may remain"
    )
    assert without.answer.startswith(f"ρ̄ = {row['rho']:.2f}; 95 % interval ")
    chance = found["similarity"].set_index(["words", "layer"]).loc[("random", 1)]
    assert (chance["n_left_out"], chance["n_words"]) == (4 * 40, 104)
    assert chance["rho"] != row["rho"]
    assert without.sure == f"not tested against a null; as many words left out by chance: ρ̄ = {chance['rho']:.2f}"
    # Whose links they are is said where it matters: the model's own are circular.
    by_model = pd.DataFrame(
        [{"model": "m", "site": "resid", "variable": "valence", "n_user": 0, "n_norms": 0, "n_neighbours": 160}]
    )
    assert "And without the words that the model itself places next to a word of another language?" in answers(
        {**found, "concept_summary": by_model}
    )
    assert WITHOUT in answers({**found, "concept_summary": by_model.assign(n_norms=1)})
    unsteady = found["similarity"].assign(rho=found["similarity"]["rho"].where(found["similarity"]["words"] == "all"))
    told = answers({**found, "similarity": unsteady})[WITHOUT].answer
    assert told == "Can't be told: in some language two halves of the words left don't agree"


def test_where_hardly_a_word_is_unlinked_that_is_said(made_up: Callable[..., Any]) -> None:
    made = made_up(0.8, SIX[:2], linked=140)  # of 144 training words
    found = steps(made, links=linked(made), nulls=())
    assert set(found["similarity"]["words"]) == {"all"}
    assert answers(found)[WITHOUT].answer == "Can't be told: in some language too few words are left"


def test_one_language_is_not_compared(made_up: Callable[..., Any]) -> None:
    found = steps(made_up(0.8, SIX[:1]))
    assert found == {}
    assert said(found) == ""
    assert answers(found)["How much do languages share?"].answer == "Not tested: fewer than two languages are rated"
    told = section(results_of(found))
    assert told.findings == ["m · valence: fewer than two languages are rated, so none could be compared."]
    assert told.tables == ()
    for draw in (draw_layers, draw_map, draw_tree):
        assert draw(results_of(found)) is None


def test_it_is_asked_where_two_languages_are_rated_for_one_variable() -> None:
    def asked(**rated: tuple[str, ...]) -> str:
        languages = {code: {"norms": "labmt"} for code in ("en", "es")}
        study = Study.model_validate({"name": "s", "models": ["m"], "variables": [*rated], "languages": languages})
        return QUESTION.asked(Asked(study, rated, dict.fromkeys(rated, ())))

    assert asked(valence=("en", "es"), arousal=("en",)) == ""
    assert "Fewer than two" in asked(valence=("en",), arousal=("es",))


def test_the_tree_joins_the_most_similar_first(made_up: Callable[..., Any]) -> None:
    """Two families of three languages, each with a code of its own: the last joint parts them."""
    first, second = made_up(0.95, ("de", "en", "es"), seed=1), made_up(0.95, ("fi", "fr", "it"), seed=2)
    both = profiles_of(first) | profiles_of(second)
    found: Any = compare(both, CELL, margin=None)
    joints = found["similarity_tree"]
    assert joints["height"].is_monotonic_increasing
    last = joints.iloc[-1]
    assert {frozenset(last["left"].split()), frozenset(last["right"].split())} == {
        frozenset({"de", "en", "es"}),
        frozenset({"fi", "fr", "it"}),
    }
    pairs = found["similarity_pairs"].set_index(["language_a", "language_b"])["rho"]
    between = [
        pairs.loc[tuple(sorted(pair))] for pair in ((a, b) for a in last["left"].split() for b in last["right"].split())
    ]
    assert last["height"] == pytest.approx(1 - np.mean(between))
    results = results_of(found)
    with house_style():
        drawn_tree, drawn_map = draw_tree(results), draw_map(results)
    assert drawn_tree is not None
    assert drawn_map is not None
    order = [label.get_text() for label in drawn_tree[0].axes[0].get_yticklabels()]
    assert {frozenset(order[:3]), frozenset(order[3:])} == {
        frozenset({"German", "English", "Spanish"}),
        frozenset({"Finnish", "French", "Italian"}),
    }
    # The map has them in the order of the tree.
    assert [NAMES[label.get_text()] for label in drawn_map[0].axes[0].get_xticklabels()] == order
