"""The study at a glance: what was asked, how it was tested, the answer, and how sure one can be of it."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from interlingua.report.results import Results, cell_title
from interlingua.report.scrutiny import control_name, covariates
from interlingua.report.section import between, listing, p_text, signed, times

#: Below this a test counts as an answer.
LEVEL = 0.05
#: Languages from which on a low held-out r can stand out.
FEWEST_TO_COMPARE = 4


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
        rows, power = self.rows("audit", ranked=False), self.rows("audit_power", ranked=False)
        flagged = rows[rows["flag"]]
        other = rows["r_other_norm"].dropna()
        if len(flagged):
            answer = f"Not in {self.names(flagged['language'])}"
        elif len(rows) < FEWEST_TO_COMPARE and other.empty:
            answer = f"Can't be told from {len(rows)} languages and no second norm"
        else:
            answer = f"Nothing speaks against it in any of {len(rows)} languages"
        noticed = power.loc[power["detected"] >= 0.8, "share"]
        return Row(
            "Do the ratings belong to the words?",
            "Each word's rating is predicted from the other words; another norm is asked where there is one",
            answer,
            f"r {between(rows['r_oof'])} with the predictions"
            + (f", {between(other)} with another norm" if len(other) else "")
            + (f"; {100 * noticed.min():.0f} % of the words shuffled would be noticed" if len(noticed) else ""),
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
        if null.empty:
            return [
                Row(
                    "Do languages share its units?",
                    "The super exact test, whose null is too easy (see below); this ranking was not repeated on permuted "
                    "ratings",
                    f"{summary.mean_fe:.2f} times as many as independent sets would",
                    f"p < .05 in {summary.p_bh_below_05} of {summary.n_pairs} pairs of languages, corrected",
                )
            ]
        row = null.iloc[0]
        shared = Row(
            "Do languages share its units?",
            "Against ratings that every language encodes as well, but each in a way of its own; and against permuted ones",
            f"{_yes(max(row.p_own_fe, row.p_fe))}: pairs share {times(row.mean_fe, row.own_fe, ' units')} with "
            f"codes of their own ({times(row.mean_fe, row.null_fe)} on permuted ratings)",
            f"{_permuted(row.p_own_fe, row.draws)}; permuted ratings: p {p_text(row.p_fe)}",
        )
        if pd.isna(row.same_sign):
            return [shared]
        signs = Row(
            "Do they use them in the same direction?",
            "Signs of the shared units, against the same two",
            f"{_yes(max(row.p_own_signed_fe, row.p_signed_fe))}: {100 * row.same_sign:.0f} % have the same sign "
            f"({100 * row.null_same_sign:.0f} % on permuted ratings)",
            f"{_permuted(row.p_own_signed_fe, row.draws)}; permuted ratings: p {p_text(row.p_signed_fe)}",
        )
        return [shared, signs]

    def unflagged(self) -> list[Row]:
        found = []
        for row in self.rows("flagged_overlap").itertuples():
            if row.languages == "all":
                continue
            corrected = "corrected_fe" in row._fields and pd.notna(row.corrected_fe)
            found.append(
                Row(
                    f"And {_without(self.results, row.languages)}?",
                    "The sharing again, leaving out the languages whose ratings don't belong to their words",
                    f"{_yes(max(row.p_own_fe, row.p_fe))}: {row.corrected_fe:.2f} times as many as on permuted ratings"
                    if corrected
                    else f"{row.mean_fe:.2f} times as many units as independent sets",
                    f"p {p_text(row.p_own_fe)} against codes of their own, {p_text(row.p_fe)} on permuted ratings"
                    if corrected
                    else f"p < .05 in {row.p_bh_below_05} of {row.n_pairs} pairs of languages, corrected",
                )
            )
        return found

    def control(self) -> list[Row]:
        return [
            Row(
                "Is it learnt?" if row.kind == "untrained" else f"Is it more than {_short(row.control)} has?",
                f"The same analysis of {control_name(row)}; languages are resampled",
                "Not tested: no unit is shared there or here"
                if pd.isna(row.fe_ratio)
                else f"{'Yes' if row.fe_ratio_low > 1 else 'Not shown'}: {row.control_corrected_fe:.2f} times as many shared units "
                f"as on permuted ratings there, {row.corrected_fe:.2f} times here",
                (
                    ""
                    if pd.isna(row.fe_ratio)
                    else f"{row.fe_ratio:.2f} times as many (95 % interval {row.fe_ratio_low:.2f} to {row.fe_ratio_high:.2f}); "
                )
                + f"units in all languages: {row.control_units_in_all} there, {row.units_in_all} here",
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
                f"Better than 95 % of random sets in {above} of {len(rows)} languages",
                f"r {between(rows['r_zero_shot'])} without any training in the language (random units: "
                f"{between(rows['random_r_zero_shot'])})",
            )
        ]

    def unseen(self) -> list[Row]:
        found: list[Row] = []
        transfer = self.rows("transfer")
        for language, rows in () if transfer.empty else transfer.groupby("language", sort=False):
            working = int((rows["p_cluster"] * len(rows) < LEVEL).sum())
            strong = int((rows["percentile"] >= 95).sum())
            found.append(
                Row(
                    f"Do single units work in {self.results.names[str(language)]}?",
                    "Regressions in a language that took no part, errors clustered by word",
                    f"{working} of {len(rows)} units predict (p × {len(rows)} < .05)",
                    f"{strong} are among the best 5 % of the layer, where chance would have {0.05 * len(rows):.1f}; of random "
                    f"units {100 * rows['baseline_share_p05_cluster'].iloc[0]:.0f} % have p < .05",
                )
            )
        test = "Regressions in a language that took no part, errors clustered by word"
        for code, reason in self.results.untested(**self.where).items():
            where = self.results.names[code] if code else "a language that was not asked"
            found.append(Row(f"Do single units work in {where}?", test, "Not tested", f"{reason}."))
        return found

    def confounds(self) -> list[Row]:
        rows, shared = self.rows("confounds", ranked=False), self.rows("confounds_overlap", ranked=False)
        if rows.empty:
            return []
        plain = self.rows("pairs_summary", ranked=False)
        plain = plain[plain["method"] == "correlation"]
        before = f" instead of {plain['mean_fe'].iloc[0]:.2f}" if len(plain) else ""
        return [
            Row(
                "Is it only how long or frequent words are?",
                f"A ridge probe and |correlation| again, with {covariates(rows)} partialled out",
                f"r = {rows['r_partial'].mean():.2f} instead of {rows['r'].mean():.2f} (mean of {len(rows)} languages)",
                f"by |correlation|, {rows['top_k_kept'].mean():.0f} of {rows['k'].iloc[0]} top units stay, and pairs share "
                f"{shared['mean_fe'].iloc[0]:.2f} times as many as independent sets{before}",
            )
        ]

    def stable(self) -> Row:
        rows, which = self.rows("stability"), ""
        if rows.empty:  # the headline's ranking can't be repeated
            rows, which = self.results.of("stability", **self.where, method="correlation"), " by |correlation|"
        draws = self.results.study["scrutiny"]["stability"]
        return Row(
            "Does the choice of units hang on single words?",
            f"The words are resampled, {draws} times (other words altogether would agree less)",
            f"A unit of the top{which} is there again in {100 * rows['frequency'].mean():.0f} % of the draws",
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


def _short(name: str) -> str:
    return name.removeprefix("builtin:")


def _permuted(p: float, draws: int) -> str:
    least = ", the least that so many can give" if p <= 1 / (1 + draws) else ""
    return f"p {p_text(p)} from {draws} draws{least}"
