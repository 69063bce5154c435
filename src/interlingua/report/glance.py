"""The study at a glance: what was asked, how it was tested, the answer, and how sure one can be of it."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from interlingua.report.results import Results, cell_title
from interlingua.report.scrutiny import control_name, covariates
from interlingua.report.section import between, listing, p_text, signed

#: Below this a test counts as an answer.
LEVEL = 0.05


class Row(NamedTuple):
    """One question of the study."""

    question: str
    test: str
    answer: str
    sure: str


def glance(results: Results) -> dict[str, list[Row]]:
    """Return the questions of every model and variable, and those of all of them together, by heading."""
    groups: dict[str, list[Row]] = {}
    for model, variable in results.cells:
        cell = _Cell(results, model, variable)
        rows = [cell.audit(), cell.knows(), *cell.shares(), *cell.unflagged(), *cell.control(), *cell.left_out()]
        groups[cell_title(model, variable)] = [*rows, *cell.unseen(), *cell.confounds(), cell.stable()]
    if len(groups) == 1:
        groups[next(iter(groups))] += _alignment(results)
    else:
        groups["all models and variables"] = _alignment(results)
    return {title: rows for title, rows in groups.items() if rows}


class _Cell:
    def __init__(self, results: Results, model: str, variable: str) -> None:
        self.results, self.variable = results, variable
        self.where = {"model": model, "variable": variable}
        self.layer = results.layer(model, variable)

    def rows(self, table: str, *, ranked: bool = True) -> pd.DataFrame:
        """Return the cell's rows, of the headline's ranking only; none where the study has no such table."""
        if table not in self.results.tables:
            return pd.DataFrame()
        ranking = {"method": self.results.headline} if ranked else {}
        return self.results.of(table, **self.where, **ranking)

    def names(self, codes: pd.Series) -> str:
        return listing(self.results.names[str(code)] for code in codes)

    def audit(self) -> Row:
        rows = self.rows("audit", ranked=False)
        flagged = rows[rows["flag"]]
        other = rows["r_other_norm"].dropna()
        return Row(
            "Do the ratings belong to the words?",
            "Each word's rating is predicted from the other words; another norm is asked where there is one",
            f"Not in {self.names(flagged['language'])}" if len(flagged) else f"Yes, in all {len(rows)} languages",
            f"r {between(rows['r_oof'])} by prediction"
            + (f", {between(other)} with another norm" if len(other) else ""),
        )

    def knows(self) -> Row:
        probe = str(self.rows("layer_choice", ranked=False)["probe"].iloc[0])
        curve = str(self.rows("layer_choice", ranked=False)["curve"].iloc[0])
        rows = self.results.of("probes", **self.where, probe=probe, curve=curve, layer=self.layer)
        unknown = rows.loc[~(rows["r_word_low"] > 0), "language"]
        known = "No" if len(unknown) == len(rows) else f"In all but {self.names(unknown)}" if len(unknown) else "Yes"
        return Row(
            f"Does the model know {self.variable}?",
            f"A linear probe of layer {self.layer}, on words it was not fitted to",
            f"{known}: r = {rows['r_word'].mean():.2f} over words, mean of {len(rows)} languages",
            f"95 % intervals over words lie between {signed(rows['r_word_low'].min(), 2)} and "
            f"{signed(rows['r_word_high'].max(), 2)}",
        )

    def shares(self) -> list[Row]:
        summary, null = self.rows("pairs_summary").iloc[0], self.rows("null")
        test = "The units at the top of each language are compared with those on permuted ratings"
        if null.empty:
            return [
                Row(
                    "Do languages share its units?",
                    "The super exact test, whose null is too easy (see below); no ratings were permuted",
                    f"{summary.mean_fe:.2f} times as many as independent sets would",
                    f"p < .05 in {summary.p_bh_below_05} of {summary.n_pairs} pairs of languages, corrected",
                )
            ]
        row = null.iloc[0]
        shared = Row(
            "Do languages share its units?",
            test,
            f"{_yes(row.p_fe)}: pairs share {row.corrected_fe:.2f} times as many units as on permuted ratings "
            f"({row.mean_fe:.2f} times as many as independent sets)",
            _permuted(row.p_fe, row.draws),
        )
        if pd.isna(row.same_sign):
            return [shared]
        signs = Row(
            "Do they use them in the same direction?",
            "Signs of the shared units, against permuted ratings",
            f"{_yes(row.p_signed_fe)}: {100 * row.same_sign:.0f} % have the same sign ({100 * row.null_same_sign:.0f} % on "
            "permuted ratings)",
            _permuted(row.p_signed_fe, row.draws),
        )
        return [shared, signs]

    def unflagged(self) -> list[Row]:
        return [
            Row(
                f"And {_without(self.results, row.languages)}?",
                "The sharing again, leaving out whose ratings don't belong to its words",
                f"{row.mean_fe:.2f} times as many units as independent sets",
                f"p < .05 in {row.p_below_05} of {row.n_pairs} pairs of languages, uncorrected",
            )
            for row in self.rows("flagged_overlap").itertuples()
            if row.languages != "all"
        ]

    def control(self) -> list[Row]:
        return [
            Row(
                "Is it learnt?" if row.kind == "untrained" else "Does it take many languages?",
                f"The same analysis of {control_name(row)}",
                f"{_yes(row.p_fe) if row.corrected_fe > row.control_corrected_fe else 'No'}: {row.control_corrected_fe:.2f} "
                f"times as many shared units as on permuted ratings there, {row.corrected_fe:.2f} times here",
                f"units in all languages: {row.control_units_in_all} there, {row.units_in_all} here",
            )
            for row in self.rows("controls").itertuples()
        ]

    def left_out(self) -> list[Row]:
        rows = self.rows("leave_one_out")
        if rows.empty:
            return []
        above = int((rows["percentile_r_zero_shot"] >= 95).sum())
        return [
            Row(
                "Do the units of other languages predict a language?",
                "Every language is left out in turn: units and weights from the others, against random units",
                f"{_how_many(above, len(rows))}: better than 95 % of random sets in {above} of {len(rows)} languages",
                f"r {between(rows['r_zero_shot'])} without any training in the language (random units: "
                f"{between(rows['random_r_zero_shot'])})",
            )
        ]

    def unseen(self) -> list[Row]:
        found: list[Row] = []
        transfer = self.rows("transfer")
        for language, rows in () if transfer.empty else transfer.groupby("language", sort=False):
            working = int((rows["p_cluster"] * len(rows) < LEVEL).sum())
            first, strong = rows.iloc[0], int((rows["percentile"] >= 95).sum())
            found.append(
                Row(
                    f"Do single units work in {self.results.names[str(language)]}?",
                    "Regressions in a language that took no part, errors clustered by word, p × units tested",
                    f"{_how_many(working, len(rows))}: {working} of {len(rows)} units",
                    f"{strong} among the top 5 % of the layer; p < .05 in {100 * first.baseline_share_p05_cluster:.0f} % of "
                    "random units (uncorrected)",
                )
            )
        return found

    def confounds(self) -> list[Row]:
        rows, shared = self.rows("confounds", ranked=False), self.rows("confounds_overlap", ranked=False)
        if rows.empty:
            return []
        return [
            Row(
                "Is it only how long or frequent words are?",
                f"The correlations again, with {covariates(rows)} partialled out",
                f"r = {rows['r_partial'].mean():.2f} instead of {rows['r'].mean():.2f} (mean of {len(rows)} languages)",
                f"{rows['top_k_kept'].mean():.0f} of {rows['k'].iloc[0]} top units stay; pairs share "
                f"{shared['mean_fe'].iloc[0]:.2f} times as many as independent sets",
            )
        ]

    def stable(self) -> Row:
        rows = self.rows("stability")
        if rows.empty:  # the headline's ranking can't be repeated
            rows = self.results.of("stability", **self.where, method="correlation")
        draws = self.results.study["scrutiny"]["stability"]
        return Row(
            "Would other words have chosen the same units?",
            f"The words are drawn anew, {draws} times",
            f"A unit of the top is there again in {100 * rows['frequency'].mean():.0f} % of the draws",
            f"half of these units in {100 * rows['frequency'].median():.0f} % or more",
        )


def _alignment(results: Results) -> list[Row]:
    name = "flagged_alignment" if "flagged_alignment" in results.tables else "alignment_models"
    models = results.of(name, method=results.headline, source="simpler")
    which = models["languages"] if "languages" in models else ["all"] * len(models)
    return [
        Row(
            "Do languages that share more do better?" if languages == "all" else f"And {_without(results, languages)}?",
            f"{row.formula}, languages permuted",
            f"{'Yes' if row.p_permutation < LEVEL and row.estimate > 0 else 'Not shown'}: r changes by "
            f"{signed(row.estimate, 4)} with each unit more that a language shares on average",
            f"p {p_text(row.p_permutation)}"
            + (
                f"; 95 % of bootstrap draws of the languages: {signed(row.ci_low, 4)} to {signed(row.ci_high, 4)}"
                if pd.notna(row.ci_low)
                else ""
            ),
        )
        for languages, row in zip(which, models.itertuples(), strict=True)
        if pd.notna(row.estimate)
    ]


def _without(results: Results, languages: str) -> str:
    """Return "without Chinese" from "without zh"."""
    return f"without {listing(results.names[code] for code in languages.split()[1:])}"


def _yes(p: float) -> str:
    return "Yes" if p < LEVEL else "Not shown"


def _how_many(yes: int, n: int) -> str:
    return "Yes" if yes == n else "Mostly" if yes > n / 2 else "Partly" if yes else "No"


def _permuted(p: float, draws: int) -> str:
    least = ", the least that so many can give" if p <= 1 / (1 + draws) else ""
    return f"p {p_text(p)} from {draws} permutations{least}"
