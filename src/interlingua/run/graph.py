"""The graph of a study: its own steps and those of the questions that it asks, for its models and for the controls."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from interlingua.contexts.carriers import SOURCE as CARRIERS
from interlingua.contexts.carriers import carrier_frames
from interlingua.errors import StoreError
from interlingua.flow import Cache, Graph, Output, Source, Step
from interlingua.flow.cache import content_key
from interlingua.flow.graph import Place
from interlingua.norms import load_norms
from interlingua.questions.order import questions
from interlingua.questions.question import Asked
from interlingua.run.inputs import CONCEPTS, FACTS, NOTICED, RATINGS, SENTENCES, SOURCES
from interlingua.study.config import Study
from interlingua.study.controls import DRAWS, OTHERS
from interlingua.study.facts import Facts
from interlingua.study.inputs import CONCRETENESS, RATED_WORDS
from interlingua.study.model import Handle
from interlingua.study.prepare import ModelInStudy, Prepared, rated, second_norms
from interlingua.study.rater_errors import RATER_ERRORS
from interlingua.study.size import Size
from interlingua.study.sources import Material
from interlingua.study.steps import ACTIVATIONS, STEPS
from interlingua.tables import RESID, SITES

LayerSeconds = Callable[[tuple[int, str, str]], float]
"""Seconds of a layer of a model, by width, number format and device, over `interlingua.models.machine.TIMED_TOKENS`."""


def study_graph(prepared: Prepared, cache: Cache, layer_s: LayerSeconds | None = None) -> tuple[Graph, dict[str, str]]:
    """Return the graph of a study, and the questions that it does not ask with the reason why.

    Parameters
    ----------
    prepared
        The study.
    cache
        Where the sources are put.
    layer_s
        How fast models are, for estimates; measured when it is asked for by default.
    """
    view = asked_of(prepared)
    reasons = {question.key: question.asked(view) for question in questions()}
    asked = [step for question in questions() if not reasons[question.key] for step in question.steps]
    absent = [step for question in questions() if reasons[question.key] for step in question.steps]
    return make_graph(prepared, cache, asked, absent, layer_s), {
        key: reason for key, reason in reasons.items() if reason
    }


def make_graph(
    prepared: Prepared,
    cache: Cache,
    steps: Sequence[Step],
    absent: Sequence[Step] = (),
    layer_s: LayerSeconds | None = None,
) -> Graph:
    """Return the graph of these steps and of the study's own; what they read of `absent` ones is without rows."""
    study, material = prepared.study, prepared.material
    graph = Graph(
        sources=[*(model.source for model in prepared.models), *_sources(study, material, prepared.models, cache)]
    )
    every = _ordered([*STEPS, *steps])
    own = [model for model in prepared.models if not model.control]
    for part in (DRAWS, OTHERS):
        controls = [model for model in prepared.models if model.part == part]
        if controls and controls[0].material is not material:
            graph.sources += _sentences(controls[0].study, controls[0].material, cache, part)
        _add(graph, _needed(every, part), controls, prepared, absent, layer_s or _layer_seconds, part=part)
    _add(graph, every, own, prepared, absent, layer_s or _layer_seconds)
    return graph


def asked_of(prepared: Prepared) -> Asked:
    """Return what questions look at to tell whether the study asks them."""
    study = prepared.study
    return Asked(
        study=study,
        rated=rated(study, prepared.material, study.seen),
        unseen=rated(study, prepared.material, study.unseen),
        controls=prepared.controls,
    )


def _ordered(steps: Sequence[Step]) -> list[Step]:
    """Return the steps, each behind those that it reads: a question may take up what a later one leaves."""
    makers = {output.name: step for step in steps for output in step.outputs}
    done: dict[str, Step] = {}

    def add(step: Step, above: tuple[str, ...] = ()) -> None:
        assert step.name not in above, f"steps read each other in a circle: {', '.join((*above, step.name))}"
        if step.name in done:
            return
        for read in step.inputs.values():
            maker = makers.get(read.name)
            if maker is not None and not read.part:
                add(maker, (*above, step.name))
        done[step.name] = step

    for step in steps:
        add(step)
    return list(done.values())


def _needed(steps: Sequence[Step], part: str) -> list[Step]:
    """Return the steps that must run in a part of the graph for what others read from it."""
    makers = {output.name: step for step in steps for output in step.outputs}
    wanted = {read.name for step in steps for read in step.inputs.values() if read.part == part}
    waiting, needed = list(wanted), set()
    while waiting:
        maker = makers.get(waiting.pop())
        if maker is not None and maker.name not in needed:
            needed.add(maker.name)
            waiting += [read.name for read in maker.inputs.values()]
    return [step for step in steps if step.name in needed]


def _add(
    graph: Graph,
    steps: Sequence[Step],
    models: Sequence[ModelInStudy],
    prepared: Prepared,
    absent: Sequence[Step],
    layer_s: LayerSeconds,
    part: str = "",
) -> None:
    if not models:
        return
    study, material = models[0].study, models[0].material
    seen, unseen = rated(study, material, study.seen), rated(study, material, study.unseen)
    by_name = {model.name: model for model in models}
    n_sentences = material.contexts.table["language"].value_counts().to_dict()

    @lru_cache
    def tokens(name: str, code: str) -> int:
        return count_tokens(by_name[name], material, code)

    @lru_cache
    def head(name: str) -> float:
        return head_tokens(by_name[name].source.output.read(Path()), by_name[name].facts)

    def has_role(at: Place, role: str) -> bool:
        language, variable = at.get("language"), at.get("variable")
        if language is None or role in ("", "all"):
            return True
        known = seen if role == "seen" else unseen
        if variable is not None:
            return language in known[variable]
        return language in (study.seen if role == "seen" else study.unseen)

    def places(step: Step) -> Iterable[Place]:
        values: dict[str, list[str]] = {
            "model": list(by_name),
            # Words are linked by the residual stream, whatever the study's sites.
            "site": list(dict.fromkeys((RESID, *study.sites))) if step is ACTIVATIONS else list(study.sites),
            "variable": list(study.variables),
            "language": list(study.languages),
            "method": list(study.units.methods),
        }
        for combination in product(*(values[dim] for dim in step.per)):
            at = dict(zip(step.per, combination, strict=True))
            if has_role(at, step.role):
                yield at

    def size(step: Step, at: Place) -> Size:
        chosen = [by_name[at["model"]]] if "model" in at else list(models)
        largest = max(chosen, key=lambda model: model.facts.width)
        codes = [at["language"]] if "language" in at else list(study.languages)
        sentences = sum(n_sentences.get(code, 0) for code in codes) / len(codes)
        site = next((site for site in SITES if site == at.get("site")), study.sites[0])
        layout = largest.layout(site)
        # Draws of random weights take turns; a worker keeps any other model for several languages.
        share = 1.0 if largest.part == DRAWS or "language" not in at else 0.2
        width = layout.width(layout.layers[0])
        return Size(
            study=study,
            site=site,
            layers=len(layout.layers),
            width=width,
            sentences=sentences,
            languages=len(study.seen),
            loaded=share * sum(model.facts.parameters for model in chosen),
            tokens=partial(tokens, largest.name, codes[0]),
            token_s=lambda: sum(token_seconds(model, layer_s) for model in chosen),
            head=partial(head, largest.name),
        )

    graph.add(
        steps,
        part=part,
        places=places,
        has_role=has_role,
        option=study.option,
        seed=study.seed,
        size=size,
        module_of=_module_of,
        absent=absent,
    )


def count_tokens(model: ModelInStudy, material: Material, language: str) -> int:
    """Return the number of tokens of a language's sentences in a model's tokenizer, 0 where it has none."""
    handle = model.source.output.read(Path())
    if handle.stored is not None:
        return 0
    # Draws of random weights have the tokenizer of their model.
    place = handle.spec.source, handle.spec.location, handle.spec.revision
    return _count_tokens(place, tuple(material.language(language)["text"]), lambda: handle.tokenizer)


#: Numbers of tokens by tokenizer and sentences, and tokenizers by place: they take long to load.
_COUNTED: dict[tuple[Any, str], int] = {}
_TOKENIZERS: dict[Any, Any] = {}


def _count_tokens(place: Any, texts: tuple[str, ...], load: Callable[[], Any]) -> int:
    from interlingua.models import sentence_tokens

    key = place, content_key(texts)
    if key not in _COUNTED:
        if place not in _TOKENIZERS:
            _TOKENIZERS.clear()
            _TOKENIZERS[place] = load()
        _COUNTED[key] = int(sentence_tokens(_TOKENIZERS[place], list(texts)).sum())
    return _COUNTED[key]


def token_seconds(model: ModelInStudy, layer_s: LayerSeconds) -> float:
    """Return the seconds that a model takes for a token, from those of a layer of its shape.

    A layer that is timed has 12 times the square of the width in numbers; models whose layers have more take longer.
    """
    from interlingua.models.machine import TIMED_TOKENS

    facts = model.facts
    used = facts.parameters - facts.word_embeddings
    return layer_s((facts.width, facts.dtype, model.device)) / TIMED_TOKENS * used / (12.0 * facts.width**2)


def head_tokens(handle: Handle, facts: Facts) -> float:
    """Return how many tokens take as long as a model's head that says words, 0 where its configuration names none."""
    from interlingua.models.opening import names_a_head

    if handle.stored is not None or handle.spec.untrained:
        return 0.0
    says = names_a_head(handle.spec)
    return facts.word_embeddings / (facts.parameters - facts.word_embeddings) if says else 0.0


@lru_cache
def _layer_seconds(shape: tuple[int, str, str]) -> float:
    from interlingua.models.machine import layer_seconds

    return layer_seconds(*shape)


def _module_of(package: str, name: str) -> str:
    return str(import_module(package).module_of(name))


def _sources(study: Study, material: Material, models: Sequence[ModelInStudy], cache: Cache) -> list[Source]:
    """Put what the study read into the cache, and return it as sources."""
    found = [_put(cache, NOTICED, {}, material.contexts.issues)]
    found += [_put(cache, FACTS, model.source.at, model.facts) for model in models]
    found += _sentences(study, material, cache)
    found.append(_put(cache, SOURCES, {}, _source_table(study, material)))
    for variable in study.variables:
        errors = material.errors[material.errors["variable"] == variable].reset_index(drop=True)
        found.append(_put(cache, RATER_ERRORS, {"variable": variable}, errors[list(RATER_ERRORS.names)]))
        parts = [
            norms.table.rename(columns={variable: "rating"})[["word", "rating"]].assign(
                language=code, variable=variable, norm=norms.card.name
            )
            for code, norms in second_norms(study, material, variable, study.scrutiny.audit_against).items()
        ]
        found.append(
            _put(cache, RATED_WORDS, {"variable": variable}, RATED_WORDS.concat(parts)[list(RATED_WORDS.names)])
        )
    for code in study.languages:
        concrete = CONCRETENESS.empty()
        if code in study.scrutiny.concreteness:
            norms = load_norms(study.scrutiny.concreteness[code], language=code, variables=["concreteness"])
            concrete = norms.table[["word", "concreteness"]].assign(language=code)[list(CONCRETENESS.names)]
        found.append(_put(cache, CONCRETENESS, {"language": code}, concrete))
    return found


def _sentences(study: Study, material: Material, cache: Cache, part: str = "") -> list[Source]:
    """Put the sentences and ratings that a part of the graph reads into the cache, and return them as sources."""
    found = []
    for code in study.languages:
        rows = material.language(code)
        columns = ["context_id", "language", "text", "start", "end"]
        found.append(_put(cache, SENTENCES, {"language": code}, rows[columns], part))
        named = rows[["language", "word", "concept"]].merge(material.concepts, how="left")
        found.append(_put(cache, CONCEPTS, {"language": code}, named, part))
        for variable in study.variables:
            ratings = rows[["context_id", "language", "word", "concept", "split", variable]]
            found.append(_put(cache, RATINGS, {"language": code, "variable": variable}, ratings, part))
    return found


def _source_table(study: Study, material: Material) -> pd.DataFrame:
    """Return where each language's ratings and sentences come from, and how many of them there are."""
    rows = []
    for code in study.languages:
        card, own = material.cards.get(code), material.language(code)
        in_frames = set(own["source"]) == {CARRIERS}
        rows.append(
            {
                "language": code,
                "role": "unseen" if code in study.unseen else "seen",
                "norms": card.reference if card else "ratings in the file of sentences",
                "rated_words": material.n_rated.get(code),
                "words": own["word"].nunique(),
                "sentences": len(own),
                "train_words": own.loc[own["split"] == "train", "word"].nunique(),
                "test_words": own.loc[own["split"] == "test", "word"].nunique(),
                "words_from": card.words_from if card else "",
                "frames": " | ".join(carrier_frames(code)[: study.sampling.sentences]) if in_frames else "",
                "licence": card.licence if card else "not stated",
                "citation": card.citation if card else "",
            }
        )
    return pd.DataFrame(rows).astype({"rated_words": "Int64"})


def _put(cache: Cache, output: Output, at: Place, value: Any, part: str = "") -> Source:
    """Leave a value in the cache under the hash of its content, and return it as a source."""
    name = f"{output.name}{output.suffix}"
    recipe = {"source": output.name, "at": dict(at), "content": _content(value)}
    key = content_key(recipe)
    # Whatever the policy: it is here already, and need not be computed.
    cache = Cache(cache.root)
    made = cache.find("sources", key)
    if made is not None and cache.spoilt(made, [name]):
        cache.reject("sources", key, f"{name} is not what was written")
        made = None
    if made is None:
        with cache.claim("sources", key, recipe) as claim:
            if claim.made is None:
                output.write(claim.folder / name, value)
        made = cache.peek("sources", key)
        if made is None:
            raise StoreError(f"{cache.folder('sources', key)}: was removed at once; is somebody emptying the cache?")
    return Source(output.name, at, output, made.folder / name, made.digests[name], part)


def _content(value: Any) -> str:
    """Return a hash of a data frame, or the text of anything else."""
    if not isinstance(value, pd.DataFrame):
        return repr(value)
    frame = value
    hashes = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    shape = f"{list(frame.columns)} {list(map(str, frame.dtypes))} "
    return hashlib.sha256(shape.encode() + hashes.tobytes()).hexdigest()
