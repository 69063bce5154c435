"""Are the units used? The steps on languages that are made up with known effects, and what is said as it comes out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from interlingua.questions.causal import QUESTION
from interlingua.questions.causal.choose import choose
from interlingua.questions.causal.compute import compare
from interlingua.questions.causal.show import brief, caveats, claim, draw_doses, draw_pairs, glance, section
from interlingua.questions.causal.tables import CHECKS, READOUTS, UNITS
from interlingua.questions.question import Asked
from interlingua.report.results import Results
from interlingua.report.style import house_style, panels
from interlingua.study.cell import Cell
from interlingua.study.config import Study
from interlingua.tables import Table
from interlingua.tables.layout import Layout

WIDTH, K, N = 120, 12, 40
CELL = Cell("m", "valence", 1, K, Layout.even(2, WIDTH))
NAMES = {"de": "German", "en": "English", "es": "Spanish", "fi": "Finnish", "fr": "French"}
SEEN = ("de", "en", "es", "fr")
TABLES: dict[str, Table] = {table.name: table for table in QUESTION.tables}
OPTIONS: dict[str, Any] = {
    "edits": ("steer", "mean", "swap"),
    "doses": (-1.0, 2.0),
    "readouts": ("probe",),
    "sizes": (4,),
}
Arrays = dict[str, NDArray[Any]]


def made_scales(seed: int = 0) -> dict[str, Arrays]:
    """Return languages whose first K units go with the rating; English has a unit of its own, Finnish is unseen."""
    rng = np.random.default_rng(seed)
    sd, mean = rng.uniform(0.5, 2, size=WIDTH), rng.normal(size=WIDTH)
    signs = np.where(np.arange(WIDTH) % 2, 1.0, -1.0)
    found = {}
    for code in NAMES:
        r = 0.1 * rng.uniform(-1, 1, size=WIDTH)
        r[:K] = signs[:K] * (0.6 + 0.02 * rng.uniform(size=K))
        if code == "en":
            r[50] = 0.9
        found[code] = {"mean": mean, "sd": sd, "r": r, "rating": np.array([0.5, 0.25])}
    return found


def made_rankings(known: Mapping[str, Arrays]) -> pd.DataFrame:
    parts = []
    for code in SEEN:
        score = np.abs(known[code]["r"])
        parts.append(
            pd.DataFrame(
                {
                    "language": code,
                    "unit": CELL.layout.unit(1, np.arange(WIDTH)),
                    "index": np.arange(WIDTH),
                    "score": score,
                    "rank": (-score).argsort().argsort() + 1,
                }
            )
        )
    return pd.concat(parts, ignore_index=True).assign(model="m", variable="valence", method="correlation", layer=1)


def chosen(known: Mapping[str, Arrays], **options: Any) -> dict[str, Any]:
    conjunction = pd.DataFrame({"index": [0, 1, 2, 3], "p_all": [0.01, 0.02, 0.3, 0.04]})
    rest = {"headline": "correlation", "size": None, "sizes": (4,), "sets": 99, "seed": 0, **options}
    return choose(known, made_rankings(known), conjunction, CELL, **rest)


def made_effects(known: Mapping[str, Arrays], strength: float, seed: int = 0) -> dict[str, Arrays]:
    """Return first-order and real effects: tested units add `strength` each in their direction, others at random."""
    rng = np.random.default_rng(seed)
    signs = np.where(np.arange(WIDTH) % 2, 1.0, -1.0)
    found = {}
    for code in known:
        steer = 0.02 * rng.normal(size=WIDTH)
        steer[:K] = strength * signs[:K]
        y = np.linspace(-1.5, 1.5, N)
        first = steer + 0.01 * rng.normal(size=(N, WIDTH))
        partners = np.roll(np.arange(N), N // 2)
        others = [int(u) for u in range(WIDTH) if u < K]
        shift = first[:, others] @ signs[others]
        pulled = -0.05 * y[:, None] * (np.arange(WIDTH) < K)
        swapped = 0.04 * (y[partners] - y)[:, None] * (np.arange(WIDTH) < K)
        found[code] = {
            "ratings": y,
            "partners/swap": partners,
            "partners/resample": partners,
            "unedited/probe": y,
            "first/probe/steer": first,
            "first/probe/mean": pulled + 0.001 * rng.normal(size=(N, WIDTH)),
            "first/probe/swap": swapped + 0.001 * rng.normal(size=(N, WIDTH)),
            "edited/probe/steer": np.stack([y + dose * shift for dose in OPTIONS["doses"]]),
            "edited/probe/mean": (y + pulled.sum(axis=1))[None],
            "edited/probe/swap": (y + swapped.sum(axis=1))[None],
            **{f"damage/{name}": np.full((2 if name == "steer" else 1, N), 0.01) for name in ("steer", "mean", "swap")},
        }
    return found


def made_read(codes: tuple[str, ...] | list[str], *, passes: bool = True) -> pd.DataFrame:
    rows = [
        {
            "language": code,
            "readout": "probe",
            "r": 0.8 if passes else 0.1,
            "r_low": 0.7 if passes else -0.2,
            "r_high": 0.9,
            "n_words": N,
            "n_train_words": 300,
            "how": "",
            "passes": passes,
            "why": "" if passes else "Without any edit it does not read the rating of held-out words.",
        }
        for code in codes
    ]
    return READOUTS.check(CELL.stamp(pd.DataFrame(rows)))


def made_checks(codes: tuple[str, ...] | list[str]) -> pd.DataFrame:
    rows = [
        {"language": code, "readout": "probe", "edit": "steer", "n_sets": 21, "n_words": 12, "r": 0.99, "bias": -0.03}
        for code in codes
    ]
    return CHECKS.check(CELL.stamp(pd.DataFrame(rows).assign(holds=True)))


@cache
def steps(strength: float) -> dict[str, pd.DataFrame]:
    """Run the question on made-up languages, and return its tables, checked."""
    known = made_scales()
    made = chosen(known)
    effects = made_effects(known, strength)
    out = compare(
        effects,
        made_read(list(NAMES)),
        made_checks(list(NAMES)),
        known,
        made["causal_units"],
        made["causal_controls"],
        CELL,
        seed=0,
        **OPTIONS,
    )
    found = {name: out[name] for name in out} | {
        "causal_units": made["causal_units"],
        "causal_matches": made["causal_matches"],
        "causal_readouts": made_read(list(NAMES)),
        "causal_checks": made_checks(list(NAMES)),
    }
    return {name: TABLES[name].empty() if frame is None else TABLES[name].check(frame) for name, frame in found.items()}


def test_other_languages_choose_and_give_the_sign() -> None:
    known = made_scales()
    known["en"]["r"][:K] *= -1  # English is of another opinion, and has no say about itself
    table = UNITS.check(chosen(known)["causal_units"])
    english = table[table["language"] == "en"]
    others = english[english["chosen_by"] == "others"]
    assert sorted(others["index"]) == list(range(K))
    assert (others["sign"] == np.where(others["index"] % 2, 1, -1)).all()
    own = english[english["chosen_by"] == "own"]
    assert own["index"].tolist()[0] == 50
    assert (own.set_index("index")["sign"].loc[[0, 1]] == [1, -1]).all()
    assert english[english["chosen_by"] == "specific"]["index"].tolist() == [50]
    assert english[english["chosen_by"] == "conjunction"]["index"].tolist() == [0, 1, 3]
    # Finnish chooses nothing, so that all others choose for it.
    finnish = table[(table["language"] == "fi") & (table["chosen_by"] == "others")]
    assert sorted(finnish["index"]) == list(range(K))
    assert others["place"].tolist() == list(range(1, K + 1))


def test_control_sets_are_the_same_in_all_languages_and_hold_no_tested_unit() -> None:
    made = chosen(made_scales())
    images = made["causal_controls"]["matched/others/12/images"]
    assert images.shape == (99, K)
    assert images.min() >= K
    kinds = made["causal_matches"].set_index(["chosen_by", "n_units", "kind", "property"])["distance"]
    assert kinds["others", 12, "matched", "log SD"] < 0.5
    assert kinds["others", 12, "hard", "|r|"] > 1  # no other unit goes with the rating as these do


def test_too_few_languages_or_units_are_no_sets() -> None:
    known = made_scales()
    one = made_rankings(known)
    empty = pd.DataFrame({"index": [], "p_all": []})
    rest = {"headline": "correlation", "size": None, "sizes": (4,), "sets": 20, "seed": 0}
    assert choose(known, one[one["language"] == "de"], empty, CELL, **rest)["causal_units"] is None
    wide = Cell("m", "valence", 1, 61, CELL.layout)
    assert choose(known, one, empty, wide, **rest)["causal_units"] is None


def test_effects_are_sums_over_units_beside_sets_that_do_nothing() -> None:
    found = steps(0.05)
    table = found["causal"].set_index(["language", "chosen_by", "n_units", "edit"])
    assert len(table[table["real"]]) == 3 * len(NAMES)
    for code in NAMES:
        steer = table.loc[code, "others", K, "steer"]
        assert steer["effect"] == pytest.approx(0.05 * K, abs=0.01)
        assert steer["predicted"] == pytest.approx(steer["effect"])
        assert steer["straight"] == pytest.approx(1)
        assert steer["p"] == pytest.approx(1 / 100)
        assert steer["p_bh"] == pytest.approx(1 / 100)
        assert steer["matched_low"] < 0 < steer["matched_high"] < steer["effect"]
        assert steer["direction_high"] < steer["effect"]
        assert table.loc[code, "others", 4, "steer"]["effect"] == pytest.approx(0.2, abs=0.01)
        mean = table.loc[code, "others", K, "mean"]
        assert mean["effect"] == pytest.approx(1 - 0.05 * K, abs=0.01)
        assert mean["matched"] == pytest.approx(1, abs=0.01)
        assert mean["p"] == pytest.approx(1 / 100)
        swap = table.loc[code, "others", K, "swap"]
        assert swap["effect"] == pytest.approx(0.04 * K, abs=0.01)
        assert swap["right_way"] == 1
        assert np.isnan(
            table.loc[code, "own", K, "steer"]["p"]
        )  # of what languages choose for themselves there are none
    (row,) = found["causal_summary"].itertuples()
    assert (row.n_languages, row.n_moved, row.p) == (5, 5, pytest.approx(1 / 100))
    assert row.mean_effect == pytest.approx(0.6, abs=0.02)
    assert row.mean_low < row.mean_effect < row.mean_high
    dose = found["causal_doses"].set_index(["language", "dose"])
    assert dose.loc[("en", 2.0), "shift"] == pytest.approx(1.2, abs=0.02)
    assert dose.loc[("en", -1.0), "shift"] == pytest.approx(-0.6, abs=0.02)


def test_units_that_do_nothing_are_not_shown_to_do_anything() -> None:
    (row,) = steps(0.0)["causal_summary"].itertuples()
    assert row.p > 0.05
    assert row.n_moved == 0


def test_where_predictions_fail_real_edits_alone_count() -> None:
    known = made_scales()
    made, effects = chosen(known), made_effects(known, 0.05)
    for arrays in effects.values():
        arrays["real/probe/steer"] = np.concatenate([[0.01], np.linspace(0, 0.5, 99)])
        arrays["real/probe/swap"] = np.concatenate([[0.9], np.linspace(0, 0.5, 20)])
    found = compare(
        effects,
        made_read(list(NAMES)),
        made_checks(list(NAMES)),
        known,
        made["causal_units"],
        made["causal_controls"],
        CELL,
        seed=0,
        **OPTIONS,
    )
    table = found["causal"].set_index(["language", "chosen_by", "n_units", "edit"])
    steer, swap = table.loc["en", "others", K, "steer"], table.loc["en", "others", K, "swap"]
    assert steer["p"] > 0.8
    assert np.isnan(steer["p_hard"])
    assert (swap["n_sets"], swap["p"]) == (20, pytest.approx(1 / 21))
    assert np.isnan(table.loc["en", "others", 4, "steer"]["p"])
    assert found["causal_summary"]["p"].iloc[0] > 0.8


def test_pairs_tell_what_one_language_alone_moves_in_another() -> None:
    pairs = steps(0.05)["causal_pairs"].set_index(["chosen_in", "language"])
    assert len(pairs) == len(NAMES) ** 2
    assert set(pairs["readout"]) == {"probe"}
    # English puts its own unit in the place of one of the twelve, which move German.
    assert pairs.loc[("fr", "de"), "effect"] == pytest.approx(0.6, abs=0.02)
    assert pairs.loc[("en", "de"), "effect"] == pytest.approx(0.55, abs=0.1)
    assert pairs.loc[("fr", "de"), "n_shared"] == K
    assert pairs.loc[("en", "de"), "n_shared"] == K - 1


def test_a_unit_by_itself_does_its_part_of_what_its_set_does() -> None:
    found = steps(0.05)
    slopes = found["causal_slopes"].assign(index=lambda table: table["unit"] - CELL.layout.first(1))
    by_language = slopes.set_index(["language", "index"])["slope"]
    np.testing.assert_allclose(by_language.loc["fi"].loc[range(K)], 0.05, atol=0.01)
    # Those that no language has in any of its sets are left out.
    assert set(slopes["index"]) == set(found["causal_units"]["index"])
    assert len(by_language.loc["fi"]) == K + 1
    steered = found["causal"].set_index(["language", "chosen_by", "n_units", "edit"])["predicted"]
    for code in NAMES:
        assert by_language.loc[code].loc[range(K)].sum() == pytest.approx(steered.loc[code, "others", K, "steer"])


def told(tables: dict[str, pd.DataFrame]) -> Results:
    layer = pd.DataFrame({"model": ["m"], "variable": ["valence"], "layer": [1], "chosen": [True]})
    languages = pd.DataFrame({"language": list(NAMES), "name": list(NAMES.values())})
    read = {name: table.empty() for name, table in TABLES.items()} | tables
    study = {"units": {"headline": "correlation"}, "sites": ["resid"], "causal": {}}
    return Results(Path(), TABLES, study, {}, {**read, "layer_choice": layer, "languages": languages})


def summary(**changes: Any) -> dict[str, pd.DataFrame]:
    found = steps(0.05)
    row = found["causal_summary"].assign(**changes)
    return found | {"causal_summary": TABLES["causal_summary"].check(row)}


def words(results: Results) -> str:
    rows = [text for row in glance(results, "m", "valence") for text in row]
    return " ".join([claim(results, "m", "valence"), *rows, *section(results).findings, *caveats(results)])


def test_units_that_move_the_readout_are_said_to() -> None:
    results = told(summary(p=0.01, mean_effect=0.6, mean_low=0.5, mean_high=0.7, mean_matched=0.1))
    assert claim(results, "m", "valence") == (
        " What is read behind them moves with them: shifted by one SD in the direction that the other languages say, "
        "12 units move the probe of the last layer by 0.60 SD of the rating (95 % interval over languages 0.50 to "
        "0.70), matched sets by 0.10 (p = .0100 from 99 draws, the least that so many can give)."
    )
    assert glance(results, "m", "valence")[0].answer == "Moved more than by matched sets"
    said = caveats(results)
    matches = results.table("causal_matches")
    for text, chosen_by in zip(said, ("others", "conjunction"), strict=False):
        hard = matches[(matches["chosen_by"] == chosen_by) & (matches["kind"] == "hard")]
        apart = hard.loc[hard["property"] == "|r|", "distance"]
        assert any(f"|r| is {distance:.2f} SD apart" in text for distance in apart)
    assert "what is not equal remains a reason" in said[0]
    assert {shown.table for shown in section(results).tables} >= {"causal_summary", "causal", "causal_matches"}


def test_the_chapter_says_it_in_few_words_language_by_language() -> None:
    place = {"model": "m", "variable": "valence"}
    in_all = {"units_in_all": 3, "effect_in_all": 0.21, "hard_in_all": 0.18, "n_moved_in_all": 2}
    moved = brief(told(summary(p=0.01, p_hard=0.2, mean_hard=0.3, **in_all)), place, "used")
    assert ": more than others alike in SD and mean (" in moved.text
    assert "or |r| (0.30, p = .2000)." in moved.text
    assert "3 units shown to carry it in all: 0.21, others nearest in |r| 0.18 (p < .05 in 2 of 5)" in moved.text
    assert "not the model's use" in moved.text
    assert len(moved.text.split()) <= 80
    with house_style():
        _, (axis,) = panels(1)
        moved.panel.draw(axis)
    assert [label.get_text() for label in axis.get_yticklabels()] == list(NAMES.values())
    assert "not shown beyond others" in brief(told(summary(p=0.4)), place, "used").text
    none = dict.fromkeys(["p_hard", "mean_hard", *in_all])
    assert "|r|" not in brief(told(summary(p=0.01, **none)), place, "used").text
    assert "can't be told" in brief(told({}), place, "used").text


def test_units_that_do_not_are_not_said_to() -> None:
    results = told(summary(p=0.3, n_moved=0))
    assert claim(results, "m", "valence").startswith(" That the model uses them is not shown: ")
    assert glance(results, "m", "valence")[0].answer == "Not shown: matched sets move it as much"
    assert "not shown to be more than matched sets" in words(results)
    assert "Moved more" not in words(results)


def test_a_readout_that_reads_nothing_unedited_cannot_be_asked() -> None:
    numbers = [column.name for column in TABLES["causal_summary"].columns if column.missing]
    results = told(summary(n_languages=0, **(dict.fromkeys(numbers) | {"why": "Nothing reads it."})))
    assert claim(results, "m", "valence") == ""
    assert glance(results, "m", "valence")[0][2:] == ("Can't be asked", "Nothing reads it.")
    assert "it can't be asked. Nothing reads it." in words(results)


def test_without_control_sets_nothing_is_claimed() -> None:
    results = told(summary(p=None, p_hard=None, mean_matched=None, n_moved=None))
    assert claim(results, "m", "valence") == ""
    assert "no control sets" in glance(results, "m", "valence")[0].answer
    assert "no control sets" in section(results).findings[0]


def test_sharing_that_does_not_predict_is_not_said_to() -> None:
    assert "move each other more" in words(told(summary(r_shared=0.5, p_shared=0.01)))
    assert "are not shown to move each other more" in words(told(summary(r_shared=0.1, p_shared=0.4)))


def test_nothing_at_all_is_said_so() -> None:
    results = told({})
    assert claim(results, "m", "valence") == ""
    assert "Not tested" in words(results)
    assert draw_doses(results) is None
    assert draw_pairs(results) is None


def test_figures_are_drawn() -> None:
    results = told(steps(0.05))
    with house_style():
        figure, caption = draw_doses(results)
        assert [axis.get_title(loc="left") for axis in figure.axes if axis.get_visible()] == list(NAMES.values())
        assert caption.startswith("What is read when 12 units")
        figure, _ = draw_pairs(results)
        assert len(figure.axes[0].texts) == len(NAMES) ** 2


def test_it_is_asked_where_the_study_says_so() -> None:
    languages = {code: {"norms": "labmt"} for code in ("en", "es")}
    study = {"name": "s", "models": ["m"], "variables": ["valence"], "languages": languages}
    rated: dict[str, Any] = {"valence": ["en", "es"]}
    silent = Study.model_validate(study)
    asked = Study.model_validate(study | {"causal": {"ask": True}})
    assert "[causal] ask = true" in QUESTION.asked(Asked(silent, rated, {}))
    assert QUESTION.asked(Asked(asked, rated, {})) == ""
    assert "fewer than two" in QUESTION.asked(Asked(asked, {"valence": ["en"]}, {}))
    for wrong in ({"edits": ["mean"]}, {"doses": [0]}, {"sets": 20, "edited": 21}, {"readouts": ["mind"]}):
        with pytest.raises(ValueError, match=r"steer|dose|edited|'probe'"):
            Study.model_validate(study | {"causal": wrong})


def test_readings_that_do_not_lie_closer_are_not_said_to() -> None:
    assert "readings of words lie closer together: the slope of edited" in words(told(summary(mean_contraction=0.9)))
    for slope in (0.998, 1.2):
        assert "readings of words don't lie closer together" in words(told(summary(mean_contraction=slope)))


def test_one_language_is_one() -> None:
    assert "in 0 of 1 language p < .05" in words(told(summary(n_languages=1, n_moved=0)))
