"""The questions of a study, in the order in which they are computed and told. A new one is a line here."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module

from interlingua.questions.question import Question
from interlingua.tables.schema import Table

ORDER = (
    "material",
    "audit",
    "performance",
    "layers",
    "similarity",
    "conjunction",
    "sharing",
    "concepts",
    "controls",
    "left_out",
    "unseen",
    "confounds",
    "stability",
    "alignment",
    "checkpoints",
    "replication",
)

#: What the report's first lines and its table at a glance lead with, whatever the order of the sections: how much is
#: shared, by which units, and how few are enough in a language that has no say; then the paper's overlap.
LEAD = ("similarity", "conjunction", "left_out", "sharing")


@lru_cache(maxsize=1)
def questions() -> tuple[Question, ...]:
    """Return all questions."""
    return tuple(import_module(f"interlingua.questions.{key}").QUESTION for key in ORDER)


def tables() -> dict[str, Table]:
    """Return every table that a result folder may have, by name: the study's own, then each question's."""
    from interlingua.study.steps import TABLES

    every = [*TABLES, *(table for question in questions() for table in question.tables)]
    return {table.name: table for table in every}
