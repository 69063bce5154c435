"""The small study's results, read anew for every test, so that each may change tables as it likes."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from interlingua.questions.order import tables
from interlingua.report.results import Results


@pytest.fixture
def results(small: Any) -> Results:
    return Results.read(small.results, tables())


@pytest.fixture
def flagged(results: Results) -> Results:
    """The same with Spanish flagged and unknown to the model: sharing is shown with it, and less of it without it."""
    read = results._read
    read["audit"] = results.table("audit").assign(flag=results.table("audit")["language"] == "es")
    read["audit_summary"] = results.table("audit_summary").assign(n_flagged=[1, 0])
    read["performance_of_layer"] = results.table("performance_of_layer").assign(unknown="es", n_unknown=1)
    read["null"] = results.table("null").assign(corrected_fe=1.5, p_fe=0.01)
    overlap = results.table("pairs_summary")[list(results.tables["flagged_overlap"].names[:-1])].assign(mean_fe=2.0)
    null = results.table("null")[["model", "site", "variable", "method", "layer", "null", "corrected_fe", "p_fe"]]
    models = results.table("alignment_models").assign(estimate=0.01, p_permutation=0.01)
    for name, frame, without in (
        ("flagged_overlap", overlap, {"mean_fe": 1.75}),
        ("flagged_null", null, {"corrected_fe": 1.25, "p_fe": null["p_fe"].where(null["null"] == "permuted", 0.04)}),
        ("flagged_alignment", models, {"p_permutation": 0.3}),
    ):
        both = [frame.assign(languages="all"), frame.assign(languages="without es", **without)]
        read[name] = results.tables[name].check(pd.concat(both, ignore_index=True))
    return results
