"""What is the study made of? Its languages, norms and sentences, and what was noticed in them (Table 1)."""

from __future__ import annotations

from interlingua.flow.step import Step
from interlingua.questions.question import Question
from interlingua.tables import Column, Table
from interlingua.tables.columns import COUNT, LANGUAGE, N_WORDS, VARIABLE

LANGUAGES = Table(
    name="languages",
    row="a language",
    key=("language",),
    columns=(
        LANGUAGE,
        Column("name", "its English name", "text", "language"),
        Column("family", "the family that it belongs to (ISO 639-5)", "text"),
        Column("script", "how it is written (ISO 15924)", "text"),
        Column("role", "seen: it chooses the units; unseen: it only tests them", "text"),
        Column("norms", "where its ratings come from", "text"),
        Column("rated_words", "words that the norms rate", "count", "rated words", missing=True),
        Column("words", "words that are used", "count", "words used"),
        Column("sentences", "sentences that are used", "count"),
        Column("train_words", "words that probes are fitted to", "count"),
        Column("test_words", "words that they are tested on", "count"),
        Column("words_from", "where the norms' words were taken from, if that is known", "text", "words from"),
        Column("frames", "the carrier sentences that words are set into, if they are", "text", "carrier sentences"),
        Column("licence", "licence of the norms", "text", "licence of the norms"),
        Column("citation", "what to cite for them, as BibTeX", "text"),
    ),
    says="Table 1: family, role, norms, licence, citation, words and sentences used",
)
ISSUES = Table(
    name="issues",
    row="something noticed in the data",
    key=(),  # one kind of thing may be noticed in several places of a language
    columns=(
        LANGUAGE,
        Column("kind", "what was noticed", "text", "what"),
        COUNT,
        Column("detail", "where, or which", "text"),
    ),
    says="repaired targets, duplicates, sentences on both sides of the split, missing ratings",
)
RELIABILITY = Table(
    name="reliability",
    row="a variable, in a language whose norms tell how far its raters differ",
    key=("variable", "language"),
    columns=(
        VARIABLE,
        LANGUAGE,
        N_WORDS.but(says="rated words that are used"),
        Column("n_known", "of them, those of which it is known", "count", "raters known"),
        Column("raters", "mean number of raters of a word", "number"),
        Column(
            "error", "root mean square of the standard errors of the words' mean ratings, on the scale of the study"
        ),
        Column("sd", "standard deviation of the mean ratings of these words", "number", "SD of ratings", missing=True),
        Column(
            "reliability",
            "share of these words' variance in mean ratings that is not the raters' sampling error",
            "r",
            missing=True,
        ),
    ),
    says="how reliable the means of the raters are, by the standard deviations in the norms",
)
_TELL = Step(
    name="material",
    says="material",
    function="interlingua.questions.material.compute:material",
    per=(),
    reads={"sources": "sources", "noticed": "noticed"},
    outputs=(LANGUAGES, ISSUES),
)
_RELY = Step(
    name="reliability",
    says="raters",
    function="interlingua.questions.material.reliability:reliabilities",
    per=("variable",),
    reads={"errors": "rater_errors", "ratings": "ratings"},
    outputs=(RELIABILITY,),
)

QUESTION = Question(
    key="material",
    title="Words, ratings, sentences",
    steps=(_TELL, _RELY),
    show="interlingua.questions.material.show",
)
