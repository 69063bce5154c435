"""A study put together: its graph, its run, its plan, its result folder.

The package has the name of the verb `interlingua.run`, and Python sets it in the verb's place as soon as one of its
modules is imported: so it can be called, and is the verb.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Verb(ModuleType):
    """This package: called, it is `interlingua.run.run.run`."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        from interlingua.run.run import run

        return run(*arguments, **options)


sys.modules[__name__].__class__ = _Verb
