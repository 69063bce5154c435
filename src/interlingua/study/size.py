"""How large a step of a study is: what the estimate of its time is made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from interlingua.study.config import Study
from interlingua.tables.layout import Layout, Site

#: Seconds that a number of a model takes to be loaded, or drawn at random.
LOAD_S = 2.8e-8


@dataclass(frozen=True)
class Size:
    """How large the work of a step is at one place of a study.

    Seconds were measured on one core for the built-in study: width 384, 4,160 sentences a language.

    Parameters
    ----------
    study
        Its options.
    site, layers, width
        Of the model, or the study's largest: where, in how many layers units are read, and how many there are in each.
    sentences
        Of the language, or all languages' mean.
    languages
        Seen languages.
    tokens
        Of the language's sentences; counted when asked for.
    loaded
        Numbers of the model that are loaded for it: all, or a share where a worker keeps it from one step to the next.
        Of a step that is about all models, of all of them.
    token_s
        Seconds that one core takes for a token in all layers, of all such models; measured when asked for.
    head
        Tokens that take as long as the head with which the model says words at a token; 0 where it has none. Looked up
        when asked for.
    """

    study: Study
    site: Site
    layers: int
    width: int
    sentences: float
    languages: int
    loaded: float
    tokens: Callable[[], float]
    token_s: Callable[[], float]
    head: Callable[[], float]

    @property
    def units(self) -> int:
        """Units of all layers that are read."""
        return Layout.even(self.layers, self.width).n_units

    @property
    def scale(self) -> float:
        """How much larger than in the built-in study probes of a layer are: they grow with the square of the width."""
        return (self.width / 384) ** 2 * self.rows

    @property
    def rows(self) -> float:
        """How much longer than in the built-in study what reads every sentence takes."""
        return 0.5 + self.sentences / 8320

    @property
    def refit_s(self) -> float:
        """Seconds of one draw of ratings, to which the probe of every ranking that has one is fitted again."""
        from interlingua.probes import methods as probes
        from interlingua.units import methods

        found = (methods.get(name) for name in self.study.units.methods)
        again = [probes.get(method.needs[0]) for method in found if method.repeatable and method.needs is not None]
        return self.rows * sum(probe.refit_s * (self.width / 384) ** probe.grows for probe in again)

    @property
    def chosen_again(self) -> int:
        """How many of them keep the penalty that their probe chose, which is chosen again on some draws."""
        from interlingua.units.nulls import keeps_penalty

        return sum(keeps_penalty(name) for name in self.study.units.methods)

    def forward(self) -> float:
        """Return the seconds of loading the model, and of the forward passes on this machine."""
        return LOAD_S * self.loaded + self.tokens() * self.token_s()
