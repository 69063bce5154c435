"""A question of a study: what it computes, when it is asked, how it is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from interlingua.flow.step import Step
from interlingua.study.config import Study
from interlingua.study.sections import Section
from interlingua.tables.schema import Table, UnitColumn


@dataclass(frozen=True)
class Asked:
    """What a question looks at to tell whether a study asks it.

    Parameters
    ----------
    study
        The study.
    rated
        For each variable, the seen languages that have ratings of it, in the study's order.
    unseen
        The same of the unseen languages.
    controls
        Whether control models run beside the study's.
    """

    study: Study
    rated: Mapping[str, Sequence[str]]
    unseen: Mapping[str, Sequence[str]]
    controls: bool = False


@dataclass(frozen=True)
class Question:
    """A question. Everything else that is needed to plan, compute, tell and document it follows from this.

    Parameters
    ----------
    key
        The name of its folder, and of its section in the report.
    title
        The section's heading.
    steps
        What it computes, each behind what it reads.
    show
        The module that tells its results (`interlingua.report.words` says what it may define); imported only where a
        report is made.
    asked
        Returns "" if a study asks the question, else why it does not, as a sentence for the report.
    options
        Its section of the study file, ``[questions.KEY]``; None if it has none.
    caveats
        What a careful reader would hold against its results, for beside them.
    atlas
        Columns that the atlas shows beside every unit.
    across_sites
        Whether it compares sites with each other: then it is told once, else site by site.
    chapters
        Keys of the chapters of the report's main part in which it is told (`interlingua.questions.order.CHAPTERS`).
    missed
        The question for the study at a glance, where a study that does not ask it shall say so there, too.
    """

    key: str
    title: str
    steps: tuple[Step, ...]
    show: str
    asked: Callable[[Asked], str] = lambda asked: ""
    options: type[Section] | None = None
    caveats: tuple[str, ...] = ()
    atlas: tuple[UnitColumn, ...] = ()
    across_sites: bool = False
    chapters: tuple[str, ...] = ()
    missed: str = ""

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables that it leaves in a result folder."""
        return tuple(
            output for step in self.steps for output in step.outputs if isinstance(output, Table) and output.files
        )

    @property
    def by_site(self) -> bool:
        """Whether it is told site by site."""
        return not self.across_sites and any("site" in table.names for table in self.tables)
