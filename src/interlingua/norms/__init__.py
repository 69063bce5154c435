"""Rated words: published sources by card, and tables of one's own.

Reading (`load_norms`), choosing words (`plain_words`, `select_flat`), comparing sources
(`compare_norms`), fetching published tables (`fetch`), and the cards that describe them.
"""

from __future__ import annotations

from interlingua.norms.audit import NormComparison, compare_norms
from interlingua.norms.card import Layout, NormCard, Variable
from interlingua.norms.concepts import normalise_gloss, rating_columns
from interlingua.norms.fetch import fetch, licence_notice
from interlingua.norms.locate import card_folder, find_file, how_to_get
from interlingua.norms.raters import no_errors
from interlingua.norms.reader import Norms, load_norms
from interlingua.norms.registry import all_cards, get_card, is_card, load_card
from interlingua.norms.scaling import Scale, scale_ratings
from interlingua.norms.selection import describe_not_plain, not_plain, part_plain, plain_words, select_flat
from interlingua.norms.tables import read_table

__all__ = [
    "Layout",
    "NormCard",
    "NormComparison",
    "Norms",
    "Scale",
    "Variable",
    "all_cards",
    "card_folder",
    "compare_norms",
    "describe_not_plain",
    "fetch",
    "find_file",
    "get_card",
    "how_to_get",
    "is_card",
    "licence_notice",
    "load_card",
    "load_norms",
    "no_errors",
    "normalise_gloss",
    "not_plain",
    "part_plain",
    "plain_words",
    "rating_columns",
    "read_table",
    "scale_ratings",
    "select_flat",
]
