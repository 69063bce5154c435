"""Licences that a user must accept by name before a model is opened."""

from __future__ import annotations

import os

from interlingua.errors import ModelError
from interlingua.models.registry import ModelCard

VARIABLE = "INTERLINGUA_ACCEPT_LICENCE"
"""The environment variable that names the licences that the user accepts, with commas between them."""


def check_accepted(card: ModelCard) -> None:
    """Raise unless a model's licence need not be accepted, or is accepted.

    Raises
    ------
    ModelError
        Says which licence, how to read it, and how to accept it.
    """
    accepted = {name.strip() for name in os.environ.get(VARIABLE, "").split(",")}
    if card.terms and card.terms not in accepted:
        raise ModelError(
            f"{card.name} is used under the {card.licence}, which you must accept: read them "
            f"('interlingua models --licence {card.name}' prints them), and if you accept them, set "
            f"{VARIABLE}={card.terms}"
        )
