"""What is told of the study's material."""

from __future__ import annotations

from interlingua.report.results import Results
from interlingua.report.words import Section, Shown, between, listing, span


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
    finding += _words_from(results) + _families(results) + _chosen(results)
    leaks = results.of("issues", kind="concept in train and test")
    if len(leaks):
        finding += (
            f" Words of {listing(results.names[code] for code in leaks['language'])} that are tested are translations of "
            "words that are trained on, in these languages or others (below)."
        )
    columns = "name family role norms rated_words words sentences licence"
    tables = (
        Shown("Table 1. Languages and norms", "languages", table, columns),
        Shown("Carrier sentences", "languages", table[table["frames"] != ""], "name frames"),
        Shown(
            "How reliable the ratings are",
            "reliability",
            results.table("reliability"),
            "variable language n_words n_known raters error sd reliability",
        ),
        Shown("What was noticed in the data", "issues", results.table("issues"), "language kind count detail"),
    )
    return Section([finding, *_raters(results)], tables=tuple(shown for shown in tables if len(shown.frame)))


def _words_from(results: Results) -> str:
    """Return where the words were taken from, as far as the norms' cards say."""
    rows = results.table("languages")
    by_source = rows[rows["words_from"] != ""].groupby("words_from", sort=False)["norms"].first()
    return "".join(f" The words of {norms} are {source}." for source, norms in by_source.items())


def _families(results: Results) -> str:
    """Return how many of the languages that choose the units belong to which family."""
    counts = {
        family: len(results.of("languages", role="seen", family=family))
        for family in dict.fromkeys(results.of("languages", role="seen")["family"])
    }
    told = listing(f"{count} {family}" for family, count in sorted(counts.items(), key=lambda item: -item[1]))
    return f" Families of those that choose: {told}. Languages of one family are no independent witnesses."


def _chosen(results: Results) -> str:
    """Return how words were drawn, and what their sentences are."""
    text = ""
    if results.study["sampling"]["flat"]:
        text += (
            " Words are drawn flat over the scale of the norms, as many of each rating as there are: that raises every r above what "
            "it is for words as they come."
        )
    sources = {str(language.get("contexts", "")) for language in results.study["languages"].values()}
    if sources == {"carriers"}:
        text += (
            " The sentences are carrier frames that speak of the word itself, the same few for every word and roughly the same in "
            "every language: context says nothing of the rating."
        )
    return text


def _raters(results: Results) -> list[str]:
    """Return how reliable the mean ratings are, where norms tell how far their raters differ."""
    found = []
    for variable, rows in results.table("reliability").dropna(subset="reliability").groupby("variable", sort=False):
        low, high = f"{rows['raters'].min():.0f}", f"{rows['raters'].max():.0f}"
        found.append(
            f"Mean ratings of {variable} by {low if low == high else f'{low} to {high}'} raters a word have a reliability of "
            f"{between(rows['reliability'])} in {listing(rows['language'].map(results.names))}, by the raters' standard deviations."
        )
    return found
