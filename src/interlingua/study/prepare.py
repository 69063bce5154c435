"""Before anything runs: read what a study names, look at its models, and check that they suit it and each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from interlingua.errors import ConfigError, ContextsError, ModelError, NormsError, reason
from interlingua.flow import Cache, Graph, Source
from interlingua.flow.spread import HERE, Spread
from interlingua.models import parse_spec
from interlingua.models.specs import told_apart
from interlingua.norms import Norms, all_cards, get_card, is_card, load_norms
from interlingua.study.config import Study
from interlingua.study.controls import control_studies
from interlingua.study.facts import Facts
from interlingua.study.model import Handle, ModelFiles
from interlingua.study.source import is_there
from interlingua.study.sources import Material, gather, smallest
from interlingua.study.steps import FACTS
from interlingua.tables.layout import Layout, Site
from interlingua.units import resolve_k

#: Least rated test words with which an r by word says anything.
LEAST_TEST_WORDS = 3
#: Ratings of a larger size have squares that are no numbers.
LARGEST_RATING = 1e100


@dataclass(frozen=True)
class ModelInStudy:
    """A model of a study, looked at.

    Parameters
    ----------
    spec
        As the study names it.
    facts
        What is known of it.
    source
        It, for the graph.
    study
        What it runs through: the study, or for a control the part of it that `control_studies` gives.
    part
        The part of the graph that a control runs through, "" for the study's own models.
    material
        The sentences that it reads.
    device
        Where it is computed.
    outlined
        Whether only its configuration was looked at, so that a run loads it once to learn the rest.
    """

    spec: str
    facts: Facts
    source: Source
    study: Study
    part: str
    material: Material
    device: str
    outlined: bool = False

    @property
    def name(self) -> str:
        """As results call it."""
        return self.facts.name

    def layout(self, site: Site) -> Layout:
        """Return where the units of a site stand, of the layers that are read.

        Raises
        ------
        ModelError
            If the model lacks the site or a layer; says why.
        """
        return self.facts.layout(site, self.study.extraction.layers, self.study.extraction.heads)

    @property
    def control(self) -> bool:
        """Whether it is a control."""
        return self.part != ""


@dataclass(frozen=True)
class Prepared:
    """A study that can run.

    Parameters
    ----------
    study
        It, with the number format that its models are computed in.
    material
        Its sentences and ratings.
    models
        Its own models, then the controls.
    """

    study: Study
    material: Material
    models: Sequence[ModelInStudy]

    @property
    def controls(self) -> bool:
        """Whether there are controls."""
        return any(model.control for model in self.models)


def prepare(study: Study, cache: Cache, spread: Spread = HERE) -> Prepared:
    """Read the study's sources and look at its models, the quick ones first, and check that they suit it.

    Parameters
    ----------
    study, cache
        What is prepared, and where models' facts and sentences of corpora are kept.
    spread
        Where corpora are searched.

    Raises
    ------
    InterlinguaError
        If anything is missing or wrong.
    """
    check_second_norm(study.scrutiny.audit_against)
    for spec in named_models(study):
        check_name(spec)
    material = gather(study, cache.root, spread)
    check_material(study, material)
    return look_at_all_models(study, material, cache)


def named_models(study: Study) -> list[str]:
    """Return the models of a study and its controls, as they are named."""
    return [*study.models, *(spec for part in control_studies(study).values() for spec in part.models)]


def check_name(spec: str) -> None:
    """Raise unless a text names a model.

    Raises
    ------
    ModelError, ConfigError
        If it does not.
    """
    try:
        parse_spec(spec)
    except OSError as error:  # longer than any path
        raise ConfigError(f"models: '{spec[:60]}…' can't be a model ({reason(error)})") from None


def look_at_all_models(study: Study, material: Material, cache: Cache, *, weights: bool = True) -> Prepared:
    """Look at the models of a study and its controls, and check that they suit it.

    Parameters
    ----------
    study, material, cache
        What reads what, and where models' facts are kept.
    weights
        Load a model that was never looked at; without, its configuration tells its shape, and nothing is kept.

    Raises
    ------
    InterlinguaError
        If one can't be had, or they don't suit the study or each other.
    """
    models = look_at_models(study, material, cache, weights=weights)
    for part, of_part in control_studies(study, models[0].facts.width).items():
        # A control's sentences are never more than those of the study.
        fewer = material.first_sentences(of_part.sampling.sentences) if of_part.sampling != study.sampling else material
        models += look_at_models(of_part, fewer, cache, part=part, weights=weights)
    check_models(models)
    return Prepared(study, material, models)


def look_at_models(
    study: Study, material: Material, cache: Cache, *, part: str = "", weights: bool = True
) -> list[ModelInStudy]:
    """Learn the facts of the study's models, from the cache where they are known.

    A model is loaded only the first time; afterwards its files' hash (or its commit on the hub) tells that it is the
    same.
    """
    from interlingua.flow.execute import execute
    from interlingua.models import fingerprint

    looked = []
    chosen = study.extraction
    for spec, parsed in zip(study.models, told_apart(study.models), strict=True):
        found = replace(parsed, trusted=chosen.trust)
        handle = Handle(found, chosen.dtype, chosen.device, chosen.quantisation)
        where = handle.resolved()
        # The number format is settled here, whatever the workers would choose: it is part of every key.
        files = ModelFiles(found, where.dtype, chosen.device, chosen.quantisation)
        digest = f"{fingerprint(found)}, {where.numbers}"
        source = Source("weights", {"model": found.name}, files, Path(), digest)
        graph = Graph(sources=[source])
        graph.add(
            [FACTS],
            places=lambda step, source=source: [source.at],  # type: ignore[misc]
            has_role=lambda at, role: True,
            option=study.option,
            seed=study.seed,
            size=lambda step, at: None,
            module_of=lambda package, name: package,
        )
        # What is there is always right, and a study that reads the cache only must not be stopped by a look.
        looking = Cache(cache.root)
        outlined = not (weights or graph.cached(looking))
        if not outlined:
            facts = execute(graph, looking, show=False, wanted={"facts"}).value("facts", model=source.at["model"])
        else:
            facts = handle.outline(where.dtype)
        looked.append(ModelInStudy(spec, facts, source, study, part, material, where.device, outlined))
    return looked


def second_norms(study: Study, material: Material, variable: str, against: str) -> dict[str, Norms]:
    """Return the norm `against` of each language that has ratings of the variable, where that norm has them too."""
    found: dict[str, Norms] = {}
    for code in material.rated_languages(variable) if against else ():
        card = material.cards.get(code)
        if card is not None and card.name.startswith(against):
            continue
        try:
            found[code] = load_norms(against, language=code, variables=[variable])
        except NormsError:  # no such norm of this language or variable, or not installed
            continue
    return found


def check_second_norm(name: str) -> None:
    """Raise unless `name` is a norm that a language may have: a card, a source with a card a language, a file, or "".

    Raises
    ------
    NormsError
        With the names that come near.
    """
    editions = any(card.name.startswith(f"{name}-") for card in all_cards())
    if name and not (editions or is_card(name) or is_there(name, file=True)):
        get_card(name)


def rated(study: Study, material: Material, codes: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Return, for each variable, those of some languages that have ratings of it."""
    return {
        variable: tuple(code for code in material.rated_languages(variable) if code in codes)
        for variable in study.variables
    }


def check_material(study: Study, material: Material) -> None:
    """Raise unless every variable can be probed in at least two languages that choose the units.

    Raises
    ------
    ContextsError
        The first of `material_problems`.
    """
    for problem in material_problems(study, material):
        raise ContextsError(problem)


def material_problems(study: Study, material: Material) -> Iterator[str]:
    """Yield what keeps a variable from being probed.

    Too few languages have ratings of it, or a language too few words with ratings, or only equal ones, or one too large
    to compute with.
    """
    table = material.contexts.table
    for variable in study.variables:
        large = table[table[variable].abs() > LARGEST_RATING]
        if len(large):
            first = large.iloc[0]
            yield (
                f"language '{first['language']}', word '{first['word']}': the rating of '{variable}' is "
                f"{first[variable]:g}, too large to compute with ({large['word'].nunique()} such words); correct it, "
                'or scale ratings from a table of norms with sampling.scale = "minmax"'
            )
        codes = [code for code in material.rated_languages(variable) if code in study.seen]
        if len(codes) < 2:
            there = f"only {codes[0]} has them" if codes else "no language has them"
            yield (f"ratings of '{variable}' are needed in two languages or more that are not unseen; {there}")
        for code in codes:
            rows = table[(table["language"] == code) & table[variable].notna()]
            for split, least in (("train", study.probes.folds), ("test", LEAST_TEST_WORDS)):
                part = rows[rows["split"] == split]
                n_words = part["word"].nunique()
                known = part["concept"] != ""
                n_concepts = part.loc[known, "concept"].nunique() + part.loc[~known, "word"].nunique()
                if min(n_words, n_concepts) < least:
                    few = f"{n_words} words" + (f" of {n_concepts} concepts" if n_concepts < n_words else "")
                    yield (
                        f"language '{code}': {few} of the {split} split have ratings of '{variable}', but at "
                        f"least {least} are needed{smallest(study, material.available) or '; give more words'}"
                    )
                elif part[variable].nunique() < 2:
                    yield (
                        f"language '{code}': all ratings of '{variable}' in the {split} split are equal; is it the "
                        "right column?"
                    )
        least = max(LEAST_TEST_WORDS, study.probes.folds)
        for code in (code for code in material.rated_languages(variable) if code in study.unseen):
            rows = table[(table["language"] == code) & table[variable].notna()]
            if rows["word"].nunique() < least:
                yield (
                    f"language '{code}', which is unseen: {rows['word'].nunique()} words have ratings of '{variable}', "
                    f"but at least {least} are needed; give more words"
                )


def check_models(models: Sequence[ModelInStudy]) -> None:
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
        layers, options = model.facts.layers, model.study
        if isinstance(options.layer.choose, int) and options.layer.choose >= layers:
            raise ConfigError(
                f"layer.choose: {model.name} has no layer {options.layer.choose}; its layers are 0 to {layers - 1}"
            )
        for site in options.sites:
            try:
                model.layout(site)
            except ModelError as error:
                key = "sites" if model.facts.why else f"extraction.layers.{site}"
                raise ConfigError(f"{'scrutiny.controls' if model.control else key}: {error}") from None
        try:
            resolve_k(options.units.k, model.facts.width)
        except ConfigError as error:
            raise ConfigError(f"units.k: {error}") from None
