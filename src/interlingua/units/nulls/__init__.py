"""The nulls that the super exact test lacks: a new one is one file in this folder that calls `register`.

The uniform null takes every unit to be as likely as any other to be ranked high. It is not so: units of large
variance or with outlying values win in any probe, whatever the rating, and languages then seem to share them. A null
here draws other ratings for each language (a word keeps its sentences, so the dependence within words stays), the
probes are fitted again, and the units ranked and compared again.
"""

from importlib import import_module
from pkgutil import iter_modules

from interlingua.units.nulls.base import Null, RatedLayer
from interlingua.units.nulls.linked import Linked
from interlingua.units.nulls.own_codes import Code
from interlingua.units.nulls.registry import get, module_of, names, register
from interlingua.units.nulls.sharing import Sharing, null_summary
from interlingua.units.nulls.signs import chosen_again, keeps_penalty, null_signs
from interlingua.units.nulls.tops import Signs, signs_of_rankings, top_signs

# Importing the files of this folder registers their nulls.
for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = [
    "Code",
    "Linked",
    "Null",
    "RatedLayer",
    "Sharing",
    "Signs",
    "chosen_again",
    "get",
    "keeps_penalty",
    "module_of",
    "names",
    "null_signs",
    "null_summary",
    "register",
    "signs_of_rankings",
    "top_signs",
]
