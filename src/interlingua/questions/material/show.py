"""What is told of the study's material."""

from __future__ import annotations

from interlingua.report.results import Results
from interlingua.report.words import Section, Shown, listing, span


def section(results: Results) -> Section:
    """Return which languages there are, and how many words and sentences each of them has."""
    table = results.table("languages")
    seen, unseen = results.of("languages", role="seen"), results.of("languages", role="unseen")
    testing = f"; {listing(unseen['name'])} only {'test' if len(unseen) > 1 else 'tests'} them" if len(unseen) else ""
    finding = (
        f"{len(seen)} languages choose the units{testing}. "
        f"{span(seen['words'])} words and {span(seen['sentences'])} sentences a language, "
        f"{span(seen['train_words'])} words for training and {span(seen['test_words'])} for testing; no word stands in both."
    )
    leaks = results.of("issues", kind="concept in train and test")
    if len(leaks):
        finding += (
            f" Words of {listing(results.names[code] for code in leaks['language'])} that are tested are translations of "
            "words that are trained on, in these languages or others (below)."
        )
    columns = "name family role norms rated_words words sentences licence"
    tables = (
        Shown("Table 1. Languages and norms", "languages", table, columns),
        Shown("What was noticed in the data", "issues", results.table("issues"), "language kind count detail"),
    )
    return Section([finding], tables=tables)
