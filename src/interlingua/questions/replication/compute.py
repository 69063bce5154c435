"""The figures that the paper published, beside ours.

Source of every published value: de Varda & Marelli (2024), sections 5 to 7 and Table 2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from interlingua.tables.cells import select
from interlingua.units import PAPER_MODEL

Tables = Mapping[str, pd.DataFrame]
ALL = "all"


@dataclass(frozen=True)
class Published:
    """One published figure and how far ours may be from it and still agree."""

    model: str
    variable: str
    quantity: str
    value: float
    tolerance: float
    detail: str = ""


#: Unit, B and t in Finnish (Table 2), by model and variable.
FINNISH = {
    ("mbert", "valence"): (
        (6078, -0.027, -4.066),
        (5665, -0.001, -0.111),
        (6077, -0.002, -0.268),
        (5685, 0.028, 4.189),
    ),
    ("mbert", "arousal"): ((6038, -0.045, -6.733),),
    ("xlm-r", "valence"): ((4324, 0.076, 11.881), (4313, 0.015, 2.175)),
    ("xlm-r", "arousal"): ((4747, 0.083, 12.780),),
}
#: Chosen layer, share of pairs with FE > 1 and with p < .05, the highest degree, baseline |B| and |t| of
#: 100 random units in Finnish.
BY_MODEL = {
    ("mbert", "valence"): (7, 62 / 78, 13 / 78, 7, 0.021, 3.222),
    ("mbert", "arousal"): (7, 62 / 78, 16 / 78, 8, 0.030, 4.417),
    ("xlm-r", "valence"): (5, 77 / 78, 66 / 78, 11, 0.030, 4.538),
    ("xlm-r", "arousal"): (6, 78 / 78, 74 / 78, 10, 0.031, 4.649),
}
QUANTITIES = (
    ("layer with the highest mean r", 0.0),
    ("share of pairs with FE > 1", 0.10),
    ("share of pairs with p < .05", 0.10),
    ("highest degree of an intersection", 0.0),
    ("Finnish, 100 random units: mean |B|", 0.004),
    ("Finnish, 100 random units: mean |t|", 0.5),
)
ALIGNMENT = (
    ("alignment: B of MPO", 0.0188, 0.0094),
    ("alignment: SE of MPO", 0.0047, 0.0047),
    ("alignment: t of MPO", 4.033, 2.0),
)


def published() -> list[Published]:
    """Return every published figure of the replication table."""
    figures = []
    for (model, variable), values in BY_MODEL.items():
        figures += [
            Published(model, variable, quantity, value, tolerance)
            for (quantity, tolerance), value in zip(QUANTITIES, values, strict=True)
        ]
        for unit, b, t in FINNISH[model, variable]:
            figures.append(Published(model, variable, "Finnish: B", b, 0.004, f"unit {unit}"))
            figures.append(Published(model, variable, "Finnish: t", t, 0.5, f"unit {unit}"))
    return figures + [Published(ALL, ALL, quantity, value, by) for quantity, value, by in ALIGNMENT]


def replication(
    layer_choice: pd.DataFrame,
    pairs: pd.DataFrame,
    pairs_summary: pd.DataFrame,
    highest_degree: pd.DataFrame,
    transfer: pd.DataFrame,
    transfer_units: pd.DataFrame,
    alignment_models: pd.DataFrame,
    *,
    headline: str,
) -> dict[str, pd.DataFrame]:
    """Set the published figures beside ours.

    Parameters
    ----------
    layer_choice, pairs, pairs_summary, highest_degree, transfer, transfer_units, alignment_models
        The study's tables; `transfer` and `transfer_units` without rows where no language is unseen.
    headline
        The ranking method whose overlap is compared (the paper's: ``elastic-net``).
    """
    tables = {
        "layer_choice": layer_choice,
        "pairs_summary": pairs_summary,
        "highest_degree": highest_degree,
        "transfer": transfer,
        "transfer_units": transfer_units,
        "alignment_models": alignment_models,
    }
    n_languages = {str(name): _languages(rows) for name, rows in pairs.groupby("variable", sort=False)}
    models = set(pairs_summary["model"])
    table = pd.DataFrame([_row(figure, tables, headline, models, n_languages) for figure in published()])
    table = table.astype({"ours": "float64"})
    counts = {name: int((table["agrees"] == name).sum()) for name in ("yes", "no", "not run")}
    summary = {"figures": len(table), "agree": counts["yes"], "differ": counts["no"], "not_run": counts["not run"]}
    return {"replication": table, "replication_summary": pd.DataFrame([summary])}


def _row(
    figure: Published, tables: Tables, headline: str, models: set[str], n_languages: Mapping[str, int]
) -> dict[str, object]:
    """Return a published figure beside ours, with what there is to note."""
    ours, why = None, ""
    if figure.model == ALL:
        ours = _alignment(tables, figure.quantity, headline)
        if ours is None:
            why = "the mixed model needs two models and two variables"
        elif models != {"mbert", "xlm-r"}:
            why = "other models than the paper's"
    elif figure.model not in models:
        why = f"{figure.model} is not in this study"
    else:
        ours = _OURS[figure.quantity](tables, figure.model, figure, headline)
        if ours is None:
            why = "not among this study's results"
        elif figure.quantity.startswith(("share", "highest", "layer")):
            why = f"{n_languages.get(figure.variable, 0)} of the paper's 13 languages are public"
    agrees = "not run" if ours is None else "yes" if abs(ours - figure.value) <= figure.tolerance + 1e-12 else "no"
    return {
        "model": figure.model,
        "variable": figure.variable,
        "quantity": figure.quantity,
        "detail": figure.detail,
        "published": figure.value,
        "ours": ours,
        "tolerance": figure.tolerance,
        "agrees": agrees,
        "why": why,
    }


def _languages(pairs: pd.DataFrame) -> int:
    """Return how many languages have a pair."""
    return len({*pairs["language_a"], *pairs["language_b"]})


def _cell(table: pd.DataFrame, column: str, **where: object) -> float | None:
    """Return a column's value in the first row where the others have theirs, or None."""
    values = select(table, **where)[column]
    return float(values.iloc[0]) if len(values) and pd.notna(values.iloc[0]) else None


def _layer(tables: Tables, model: str, figure: Published, headline: str) -> float | None:
    return _cell(tables["layer_choice"], "layer", model=model, variable=figure.variable, chosen=True)


def _share(column: str) -> Callable[[Tables, str, Published, str], float | None]:
    def share(tables: Tables, model: str, figure: Published, headline: str) -> float | None:
        where = {"model": model, "variable": figure.variable, "method": headline}
        count = _cell(tables["pairs_summary"], column, **where)
        pairs = _cell(tables["pairs_summary"], "n_pairs", **where)
        return None if count is None or not pairs else count / pairs

    return share


def _degree(tables: Tables, model: str, figure: Published, headline: str) -> float | None:
    return _cell(tables["highest_degree"], "degree", model=model, variable=figure.variable, method=headline)


def _finnish(column: str) -> Callable[[Tables, str, Published, str], float | None]:
    def value(tables: Tables, model: str, figure: Published, headline: str) -> float | None:
        unit = int(figure.detail.removeprefix("unit "))
        where = {"model": model, "variable": figure.variable, "language": "fi", "unit": unit}
        return _cell(tables["transfer_units"], column, **where)

    return value


def _baseline(column: str) -> Callable[[Tables, str, Published, str], float | None]:
    def value(tables: Tables, model: str, figure: Published, headline: str) -> float | None:
        where = {"model": model, "variable": figure.variable, "language": "fi", "method": headline}
        return _cell(tables["transfer"], column, **where)

    return value


def _alignment(tables: Tables, quantity: str, headline: str) -> float | None:
    column = {"B": "estimate", "SE": "se", "t": "t"}[quantity.split()[1]]
    return _cell(tables["alignment_models"], column, formula=PAPER_MODEL, method=headline)


_OURS: Mapping[str, Callable[[Tables, str, Published, str], float | None]] = {
    QUANTITIES[0][0]: _layer,
    QUANTITIES[1][0]: _share("fe_over_1"),
    QUANTITIES[2][0]: _share("p_below_05"),
    QUANTITIES[3][0]: _degree,
    QUANTITIES[4][0]: _baseline("baseline_abs_b"),
    QUANTITIES[5][0]: _baseline("baseline_abs_t"),
    "Finnish: B": _finnish("b"),
    "Finnish: t": _finnish("t"),
}
