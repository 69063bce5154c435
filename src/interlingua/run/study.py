"""Read a study with the options of every question."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from interlingua.questions.order import questions
from interlingua.study.config import Study
from interlingua.study.reading import read_study


def load_study(source: str | Path, *, overrides: Mapping[str, Any] | None = None) -> Study:
    """Read a study from a TOML file, or one of the built-in studies ``demo`` and ``paper``.

    Parameters
    ----------
    source
        Path of the file, or a built-in study's name. Relative paths inside a file are taken from its folder.
    overrides
        Dotted keys and values laid over the file, as ``--set probes.l1=0.01`` does.

    Raises
    ------
    ConfigError
        If the file is missing, is not TOML or UTF-8, or has a key or value that a study doesn't have.
    LanguageError
        If a language code does not exist.
    """
    sections = {question.key: question.options for question in questions() if question.options is not None}
    return read_study(source, overrides=overrides, sections=sections)
