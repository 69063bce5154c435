"""Checkpoints of one model: their order, what is told of them, and a study of two."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from interlingua.errors import ConfigError
from interlingua.models.specs import to_be_drawn, told_apart
from interlingua.questions.checkpoints import QUESTION
from interlingua.questions.checkpoints.compute import checkpoints
from interlingua.questions.checkpoints.show import draw, section
from interlingua.questions.order import tables
from interlingua.report.results import Results
from interlingua.run.run import run
from interlingua.run.study import load_study


def frames() -> dict[str, pd.DataFrame]:
    """Return what a study of three checkpoints leaves, named out of order."""
    models, r, rho = ["late", "early", "middle"], [0.8, 0.1, 0.5], [0.9, np.nan, 0.3]
    place = {"model": models, "variable": "valence", "layer": [2, 0, 1]}
    performance = pd.DataFrame({**place, "mean_r": r, "mean_low": np.array(r) - 0.1, "mean_high": np.array(r) + 0.1})
    similarity = pd.DataFrame({**place, "words": "all", "chosen": True, "rho": rho, "rho_low": rho, "rho_high": rho})
    other = similarity.assign(words="unlinked", rho=0.0)
    pairs = pd.DataFrame({**place, "method": "correlation", "mean_fe": [3.0, 1.0, 2.0]})
    return {
        "performance": performance,
        "similarity": pd.concat([similarity, other, similarity.assign(layer=9, chosen=False, rho=0.0)]),
        "pairs_summary": pd.concat([pairs, pairs.assign(method="ridge", mean_fe=9.0)]),
    }


def made() -> dict[str, pd.DataFrame]:
    found = checkpoints(**frames(), site="resid", steps=(8000, 0, 1000), headline="correlation")
    return {table.name: table.check(found[table.name]) for table in QUESTION.tables}


def test_they_stand_in_the_order_of_training() -> None:
    found = made()
    table, (row,) = found["checkpoints"], found["checkpoints_summary"].itertuples()
    assert table["model"].tolist() == ["early", "middle", "late"]
    assert table["step"].tolist() == [0, 1000, 8000]
    assert table["mean_fe"].tolist() == [1.0, 2.0, 3.0]
    assert table["rho"].tolist()[1:] == [0.3, 0.9]
    assert np.isnan(table["rho"].iloc[0])
    assert (row.first_step, row.last_step, row.first_r, row.last_r, row.last_rho) == (0, 8000, 0.1, 0.8, 0.9)
    assert (row.half_r, row.half_rho) == (1000, 8000)  # .5 is half of .8 and more; .3 is less than half of .9


def test_what_is_told(tmp_path: Path) -> None:
    results = Results(tmp_path, tables(), {}, {}, made())
    shown = section(results)
    assert shown.findings == [
        "valence: from step 0 to step 8,000 mean r goes from 0.100 to 0.800, ρ̄ goes from unknown to 0.900. Half of the "
        "last r is there at step 1,000, half of the last ρ̄ at step 8,000."
    ]
    summary = made()["checkpoints_summary"].assign(last_rho=np.nan, half_rho=pd.NA)
    without = Results(tmp_path, tables(), {}, {}, {**made(), "checkpoints_summary": summary})
    assert section(without).findings[0].endswith(" to 0.800, ρ̄ can't be told of either.")
    drawn = draw(results)
    assert drawn is not None
    (axis,) = drawn[0].axes
    assert [line.get_xdata().tolist() for line in axis.lines[:2]] == [[0, 1000, 8000]] * 2
    assert axis.get_xscale() == "symlog"
    empty = Results(tmp_path, tables(), {}, {}, {name: table.iloc[:0] for name, table in made().items()})
    assert section(empty).findings == []
    assert draw(empty) is None


def test_revisions_of_one_model_are_told_apart() -> None:
    specs = ["acme/m@step1", "acme/m@step2", "acme/other@main", "mbert"]
    assert [found.name for found in told_apart(specs)] == ["acme/m@step1", "acme/m@step2", "acme/other", "mbert"]
    assert to_be_drawn([*specs, "nothing of that name"]) == [
        "acme/m@step1",
        "acme/other@main",
        "mbert",
        "nothing of that name",
    ]


@pytest.fixture(scope="module")
def study(study_folder: Path, minilm: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Return a study and two checkpoints: a model's weights before and after training, the first drawn at random."""
    folder = tmp_path_factory.mktemp("checkpoints")
    tokenizer, trained = AutoTokenizer.from_pretrained(minilm), AutoModel.from_pretrained(minilm)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        random = AutoModel.from_config(trained.config)
    paths = []
    for step, model in ((0, random), (200, trained)):
        path = folder / f"step{step}"
        model.save_pretrained(path)
        tokenizer.save_pretrained(path)
        paths.append(str(path))
    return study_folder / "study.toml", paths


SHORT: dict[str, Any] = {
    "variables": ["valence"],
    "probes.methods": ["ridge"],
    "probes.whole": False,
    "layer.choose": 5,
    "units.methods": ["correlation"],
    "units.headline": "correlation",
    "units.permutations": 0,
    "scrutiny.controls": [],
    "scrutiny.confounds": False,
    "scrutiny.stability": 2,
    "sampling.sentences": 1,
    "sampling.words": 24,
    "unseen": [],
}


def test_a_study_of_two(study: tuple[Path, list[str]], tmp_path: Path) -> None:
    file, paths = study
    options = SHORT | {"models": paths[::-1], "questions.checkpoints.steps": [200, 0]}
    results = run(
        load_study(file, overrides=options),
        output=tmp_path / "out",
        workers=1,
        cache_dir=tmp_path / "cache",
        show_progress=False,
    )
    table = pd.read_parquet(results / "tables" / "checkpoints.parquet")
    assert table["model"].tolist() == ["step0", "step200"]
    performance = pd.read_parquet(results / "tables" / "performance_of_layer.parquet").set_index("model")
    assert table["mean_r"].tolist() == performance.loc[table["model"], "mean_r"].tolist()
    assert table["mean_r"].iloc[1] > table["mean_r"].iloc[0]  # random weights know less
    assert (results / "figures" / "checkpoints.svg").exists()
    assert "How does sharing grow over training?" in (results / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("steps", "message"), [([1, 2, 3], "3 numbers for 2 models; give one for each"), ([2, 2], "a number stands there")]
)
def test_numbers_that_do_not_fit(study: tuple[Path, list[str]], steps: list[int], message: str) -> None:
    options = SHORT | {"models": study[1], "questions.checkpoints.steps": steps}
    with pytest.raises(ConfigError, match=rf"questions\.checkpoints\.steps: .*{message}"):
        load_study(study[0], overrides=options)
