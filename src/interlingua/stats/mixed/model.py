"""Linear mixed models with independent variance components: REML and Satterthwaite's degrees of freedom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from interlingua.stats.mixed.criterion import RemlCriterion
from interlingua.stats.mixed.formula import Design, build_design
from interlingua.stats.mixed.reml import RemlFit, fit_reml

_FEW_LEVELS = 5  # below this a variance between levels is hardly estimable


@dataclass(frozen=True)
class MixedModelResult:
    """A fitted mixed model.

    Attributes
    ----------
    formula : str
        As it was given.
    coefficients : DataFrame
        Fixed effects. Index ``term`` (``Intercept``, ``mpo``, ``model[T.mBERT]``...), columns ``estimate``,
        ``se``, ``df`` (Satterthwaite), ``t``, ``p`` (two-sided).
    variance_components : DataFrame
        Columns ``group``, ``term``, ``variance``, ``sd``: one row per random term in the order of the
        formula, then the residual. A variance on the boundary is exactly zero.
    singular : bool
        Whether a variance component is zero.
    reml : float
        The REML criterion at the optimum, minus twice the restricted log-likelihood, as lme4 gives it.
    n : int
        Number of rows.
    notes : tuple of str
        What a reader must know before believing the p-values, in sentences; empty when there is nothing.
    """

    formula: str
    coefficients: pd.DataFrame
    variance_components: pd.DataFrame
    singular: bool
    reml: float
    n: int
    notes: tuple[str, ...]


def mixed_model(formula: str, data: pd.DataFrame) -> MixedModelResult:
    """Fit a linear mixed model by REML, with Satterthwaite degrees of freedom.

    Agrees with R's lme4 and lmerTest at their tightest tolerances: 1e-6 in estimates and standard errors,
    1e-5 in degrees of freedom.

    Parameters
    ----------
    formula : str
        lme4's language: the fixed part as formulaic reads it (``r ~ mpo + model*variable``), plus one or more
        random terms ``(1|g)``, ``(0+x|g)``, ``(x||g)`` = ``(1|g) + (0+x|g)``, with `g` a column or an
        interaction ``a:b`` and `x` a numeric column. Factors may be crossed.
    data : DataFrame
        One row an observation, without missing values in the columns that the formula uses.

    Returns
    -------
    MixedModelResult

    Raises
    ------
    StatsError
        When the formula can't be read or asks for correlated effects ``(x|g)``, a column is absent or holds
        missing values, a grouping factor has one level, the fixed effects are collinear, or nothing is left
        for the residual.

    Notes
    -----
    The criterion is minimised over the relative standard deviations >= 0 with the residual variance profiled
    out (Bates et al. 2015), from several fixed starts; components that cost nothing are set to zero; Newton
    steps with analytic gradient and Hessian ``H`` in the variances finish. For a coefficient with variance
    ``C``, whose gradient in the variances is ``g``, ``df = 2 C^2 / (g'Ag)`` with ``A = 2 H^-1`` (Kuznetsova et
    al. 2017), over the components that are not on the boundary.

    The paper (section 7) fits ``r ~ mpo + (mpo||model) + (mpo||variable) + (1|language)``.

    References
    ----------
    Bates, Maechler, Bolker & Walker (2015). Fitting linear mixed-effects models using lme4. Journal of
    Statistical Software 67(1).
    Kuznetsova, Brockhoff & Christensen (2017). lmerTest package: Tests in linear mixed effects models.
    Journal of Statistical Software 82(13).
    """
    design = build_design(formula, data)
    fit = fit_reml(RemlCriterion(design.y, design.x, design.components, design.names))
    t = fit.estimates / fit.se
    coefficients = pd.DataFrame(
        {
            "estimate": fit.estimates,
            "se": fit.se,
            "df": fit.df,
            "t": t,
            "p": 2 * scipy.stats.t.sf(np.abs(t), fit.df),
        },
        index=pd.Index(design.names, name="term"),
    )
    terms = design.formula.random
    components = pd.DataFrame(
        {
            "group": [*(term.group for term in terms), "Residual"],
            "term": [*(term.term for term in terms), ""],
            "variance": fit.variances,
            "sd": np.sqrt(fit.variances),
        }
    )
    return MixedModelResult(
        formula=formula,
        coefficients=coefficients,
        variance_components=components,
        singular=bool((fit.variances == 0).any()),
        reml=fit.criterion,
        n=len(design.y),
        notes=tuple(_notes(design, fit)),
    )


def _notes(design: Design, fit: RemlFit) -> list[str]:
    notes = []
    terms = design.formula.random
    zero = [term for term, v in zip(terms, fit.variances, strict=False) if v == 0]
    if zero:
        listed = ", ".join(f"{term.term} by {term.group}" for term in zero)
        notes.append(
            f"The fit is singular: the estimated variance of {listed} is zero. The data don't support "
            f"{'that random term' if len(zero) == 1 else 'those random terms'}, "
            "and the p-values take the variance to be exactly zero."
        )
    few: dict[str, int] = {}
    for term, component in zip(terms, design.components, strict=True):
        levels = int(component.codes.max()) + 1
        if levels < _FEW_LEVELS:
            few[term.group] = levels
    for group, levels in few.items():
        notes.append(
            f"'{group}' has only {levels} levels, too few to estimate a variance between them: "
            "consider it as a fixed effect."
        )
    below = [(name, df) for name, df in zip(design.names, fit.df, strict=True) if df < 1]
    for name, df in below:
        notes.append(f"The degrees of freedom of '{name}' are {df:.2f}, below 1: its p-value can't be relied on.")
    if not fit.regular:
        notes.append(
            "The REML criterion is flat or irregular at its minimum: some variance components can't be told "
            "apart, and the degrees of freedom can't be relied on."
        )
    return notes
