"""How does sharing grow while a model is trained? The study's models are its checkpoints."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from interlingua.flow.step import Step
from interlingua.questions.question import Asked, Question
from interlingua.study.sections import Section
from interlingua.tables import Column, Table
from interlingua.tables.columns import FE, LAYER, MODEL, SITE, VARIABLE, R

_STEP = Column("step", "how far training was: what the study says of the checkpoint", "count", "training step")
_RHO = Column("rho", "rho-bar of the layer whose units are compared, over all words", "r", "ρ̄", missing=True)
CHECKPOINTS = Table(
    name="checkpoints",
    row="a checkpoint",
    key=("model", "site", "variable"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        _STEP,
        LAYER.but(says="the layer whose units are compared"),
        R.but(name="mean_r", says="cross-fitted r, mean over languages", heading="mean r", missing=True),
        Column("mean_low", "lower end of its 95 % interval over languages", "r", "low", missing=True),
        Column("mean_high", "upper end of it", "r", "high", missing=True),
        _RHO,
        Column("rho_low", "lower end of its 95 % interval over languages", "r", "low", missing=True),
        Column("rho_high", "upper end of it", "r", "high", missing=True),
        FE.but(name="mean_fe", says="mean fold enrichment of pairs of languages, by the headline's ranking"),
    ),
    says="`step`, `mean_r`, `rho` and `mean_fe` of each checkpoint, with intervals over languages",
)
SUMMARY = Table(
    name="checkpoints_summary",
    row="a variable",
    key=("site", "variable"),
    columns=(
        SITE,
        VARIABLE,
        Column("n_checkpoints", "checkpoints", "count"),
        Column("first_step", "of the earliest checkpoint", "count"),
        Column("last_step", "of the latest", "count"),
        R.but(name="first_r", says="mean r of the earliest", heading="first r", missing=True),
        R.but(name="last_r", says="mean r of the latest", heading="last r", missing=True),
        _RHO.but(name="first_rho", says="rho-bar of the earliest", heading="first ρ̄"),
        _RHO.but(name="last_rho", says="rho-bar of the latest", heading="last ρ̄"),
        Column("half_r", "first step with half of the latest's mean r or more", "count", "half of r at", missing=True),
        Column(
            "half_rho", "first step with half of the latest's rho-bar or more", "count", "half of ρ̄ at", missing=True
        ),
    ),
    says="the earliest and the latest checkpoint, and when half of the latest's r and ρ̄ was there",
)


class Options(Section):
    """Which checkpoints the study's models are: ``[questions.checkpoints]``."""

    steps: tuple[Annotated[int, Field(ge=0)], ...] = ()
    """For each of the study's models, in its order, how far training was: a number of steps or of tokens."""

    @field_validator("steps")
    @classmethod
    def _one_for_each_model(cls, value: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        models = (info.context or {}).get("models", value)
        if value and len(value) != len(models):
            raise ValueError(f"{len(value)} numbers for {len(models)} models; give one for each")
        if len(set(value)) != len(value):
            raise ValueError("a number stands there twice; each checkpoint has its own")
        return value


def _why_not(asked: Asked) -> str:
    if asked.study.option("questions.checkpoints.steps"):
        return ""
    return (
        "The models are not said to be checkpoints of one model: with questions.checkpoints.steps, a number for each, it is told "
        "how sharing grows over training."
    )


_COLLECT = Step(
    name="checkpoints",
    says="checkpoints",
    function="interlingua.questions.checkpoints.compute:checkpoints",
    per=("site",),
    reads={"performance": "performance_of_layer", "similarity": "similarity", "pairs_summary": "pairs_summary"},
    outputs=(CHECKPOINTS, SUMMARY),
    options=("questions.checkpoints.steps", "units.headline"),
)

QUESTION = Question(
    key="checkpoints",
    title="How does sharing grow over training?",
    asked=_why_not,
    steps=(_COLLECT,),
    show="interlingua.questions.checkpoints.show",
    options=Options,
    caveats=(
        "Each checkpoint is looked at in the layer that its own cross-validation chooses, which may be another one.",
        "Checkpoints of one training are one model: another one, trained with another seed, may go another way.",
    ),
)
