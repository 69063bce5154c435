"""What a language-neutral unit must beat: the same analysis of a model that can't know the languages.

An untrained model has the architecture, the tokenizer and the words that languages share, and no more; one draw of
random weights may be lucky, so there are several. A monolingual model knows meaning, but of one language. Sharing that
they show as well is not learnt neutrality. Each is compared at the layer that its own cross-validation chooses, and at
the depth of the study's layer, as the choice alone may part them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.models.registry import is_untrained, trained, untrained
from interlingua.stats.jackknife import JackknifeInterval, ratio_interval
from interlingua.tables.cells import select

#: At which layer of the control: that of its own choice, or that at the depth of the model's.
CHOSEN, SAME = "chosen", "same"

_CELL = ["model", "variable", "method"]
_PAIR = ["beside", *_CELL]
_FIGURES = ("corrected_fe", "p_fe", "highest_degree", "units_in_all", "same_sign", "r_top")
_LEVEL = 0.05


@dataclass(frozen=True)
class NullTables:
    """What permuted ratings say of some models.

    Attributes
    ----------
    null : DataFrame
        A row a `model, variable, method, layer`, of permuted ratings only: `null_fe, corrected_fe, p_fe,
        highest_degree, same_sign` (`interlingua.units.nulls.null_summary`) and `r_top`.
    degrees : DataFrame
        `model, variable, method, n_languages, observed`: units in the top of at least so many languages.
    pairs : DataFrame
        `model, variable, method, language_a, language_b, fe` of each pair of languages.

    Those of controls also have a column `beside`: the study's model beside which they are set.
    """

    null: pd.DataFrame
    degrees: pd.DataFrame
    pairs: pd.DataFrame


def goes_with(control: str, model: str) -> bool:
    """Whether a control is set beside a model: random weights beside the model that they are of, others everywhere."""
    return not is_untrained(control) or trained(control) == model


def control_tables(models: NullTables, controls: dict[str, NullTables]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Set every model beside its controls.

    Parameters
    ----------
    models : NullTables
        Of the study's models.
    controls : dict of str to NullTables
        Of the controls, by where their units are taken from: `CHOSEN` or `SAME`.

    Returns
    -------
    rows : DataFrame
        A row a model, variable, method, control and `at` ("chosen", "same"): `model, variable, method, layer, control,
        kind` ("untrained" or "other"), `at, control_layer, corrected_fe, control_corrected_fe` (observed over permuted
        mean), `fe_ratio` (of the two) with `fe_ratio_low, fe_ratio_high` (95 %, delete-one-language jackknife of its
        logarithm; none of two languages; the permuted means count as constants), `p_fe, control_p_fe,
        highest_degree, control_highest_degree, n_languages, units_in_all, control_units_in_all` (units in the top of
        all languages), `same_sign, control_same_sign, r_top, control_r_top` (r on held-out words from the top units
        alone).
    summary : DataFrame
        The draws of random weights of a model together: `control` (without the draw's number), `draws`, means over
        them, `control_lowest_fe, control_highest_fe`, the ratio over the mean of the draws with its interval,
        `control_p_below_05` (draws with p < .05), `control_most_in_all`. Of any other control, the one.
    """
    rows: list[dict[str, object]] = []
    summaries = []
    for at, tables in controls.items():
        others = _with_units_in_all(tables.null, tables.degrees, _PAIR)
        for own in _with_units_in_all(models.null, models.degrees, _CELL).to_dict("records"):
            cell = {name: own[name] for name in _CELL}
            mine = _corrected(models.pairs, cell, own["null_fe"])
            groups: dict[str, list[tuple[dict[str, object], pd.DataFrame]]] = {}
            beside = select(others, beside=own["model"], variable=own["variable"], method=own["method"])
            for other in beside.to_dict("records"):
                where = {"beside": own["model"], **cell, "model": other["model"]}
                theirs = _corrected(tables.pairs, where, other["null_fe"])
                row = _row(own, other, at, _ratio(mine, [theirs]))
                groups.setdefault(_group(other["model"]), []).append((row, theirs))
            for name, members in groups.items():
                of_group = pd.DataFrame([row for row, _ in members])
                rows += [row for row, _ in members]
                summaries.append(_summary(of_group, name, _ratio(mine, [pairs for _, pairs in members])))
    return pd.DataFrame(rows), pd.DataFrame(summaries)


def _group(control: str) -> str:
    """Return what draws of random weights of one model are called together."""
    return untrained(trained(control)) if is_untrained(control) else control


def _row(own: dict[str, object], other: dict[str, object], at: str, ratio: JackknifeInterval) -> dict[str, object]:
    kept = ("model", "variable", "method", "layer", "n_languages", *_FIGURES)
    return {
        **{name: own[name] for name in kept},
        "control": other["model"],
        "kind": "untrained" if is_untrained(str(other["model"])) else "other",
        "at": at,
        **{f"control_{name}": other[name] for name in ("layer", *_FIGURES)},
        "fe_ratio": ratio.estimate,
        "fe_ratio_low": ratio.low,
        "fe_ratio_high": ratio.high,
    }


def _summary(rows: pd.DataFrame, group: str, ratio: JackknifeInterval) -> dict[str, object]:
    first = rows.iloc[0]
    kept = ("model", "variable", "method", "layer", "kind", "at", "n_languages", "corrected_fe", "p_fe")
    return {
        **{name: first[name] for name in (*kept, "units_in_all", "same_sign", "r_top")},
        "control": group,
        "draws": len(rows),
        "control_corrected_fe": rows["control_corrected_fe"].mean(),
        "control_lowest_fe": rows["control_corrected_fe"].min(),
        "control_highest_fe": rows["control_corrected_fe"].max(),
        "fe_ratio": ratio.estimate,
        "fe_ratio_low": ratio.low,
        "fe_ratio_high": ratio.high,
        "control_p_below_05": int((rows["control_p_fe"] < _LEVEL).sum()),
        "control_units_in_all": rows["control_units_in_all"].mean(),
        "control_most_in_all": rows["control_units_in_all"].max(),
        "control_same_sign": rows["control_same_sign"].mean(),
        "control_r_top": rows["control_r_top"].mean(),
    }


def _corrected(pairs: pd.DataFrame, where: dict[str, object], null_fe: object) -> pd.DataFrame:
    """Return the FE of every pair of languages over the permuted mean: a symmetric table, NaN on its diagonal."""
    rows = select(pairs, **where)
    half = rows.set_index(["language_a", "language_b"])["fe"]
    both = pd.concat([half, half.swaplevel()]).unstack()
    scale = float(str(null_fe))
    return both / (scale if scale > 0 else np.nan)


def _ratio(own: pd.DataFrame, draws: list[pd.DataFrame]) -> JackknifeInterval:
    """Return the ratio of a model's mean to that of some draws of a control, over the languages that all have."""
    languages = own.index
    for draw in draws:
        languages = languages.intersection(draw.index)
    matrices: list[NDArray[np.float64]] = [
        table.loc[languages, languages].to_numpy(np.float64) for table in (own, *draws)
    ]
    return ratio_interval(matrices[0], np.mean(matrices[1:], axis=0))


def _with_units_in_all(null: pd.DataFrame, degrees: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    everywhere = degrees.loc[degrees.groupby(keys)["n_languages"].idxmax()]
    everywhere = everywhere.rename(columns={"observed": "units_in_all"})
    return null.merge(everywhere[[*keys, "n_languages", "units_in_all"]], on=keys, validate="one_to_one")
