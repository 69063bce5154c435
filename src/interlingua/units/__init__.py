"""Units that carry a rating: do languages share them, do they transfer, does sharing pay off?"""

from interlingua.units.alignment import PAPER_MODEL, alignment_models, mpo
from interlingua.units.methods import LayerData, RankingMethod
from interlingua.units.overlap import Overlap, overlap
from interlingua.units.ranking import rank_units, resolve_k, top_of_site, top_units
from interlingua.units.stability import curve_over_k, method_agreement, selection_frequency
from interlingua.units.transfer import layer_table, transfer

__all__ = [
    "PAPER_MODEL",
    "LayerData",
    "Overlap",
    "RankingMethod",
    "alignment_models",
    "curve_over_k",
    "layer_table",
    "method_agreement",
    "mpo",
    "overlap",
    "rank_units",
    "resolve_k",
    "selection_frequency",
    "top_of_site",
    "top_units",
    "transfer",
]
