"""What is told of words that are translations of each other."""

from __future__ import annotations

import pandas as pd

from interlingua.report.results import Results
from interlingua.report.words import LEVEL, Row, Section, Shown, between, cell_title, permuted

#: The answer where it is more than permuted ratings give.
_MORE = "More than on permuted ratings"


def glance(results: Results, model: str, variable: str) -> list[Row]:
    """Return whether languages share units where no concept is in two of them."""
    where = {"model": model, "variable": variable}
    rows = results.of("concept_disjoint", **where)
    question = "Do languages share top units without common concepts?"
    test = "Words of a concept (linked words) are kept in one language, drawn at random; true translations that are not linked remain"
    if rows.empty or pd.isna(rows["p"].iloc[0]):
        return [Row(question, test, f"Not tested: {_why_not(results, model, variable)}", "–")]
    row = rows.iloc[0]
    return [
        Row(
            question,
            test,
            f"{_MORE if row['p'] < LEVEL else 'Not shown'}: {row['fe_disjoint']:.2f} times what independent sets would, beside "
            f"{row['fe_random']:.2f} with as many words left out at random",
            f"{permuted(row['p'], row['draws'])}, one choice of languages against permuted ratings; codes of their own were not "
            "drawn for it",
        )
    ]


def section(results: Results) -> Section:
    """Return which words are linked, by what, and what languages share without them."""
    findings = []
    for model, variable in results.cells:
        title = cell_title(model, variable)
        summary = results.of("concept_summary", model=model, variable=variable).iloc[0]
        if not summary["n_linked"]:
            findings.append(f"{title}: {_none_linked(results)}")
            continue
        findings.append(f"{title}: {_linked(summary)}")
        if summary["chained"]:
            findings.append(
                f"{title}: the largest concept holds {summary['largest']} words, which chains of links put together "
                f"({summary['largest_words']}). Look at them: words of several meanings may link what does not belong together."
            )
        findings.append(f"{title}: {_apart(results, model, variable)}")
    pairs, words = results.table("concept_links"), results.table("concept_words")
    of_pairs = "model language_a language_b n_links n_user n_norms n_neighbours"
    shown = (
        Shown("Concepts that two languages have in common", "concept_links", pairs, of_pairs),
        Shown(
            "Training words that are linked to another language's",
            "concept_words",
            words,
            "model variable language n_words n_linked n_user n_norms n_neighbours",
        ),
        Shown(
            "What is shared where no concept is in two languages",
            "concept_disjoint",
            results.table("concept_disjoint"),
            "model variable method n_words n_kept fe fe_disjoint fe_disjoint_low fe_disjoint_high fe_random null_fe p",
        ),
    )
    return Section(findings, tables=tuple(one for one in shown if len(one.frame)))


def _none_linked(results: Results) -> str:
    """Say that no word is linked, and what follows."""
    asked = results.study["concepts"]["neighbours"]
    by_model = "the model's own neighbours link none" if asked else "the model's own neighbours were not asked"
    return (
        f"no rated training word is linked to one of another language: the norms name no concept that two languages share, "
        f"no table of links does, and {by_model}. If the lists hold translations, permuted ratings do not move them "
        "together, and what languages share may come from them."
    )


def _linked(summary: pd.Series) -> str:
    """Say how many words are linked, and by what."""
    sources = [
        (summary["n_user"], "your own links"),
        (summary["n_norms"], "the norms"),
        (summary["n_neighbours"], "the model's own nearest neighbours (circular, and in part wrong: see below)"),
    ]
    by = ", ".join(f"{count:,} by {source}" for count, source in sources if count)
    largest = "" if summary["chained"] else f" The largest concept: {summary['largest_words']}."
    return (
        f"{summary['n_linked_at_all']:,} of {summary['n_words']:,} rated training words are linked to a word of another language, "
        f"{summary['n_linked']:,} of them to one that trains, too, in {summary['n_concepts']:,} concepts: {by}. The ratings of these "
        f"are permuted together.{largest}"
    )


def _apart(results: Results, model: str, variable: str) -> str:
    """Say what is shared where no concept is in two languages, as the test came out."""
    rows = results.of("concept_disjoint", model=model, variable=variable)
    if rows.empty:
        return f"what is shared without them was not counted: {_why_not(results, model, variable)}."
    row = rows.iloc[0]
    spread = between(pd.Series([row["fe_disjoint_low"], row["fe_disjoint_high"]]))
    told = (
        f"with each concept kept in one language at random, languages share {row['fe_disjoint']:.2f} times as many units as "
        f"is expected ({spread} over {row['choices']} such choices), beside {row['fe']:.2f} with all words and "
        f"{row['fe_random']:.2f} with as many words left out at random"
    )
    if pd.isna(row["p"]):
        return f"{told}; ratings were not permuted, so whether that is more than chance was not tested."
    beside = (
        f"the first choice gives {row['fe_first']:.2f}, permuted ratings of the same words {row['null_fe']:.2f}, "
        f"{permuted(row['p'], row['draws'])}"
    )
    if row["p"] < LEVEL:
        return (
            f"{told}. It is more than on permuted ratings ({beside}): sharing does not need the words that are linked. Codes of their "
            "own were not drawn for it, and translations that are not linked remain."
        )
    return (
        f"{told}. It is not shown to be more than on permuted ratings ({beside}): what is shared may come from translations, or be "
        "chance."
    )


def _why_not(results: Results, model: str, variable: str) -> str:
    """Say why nothing was compared."""
    where = {"model": model, "variable": variable}
    if not results.of("concept_summary", **where)["n_linked"].sum():
        return "no word is linked to another language's"
    if len(results.of("concept_disjoint", **where)):
        return "no ratings were permuted"
    ranking = results.label(results.headline)
    return f"too few words are left in a language, or {ranking} can't be repeated without them"
