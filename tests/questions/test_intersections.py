"""Every unit at a top belongs to exactly one set of languages."""

from __future__ import annotations

import pandas as pd

from interlingua.questions.sharing.intersections import intersections
from interlingua.study.cell import Cell
from interlingua.tables.layout import Layout


def ranking(language: str, *best: int, scores: dict[int, float] | None = None) -> pd.DataFrame:
    """Return a language's ranking of the six units of a layer, these first."""
    order = [*best, *(unit for unit in range(6) if unit not in best)]
    rows = {
        "unit": order,
        "index": order,
        "rank": range(1, 7),
        "score": [(scores or {}).get(unit, 1.0) for unit in order],
    }
    return pd.DataFrame(rows).assign(model="m", variable="v", language=language, method="correlation", layer=0, sign=1)


def test_by_hand() -> None:
    rows = pd.concat([ranking("fr", 0, 1, 2), ranking("en", 0, 1, 3), ranking("de", 0, 4, 5, scores={5: 0.0})])
    cell = Cell("m", "v", 0, 3, Layout((6,), "resid"))
    found = intersections(rows, cell, methods=["correlation"])
    sets = found["intersections"].set_index("languages")
    # 0 in all three, 1 in two, 2, 3 and 4 in one each; 5 has no score and is at no top.
    assert sets["n_units"].to_dict() == {"fr en de": 1, "fr en": 1, "fr": 1, "en": 1, "de": 1}
    assert sets["n_languages"].to_dict() == {"fr en de": 3, "fr en": 2, "fr": 1, "en": 1, "de": 1}
    sizes = found["set_sizes"].set_index("language")["n_units"]
    assert sizes.to_dict() == {"fr": 3, "en": 3, "de": 2}
    for code in sizes.index:
        assert sum(n for name, n in sets["n_units"].items() if code in name.split()) == sizes[code]


def test_none_at_any_top() -> None:
    rows = pd.concat([ranking(code, 0, scores=dict.fromkeys(range(6), 0.0)) for code in ("en", "fr")])
    found = intersections(rows, Cell("m", "v", 0, 3, Layout((6,), "resid")), methods=["correlation"])
    assert found["intersections"].empty
    assert found["set_sizes"]["n_units"].tolist() == [0, 0]
