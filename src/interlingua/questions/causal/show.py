"""What is told of edits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from interlingua.questions.causal.figures import draw_doses, draw_pairs, draw_sweep
from interlingua.report.results import Results
from interlingua.report.story import Brief, Panel, Place
from interlingua.report.style import GREY, colour, marker
from interlingua.report.words import (
    LEVEL,
    SITE_TITLES,
    Row,
    Section,
    Shown,
    between,
    cell_title,
    listing,
    p_text,
    percents,
    permuted,
    plural,
    signed,
)

_QUESTION = "Does the model use them?"
_TEST = (
    "Units that the other languages choose are shifted in their direction, and what can be read behind them is compared with "
    "sets of as many other units, alike in SD and mean"
)


_NONE = "Fewer than two languages choose units, so that none could be tried elsewhere."


def claim(results: Results, model: str, variable: str) -> str:
    """Return what shifting the units does to what can be read behind them."""
    row = _lead(results, model, variable)
    if row is None or not _asked(row) or pd.isna(row.p):
        return ""
    moved = _moved(row)
    if row.p >= LEVEL:
        return (
            f" That the model uses them is not shown: shifted by one SD, {_units(row)} chosen by the other languages move the "
            f"{row.label} by {moved}, no more than other units do ({permuted(row.p, row.n_sets)})."
        )
    return (
        f" What is read behind them moves with them: shifted by one SD in the direction that the other languages say, "
        f"{_units(row)} move the {row.label} by {moved} ({permuted(row.p, row.n_sets)})."
    )


def brief(results: Results, place: Place, chapter: str) -> Brief | None:
    """Return what shifting the units does to what can be read behind them, language by language."""
    row = _lead(results, **place)
    if row is None:
        return Brief(
            _elsewhere(results) or f"Whether what is read behind the units moves with them can't be told. {_NONE}"
        )
    if not _asked(row):
        return Brief(f"Whether what is read behind the units moves with them can't be told. {row.why}")
    text = f"Shifted one SD as other languages say, {_units(row)} move the {row.label} by {_effect(row, '95 %:')}"
    if pd.isna(row.p):
        return Brief(f"{text}. There are no other units to compare this with.")
    verdict = ": more than" if row.p < LEVEL else ", not shown beyond"
    text += f"{verdict} others alike in SD and mean ({signed(row.mean_matched, 2)}, p {p_text(row.p)})"
    if not pd.isna(row.p_hard):
        text += f", or |r| ({signed(row.mean_hard, 2)}, p {p_text(row.p_hard)})"
    text += "."
    if not pd.isna(row.units_in_all):
        text += (
            f" {plural(int(row.units_in_all), 'unit')} shown to carry it in all: {signed(row.effect_in_all, 2)}, others nearest in |r| "
            f"{signed(row.hard_in_all, 2)} (p < .05 in {int(row.n_moved_in_all)} of {row.n_languages})."
        )
    text += _said(results, place, row)
    drawn = [
        (results.names[one.language], one.effect, one.matched_low, one.matched_high)
        for one in results.of(
            "causal", **place, chosen_by="others", readout=row.readout, edit="steer", real=True
        ).itertuples()
    ]

    def draw(axis: Any) -> None:
        for number, (_, effect, low, high) in enumerate(drawn):
            axis.plot([low, high], [number, number], color=GREY, linewidth=2.5, solid_capstyle="butt")
            axis.plot([effect], [number], marker=marker(0), color=colour(0), linestyle="none", markersize=5)
        axis.set_yticks(range(len(drawn)), [name for name, *_ in drawn])
        axis.set_ylim(len(drawn) - 0.5, -0.5)
        axis.axvline(0, color=GREY, linewidth=0.6)
        axis.set_xlabel("change of the reading with each SD")
        axis.grid(visible=False, axis="y")

    caption = (
        "how far a reading of the last layer moves with each SD by which the units that other languages choose are shifted (points), "
        "beside 95 % of what other units do (bars)."
    )
    return Brief(text, Panel(draw, caption))


def _said(results: Results, place: Place, row: Any) -> str:
    """Tell the model's own words beside another readout, which is not the model's use."""
    words = next(results.of("causal_summary", **place, readout="words").itertuples(), row)
    if words.readout == row.readout:
        return " A probe is not the model's use." if row.readout != "words" and row.p < LEVEL else ""
    if not _asked(words):
        return f" Its {words.label}, nearer to use, can't be asked."
    moved = f" Its {words.label}: "
    if pd.isna(words.p):
        return f"{moved}{signed(words.mean_effect, 2)} SD."
    verdict = "more" if words.p < LEVEL else "not shown"
    beside = f"others {signed(words.mean_matched, 2)}, p {p_text(words.p)}"
    return f"{moved}{verdict} ({signed(words.mean_effect, 2)} SD, {beside})."


def caveats(results: Results) -> list[str]:
    """Return how near sets matched in |r| are: those of the units that others choose, and of those that carry it in all."""
    found = []
    for model, variable in results.cells:
        row = _lead(results, model, variable)
        if row is None or not _asked(row):
            continue
        tested = {"others": (row.n_units, "the tested units")}
        if pd.notna(row.units_in_all) and row.units_in_all:
            tested["conjunction"] = (row.units_in_all, "the units shown to carry it in all")
        for chosen_by, (n_units, which) in tested.items():
            where = {"model": model, "variable": variable, "chosen_by": chosen_by, "n_units": n_units, "kind": "hard"}
            far = [*results.of("causal_matches", **where, property="|r|").itertuples()]
            spread = [*results.of("causal_matches", **where, property="log SD").itertuples()]
            found += [
                f"{cell_title(model, variable)}: of {which} and what replaces them in sets that are matched in |r|, too, |r| is "
                f"{signed(one.distance, 2)} SD apart and log SD {signed(other.distance, 2)} (units paired at random: {signed(one.random, 2)} "
                f"and {signed(other.random, 2)}): what is not equal remains a reason why they move more."
                for one, other in zip(far, spread, strict=True)
            ]
    return found


def glance(results: Results, model: str, variable: str) -> list[Row]:
    """Return what each readout says."""
    rows = results.of("causal_summary", model=model, variable=variable)
    if rows.empty:
        return [Row(_QUESTION, _TEST, "Not tested", _elsewhere(results) or _NONE)]
    return [*map(_glance, rows.itertuples()), *_glance_untrained(results, model, variable)]


def _glance(row: Any) -> Row:
    question = f"{_QUESTION.removesuffix('?')}, by the {row.label}?"
    if not _asked(row):
        return Row(question, _TEST, "Can't be asked", row.why)
    if pd.isna(row.p):
        answer = f"Moved by {_effect(row)}, but there are no control sets"
        return Row(question, _TEST, answer, "languages choose so differently that too few other units are left")
    answer = "Moved more than by matched sets" if row.p < LEVEL else "Not shown: matched sets move it as much"
    sure = (
        f"{_moved(row)}; {permuted(row.p, row.n_sets)}; in {row.n_moved} of {plural(row.n_languages, 'language')} p < .05 (corrected); "
        f"{percents(pd.Series([row.right_way]))} of words move the right way"
    )
    return Row(question, _TEST, answer, sure)


def _glance_untrained(results: Results, model: str, variable: str) -> list[Row]:
    """Return what the first readout says in the untrained model; nothing where that was not asked."""
    question = f"{_QUESTION.removesuffix('?')}, in the untrained model?"
    test = "Its own units by the same rule, in the same layer, are shifted in the same way"
    rows = results.of("causal_untrained", model=model, variable=variable).head(1)
    return [_glance(row)._replace(question=question, test=test) for row in rows.itertuples()]


def _untrained(results: Results, row: Any) -> Iterator[str]:
    """Tell a readout of the untrained model."""
    where = {"model": row.model, "variable": row.variable}
    beside = next(results.of("causal_untrained", **where, readout=row.readout).itertuples(), None)
    if beside is None:
        if row.readout == "probe":
            yield "the untrained model was not steered: causal.untrained = true and 'untrained' in scrutiny.controls do that."
    elif not _asked(beside):
        yield f"in the untrained model it can't be asked. {beside.why}"
    else:
        yield (
            f"in the untrained model, {_units(beside)} that the same rule chooses in the same layer move it by {_moved(beside)}, in the "
            f"{beside.n_languages} of {beside.n_asked} languages where it reads the rating at all"
            + ("." if pd.isna(beside.p) else f" ({permuted(beside.p, beside.n_sets)}).")
        )


_CHECKED = {
    "agrees": "real edits agree",
    "differs": "real edits differ from it",
    "not edited": "no units of this layer were edited",
}


def _sweep(results: Results, row: Any) -> Iterator[str]:
    """Tell in which layer the units do most."""
    layers = results.of("causal_sweep", model=row.model, variable=row.variable, readout=row.readout)
    for most in layers.nlargest(1, "effect").itertuples():
        beside = "" if pd.isna(most.p) else f" (matched sets {signed(most.matched, 2)}, {permuted(most.p, row.n_sets)})"
        text = f"of all layers, units of layer {most.layer} move it most: by {signed(most.effect, 2)}{beside}"
        yield f"{text}, as is predicted; {_CHECKED[most.checked]}."


def _lead(results: Results, model: str, variable: str) -> Any:
    """Return the answer by the first readout that can be asked, or by the first; None where no unit is edited."""
    rows = list(results.of("causal_summary", model=model, variable=variable).itertuples())
    return next(filter(_asked, rows), rows[0] if rows else None)


def _elsewhere(results: Results) -> str:
    """Return that units are edited at other sites than that which is looked at, "" where they are edited there."""
    here, sites = results.site or results.sites[0], results.study["causal"].get("sites")
    if sites is None or here in sites:
        return ""
    return f"No units are edited at this site, only at others ({listing(SITE_TITLES[site] for site in sites)}; causal.sites)."


def _asked(row: Any) -> bool:
    """Return whether the rating is read without an edit in any language."""
    return not pd.isna(row.n_units)


def _units(row: Any) -> str:
    return plural(int(row.n_units), "unit")


def _effect(row: Any, interval: str = "95 % interval over languages") -> str:
    text = f"{signed(row.mean_effect, 2)} {row.in_units}"
    if not pd.isna(row.mean_low):
        text += f" ({interval} {signed(row.mean_low, 2)} to {signed(row.mean_high, 2)})"
    return text


def _moved(row: Any) -> str:
    return _effect(row) + ("" if pd.isna(row.mean_matched) else f", matched sets by {signed(row.mean_matched, 2)}")


def section(results: Results) -> Section:
    """Return what edits do, whether predictions hold, and what else moves."""
    findings = []
    for model, variable in results.cells:
        title = cell_title(model, variable)
        rows = list(results.of("causal_summary", model=model, variable=variable).itertuples())
        if not rows:
            findings.append(f"{title}: {_elsewhere(results) or _NONE}")
        for row in rows:
            findings += [f"{title}, layer {row.layer}, {row.label}: {text}" for text in _findings(results, row)]
    return Section(findings, ("causal_doses", "causal_pairs", "causal_sweep"), _tables(results))


def _findings(results: Results, row: Any) -> Iterator[str]:
    where = {"model": row.model, "variable": row.variable}
    if not _asked(row):
        yield f"it can't be asked. {row.why}"
        return
    if row.n_languages < row.n_asked:
        yield (
            f"it can be asked in {row.n_languages} of {row.n_asked} languages; of the others the table of what can be read without "
            "an edit says why not."
        )
    yield _steering(row)
    yield _how_sure(row)
    if not pd.isna(row.mean_contraction):
        beside = "" if pd.isna(row.matched_contraction) else f" (matched sets: {signed(row.matched_contraction, 2)})"
        closer = "" if round(row.mean_contraction, 2) < 1 else "don't "
        yield (
            f"with these units set to their mean, readings of words {closer}lie closer together: the slope of "
            f"edited on unedited readings is {signed(row.mean_contraction, 2)} on average{beside}."
        )
    if not pd.isna(row.r_shared):
        yield (
            "languages that share more of their top units "
            + ("move each other more" if row.p_shared < LEVEL else "are not shown to move each other more")
            + f" (r over pairs, less what single languages have in all of theirs: {signed(row.r_shared, 2)}; languages relabelled, "
            f"{_p(row.p_shared)})."
        )
    yield from _untrained(results, row)
    yield from _sweep(results, row)
    if row.readout == "probe":
        yield from _selectivity(results.of("causal_selectivity", **where, passes=True))


def _p(value: float) -> str:
    return f"p {p_text(value)}"


def _steering(row: Any) -> str:
    text = f"a shift of {_units(row)} by one SD moves it by {_effect(row)}"
    if pd.isna(row.p):
        return f"{text}; there are no control sets, as too few units are in no language's choice."
    verdict = "more than" if row.p < LEVEL else "not shown to be more than"
    text += f", {verdict} matched sets ({signed(row.mean_matched, 2)}; {permuted(row.p, row.n_sets)})"
    if not pd.isna(row.p_hard):
        text += f"; against sets matched in |r|, too, {_p(row.p_hard)}"
    return f"{text}. {percents(pd.Series([row.right_way]))} of words move the right way."


def _how_sure(row: Any) -> str:
    text = (
        f"a straight line has {percents(pd.Series([row.straight]))} of the dose-response; at a dose of {signed(row.largest_dose, 1)} "
        f"the sentence's vector turns by {signed(row.damage, 3)} (one less its cosine)"
    )
    if not pd.isna(row.divergence):
        text += f", and what the model says is {signed(row.divergence, 3)} nats from what it says without (Kullback-Leibler)"
    if pd.isna(row.least_r_check):
        return f"{text}."
    return (
        f"{text}. Real edits of control sets agree with the gradient's predictions with r of {signed(row.least_r_check, 3)} or more, "
        f"and differ in size by {percents(pd.Series([row.most_bias_check]))} at most."
    )


def _selectivity(rows: pd.DataFrame) -> Iterator[str]:
    if rows.empty:
        return
    told = [
        f"{str(name).replace('_', ' ')} by {between(of_property['slope'])} SD"
        for name, of_property in rows.groupby("property", sort=False)
    ]
    yield f"the same shift moves what a probe reads of {listing(told)}; the rating itself by {between(rows['own_slope'])} SD."


def _tables(results: Results) -> tuple[Shown, ...]:
    tables = (
        Shown(
            "The answer",
            "causal_summary",
            results.table("causal_summary"),
            "model variable label n_languages n_asked n_units mean_effect mean_low mean_high mean_matched p p_hard n_moved right_way "
            "mean_contraction damage",
        ),
        Shown(
            "The untrained model",
            "causal_untrained",
            results.table("causal_untrained"),
            "model variable control label n_languages n_asked why n_units mean_effect mean_low mean_high mean_matched p",
        ),
        Shown(
            "Edits of the units that the other languages choose",
            "causal",
            results.of("causal", chosen_by="others", real=True),
            "model variable language readout edit n_units effect effect_low effect_high predicted matched matched_low matched_high "
            "n_sets p p_bh p_hard right_way damage divergence",
        ),
        Shown(
            "Other sets, predicted",
            "causal",
            results.of("causal", edit="steer", real=False),
            "model variable language readout chosen_by n_units effect effect_low effect_high matched p hard p_hard direction_high",
        ),
        Shown(
            "Layer by layer, predicted",
            "causal_sweep",
            results.table("causal_sweep"),
            "model variable layer readout n_languages n_units effect effect_low effect_high matched matched_low matched_high p checked",
        ),
        Shown(
            "What can be read without an edit",
            "causal_readouts",
            results.table("causal_readouts"),
            "model variable language readout r r_low r_high n_words n_train_words passes why",
        ),
        Shown(
            "Predictions beside real edits",
            "causal_checks",
            results.table("causal_checks"),
            "model variable language readout edit n_sets n_words r bias holds",
        ),
        Shown(
            "What else moves",
            "causal_selectivity",
            results.table("causal_selectivity"),
            "model variable language property r passes slope slope_low slope_high own_slope",
        ),
        Shown(
            "How near control sets are",
            "causal_matches",
            results.table("causal_matches"),
            "model variable chosen_by n_units kind property distance random n_sets n_distinct",
        ),
    )
    return tuple(shown for shown in tables if len(shown.frame))


FIGURES = {"causal_doses": draw_doses, "causal_pairs": draw_pairs, "causal_sweep": draw_sweep}
