"""Layer by layer, in the untrained model, and in words: made-up numbers, what is said of them, and what they cost."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from interlingua.models import Activations
from interlingua.questions.causal import QUESTION
from interlingua.questions.causal.choose import scales, swept
from interlingua.questions.causal.show import brief, claim, draw_sweep, glance, section
from interlingua.questions.causal.sweep import sweep
from interlingua.questions.causal.tables import CHECKS
from interlingua.report.results import Results
from interlingua.report.style import house_style
from interlingua.study.cell import Cell
from interlingua.study.config import Study
from interlingua.study.size import Size
from interlingua.tables import MLP, Layout, Site, Table

NAMES = {"de": "German", "en": "English", "es": "Spanish", "fr": "French"}
PLACE = {"model": "m", "variable": "valence"}
WIDTH, K = 120, 12
CELL = Cell("m", "valence", 1, K, Layout.even(4, WIDTH))
TABLES: dict[str, Table] = {table.name: table for table in QUESTION.tables}
#: What each of the units that go with the rating does in each layer.
STRENGTH = {0: 0.0, 1: 0.05, 2: 0.1}
SIGNS = np.where(np.arange(WIDTH) % 2, 1.0, -1.0)


def made_languages() -> tuple[dict[str, Any], dict[str, Any], pd.DataFrame]:
    """Return scales, mean gradients and rankings of languages whose first K units go with the rating in every layer."""
    rng = np.random.default_rng(3)
    sd, mean = rng.uniform(0.5, 2, size=WIDTH), rng.normal(size=WIDTH)
    known: dict[str, Any] = {code: {} for code in NAMES}
    effects: dict[str, Any] = {code: {} for code in NAMES}
    rankings = []
    for code, layer in product(NAMES, STRENGTH):
        r = 0.1 * rng.uniform(-1, 1, size=WIDTH)
        r[:K] = SIGNS[:K] * (0.6 + 0.02 * rng.uniform(size=K))
        known[code] |= {f"layers/{layer}/{name}": array for name, array in (("mean", mean), ("sd", sd), ("r", r))}
        gradient = 0.005 * rng.normal(size=WIDTH)
        gradient[:K] = STRENGTH[layer] * SIGNS[:K] / sd[:K]
        effects[code][f"layers/probe/{layer}"] = gradient
        index, rank = np.arange(WIDTH), (-np.abs(r)).argsort().argsort() + 1
        table = {"language": code, "layer": layer, "unit": WIDTH * layer + index, "index": index}
        rankings.append(pd.DataFrame(table | {"score": np.abs(r), "rank": rank}))
    where = {"model": "m", "site": "resid", "variable": "valence", "method": "correlation"}
    return known, effects, pd.concat(rankings, ignore_index=True).assign(**where)


def swept_languages(*, holds: bool = True, asked: bool = True) -> pd.DataFrame | None:
    """Return the table of three layers, in each of which the same K units go with the rating in all languages."""
    known, effects, rankings = made_languages()
    steer = {"readout": "probe", "edit": "steer", "n_sets": 21, "n_words": 12, "r": 0.99, "bias": 0.0, "holds": holds}
    checks = CHECKS.check(CELL.stamp(pd.DataFrame([{"language": code, **steer} for code in NAMES])))
    known = known if asked else {code: {} for code in known}
    given = {"headline": "correlation", "size": None, "readouts": ("probe",), "sets": 99, "seed": 0}
    found = sweep(effects, known, checks, rankings, CELL, **given)["causal_sweep"]
    return None if found is None else TABLES["causal_sweep"].check(found)


def row(table: str, **values: Any) -> pd.DataFrame:
    """Return a row of a table of readouts; what is not given is made up, or missing where it may be."""
    made = {"text": "probe of the last layer", "name": "m", "unit": 1, "count": 3, "p": 0.01}
    own = {
        "model": "m",
        "site": "resid",
        "variable": "valence",
        "readout": "probe",
        "in_units": "SD of the rating",
        "why": None,
    }
    rest = {c.name: None if c.missing and "why" in values else made.get(c.kind, 0.5) for c in TABLES[table].columns}
    frame = pd.DataFrame([rest | own | values])
    whole = {c.name: "Int64" for c in TABLES[table].columns if c.kind == "count"}
    return TABLES[table].check(frame.astype(whole))


def told(**tables: pd.DataFrame) -> Results:
    layer = pd.DataFrame({"model": ["m"], "variable": ["valence"], "layer": [1], "chosen": [True]})
    languages = pd.DataFrame({"language": list(NAMES), "name": list(NAMES.values())})
    read = {name: table.empty() for name, table in TABLES.items()} | {"causal_summary": row("causal_summary")} | tables
    study = {"sites": ["mlp", "resid"], "units": {"headline": "correlation"}, "causal": {"sites": ["resid"]}}
    return Results(Path(), TABLES, study, {}, {**read, "layer_choice": layer, "languages": languages})


def words(results: Results) -> str:
    return " ".join([*(text for line in glance(results, "m", "valence") for text in line), *section(results).findings])


def test_each_layers_units_do_what_was_put_there() -> None:
    found = swept_languages()
    assert found is not None
    table = found.set_index("layer")
    assert list(table.index) == [0, 1, 2]
    # Each of the K units of a layer adds as much, in every language.
    assert table["effect"].tolist() == pytest.approx([strength * K for strength in STRENGTH.values()], abs=1e-9)
    assert (table["n_languages"] == len(NAMES)).all()
    assert (table["n_units"] == K).all()
    assert table.loc[0, "p"] > 0.05
    assert table.loc[2, "p"] == pytest.approx(1 / 100)
    assert (table["matched_low"] < table["matched"]).all()
    assert (table["matched"].abs() < 0.1).all()
    # Real edits are made in the study's own layer alone.
    assert table["checked"].tolist() == ["not edited", "agrees", "not edited"]
    failed = swept_languages(holds=False)
    assert failed is not None
    assert failed["checked"].tolist() == ["not edited", "differs", "not edited"]


def test_a_sweep_that_is_not_asked_leaves_nothing() -> None:
    assert swept_languages(asked=False) is None


def test_layers_are_those_that_can_be_edited_with_their_own_scales() -> None:
    assert swept(Layout.even(4, WIDTH)) == (0, 1, 2)
    assert swept(Layout((6, 6, 6), MLP, layers=(1, 2))) == (1, 2)
    rng = np.random.default_rng(0)
    values = rng.normal(size=(4, 60, 6)).astype(np.float32)
    table = pd.DataFrame({"word": [f"w{i}" for i in range(60)], "split": "train", "valence": rng.normal(size=60)})
    given = {"variable": "valence", "language": "en", "sites": None, "test_share": 0.2, "seed": 0}
    cell = replace(CELL, layout=Layout.even(4, 6))
    found = scales(Activations.from_arrays(values), table, cell, sweep=True, **given)["causal_scales"]
    for layer in (0, 1, 2):
        np.testing.assert_allclose(found[f"layers/{layer}/sd"], values[layer].std(axis=0, ddof=1), rtol=1e-5)
    assert "layers/3/sd" not in found
    assert not any(
        key.startswith("layers/")
        for key in scales(Activations.from_arrays(values), table, cell, sweep=False, **given)["causal_scales"]
    )


def test_the_layer_that_moves_most_is_told_with_what_was_checked() -> None:
    found = swept_languages()
    assert found is not None
    text = words(told(causal_sweep=found))
    assert "of all layers, units of layer 2 move it most: by 1.20" in text
    assert "no units of this layer were edited" in text
    own = found[found["layer"] < 2]
    assert "as is predicted; real edits agree" in words(told(causal_sweep=own))
    assert "of all layers" not in words(told())
    with house_style():
        figure, caption = draw_sweep(told(causal_sweep=found)) or pytest.fail("no figure")
    (axis,) = figure.axes
    assert [len(line.get_xdata()) for line in axis.lines[:1]] == [3]
    assert "matched sets" in caption
    assert draw_sweep(told()) is None


def test_the_untrained_model_is_told_beside_the_model() -> None:
    silent = row("causal_untrained", control="untrained:m", n_languages=0, n_asked=5, why="Nothing reads it.")
    results = told(causal_untrained=silent)
    last = glance(results, "m", "valence")[-1]
    assert last.question == "Does the model use them, in the untrained model?"
    assert (last.answer, last.sure) == ("Can't be asked", "Nothing reads it.")
    assert "in the untrained model it can't be asked. Nothing reads it." in words(results)
    read = {"n_units": 12, "n_languages": 2, "n_asked": 5, "mean_effect": 0.11, "mean_matched": 0.1, "p": 0.4}
    moved = told(causal_untrained=row("causal_untrained", control="untrained:m", **read))
    assert "in the untrained model, 12 units that the same rule chooses in the same layer move it by 0.11" in words(
        moved
    )
    assert "in the 2 of 5 languages where it reads the rating" in words(moved)
    assert glance(moved, "m", "valence")[-1].answer == "Not shown: matched sets move it as much"
    assert "the untrained model was not steered" in words(told())


SILENT = {"readout": "words", "label": "choice of words", "n_languages": 0, "why": "It has no trained head."}


def both(probe: dict[str, Any], **of_words: Any) -> Results:
    """Return what a probe says beside the model's own words."""
    said = {"readout": "words", "label": "choice of words", "in_units": "SD of its readings", "mean_effect": 0.4}
    rows = [row("causal_summary", **probe), row("causal_summary", **(said | of_words))]
    return told(causal_summary=TABLES["causal_summary"].concat(rows))


@pytest.mark.parametrize("p_of_probe", [0.01, 0.4])
def test_the_model_s_own_words_are_told_beside_a_probe_in_80_words(p_of_probe: float) -> None:
    for matched, p, says in (
        (0.08, 0.02, "Its choice of words: more (0.40 SD, others 0.08, p = .0200)."),
        (0.38, 0.3, "Its choice of words: not shown (0.40 SD, others 0.38, p = .3000)."),
        (None, None, "Its choice of words: 0.40 SD."),
    ):
        text = brief(both({"p": p_of_probe}, mean_matched=matched, p=p), PLACE, "used").text
        assert text.endswith(f" {says}")
        assert len(text.split()) <= 80
    text = brief(both({"p": p_of_probe}, **SILENT), PLACE, "used").text
    assert text.endswith(" Its choice of words, nearer to use, can't be asked.")
    assert len(text.split()) <= 80


def test_what_can_be_asked_is_told_first_and_why_the_rest_can_not() -> None:
    results = both({}, **SILENT)
    assert [line[2] for line in glance(results, "m", "valence")][1:2] == ["Can't be asked"]
    assert "m · valence, layer 1, choice of words: it can't be asked. It has no trained head." in words(results)
    alone = both({"n_languages": 0, "why": "Nothing is read."})
    text = brief(alone, PLACE, "used").text
    assert "move the choice of words by 0.40 SD of its readings" in text
    assert "probe" not in text
    assert "move the choice of words" in claim(alone, "m", "valence")


def test_a_site_where_nothing_is_edited_says_so() -> None:
    results = told().at("mlp")
    says = "No units are edited at this site, only at others (residual stream; causal.sites)."
    assert brief(results, PLACE, "used").text == says
    assert glance(results, "m", "valence")[0][2:] == ("Not tested", says)
    assert section(results).findings == [f"m · valence: {says}"]
    assert claim(results, "m", "valence") == ""


def test_the_estimate_counts_words_and_the_untrained_model_where_they_are_asked() -> None:
    steps = {step.name: step.seconds for step in QUESTION.steps}
    languages = {code: {"norms": "labmt"} for code in ("en", "es")}
    study = {"name": "s", "models": ["m"], "variables": ["valence"], "languages": languages, "sites": ["resid", "mlp"]}

    def seconds(name: str, head: float = 0.0, site: Site = "resid", **options: Any) -> float:
        size = Size(
            study=Study.model_validate(study | {"causal": options}),
            site=site,
            layers=13,
            width=384,
            sentences=1560.0,
            languages=8,
            loaded=1e8,
            tokens=lambda: 3e4,
            token_s=lambda: 1e-3,
            head=lambda: head,
        )
        return float(steps[name](size))

    plain, said = seconds("causal_effects"), seconds("causal_effects", head=1.5)
    assert said > plain + 1e-3 * 4 * 12 * 30  # frames are tried, each on 30 words
    assert seconds("causal_effects", head=1.5, readouts=["probe", "likeness"]) == plain
    assert plain < seconds("causal_effects", head=1.5, frames=1) < said
    assert seconds("causal_effects", words=20) < plain < seconds("causal_effects", site="mlp")
    assert seconds("causal_effects", site="mlp", sites=["resid"]) < 0.1
    assert seconds("causal_untrained") > 1e-3 * 8 * 20 * 100
    assert seconds("causal_untrained", untrained=False) < 0.2


def test_the_estimate_counts_what_readouts_read() -> None:
    from interlingua.causal.readouts import likeness, words
    from interlingua.questions import causal

    assert (causal.LIKENED, causal.TRIED) == (2 * likeness.ENDS, words.TRIED)
