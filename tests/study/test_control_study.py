"""What the controls of a study run through."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from interlingua.run.study import load_study
from interlingua.study.controls import DRAWS, OTHERS, control_studies


def test_a_control_runs_through_what_the_comparison_needs(study_folder: Path) -> None:
    file = study_folder / "study.toml"
    part = control_studies(load_study(file, overrides={"units.headline": "ridge"}))[DRAWS]
    assert set(part.units.methods) == {"ridge", "correlation"}
    assert part.probes.methods == ("ridge",)
    assert part.units.nulls == ("permuted",)
    demo = control_studies(load_study("demo"), 384)
    assert demo[DRAWS].models == tuple(f"untrained{seed}:builtin:e5-small" for seed in ("", "-1", "-2", "-3", "-4"))
    assert demo[OTHERS].models == ("builtin:minilm-en",)
    assert {part.units.k for part in demo.values()} == {71 / 384}
    given = control_studies(load_study(file, overrides={"layer.choose": 6}))[DRAWS]
    assert given.layer.choose == "cv"
    paper = load_study("paper")
    part = control_studies(paper)[DRAWS]
    assert set(part.models) >= {"untrained:mbert", "untrained-4:xlm-r"}
    assert part.probes.methods == ("elastic-net",)
    assert part.languages.keys() == set(paper.seen)


def test_how_many_sentences_a_control_reads(study_folder: Path) -> None:
    def read(**options: int) -> dict[str, int]:
        changes: dict[str, Any] = {f"scrutiny.{name}": value for name, value in options.items()}
        changes |= {
            "scrutiny.controls": ["untrained", "builtin:minilm-en"],
            "models": ["mbert"],
            "sampling.sentences": 3,
        }
        parts = control_studies(load_study(study_folder / "study.toml", overrides=changes))
        return {part: of_part.sampling.sentences for part, of_part in parts.items()}

    assert read() == {DRAWS: 1, OTHERS: 3}
    assert read(untrained_sentences=2, control_sentences=2) == {DRAWS: 2, OTHERS: 2}
    assert read(untrained_sentences=9, control_sentences=9) == {DRAWS: 3, OTHERS: 3}


def test_no_model_is_a_control_twice(study_folder: Path) -> None:
    changes: dict[str, Any] = {
        "models": ["mbert", "untrained-1:mbert"],
        "scrutiny.controls": ["untrained", "untrained-2:mbert", "mbert", "xlm-r", "xlm-r"],
        "scrutiny.untrained_draws": 3,
    }
    parts = control_studies(load_study(study_folder / "study.toml", overrides=changes))
    assert {part: of_part.models for part, of_part in parts.items()} == {
        DRAWS: ("untrained:mbert", "untrained-2:mbert"),
        OTHERS: ("xlm-r",),
    }


@pytest.mark.parametrize(
    "changes", [{"scrutiny.controls": []}, {"units.permutations": 0}, {"units.nulls": ["own codes"]}]
)
def test_no_controls(study_folder: Path, changes: dict[str, Any]) -> None:
    assert control_studies(load_study(study_folder / "study.toml", overrides=changes)) == {}
