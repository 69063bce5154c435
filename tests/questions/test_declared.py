"""What is declared by text is there: functions that take what steps give, show modules, options that exist."""

from __future__ import annotations

import inspect
from importlib import import_module

import pytest

from interlingua.flow import Step
from interlingua.questions.audit import TRIED
from interlingua.questions.order import questions, tables
from interlingua.report import story, words
from interlingua.run.graph import _ordered
from interlingua.study.config import Study
from interlingua.study.steps import FACTS, STEPS

EVERY = [FACTS, *STEPS, *(step for question in questions() for step in question.steps), TRIED]
#: What `interlingua.flow.work` offers besides.
OFFERED = {"model", "site", "variable", "language", "method", "on_progress", "folder", "unfinished"}


@pytest.mark.parametrize("step", EVERY, ids=lambda step: step.name)
def test_a_step_s_function_takes_what_the_step_gives(step: Step) -> None:
    module, _, name = step.function.partition(":")
    parameters = inspect.signature(getattr(import_module(module), name)).parameters
    given = {*step.inputs, *step.keys, *({"seed"} if step.seeded else ())}
    assert given <= set(parameters), "it is given what it does not take"
    needed = {name for name, one in parameters.items() if one.default is one.empty}
    assert needed <= given | OFFERED, "it needs what it is not given"
    assert set(step.plugins) <= set(step.keys)
    options = {question.key: question.options() for question in questions() if question.options is not None}
    asked = {"name": "any", "models": ["mbert"], "variables": ["valence"], "languages": {"en": {}, "de": {}}}
    study = Study.model_validate({**asked, "questions": options})
    for key in step.keys.values():
        study.option(key)


def test_outputs_have_names_of_their_own_and_steps_no_circle() -> None:
    names = [output.name for step in EVERY for output in step.outputs]
    assert len(names) == len(set(names))
    steps = [step.name for step in EVERY]
    assert len(steps) == len(set(steps))
    assert {step.name for step in _ordered(EVERY)} == set(steps)


def test_show_modules_define_only_what_is_called() -> None:
    assert words.__doc__ is not None
    assert story.__doc__ is not None
    for question in questions():
        show = import_module(question.show)
        public = {
            name
            for name, value in vars(show).items()
            if inspect.isfunction(value) and value.__module__ == show.__name__ and not name.startswith("_")
        }
        main = {"lead", "tile", "heat", "brief", "beneath"}
        told = {"claim", "glance", "glance_of_all", "section", "caveats"} | main
        assert "section" in public, question.key
        for name in public & told:
            assert f"``{name}(" in (story.__doc__ if name in main else words.__doc__)
        drawn = {draw.__name__ for draw in getattr(show, "FIGURES", {}).values()}
        assert public - told <= drawn, f"{question.key} defines what nobody calls"
        for name in getattr(show, "FIGURES", {}):
            assert name.isidentifier()


def test_columns_beside_units_are_declared() -> None:
    declared = tables()
    for question in questions():
        for column in question.atlas:
            names = declared[column.table].names
            assert {"model", "site", "variable", "unit", column.column} <= set(names)
