"""What is told of the units that languages share."""

from __future__ import annotations

from typing import Any

import pandas as pd

from interlingua.questions.sharing.figure_upset import draw_upset
from interlingua.questions.sharing.figures import LEAST_DEGREE, draw_degrees, draw_pairs
from interlingua.questions.sharing.shown import caveats, nulls_of, of_nulls, of_sets
from interlingua.questions.sharing.shown_main import brief, tile
from interlingua.questions.sharing.verdict import Outcome, verdict
from interlingua.report.results import Results
from interlingua.report.words import (
    Row,
    Section,
    between,
    cell_title,
    every_p,
    listing,
    p_text,
    percents,
    plural,
    short,
    signed,
    span,
    yes,
)

#: How what the ratings are is said in a sentence; of other nulls by their label.
_AGAINST = {
    "own codes": "ratings that every language encodes as well, but each in a way of its own",
    "permuted": "permuted ones",
}
_UNDER = {"permuted": "on permuted ratings"}
#: The answer of what is counted; where the signs alone tell, the next row says so.
_BY_NUMBER = {
    Outcome.BOTH: "Yes",
    Outcome.NUMBER: "Not shown: by their number it is, but not by their signs (next row)",
    Outcome.SIGNS: "Not shown by their number, but by their signs (next row)",
    Outcome.NEITHER: "Not shown",
}
#: An r that differs by less is as large.
_AS_WELL = 0.02
_NUMBERS = {2: "two", 3: "three", 4: "four"}


def claim(results: Results, model: str, variable: str) -> str:
    """Return how many units how many languages share, and how that is beside independent sets and the nulls."""
    where = {"model": model, "variable": variable, "method": results.headline}
    pairs, most = results.of("pairs_summary", **where).iloc[0], results.of("sharing_summary", **where).iloc[0]
    many = "two or more"
    if most.degree:
        every = "both" if most.n_languages == 2 else f"all {most.n_languages}"
        many = every if most.degree == most.n_languages else f"{most.degree} of {most.n_languages}"
    nulls = nulls_of(results.of("null", **where))
    k = f"{results.study['units']['k']}"
    top = f"the top {k}" if k.isdigit() else "the top"
    paper = (
        "By the paper's count"
        if results.headline == _PAPERS
        else "How many units are shared depends on the ranking. By"
    )
    ranking = "" if results.headline == _PAPERS else f" {results.label(results.headline)}"
    text = (
        f"{paper}{ranking}, in layer {results.layer(model, variable)} of {short(model)} {most.n_units or 'no'} "
        f"{'unit is' if most.n_units <= 1 else 'units are'} in {top} (those that carry {variable} most) of {many} languages"
        f"{_as_many(results, where, most.degree)}; pairs of languages share {pairs.mean_overlap:.1f} units on average"
    )
    if pd.notna(pairs.mean_fe):
        text += f", {pairs.mean_fe:.2f} times what independent sets would"
    others = _other_rankings(results, model, variable)
    if not nulls:
        return f"{text}.{others}"
    beside = "; ".join(f"{_given(results, row)}, p {p_text(row.p_fe)}" for row in nulls)
    text += f" ({beside}{' from' if len(nulls) == 1 else ';'} {nulls[0].draws} draws{' each' * (len(nulls) > 1)})"
    return f"{text}. {verdict(results, nulls)}{others}"


#: The ranking that the paper counts by.
_PAPERS = "elastic-net"


def _other_rankings(results: Results, model: str, variable: str) -> str:
    """Return how many units other rankings find in all languages, and by which of them sharing is not shown."""
    told = []
    for row in results.of("sharing_summary", model=model, variable=variable).itertuples():
        if row.method == results.headline:
            continue
        name = f"{results.label(row.method)}{', the ranking of the paper' if row.method == _PAPERS else ''}"
        count = f"{row.n_units}" if row.degree == row.n_languages else "none"
        text = f"{name}: {count}"
        nulls = nulls_of(results.of("null", model=model, variable=variable, method=row.method))
        outcome = Outcome.of(nulls) if nulls else Outcome.BOTH
        if outcome is not Outcome.BOTH:
            by, of = ("signs", "p_signed_fe") if outcome is Outcome.NUMBER else ("number", "p_fe")
            p = listing(f"{p_text(getattr(null, of))} against {results.label(null.null)}" for null in nulls)
            text += f" (that units are shared is not shown by their {by}: p {p})"
        told.append(text)
    return f" Units in all languages by other rankings: {'; '.join(told)}." if told else ""


def _as_many(results: Results, where: dict[str, str], degree: int) -> str:
    """Return in how many draws as many units are at the top in so many languages; of two, pairs tell more."""
    rows = nulls_of(results.of("null_degrees", **where, n_languages=degree)) if degree >= LEAST_DEGREE else []
    drawn = [f"{row.as_many} of {row.draws} draws of {results.label(row.null)}" for row in rows]
    return f" (as many in {' and in '.join(drawn)})" if drawn else ""


def _given(results: Results, row: Any) -> str:
    label = results.label(row.null)
    return f"{label} share none" if pd.isna(row.corrected_fe) else f"{row.corrected_fe:.2f} times what {label} give"


def glance(results: Results, model: str, variable: str) -> list[Row]:
    """Return whether languages share units and use them in one direction, and whether without the flagged ones."""
    return [*_shares(results, model, variable), *_unflagged(results, model, variable)]


def _shares(results: Results, model: str, variable: str) -> list[Row]:
    where = {"model": model, "variable": variable, "method": results.headline}
    nulls = nulls_of(results.of("null", **where))
    if not nulls:
        row = results.of("pairs_summary", **where).iloc[0]
        return [
            Row(
                "Do languages share its units?",
                "The super exact test, whose null is too easy (see below); this ranking was not repeated on permuted ratings",
                _uniform(row),
                _corrected_pairs(row),
            )
        ]
    first = nulls[0]
    shared = Row(
        "Do languages share its units?",
        _against(results, nulls),
        f"{_BY_NUMBER[Outcome.of(nulls)]}: pairs share {_beside(results, nulls, first.mean_fe, ' units')}",
        f"of number and signs: {_sure(results, nulls, 'p_shared')}{_judged(results, where)}",
    )
    if pd.isna(first.same_sign):
        return [shared]
    under = [
        f"{100 * row.null_same_sign:.0f} % {_with(results, row.null)}" for row in nulls if pd.notna(row.null_same_sign)
    ]
    signs = Row(
        "Do they use them in the same direction?",
        "Signed fold enrichment (units shared with the same sign less those with opposite ones, over expected), against the same "
        f"{_NUMBERS.get(len(nulls), 'ratings')}",
        f"{_verdict(nulls, 'p_signed_fe')}: {100 * first.same_sign:.0f} % of the shared units have the same sign"
        + (f" ({', '.join(under)})" if under else ""),
        f"of the signed fold enrichment: {_sure(results, nulls, 'p_signed_fe')}",
    )
    return [shared, signs]


def _unflagged(results: Results, model: str, variable: str) -> list[Row]:
    where = {"model": model, "variable": variable, "method": results.headline}
    found = []
    for row in results.of("flagged_overlap", **where).itertuples():
        if row.languages == "all":
            continue
        nulls = nulls_of(results.of("flagged_null", **where, languages=row.languages))
        left_out = listing(results.names[code] for code in row.languages.split()[1:])
        question = f"And without {left_out}?"
        test = "The sharing again, leaving out the languages whose ratings don't belong to their words"
        if not nulls:
            found.append(Row(question, test, _uniform(row), _corrected_pairs(row)))
            continue
        p = ", ".join(f"{p_text(one.p_shared)} {_with(results, one.null, 'against')}" for one in nulls)
        answer = f"{_verdict(nulls, 'p_shared')}: {_beside(results, nulls, row.mean_fe)}"
        found.append(Row(question, test, answer, f"of number and signs: p {p}"))
    return found


def _uniform(row: Any) -> str:
    if pd.isna(row.mean_fe):
        return "Not tested: no two languages have units that carry it"
    return f"{row.mean_fe:.2f} times as many units as independent sets would"


def _corrected_pairs(row: Any) -> str:
    return f"p < .05 in {row.p_bh_below_05} of {plural(row.n_pairs, 'pair')} of languages, corrected, by that test"


def _judged(results: Results, where: dict[str, str]) -> str:
    """Return how many pairs share more than under every null."""
    return "".join(
        f"; {row.n_share} of {plural(row.n_pairs, 'pair')} by themselves, corrected{_close(row)}"
        for row in results.of("pairs_judged_summary", **where).itertuples()
    )


def _close(row: Any) -> str:
    return (
        f" ({row.n_close} more {'has' if row.n_close == 1 else 'have'} a corrected p below .1)" if row.n_close else ""
    )


def _verdict(nulls: list[Any], p: str) -> str:
    """Return "Yes" if all nulls are rejected."""
    return yes(max(getattr(row, p) for row in nulls))


def _against(results: Results, nulls: list[Any]) -> str:
    *others, last = [_AGAINST.get(row.null, results.label(row.null)) for row in nulls]
    if not others:
        return f"Against {results.label(nulls[0].null) if nulls[0].null == 'permuted' else last}"
    return f"Against {'; against '.join(others)}; and against {last}"


def _with(results: Results, null: str, word: str = "with") -> str:
    return _UNDER.get(null, f"{word} {results.label(null)}")


def _beside(results: Results, nulls: list[Any], mean_fe: float, what: str = "") -> str:
    """Return "1.23 times as many units as with codes of their own (...)"."""
    first, *others = [
        f"{_times(row.corrected_fe, mean_fe, what if row is nulls[0] else '')} {_with(results, row.null)}"
        for row in nulls
    ]
    return f"{first} ({', '.join(others)})" if others else first


def _times(corrected_fe: float, mean_fe: float, what: str) -> str:
    """Return "1.23 times as many as", or what there is to say where a null shares nothing."""
    if pd.notna(corrected_fe):
        return f"{corrected_fe:.2f} times as many{what} as"
    return "some, but none" if mean_fe > 0 else "none, as"


def _sure(results: Results, nulls: list[Any], p: str) -> str:
    return every_p([(results.label(row.null), getattr(row, p)) for row in nulls], nulls[0].draws)


def section(results: Results) -> Section:
    """Return what every ranking's units say, and the tables behind it."""
    findings = []
    for model, variable in results.cells:
        of_cell = {"model": model, "variable": variable}
        findings += [_finding(results, row) for row in results.of("pairs_summary", **of_cell).itertuples()]
        encoding = results.of("null_encoding", **of_cell)
        if len(encoding):
            drawn = " ".join(filter(None, (_moved(encoding), _encoded(results, encoding))))
            findings.append(f"{cell_title(model, variable)}: {drawn}")
        findings += [_again(results, row) for row in results.of("null_penalty", **of_cell).itertuples()]
    return Section(findings, ("pairs", "intersections", "degrees"), (*of_nulls(results), *of_sets(results)))


def _finding(results: Results, row: Any) -> str:
    where = {"model": row.model, "variable": row.variable, "method": row.method}
    text = f"{cell_title(row.model, row.variable)}, {results.label(row.method)}: "
    if pd.notna(row.mean_fe):
        text += f"mean fold enrichment {row.mean_fe:.2f}; "
    exact = (
        f"p < .05 in {row.p_below_05} of {plural(row.n_pairs, 'pair')}, {row.p_bh_below_05} after Benjamini-Hochberg"
    )
    for judged in results.of("pairs_judged_summary", **where).itertuples():
        text += f"{judged.n_share} of {plural(judged.n_pairs, 'pair')} share{'s' * (judged.n_pairs == 1)} more than under each null, corrected{_close(judged)} "
        exact = f"{row.p_bh_below_05} by the paper's super exact test, which rejects too often"
        text += f"({exact})"
    if not text.endswith(")"):
        text += f"by the paper's super exact test, which rejects too often, {exact}"
    if pd.notna(row.same_sign):
        text += f"; {100 * row.same_sign:.0f} % of the shared units have the same sign"
    nulls = nulls_of(results.of("null", **where))
    if nulls:
        under = "; ".join(
            f"{results.label(null.null)}: {'fold enrichment ' if null is nulls[0] else ''}{null.null_fe:.2f} "
            f"(p {p_text(null.p_fe)})"
            for null in nulls
        )
        text += f". {under[0].upper()}{under[1:]}. {verdict(results, nulls).removesuffix('.')}"
    for top in results.of("top_units", **where).itertuples():
        if pd.notna(top.r_top):
            text += f"; r over test words' sentences from the top units alone {signed(top.r_top, 2)}"
    return f"{text}."


def _moved(encoding: pd.DataFrame) -> str:
    """Return how many words are permuted together with their translations."""
    if not encoding["linked_words"].any():
        return (
            "no word is linked to its translations, so ratings are permuted in each language by itself. Were meaningless "
            "ratings alike for translations, that would pass for sharing."
        )
    return (
        f"{span(encoding['linked_words'])} of {span(encoding['n_words'])} training words a language are permuted together "
        "with their translations."
    )


def _encoded(results: Results, encoding: pd.DataFrame) -> str:
    """Return whether codes of their own are encoded where and as well as the real ratings."""
    own = encoding[encoding["null"] == "own codes"]
    if own.empty:
        return ""
    apart = {"less well": own["r_short"] > _AS_WELL, "better": own["r_short"] < -_AS_WELL}
    said = [
        f"{how} in {listing(own.loc[there, 'language'].map(results.names))}"
        for how, there in apart.items()
        if any(there)
    ]
    how = f"{' and '.join(said)} than" if said else "as well as"
    return (
        f"Codes of their own are encoded {how} the real ratings (cross-validated r {between(own['null_r_cv'])}, really "
        f"{between(own['r_cv'])}), with {percents(own['null_first_components'])} of their variance in the layer's first "
        f"five principal components, really {percents(own['first_components'])}."
    )


def _again(results: Results, row: Any) -> str:
    """Return what choosing the elastic net's penalty again in every draw changes."""
    text = (
        f"{cell_title(row.model, row.variable)}, {results.label(row.method)}, {results.label(row.null)}: chosen again in "
        f"each of {row.draws} draws, penalties give a mean fold enrichment of {row.again_fe:.2f}, kept as they are "
        f"{row.null_fe:.2f}"
    )
    if pd.notna(row.difference_low):
        text += f" (difference {signed(row.difference, 2)}, 95 % interval {signed(row.difference_low, 2)} to "
        text += f"{signed(row.difference_high, 2)})"
    text += f", of {row.again_units:.1f} units a language instead of {row.null_units:.1f}"
    reached = f"as much as on real ratings is in {row.again_as_many} of these draws instead of {row.as_many}"
    return (
        f"{text}; {reached}, so {'the answer stays' if row.again_as_many == row.as_many else 'keeping them matters'}."
    )


__all__ = ["FIGURES", "brief", "caveats", "claim", "glance", "section", "tile"]

FIGURES = {"pairs": draw_pairs, "intersections": draw_upset, "degrees": draw_degrees}
