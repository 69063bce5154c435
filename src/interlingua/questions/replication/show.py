"""What is told of the paper's figures."""

from __future__ import annotations

from interlingua.report.results import Results
from interlingua.report.words import Section, Shown


def section(results: Results) -> Section:
    """Return how many of the published figures agree with ours, and all of them side by side."""
    row = next(results.table("replication_summary").itertuples())
    finding = (
        f"Of {row.figures} published figures {row.agree} agree with ours, {row.differ} do not, and {row.not_run} were not "
        "run in this study."
    )
    columns = "model variable quantity detail published ours tolerance agrees why"
    table = Shown("Replication", "replication", results.table("replication"), columns)
    return Section([finding], tables=(table,))
