"""Do the paper's figures come out again? Those that it published, beside ours."""

from __future__ import annotations

from interlingua.flow.step import Read, Step
from interlingua.questions.question import Asked, Question
from interlingua.tables import RESID, Column, Table
from interlingua.tables.columns import MODEL, VARIABLE

REPLICATION = Table(
    name="replication",
    row="a published figure",
    key=("model", "variable", "quantity", "detail"),
    columns=(
        MODEL,
        VARIABLE,
        Column("quantity", "what the paper says", "text"),
        Column("detail", "of which unit", "text", "of"),
        Column("published", "in the paper", "number"),
        Column("ours", "in this study", "number", missing=True),
        Column("tolerance", "how far ours may be from it and still agree", "number", "may differ by"),
        Column("agrees", "yes, no, or not run", "text"),
        Column("why", "why it was not run, or what else differs", "text", "note"),
    ),
    says="preset `paper` only: published, ours, agrees or not, why",
)
SUMMARY = Table(
    name="replication_summary",
    row="the study",
    key=(),
    columns=(
        Column("figures", "published figures", "count"),
        Column("agree", "that agree with ours", "count"),
        Column("differ", "that do not", "count"),
        Column("not_run", "that this study has nothing to set beside", "count", "not run"),
    ),
    says="how many of them agree",
)
_COMPARE = Step(
    name="replication",
    says="replication",
    function="interlingua.questions.replication.compute:replication",
    per=(),
    reads={
        name: Read(name, at={"site": RESID})
        for name in (
            "layer_choice",
            "pairs",
            "pairs_summary",
            "highest_degree",
            "transfer",
            "transfer_units",
            "alignment_models",
        )
    },
    outputs=(REPLICATION, SUMMARY),
    options=("headline=units.headline",),
)


def _why_not(asked: Asked) -> str:
    if asked.study.preset != "paper":
        return "This study makes choices of its own: with preset = 'paper', the paper's published figures stand beside ours."
    return ""


QUESTION = Question(
    key="replication",
    title="The published figures beside ours",
    asked=_why_not,
    steps=(_COMPARE,),
    show="interlingua.questions.replication.show",
    caveats=(
        "Where the numbers of languages differ, shares are compared, not counts; what a figure may differ by and still "
        "'agree' stands in the table.",
        "The authors' Figure 4 draws XLM-R's valence r for its arousal points; the models of section 7 are not affected "
        "by the figure.",
    ),
)
