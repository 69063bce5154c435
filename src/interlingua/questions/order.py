"""The questions of a study, in the order in which they are computed and told. A new one is a line here."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module

from interlingua.questions.question import Question
from interlingua.report.story import Chapter
from interlingua.tables.schema import Table

ORDER = (
    "material",
    "audit",
    "performance",
    "layers",
    "similarity",
    "conjunction",
    "sites",
    "sharing",
    "concepts",
    "controls",
    "left_out",
    "causal",
    "unseen",
    "confounds",
    "stability",
    "alignment",
    "checkpoints",
    "replication",
)

#: What the report's first lines and its table at a glance lead with, whatever the order of the sections: how much is
#: shared, by which units, and how few are enough in a language that is left out; then the paper's overlap.
LEAD = ("similarity", "conjunction", "left_out", "sharing")
#: Whose figures stand on the first screen: the first four of these that a study asks.
TILES = ("similarity", "conjunction", "unseen", "controls", "left_out", "sharing")
#: The chapters of the report's main part, in their order; a question names those in which it is told.
CHAPTERS = (
    Chapter("shared", "Shared?", "Is it more than languages would have in common by chance?"),
    Chapter("learnt", "Learnt?", "Does training bring it about, and does the model know the ratings at all?"),
    Chapter("elsewhere", "Elsewhere?", "Do the units work in languages that took no part in choosing them?"),
    Chapter("used", "Used?", "Does what can be read behind the units move, where they are edited?"),
    Chapter("firm", "Firm?", "Does it hang on translations, other properties of words, which words, or the ranking?"),
)


@lru_cache(maxsize=1)
def questions() -> tuple[Question, ...]:
    """Return all questions."""
    return tuple(import_module(f"interlingua.questions.{key}").QUESTION for key in ORDER)


def tables() -> dict[str, Table]:
    """Return every table that a result folder may have, by name: the study's own, then each question's."""
    from interlingua.study.steps import TABLES

    every = [*TABLES, *(table for question in questions() for table in question.tables)]
    return {table.name: table for table in every}
