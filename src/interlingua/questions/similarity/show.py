"""What is told of how much languages share."""

from __future__ import annotations

from typing import Any

import pandas as pd

from interlingua.questions.similarity.figures import draw_layers, draw_map, draw_tree, firmness, real_and_drawn
from interlingua.questions.similarity.verdict import LEAST_CEILING, beyond, is_shown, verdict
from interlingua.report.results import Results
from interlingua.report.story import Brief, Lead, Panel, Place, Tile
from interlingua.report.words import (
    Row,
    Section,
    Shown,
    cell_title,
    distinct,
    every_p,
    listing,
    p_text,
    short,
    signed,
)

#: Stands for all layers together in the column of layers.
WHOLE = -1


def claim(results: Results, model: str, variable: str) -> str:
    """Return how much the languages share of where the rating is encoded, and how that is beside the nulls."""
    row = _chosen(results, model, variable)
    if row is None:
        return ""
    where = f"In layer {row.layer} of {short(model)} ({row.n_units} units: the numbers that it computes for a word), "
    if pd.isna(row.rho):
        return f"{where}how much languages share of where {variable} is encoded can't be told: {_unsteady(results, model, variable)}."
    nulls = _nulls(results, model, variable)
    shown = not nulls or is_shown(row, nulls)
    share = f"{row.n_languages} languages share {_much(row) if shown else 'any'} of where {variable} is encoded"
    text = (
        f"{where}{'' if shown else 'it is not shown that '}{share} (ρ̄{_above(row, shown)}: one if they had a single code, zero "
        f"if each had its own{_interval(row)}{_NOT_WORDS if pd.notna(row.rho_low) else ''}){_unsure(row)}. It is a ratio of correlations, not a share of units: how "
        f"strongly units go with the rating agrees by {signed(row.between, 2)} between two languages and by "
        f"{signed(row.ceiling, 2)} between two halves of one language's words."
    )
    if nulls:
        beside = listing(
            f"with {results.label(null.null)}{_MEANT.get(null.null, '')} by {signed(null.null_mean, 2)} (95 % of draws below "
            f"{signed(null.null_high, 2)}; p {p_text(null.p)})"
            for null in nulls
        )
        text += f" Two languages would agree {beside}; {nulls[0].draws} draws{' each' * (len(nulls) > 1)}."
    return f"{text}{_before(results, row)}{_equivalence(row)}"


#: What intervals are not about, said once.
_NOT_WORDS = " and no words"
#: What a null is, where it is first told of.
_MEANT = {"own codes": ", ratings that each language encodes as well, but in a direction of its own,"}


def _before(results: Results, chosen: Any) -> str:
    """Return how much is shared where the model has not looked at any context yet, and without linked words there."""
    place = {"model": chosen.model, "variable": chosen.variable}
    row, without = (_embeddings(results, place, chosen, words) for words in ("all", "unlinked"))
    if row is None:
        return ""
    text = f" In layer {row.layer}, before any context is read, ρ̄ is {signed(row.rho, 2)} already"
    if without is not None:
        text += f", without {_links(results, **place)} {signed(without.rho, 2)}"
        text += f" ({_ends(without)})" if pd.notna(without.rho_low) else ""
    return f"{text}."


def _embeddings(results: Results, place: Place, chosen: Any, words: str) -> Any:
    """Return the row of layer 0; None where that is the chosen layer, or nothing can be told or is left out there."""
    rows = results.of("similarity", **place, words=words, layer=0).dropna(subset="rho").itertuples()
    row = next(rows, None)
    told = row is not None and row.layer != chosen.layer and (words == "all" or row.n_left_out)
    return row if told else None


def _much(row: Any) -> str:
    return signed(row.rho, 2) if row.rho < 1 else "all"


def _above(row: Any, shown: bool) -> str:
    """Return the number where the sentence does not say it."""
    if row.rho >= 1:
        return f" = {signed(row.rho, 2)}, sampling error included"
    return "" if shown else f" = {signed(row.rho, 2)}"


def _unsure(row: Any) -> str:
    """Return the warning that the ratio is one of two small numbers."""
    if row.ceiling >= LEAST_CEILING:
        return ""
    return f", though two halves of one language's words agree by {signed(row.ceiling, 2)} only, so that ρ̄ is a ratio of small numbers"


def _chosen(results: Results, model: str, variable: str, words: str = "all") -> Any:
    rows = results.of("similarity", model=model, variable=variable, words=words, chosen=True)
    return next(rows.itertuples(), None)


def _nulls(results: Results, model: str, variable: str) -> list[Any]:
    """Return the rows of the nulls; permuted ratings, the easiest to beat, come last."""
    rows = results.of("similarity_null", model=model, variable=variable).itertuples()
    return sorted(rows, key=lambda row: row.null == "permuted")


def _interval(row: Any) -> str:
    if pd.isna(row.rho_low):
        return f"; no interval, as {row.n_languages} languages are too few"
    return f"; 95 % interval {signed(row.rho_low, 2)} to {signed(row.rho_high, 2)}, leaving out one language at a time"


def _equivalence(row: Any) -> str:
    if pd.isna(row.margin):
        return ""
    named = f"the margin that the study named beforehand ({signed(row.margin, 2)})"
    if pd.isna(row.rho_lower):
        return f" Whether they reach {named} can't be told of so few languages."
    bound = f"the one-sided 95 % interval begins at {signed(row.rho_lower, 2)}"
    if row.rho_lower >= row.margin:
        return f" They count as one code by {named}: {bound}."
    return f" They don't count as one code by {named}: {bound}."


def _unsteady(results: Results, model: str, variable: str) -> str:
    """Return the languages whose profile does not agree with itself."""
    rows = results.of("similarity_languages", model=model, variable=variable)
    names = [results.names[code] for code in rows.loc[rows["ceiling"] <= 0, "language"]]
    return f"in {listing(names)} two halves of the words don't agree on the units"


def glance(results: Results, model: str, variable: str) -> list[Row]:
    """Return how much is shared, and how much without words that are linked."""
    question = "How much do languages share?"
    test = "Similarity of the units' correlations with the rating, over what a language shares with itself (ρ̄)"
    row = _chosen(results, model, variable)
    if row is None:
        return [Row(question, test, "Not tested: fewer than two languages are rated", "–")]
    if pd.isna(row.rho):
        return [Row(question, test, f"Can't be told: {_unsteady(results, model, variable)}", "–")]
    nulls = _nulls(results, model, variable)
    answer = "Not shown to be any: " if nulls and not is_shown(row, nulls) else ""
    answer += f"ρ̄ = {signed(row.rho, 2)}{_interval(row)}{_unsure(row)}"
    sure = every_p([(results.label(null.null), null.p) for null in nulls], nulls[0].draws) if nulls else ""
    untested = "; of the control models ρ̄ is not computed" if "controls" not in results.not_asked else ""
    rows = [Row(question, test, answer, (sure or "not compared with ratings drawn under a null") + untested)]
    return [*rows, *_without_translations(results, model, variable)]


def _without_translations(results: Results, model: str, variable: str) -> list[Row]:
    """Return the same without linked words; nothing where no word is linked."""
    row = _chosen(results, model, variable, "unlinked")
    if row is not None and not row.n_left_out:
        return []
    question = f"And without {_links(results, model, variable)}?"
    if row is None:
        test = "The same without the words that are linked to a word of another language"
        return [Row(question, test, "Can't be told: in some language too few words are left", "–")]
    test = (
        f"The same without the {row.n_left_out:,} training words that are linked to a word of another language; true translations "
        "may remain"
    )
    if pd.isna(row.rho):
        return [Row(question, test, "Can't be told: in some language two halves of the words left don't agree", "–")]
    chance = _chosen(results, model, variable, "random")
    beside = "not tested against a null"
    if chance is not None and pd.notna(chance.rho):
        beside += f"; as many words left out by chance: ρ̄ = {signed(chance.rho, 2)}"
    return [Row(question, test, f"ρ̄ = {signed(row.rho, 2)}{_interval(row)}{_unsure(row)}", beside)]


def _links(results: Results, model: str, variable: str) -> str:
    """Return what linked words are: translations by norms or the user, or what the model itself takes for them."""
    for row in results.of("concept_summary", model=model, variable=variable).itertuples():
        if row.n_neighbours and not row.n_user and not row.n_norms:
            return "the words that the model itself places next to a word of another language"
    return "the words that are linked to another language's"


def section(results: Results) -> Section:
    """Return how much is shared by layer, pair and language, and which part of units' variance it is."""
    findings = []
    for model, variable in results.cells:
        row = _chosen(results, model, variable)
        title = cell_title(model, variable)
        if row is None:
            findings.append(f"{title}: fewer than two languages are rated, so none could be compared.")
            continue
        text = (
            f"{title}, layer {row.layer}: the profiles of two languages correlate by {signed(row.between, 2)} on average, those of "
            f"two halves of one language's words by {signed(row.ceiling, 2)}: ρ̄ = {signed(row.rho, 2)}{_interval(row)}."
            if pd.notna(row.rho)
            else f"{title}, layer {row.layer}: {_unsteady(results, model, variable)}, so ρ̄ can't be told."
        )
        told = pd.notna(row.rho)
        findings.append(text + _network(results, row) + _equivalence(row) + (_of_units(results, row) if told else ""))
    tables = (
        Shown(
            "How much is shared, by layer",
            "similarity",
            results.table("similarity"),
            "model variable layer words n_languages n_words n_left_out rho rho_low rho_high between ceiling",
        ),
        Shown(
            "On real ratings and under each null",
            "similarity_null",
            results.table("similarity_null"),
            "model variable layer null between null_mean null_high p draws",
        ),
        Shown(
            "Languages",
            "similarity_languages",
            results.table("similarity_languages"),
            "model variable language n_words ceiling rho",
        ),
        Shown(
            "Pairs of languages",
            "similarity_pairs",
            results.table("similarity_pairs"),
            "model variable language_a language_b rho between",
        ),
        Shown(
            "Variance of the units, by layer",
            "components",
            results.table("components"),
            "model variable layer n_units shared own noise share n_sure",
        ),
        Shown(
            "Units by their shared part, the surest first",
            "unit_scores",
            results.table("unit_scores").sort_values("false_sign", kind="stable"),
            "model variable unit score sd false_sign",
        ),
    )
    figures = ("similarity_layers", "similarity_map", "similarity_tree")
    return Section(findings, figures, tuple(shown for shown in tables if len(shown.frame)))


def _network(results: Results, chosen: Any) -> str:
    """Return the same of the units of all layers together."""
    where = {"model": chosen.model, "variable": chosen.variable, "words": "all", "layer": WHOLE}
    for row in results.of("similarity", **where).dropna(subset="rho").itertuples():
        return f" Over the {row.n_units} units of all layers together ρ̄ = {signed(row.rho, 2)}{_interval(row)}."
    return ""


def _of_units(results: Results, chosen: Any) -> str:
    """Return which part of the units' variance is shared, and of how many the sign is sure."""
    where = {"model": chosen.model, "variable": chosen.variable, "chosen": True}
    for row in results.of("components", **where).dropna(subset="share").itertuples():
        return (
            f" Of the units' true variance {100 * row.share:.0f} % is shared; the shared part of {row.n_sure} of {row.n_units} "
            "units has a sign that is wrong with a probability < .05."
        )
    return ""


def lead(results: Results, place: Place) -> Lead:
    """Return the answer: how much of where the rating is encoded the languages share."""
    row, variable = _chosen(results, **place), place["variable"]
    if row is None:
        return Lead(f"Not asked of {variable}: fewer than two languages are rated.", "Not asked")
    if pd.isna(row.rho):
        return Lead(
            f"It can't be told: in some language two halves of its words don't agree on which units go with {variable}.",
            "Can't be told",
        )
    nulls = _nulls(results, **place)
    outcome = verdict(row, nulls)
    # Answers that say how much come with an interval, and with what they are a share of.
    how_much = outcome in ("Mostly", "In part")
    interval = f"95 % interval over languages {_ends(row)}; " if how_much else ""
    share = f"ρ̄ = {signed(row.rho, 2)} between {row.n_languages} languages ({interval}0: unrelated, 1: the same)"
    chance = ""
    if outcome == "Not shown":
        chance = ", with an interval over languages that holds 0" if beyond(nulls) else ", which chance could give"
    return Lead(f"{outcome}{', taking all units together' * how_much}: {share}{chance}.", outcome)


def tile(results: Results, place: Place) -> Tile | None:
    """Return rho-bar with its interval and its ceiling."""
    row = _chosen(results, **place)
    if row is None or pd.isna(row.rho):
        return None
    nulls = _nulls(results, **place)
    sure = "no interval of so few languages"
    if pd.notna(row.rho_low):
        sure = f"95 % interval {_ends(row)}, for other languages, not other words"
    if nulls:
        worst = max(nulls, key=lambda null: null.p)
        sure += f"; p {p_text(worst.p)} against {listing(results.label(null.null) for null in nulls)}"
    means = (
        f"ρ̄: how alike two languages are in which units go with {place['variable']} (r = {signed(row.between, 2)}), over how alike two "
        f"halves of one language's words are (r = {signed(row.ceiling, 2)}, the most that could be)"
    )
    if row.ceiling < LEAST_CEILING:
        sure += "; unsure, as a ratio of small numbers"
    head = "ρ̄: 0 if each had a code of its own, 1 if all had one"
    return Tile("How alike languages are", signed(row.rho, 2), sure, means, head)


def _ends(row: Any) -> str:
    return f"{signed(row.rho_low, 2)} to {signed(row.rho_high, 2)}"


def brief(results: Results, place: Place, chapter: str) -> Brief | None:
    """Return how much is shared beside the nulls (Shared?), and what it hangs on (Firm?)."""
    row = _chosen(results, **place)
    if row is None:
        return None
    if pd.isna(row.rho):
        told = _unsteady(results, **place)
        return Brief(f"ρ̄ can't be told: {told}.") if chapter == "shared" else None
    return _beside_nulls(results, place, row) if chapter == "shared" else _firm(results, place, row)


#: What a null is, where a chapter first speaks of it.
_IS = {
    "own codes": " (as good, in random directions)",
    "permuted": " (shuffled among words)",
}


def _beside_nulls(results: Results, place: Place, row: Any) -> Brief:
    text = (
        f"On how strongly each unit goes with {place['variable']} two languages agree by {signed(row.between, 2)}, two halves of one "
        f"language's words by {signed(row.ceiling, 2)} (ρ̄: the ratio)"
    )
    nulls = _nulls(results, **place)
    if not nulls:
        return Brief(f"{text}. No ratings were drawn by chance to hold that against.")
    told = listing(
        f"with {results.label(null.null)}{_IS.get(null.null, '')} by {signed(null.null_mean, 2)}" for null in nulls
    )
    p = distinct(p_text(null.p) for null in nulls)
    return Brief(f"{text}; {told} (p {p}).", Panel(*real_and_drawn(results, row, nulls)))


def _firm(results: Results, place: Place, row: Any) -> Brief | None:
    without_links = f"without {_named_links(results, place)}"
    others = {
        without_links: _chosen(results, **place, words="unlinked"),
        "as many left out by chance": _chosen(results, **place, words="random"),
    }
    known = {
        name: other for name, other in others.items() if other is not None and pd.notna(other.rho) and other.n_left_out
    }
    before, without = (_embeddings(results, place, row, words) for words in ("all", "unlinked"))
    drawn = {"this layer, all words": row, **known}
    if before is not None:
        drawn[f"layer {before.layer}"] = before
    if without is not None:
        drawn[f"layer {without.layer}, {without_links}"] = without
    if len(drawn) == 1:
        return None
    text = f"ρ̄ is {signed(row.rho, 2)}"
    if before is not None:
        text += f" (layer {before.layer}, no context: {signed(before.rho, 2)})"
    for name, other in known.items():
        inside = [_ends(other)] if name == without_links and pd.notna(other.rho_low) else []
        if name == without_links and without is not None:
            inside.append(f"layer {without.layer}: {signed(without.rho, 2)}")
        text += f"; {name} {signed(other.rho, 2)}" + (f" ({'; '.join(inside)})" if inside else "")
    return Brief(f"{text}.", Panel(*firmness(drawn)))


def _named_links(results: Results, place: Place) -> str:
    named = _links(results, **place)
    return "the model's own translations" if named.startswith("the words that the model") else "linked words"


FIGURES = {"similarity_layers": draw_layers, "similarity_map": draw_map, "similarity_tree": draw_tree}
