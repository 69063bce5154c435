"""What would fail late is looked at before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from interlingua.errors import ConfigError, ContextsError
from interlingua.study.config import Study
from interlingua.study.sources import Material
from interlingua.units import resolve_k

if TYPE_CHECKING:
    from interlingua.study.runner import ModelInStudy

#: Least rated test words with which an r by word says anything.
LEAST_TEST_WORDS = 3
#: Ratings of a larger size have squares that are no numbers.
LARGEST_RATING = 1e100


def check_material(study: Study, material: Material) -> None:
    """Raise unless every variable can be probed in at least two languages that choose the units.

    Raises
    ------
    ContextsError
        If too few languages have ratings of a variable, or a language too few words with ratings, or only equal
        ones, or one too large to compute with.
    """
    table = material.contexts.table
    for variable in study.variables:
        large = table[table[variable].abs() > LARGEST_RATING]
        if len(large):
            first = large.iloc[0]
            raise ContextsError(
                f"language '{first['language']}', word '{first['word']}': the rating of '{variable}' is "
                f"{first[variable]:g}, too large to compute with ({large['word'].nunique()} such words); correct it, "
                'or scale ratings from a table of norms with sampling.scale = "minmax"'
            )
        rated = [code for code in material.rated_languages(variable) if code in study.seen]
        if len(rated) < 2:
            there = f"only {rated[0]} has them" if rated else "no language has them"
            raise ContextsError(
                f"ratings of '{variable}' are needed in two languages or more that are not unseen; {there}"
            )
        for code in rated:
            rows = table[(table["language"] == code) & table[variable].notna()]
            for split, least in (("train", study.probes.folds), ("test", LEAST_TEST_WORDS)):
                part = rows[rows["split"] == split]
                n_words = part["word"].nunique()
                if n_words < least:
                    raise ContextsError(
                        f"language '{code}': {n_words} words of the {split} split have ratings of '{variable}', but at "
                        f"least {least} are needed; give more words"
                    )
                if part[variable].nunique() < 2:
                    raise ContextsError(
                        f"language '{code}': all ratings of '{variable}' in the {split} split are equal; is it the "
                        "right column?"
                    )


def check_models(study: Study, models: Sequence[ModelInStudy]) -> None:
    """Raise unless the models have names of their own, the layer and the number of units that the study names.

    Raises
    ------
    ConfigError
        If one of these does not hold.
    """
    names = [model.name for model in models]
    for model in models:
        if names.count(model.name) > 1:
            raise ConfigError(
                f"models: two of them are called '{model.name}' in results; rename the folder of one of them"
            )
        layers = model.facts["layers"]
        if isinstance(model.study.layer.choose, int) and model.study.layer.choose >= layers:
            raise ConfigError(
                f"layer.choose: {model.name} has no layer {model.study.layer.choose}; its layers are 0 to {layers - 1}"
            )
        try:
            resolve_k(model.study.units.k, model.facts["width"])
        except ConfigError as error:
            raise ConfigError(f"units.k: {error}") from None
