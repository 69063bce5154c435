"""What the report says: each result as a sentence a psycholinguist can read, from the tables alone."""

from __future__ import annotations

from typing import Any

import pandas as pd

from interlingua.report.headings import headed
from interlingua.report.results import PROBE_NAMES, Results, cell_title
from interlingua.report.scrutiny import audit_section, scrutiny_section, with_sound_p
from interlingua.report.section import Section, listing, p_text, signed, span


def headline(results: Results) -> list[str]:
    """Return the study's claim for every model and variable, each with its evidence."""
    claims = []
    for model, variable in results.cells:
        where = {"model": model, "variable": variable}
        summary = results.of("pairs_summary", method=results.headline, **where).iloc[0]
        highest = results.of("highest_degree", method=results.headline, **where)
        n_languages = 1 + results.of("pairs", method=results.headline, **where)["language_a"].nunique()
        degree = int(highest["degree"].iloc[0]) if len(highest) else 0
        units = sorted({unit for row in highest["units"] for unit in row.split()}, key=int)
        many = f"all {degree}" if degree == n_languages else f"{degree} of {n_languages}" if degree else "two or more"
        text = (
            f"In layer {results.layer(model, variable)} of {model.removeprefix('builtin:')}, {len(units) or 'no'} "
            f"{'unit is' if len(units) <= 1 else 'units are'} among those that carry {variable} most in {many} languages; pairs of languages share "
            f"{summary.mean_overlap:.1f} units on average, {summary.mean_fe:.2f} times what independent sets would"
        )
        if len(null := results.null(method=results.headline, **where)):
            row = null.iloc[0]
            beside = (
                f"{row.corrected_fe:.2f} times what permuted ratings give"
                if row.null_fe > 0
                else "permuted ratings share none"
            )
            text += f" ({beside}, p {p_text(row.p_fe)} from {row.draws} draws)"
        claims.append(text + "." + _unseen_claim(results, model, variable))
    return claims


def _unseen_claim(results: Results, model: str, variable: str) -> str:
    if "transfer" not in results.tables:
        return ""
    rows = results.of("transfer", model=model, variable=variable, method=results.headline)
    working, failing = [], []
    for language, of_language in rows.groupby("language", sort=False):
        best = of_language.loc[of_language["t_cluster"].abs().idxmax()]
        name = results.names[str(language)]
        if best.p_cluster * len(of_language) < 0.05:
            working.append(f"{name} (t = {signed(best.t_cluster, 1)} for unit {best.unit})")
        else:
            failing.append(name)
    claim = ""
    if working:
        claim = (
            f" The strongest of them still {'work' if len(working) > 1 else 'works'} in {listing(working)}, "
            "which took no part in choosing them."
        )
    if failing:
        claim += f" In {listing(failing)} none of them predicts the rating (p < .05 after Bonferroni)."
    return claim


def sections(results: Results) -> list[Section]:
    """Return the report's sections in the paper's order."""
    parts = [_material(results), audit_section(results), _performance(results), _layers(results), _sharing(results)]
    parts += [_unseen(results), scrutiny_section(results), _alignment(results)]
    if "replication" in results.tables:
        parts.append(_replication(results))
    return parts


def _material(results: Results) -> Section:
    languages, issues = results.tables["languages"], results.tables["issues"]
    seen = languages[languages["role"] == "seen"]
    unseen = languages[languages["role"] == "unseen"]
    findings = [
        f"{len(seen)} languages choose the units"
        + (f"; {listing(unseen['name'])} only {'test' if len(unseen) > 1 else 'tests'} them. " if len(unseen) else ". ")
        + f"{span(seen['words'])} words and {span(seen['sentences'])} sentences a language, "
        f"{span(seen['train_words'])} words for training and {span(seen['test_words'])} for testing; no word stands in both."
    ]
    headings = headed("name family role norms rated_words words sentences licence")
    noted = headed("language kind count detail")
    tables = [("Table 1. Languages and norms", languages, headings)]
    if len(issues):
        tables.append(("What was noticed in the data", issues, noted))
    return Section("material", "Words, ratings, sentences", findings, tables=tables)


def _performance(results: Results) -> Section:
    table = results.performance
    findings = []
    for (model, variable, probe), rows in table.groupby(["model", "variable", "probe"], sort=False):
        best, worst = rows.loc[rows["r"].idxmax()], rows.loc[rows["r"].idxmin()]
        findings.append(
            f"{cell_title(model, variable)}, {PROBE_NAMES[probe]}: mean r {rows['r'].mean():.3f} over {len(rows)} "
            f"languages, from {worst.r:.2f} ({results.names[worst.language]}) to {best.r:.2f} ({results.names[best.language]})."
        )
    headings = headed("model variable language probe r r_low r_high r_word r_word_low r_word_high n_nonzero gap")
    return Section(
        "performance",
        "Can the rating be read from the network?" if results.reads_network else "Can the rating be read from a layer?",
        findings,
        ["performance"],
        [
            (
                f"{'Whole-network probes' if results.reads_network else 'Probes of the chosen layer'}, held-out words",
                table,
                headings,
            )
        ],
    )


def _layers(results: Results) -> Section:
    criteria = {
        "cv": "by cross-validation on the training words",
        "test": "on the test words, as in the paper",
        "given": "given in the study",
    }
    findings = []
    for model, variable in results.cells:
        row = results.of("layer_choice", model=model, variable=variable, chosen=True).iloc[0]
        layer = int(row.layer)
        of_layer = results.of("probes", model=model, variable=variable, curve="layer", layer=layer)
        means = ", ".join(
            f"{PROBE_NAMES[p]} {rows['r'].mean():.3f}" for p, rows in of_layer.groupby("probe", sort=False)
        )
        findings.append(
            f"{cell_title(model, variable)}: layer {layer} (chosen {criteria.get(row.criterion, row.criterion)}). "
            f"Mean r on held-out words there: {means}."
        )
    chosen = results.of("layer_choice", chosen=True)[["model", "variable", "layer"]]
    at_layer = results.of("probes", curve="layer").merge(chosen, on=["model", "variable", "layer"])
    headings = headed("model variable language probe r r_low r_high r_word r_cv l2 n_nonzero")
    tables = [("Probes of the chosen layer, held-out words", at_layer.sort_values("probe", kind="stable"), headings)]
    return Section("layers", "In which layer?", findings, ["layers"], tables)


def _sharing(results: Results) -> Section:
    findings = []
    for model, variable in results.cells:
        for row in results.of("pairs_summary", model=model, variable=variable).itertuples():
            text = (
                f"{cell_title(model, variable)}, {PROBE_NAMES.get(row.method, row.method)}: mean fold enrichment "
                f"{row.mean_fe:.2f}; p < .05 in {row.p_below_05} of {row.n_pairs} pairs ({row.p_bh_below_05} after "
                f"Benjamini-Hochberg)"
            )
            if pd.notna(row.same_sign):
                text += f"; {100 * row.same_sign:.0f} % of the shared units have the same sign"
            for null in results.null(model=model, variable=variable, method=row.method).itertuples():
                text += (
                    f". Codes of their own: fold enrichment {null.own_fe:.2f}; permuted ratings: {null.null_fe:.2f}, {100 * null.null_share_p05:.0f} % of pairs "
                    f"'significant'; r on held-out words from the top units alone {null.r_top:.2f}"
                )
            findings.append(text + ".")
    tables: list[tuple[str, pd.DataFrame, dict[str, str]]] = []
    if "null" in results.tables:
        null = results.tables["null"]
        enrichment = headed(
            "model variable method mean_fe null_fe corrected_fe p_fe own_fe p_own_fe null_share_p05 r_top draws"
        )
        beyond = headed(
            "model variable method highest_degree null_highest_degree p_highest_degree p_own_highest_degree p_omnibus "
            "p_own_omnibus same_sign null_same_sign signed_fe p_signed_fe p_own_signed_fe"
        )
        tables += [
            ("Ranking methods compared on real and permuted ratings", null, enrichment),
            ("Degrees and signs on real and permuted ratings", null, beyond),
        ]
    pairs = headed(
        "model variable language_a language_b observed expected fe p p_bh p_by null_mean fe_corrected p_permutation same_sign"
    )
    tables.append(("Pairs of languages", results.of("pairs", method=results.headline), pairs))
    highest = headed("model variable method languages degree observed expected fe p n_subsets p_bonferroni units")
    tables.append(("Intersections of the highest degree", results.tables["highest_degree"], highest))
    degrees = headed(
        "model variable method n_languages observed expected p null_mean p_permutation own_mean p_own",
        expected="expected (uniform)",
        p_permutation="p (permuted)",
    )
    of_headline = results.of("degrees", method=results.headline)
    tables.append(("Units by number of languages", of_headline, degrees))
    return Section("sharing", "Do languages share units?", findings, ["pairs", "intersections", "degrees"], tables)


def _unseen(results: Results) -> Section:
    reasons = {
        f"{cell_title(model, variable)}: {reason}." if code else f"{reason}."
        for model, variable in results.cells
        for code, reason in results.untested(model, variable).items()
    }
    title = "Do they work in a language that was not asked?"
    if "transfer" not in results.tables:
        return Section("unseen", title, sorted(reasons))
    findings = []
    table = results.of("transfer", method=results.headline)
    for (model, variable, language), rows in table.groupby(["model", "variable", "language"], sort=False):
        strong = int((rows["percentile"] >= 95).sum())
        first = rows.iloc[0]
        findings.append(
            f"{results.names[language]}, {cell_title(model, variable)}: {int((rows['p_cluster'] < 0.05).sum())} of "
            f"{len(rows)} units have p < .05 with word-clustered errors ({first.n_words:,} words, {first.n:,} sentences); "
            f"{strong} stand among the top 5 % of the layer. Of {_random(results)} random units "
            f"{100 * first.baseline_share_p05_cluster:.0f} % have p < .05 ({100 * first.baseline_share_p05:.0f} % with the "
            f"paper's ordinary errors)."
        )
    headings = headed(
        "model variable language unit n_languages b t t_cluster p_cluster percentile baseline_abs_b "
        "baseline_abs_t baseline_abs_t_cluster",
        n_languages="shared by",
        t="t (plain)",
    )
    return Section(
        "unseen",
        title,
        [*findings, *sorted(reasons)],
        ["transfer"],
        [("Table 2. Single units as predictors in unseen languages", table, headings)],
    )


def _alignment(results: Results) -> Section:
    models = with_sound_p(results.of("alignment_models", method=results.headline))
    findings = [_alignment_finding(row) for row in models.itertuples()]
    headings = headed("method formula n estimate se t ci_low ci_high p_permutation df p", p="p (Satterthwaite)")
    return Section(
        "alignment",
        "Do languages that share more do better?",
        findings,
        ["alignment"],
        [("Sharing and performance, by ranking", with_sound_p(results.tables["alignment_models"]), headings)],
    )


def _alignment_finding(row: Any) -> str:
    if pd.isna(row.estimate):
        return f"{row.formula}: {row.note}"
    text = f"{row.formula}: B = {signed(row.estimate, 4)} (SE {row.se:.4f}, t = {signed(row.t, 2)}"
    if pd.notna(row.ci_low):
        text += f"; bootstrap over languages {signed(row.ci_low, 4)} to {signed(row.ci_high, 4)}"
    if pd.notna(row.p_permutation):
        text += f"; permutation of languages p {p_text(row.p_permutation)}"
    if pd.notna(row.p):
        text += f"; Satterthwaite's df = {row.df:.2f}, p {p_text(row.p)}, which rejects too often"
    return f"{text}). {row.note}"


def _replication(results: Results) -> Section:
    table = results.tables["replication"]
    counts = table["agrees"].value_counts()
    findings = [
        f"Of {len(table)} published figures {counts.get('yes', 0)} agree with ours, {counts.get('no', 0)} do not, and "
        f"{counts.get('not run', 0)} were not run in this study."
    ]
    headings = headed("model variable quantity detail published ours tolerance agrees why", detail="")
    return Section(
        "replication", "The published figures beside ours", findings, tables=[("Replication", table, headings)]
    )


def _random(results: Results) -> int:
    return int(results.study["units"]["random_units"])
