"""What the controls of a study run through."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from interlingua.run.study import load_study
from interlingua.study.controls import control_study


def test_a_control_runs_through_what_the_comparison_needs(study_folder: Path) -> None:
    file = study_folder / "study.toml"
    part = control_study(load_study(file, overrides={"units.headline": "ridge"}))
    assert part is not None
    assert set(part.units.methods) == {"ridge", "correlation"}
    assert part.probes.methods == ("ridge",)
    demo = control_study(load_study("demo"), 384)
    assert demo is not None
    assert demo.models == ("untrained:builtin:e5-small", "builtin:minilm-en")
    assert demo.units.k == 71 / 384
    given = control_study(load_study(file, overrides={"layer.choose": 6}))
    assert given is not None
    assert given.layer.choose == "cv"
    paper = load_study("paper")
    part = control_study(paper)
    assert part is not None
    assert part.models == ("untrained:mbert", "untrained:xlm-r")
    assert part.probes.methods == ("elastic-net",)
    assert part.languages.keys() == set(paper.seen)


@pytest.mark.parametrize(
    "changes", [{"scrutiny.controls": []}, {"units.permutations": 0}, {"units.nulls": ["own codes"]}]
)
def test_no_controls(study_folder: Path, changes: dict[str, Any]) -> None:
    assert control_study(load_study(study_folder / "study.toml", overrides=changes)) is None
