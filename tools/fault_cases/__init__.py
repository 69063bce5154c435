"""The faults of commit ea68ace, each with what shows it; `tools/faults.py` runs them."""

from fault_cases import corpora, ends, models, norms, overlap, pages, sentences, spoilt, studies
from fault_cases.case import CASES, Case, order

__all__ = [
    "CASES",
    "Case",
    "corpora",
    "ends",
    "models",
    "norms",
    "order",
    "overlap",
    "pages",
    "sentences",
    "spoilt",
    "studies",
]
