"""Properties of words partialled out of made-up languages, and what is told of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from tokenizers import Regex, Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

from interlingua.models import Activations
from interlingua.probes import Design
from interlingua.questions.confounds import CONFOUNDS, OVERLAP, PARTIAL_RANKINGS, QUESTION, SUBWORDS, SUMMARY
from interlingua.questions.confounds.compute import of_language, together
from interlingua.questions.confounds.show import brief, glance, section
from interlingua.questions.confounds.subwords import subwords
from interlingua.questions.question import Asked
from interlingua.questions.similarity.compute import compare, profiles
from interlingua.report.results import Results
from interlingua.seeds import derive_seed
from interlingua.study.cell import Cell
from interlingua.tables.layout import Layout
from interlingua.units.confounds import frequency_gap, partial_out, word_covariates
from interlingua.units.overlap import overlap

CODES = ("en", "es", "fr")
CELL = Cell("made-up", "valence", 1, 3, Layout.even(2, 12))
OPTIONS: dict[str, Any] = {"folds": 3, "standardise": "train", "splits": 4, "seed": 7}
NO_LINKS = pd.DataFrame({"language": [], "word": [], "concept": []})
NO_CONCRETENESS = pd.DataFrame({"language": [], "word": [], "concreteness": []})


def made_up(code: str) -> tuple[Activations, pd.DataFrame]:
    """Return a layer of noise and one that knows the ratings and the words' lengths; two sentences a word."""
    rng = np.random.default_rng(sum(map(ord, code)))
    words = [code + "x" * int(length) + str(number) for number, length in enumerate(rng.integers(1, 9, 60))]
    lengths = np.repeat([len(word) for word in words], 2)
    rating = np.repeat(rng.normal(size=60), 2) + lengths / 3
    layers = rng.normal(size=(2, 120, 12)).astype(np.float32)
    layers[1] += np.linspace(2, 0, 12) * (rating[:, None] - rating.mean())
    table = pd.DataFrame(
        {"language": code, "word": np.repeat(words, 2), "split": ["train"] * 90 + ["test"] * 30, "valence": rating}
    )
    return Activations.from_arrays(layers, {"language": code, "model": "made-up"}), table


def two_letters_a_token() -> PreTrainedTokenizerFast:
    """Return a tokenizer of two letters a token, with one at either end."""
    backend = Tokenizer(WordLevel({"[CLS]": 0, "[SEP]": 1, "[UNK]": 2}, unk_token="[UNK]"))
    backend.pre_tokenizer = Split(Regex(".{1,2}"), "isolated")
    ends = [("[CLS]", 0), ("[SEP]", 1)]
    backend.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", pad_token="[SEP]"
    )


class Weights:
    @property
    def tokenizer(self) -> Any:
        return two_letters_a_token()


def counts(code: str, table: pd.DataFrame) -> pd.DataFrame:
    found = subwords(cast("Any", Weights()), {"valence": table, "arousal": table}, model="made-up", language=code)
    return SUBWORDS.check(found["subwords"])


def one_language(code: str, concreteness: pd.DataFrame = NO_CONCRETENESS) -> dict[str, Any]:
    activations, table = made_up(code)
    given = CELL, counts(code, table), concreteness, NO_LINKS
    return of_language(activations, table, *given, language=code, **OPTIONS)


@pytest.fixture(scope="module")
def found() -> dict[str, pd.DataFrame]:
    """What the question's steps leave."""
    parts = [one_language(code) for code in CODES]
    tables = {
        table.name: table.concat([table.check(one[table.name]) for one in parts])
        for table in (CONFOUNDS, PARTIAL_RANKINGS)
    }
    plain = pd.DataFrame({"method": ["ridge", "correlation"], "mean_fe": [1.5, 2.5]})
    halves = {code: one["partial_profiles"] for code, one in zip(CODES, parts, strict=True)}
    tables |= together(tables["confounds"], tables["partial_rankings"], halves, plain, CELL, seed=7)
    return {**tables, **{table.name: table.check(tables[table.name]) for table in (OVERLAP, SUMMARY)}}


def test_sub_words_are_counted_once_a_word_without_the_special_tokens() -> None:
    _, table = made_up("en")
    found = counts("en", table)
    assert found["word"].tolist() == list(dict.fromkeys(table["word"]))
    assert found["n_subwords"].tolist() == [(len(word) + 1) // 2 for word in found["word"]]


def test_a_language_is_what_partialling_out_gives_with_the_seed_of_older_results(
    found: dict[str, pd.DataFrame],
) -> None:
    activations, table = made_up("es")
    words = list(dict.fromkeys(table["word"]))
    direct = partial_out(
        Design(activations, table),
        "valence",
        1,
        word_covariates(words, "es", [(len(word) + 1) // 2 for word in words]),
        model="made-up",
        k=3,
        folds=3,
        seed=derive_seed(7, "confounds", "made-up", "es", "valence"),
    )
    row = found["confounds"].set_index("language").loc["es"]
    for name, value in direct.row.items():
        if name != "language":
            assert row[name] == (pytest.approx(value, rel=1e-9) if isinstance(value, float) else value), name
    assert row["note"] == frequency_gap("es")
    again = found["partial_rankings"].query("language == 'es'")["unit"].tolist()
    assert again == direct.rankings["unit"].tolist()


def test_ratings_of_concreteness_are_partialled_out_where_there_are_any() -> None:
    _, table = made_up("en")
    concrete = pd.DataFrame({"language": "en", "word": table["word"].unique(), "concreteness": np.arange(60.0)})
    row = one_language("en", concrete)["confounds"]
    assert row["covariates"].iloc[0].split()[-1] == "concreteness"


def test_a_language_without_word_frequencies_says_so() -> None:
    [row] = CONFOUNDS.check(one_language("cy")["confounds"]).itertuples()
    assert row.covariates == "length n_subwords"
    assert row.note.startswith("Word frequency is not among the covariates")


def test_the_summary_is_of_the_languages_and_the_overlap(found: dict[str, pd.DataFrame]) -> None:
    [row] = found["confounds_summary"].itertuples()
    rows = found["confounds"]
    assert (row.n_languages, row.k, row.layer) == (3, 3, 1)
    for name in ("r2_covariates", "r", "r_partial", "top_k_kept"):
        assert getattr(row, name) == pytest.approx(rows[name].mean())
    assert row.r_partial < row.r
    shared = overlap(found["partial_rankings"], 12, k=3, seed=1).pairs_summary
    assert row.mean_fe == found["confounds_overlap"]["mean_fe"].iloc[0] == shared["mean_fe"].iloc[0]
    assert row.plain_fe == 2.5
    assert set(found["confounds_overlap"]["method"]) == {"partial-correlation"}


def test_rho_bar_as_it_is_is_that_of_the_question_of_similarity(found: dict[str, pd.DataFrame]) -> None:
    told: dict[str, Any] = {"model": "made-up", "variable": "valence", "splits": 4, "seed": 7}
    every = {
        code: profiles(*made_up(code), NO_LINKS, language=code, on_progress=lambda share: None, **told)["unit_profiles"]
        for code in CODES
    }
    table = compare(every, CELL, margin=None)["similarity"]
    assert table is not None
    [row] = found["confounds_summary"].itertuples()
    assert row.rho == pytest.approx(table.query("words == 'all' and chosen")["rho"].iloc[0], abs=1e-5)
    assert 0.5 < row.rho_partial != row.rho
    assert np.isnan(row.rho_partial_low)  # three languages


def test_rho_bar_can_t_be_told_of_one_language_or_few_words(found: dict[str, pd.DataFrame]) -> None:
    one = one_language("en")["partial_profiles"]
    for halves in ({"en": one}, {"en": one, "es": {}}):
        tables = found["confounds"], found["partial_rankings"], halves, pd.DataFrame({"method": [], "mean_fe": []})
        summary = SUMMARY.check(together(*tables, CELL, seed=7)["confounds_summary"])
        assert summary[["rho", "rho_partial", "rho_partial_low", "rho_partial_high"]].isna().all(axis=None)
        [row] = glance(results(**{**found, "confounds_summary": summary}), "made-up", "valence")
        assert "what is left of ρ̄ can't be told; " in row.answer


def test_covariates_of_any_language_are_named_once(found: dict[str, pd.DataFrame]) -> None:
    names = ["length n_subwords", "length n_subwords log_frequency", "length n_subwords concreteness"]
    rows = found["confounds"].assign(covariates=names)
    no_plain = pd.DataFrame({"method": ["ridge"], "mean_fe": [1.5]})
    made = together(rows, found["partial_rankings"], {}, no_plain, CELL, seed=7)
    summary = SUMMARY.check(made["confounds_summary"])
    assert summary["covariates"].tolist() == ["length n_subwords log_frequency concreteness"]
    assert summary["plain_fe"].isna().all()
    said = results(**{**found, "confounds_summary": summary})
    [row] = glance(said, "made-up", "valence")
    assert "with length, number of sub-words, log frequency and concreteness partialled out" in row.test
    # The study does not rank by |correlation|: nothing to set beside it.
    assert row.sure.endswith("times as many as independent sets")


def results(**tables: pd.DataFrame) -> Results:
    return Results(Path(), {}, {}, {}, dict(tables))


def test_what_is_told(found: dict[str, pd.DataFrame]) -> None:
    summary = found["confounds_summary"].assign(
        covariates="length n_subwords", r2_covariates=0.124, r=0.8, r_partial=-0.7, top_k_kept=2.4, mean_fe=3.5,
        rho=0.9, rho_partial=0.84, rho_partial_low=0.7, rho_partial_high=0.95,
    )  # fmt: skip
    said = results(**{**found, "confounds_summary": summary})
    [row] = glance(said, "made-up", "valence")
    assert row.answer == (
        "Without them r over test words is −0.70 instead of 0.80 (mean of 3 languages); ρ̄ is 0.84 instead of 0.90, "
        "95 % interval 0.70 to 0.95; other properties (arousal, concreteness, word class) were not asked"
    )
    assert row.sure == (
        "by |correlation|, of 3 top units 2 stay, and pairs share 3.50 times as many as independent sets (with "
        "them: 2.50)"
    )
    assert glance(said, "made-up", "arousal") == []
    told = section(said)
    assert told.findings == [
        "made-up · valence: length and number of sub-words explain 12 % of the ratings' variance; without them r "
        "over test words is −0.70 instead of 0.80 (mean over languages), of 3 top units 2 stay, and the fold "
        "enrichment is 3.50; ρ̄ is 0.84 instead of 0.90, 95 % interval 0.70 to 0.95."
    ]
    chapter = brief(said, {"model": "made-up", "variable": "valence"}, "firm")
    assert chapter is not None
    without = "Without length and number of sub-words ρ̄ is 0.84, a probe's correlation −0.70 instead of 0.80."
    assert chapter.text == without
    unknown = results(**{**found, "confounds_summary": summary.assign(rho_partial=np.nan)})
    chapter = brief(unknown, {"model": "made-up", "variable": "valence"}, "firm")
    assert chapter is not None
    assert chapter.text == without.replace("ρ̄ is 0.84, a probe's correlation", "a probe's correlation is")
    declared = {table.name: table for table in QUESTION.tables}
    for shown in told.tables:
        assert set(shown.columns.split()) <= set(declared[shown.table].names)


def test_a_study_that_does_not_ask_says_so() -> None:
    from interlingua.study.sections import Scrutiny

    def asked(confounds: bool) -> str:
        study = type("Study", (), {"scrutiny": Scrutiny(confounds=confounds)})()
        return QUESTION.asked(Asked(cast("Any", study), {}, {}))

    assert asked(True) == ""
    assert "scrutiny.confounds = false" in asked(False)
