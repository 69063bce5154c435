"""Words of several languages that mean the same: who is linked to whom, by names and by the model's own vectors.

Languages that rate translations of one list share ratings word by word. That alone makes them share units, whatever
the ratings mean, because a model places translations alike. So permutations move translations together
(`strata_of`), and overlaps are counted again where no concept is in two languages (`kept_words`).

References
----------
Conneau, A., Lample, G., Ranzato, M., Denoyer, L., & Jégou, H. (2018). Word translation without parallel data. ICLR.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.errors import StatsError
from interlingua.seeds import derive_seed

#: Neighbours of whose nearness CSLS takes the mean.
NEIGHBOURS = 10
#: Words whose cosines with all of the other language's are held at once.
_ROWS = 1024

Member = TypeVar("Member", bound=Hashable)
Vectors = NDArray[np.float64]


def components(members: Sequence[Member], edges: Iterable[tuple[Member, Member]]) -> list[list[Member]]:
    """Return the members that edges join, directly or down a chain; single ones, too, in the order of their first.

    Parameters
    ----------
    members : sequence
        All of them, each once.
    edges : iterable of pairs
        Of members.
    """
    above = {member: member for member in members}

    def first(member: Member) -> Member:
        while (parent := above[member]) != member:
            above[member] = member = above[parent]
        return member

    for a, b in edges:
        above[first(b)] = first(a)
    found: dict[Member, list[Member]] = {}
    for member in members:
        found.setdefault(first(member), []).append(member)
    return list(found.values())


def named_groups(names: Mapping[Member, Sequence[str]]) -> dict[Member, str]:
    """Return one name for each member: that of all who share any name with it, directly or down a chain.

    Parameters
    ----------
    names : mapping
        Each member's names; one without a name is of no group.

    Returns
    -------
    dict
        Member to the first of its group's names, by alphabet.
    """
    # Members and names are told apart by their first part.
    nodes: dict[tuple[int, Hashable], None] = {(0, member): None for member, own in names.items() if own}
    edges = []
    for member, own in names.items():
        for name in own:
            nodes[1, name] = None
            edges.append(((0, member), (1, name)))
    groups: dict[Member, str] = {}
    for group in components(list(nodes), edges):
        name = min(str(label) for kind, label in group if kind)
        groups |= {member: name for kind, member in group if not kind}  # type: ignore[misc]
    return groups


def unit_vectors(word_means: Vectors) -> Vectors:
    """Return a language's word vectors about their mean, each of length 1 (0 where a word is the mean).

    Parameters
    ----------
    word_means : ndarray, shape (n_words, width)
    """
    centred = word_means - word_means.mean(axis=0)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.asarray(np.divide(centred, length, out=np.zeros_like(centred), where=length > 0))


def mutual_neighbours(a: Vectors, b: Vectors, *, least: float, k: int = NEIGHBOURS) -> NDArray[np.int64]:
    """Return the words of two languages that are each other's nearest by CSLS.

    CSLS is twice the cosine less the mean cosine of each of the two words with its `k` nearest of the other language,
    so that words that are near to everything count for less (Conneau et al. 2018).

    Parameters
    ----------
    a, b : ndarray, shapes (n_a, width) and (n_b, width)
        From `unit_vectors`; no language is without words.
    least : float
        CSLS above which a pair counts.
    k : int
        Neighbours; fewer where a language has fewer words.

    Returns
    -------
    ndarray of int64, shape (n, 2)
        Pairs of row numbers.
    """
    near_a, near_b = _nearness(a, b, k), _nearness(b, a, k)
    best_b, csls = _best(a, b, near_a, near_b)
    best_a, _ = _best(b, a, near_b, near_a)
    rows = np.arange(len(a))
    mutual = (best_a[best_b] == rows) & (csls > least)
    return np.column_stack([rows[mutual], best_b[mutual]]).astype(np.int64)


def _nearness(a: Vectors, b: Vectors, k: int) -> Vectors:
    """Return each row's mean cosine with its `k` nearest of the other language."""
    k = min(k, len(b))
    blocks = [
        np.partition(a[start : start + _ROWS] @ b.T, -k, axis=1)[:, -k:].mean(axis=1)
        for start in range(0, len(a), _ROWS)
    ]
    return np.concatenate(blocks)


def _best(a: Vectors, b: Vectors, near_a: Vectors, near_b: Vectors) -> tuple[NDArray[np.int64], Vectors]:
    """Return the row of `b` with the highest CSLS for each row of `a` (the first of equals), and that CSLS."""
    best, highest = [], []
    for start in range(0, len(a), _ROWS):
        block = slice(start, start + _ROWS)
        csls = 2 * (a[block] @ b.T) - near_a[block, None] - near_b
        best.append(csls.argmax(axis=1))
        highest.append(csls.max(axis=1))
    return np.concatenate(best).astype(np.int64), np.concatenate(highest)


def link(words: pd.DataFrame, vectors: Mapping[str, Vectors], *, least: float) -> pd.DataFrame:
    """Return to which concept each word belongs, by its name or by its neighbours in other languages.

    Neighbours link only where one of the two words at least has no partner in the other's language by name: what norms
    or the user say goes first.

    Parameters
    ----------
    words : DataFrame
        A row a word: ``language, word, concept, origin`` (concept and origin "" where none is known).
    vectors : mapping of str to ndarray, shape (n_words, width)
        Language to the `unit_vectors` of its rows, in their order; empty to link by names alone.
    least : float
        As for `mutual_neighbours`.

    Returns
    -------
    DataFrame
        The rows, with the concept and origin of those that are linked to a word of another language ("user", "norms",
        or "neighbours" where only these link it), and "" for all others.
    """
    named: dict[str, list[int]] = {}
    for row, concept in enumerate(words["concept"]):
        if concept:
            named.setdefault(str(concept), []).append(row)
    language = words["language"].to_numpy(dtype=object)
    rows_of = {code: np.flatnonzero(language == code) for code in vectors}
    abroad = {
        row: {str(language[other]) for other in group} - {str(language[row])}
        for group in named.values()
        for row in group
    }
    edges = [(group[0], other) for group in named.values() for other in group[1:]]
    for code_a, code_b in combinations(vectors, 2):
        for i, j in mutual_neighbours(vectors[code_a], vectors[code_b], least=least):
            a, b = int(rows_of[code_a][i]), int(rows_of[code_b][j])
            if code_b not in abroad.get(a, ()) and code_a not in abroad.get(b, ()):
                edges.append((a, b))
    concept = np.full(len(words), "", dtype=object)
    origin = np.full(len(words), "", dtype=object)
    for group in components(range(len(words)), edges):
        if len({language[row] for row in group}) < 2:
            continue
        names = [name for row in group if (name := words["concept"].iloc[row])]
        first = group[0]
        name = min(names) if names else f"{words['word'].iloc[first]} ({language[first]})"
        for row in group:
            concept[row] = name
            origin[row] = words["origin"].iloc[row] if abroad.get(row) else "neighbours"
    return words.assign(concept=concept, origin=origin)


def strata_of(words: pd.DataFrame) -> pd.DataFrame:
    """Return which words change places together when ratings are permuted.

    Parameters
    ----------
    words : DataFrame
        Rated training words: ``language, word, concept``; the concept "" of those that are linked to none.

    Returns
    -------
    DataFrame
        ``language, word, concept, stratum, block, place``: a row a word whose concept is rated in two languages.
        Concepts of one stratum are rated in the same languages by as many words ("de:1 it:1"); `block` numbers them,
        and `place` a word within its concept and language.
    """
    known = words[words["concept"] != ""].sort_values(["concept", "language", "word"], kind="stable")
    counts = known.groupby(["concept", "language"]).size()
    profile: dict[str, str] = {}
    for concept, of_concept in counts.groupby(level="concept"):
        if len(of_concept) > 1:
            profile[str(concept)] = " ".join(f"{code}:{n}" for (_, code), n in of_concept.items())
    rows = known[known["concept"].isin(profile)].reset_index(drop=True)
    stratum = rows["concept"].map(profile).astype("str")
    concepts = pd.DataFrame({"concept": list(profile), "stratum": list(profile.values())})
    number = concepts.groupby("stratum").cumcount()
    block = dict(zip(concepts["concept"], number, strict=True))
    return pd.DataFrame(
        {
            "language": rows["language"].astype("str"),
            "word": rows["word"].astype("str"),
            "concept": rows["concept"].astype("str"),
            "stratum": stratum,
            "block": rows["concept"].map(block).astype("int64"),
            "place": rows.groupby(["concept", "language"]).cumcount().astype("int64"),
        }
    )


def kept_words(linked: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Keep every concept in one of its languages, drawn at random, so that no two languages have a word in common.

    Parameters
    ----------
    linked : DataFrame
        From `strata_of`.
    seed : int
        The same in every language; a concept's draw depends on nothing else.

    Returns
    -------
    DataFrame
        ``language, word, kept``: the same rows.
    """
    home = {}
    for concept, codes in linked.groupby("concept")["language"].unique().items():
        choices = sorted(map(str, codes))
        home[concept] = choices[derive_seed(seed, "kept", str(concept)) % len(choices)]
    kept = linked["language"].to_numpy(dtype=object) == linked["concept"].map(home).to_numpy(dtype=object)
    return linked[["language", "word"]].assign(kept=kept)


def linked_elsewhere(words: pd.DataFrame) -> pd.DataFrame:
    """Return the words that are linked to a training word of another language.

    Parameters
    ----------
    words : DataFrame
        Rated words: ``language, word, concept, split``.

    Returns
    -------
    DataFrame
        ``language, word`` of those whose concept has a training word in another language.
    """
    known = words[words["concept"] != ""]
    homes = known[known["split"] == "train"].groupby("concept")["language"].agg(set)
    abroad = [
        bool(homes.get(row.concept, set()) - {row.language}) for row in known[["concept", "language"]].itertuples()
    ]
    return known.loc[abroad, ["language", "word"]].reset_index(drop=True)


def links_between(words: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """Count the concepts that each pair of languages has in common.

    Parameters
    ----------
    words : DataFrame
        What `link` was given.
    links : DataFrame
        What it returned, row by row.

    Returns
    -------
    DataFrame
        ``language_a, language_b, n_links, n_user, n_norms, n_neighbours``. Of the concepts, `n_user` and `n_norms` are
        those by which a word of each language has one name, the user's if either is from the user.

    Raises
    ------
    StatsError
        If the words are of one language only.
    """
    codes = list(dict.fromkeys(map(str, words["language"])))
    if len(codes) < 2:
        raise StatsError(f"links are between languages, and there are only {len(codes)}")
    # Of each language and concept: the names that its words had before neighbours joined them, and whose they are.
    names: dict[str, dict[str, dict[str, str]]] = {code: {} for code in codes}
    for row, concept in zip(words.itertuples(), links["concept"], strict=True):
        if concept:
            of_concept = names[str(row.language)].setdefault(str(concept), {})
            if row.concept and of_concept.get(str(row.concept)) != "user":
                of_concept[str(row.concept)] = str(row.origin)
    rows = []
    for a, b in combinations(codes, 2):
        both = names[a].keys() & names[b].keys()
        by = {"user": 0, "norms": 0, "neighbours": 0}
        for concept in both:
            of_a, of_b = names[a][concept], names[b][concept]
            origins = {origin for name in of_a.keys() & of_b.keys() for origin in (of_a[name], of_b[name])}
            by["user" if "user" in origins else "norms" if origins else "neighbours"] += 1
        counts = {f"n_{name}": count for name, count in by.items()}
        rows.append({"language_a": a, "language_b": b, "n_links": len(both), **counts})
    return pd.DataFrame(rows)
