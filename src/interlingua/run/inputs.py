"""What every study's graph begins with: said once, for the graph and for what tells which entries are stale."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from interlingua.flow import Output
from interlingua.models.registry import ModelSpec
from interlingua.study.facts import FactsFile
from interlingua.study.inputs import CONCRETENESS, RATED_WORDS, Frame
from interlingua.study.model import ModelFiles
from interlingua.study.rater_errors import RATER_ERRORS

FACTS = FactsFile()
NOTICED = Frame("noticed")
"""What reading norms and sentences noticed."""
SENTENCES = Frame("sentences")
RATINGS = Frame("ratings")
CONCEPTS = Frame("concepts")
"""Which concept each word stands for, and by what."""
SOURCES = Frame("sources")
"""Where each language's ratings and sentences come from."""

_MODEL = ModelFiles(ModelSpec("", "folder", ""), "float32", "cpu")
"""Stands for that of every model."""

INPUTS: Mapping[str, Output] = MappingProxyType(
    {
        output.name: output
        for output in (
            *(_MODEL, FACTS, NOTICED, SENTENCES, RATINGS, CONCEPTS, SOURCES, RATED_WORDS, CONCRETENESS, RATER_ERRORS),
        )
    }
)
