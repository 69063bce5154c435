"""The look that figures share."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import to_rgb

from interlingua.report.style import INK, ON_DARK, ON_LIGHT, Shades, house_style, panels


def luminance(colour: tuple[float, ...]) -> float:
    """Return WCAG 2.2's relative luminance."""
    light = np.where(np.array(colour) <= 0.04045, np.array(colour) / 12.92, ((np.array(colour) + 0.055) / 1.055) ** 2.4)
    return float(light @ [0.2126, 0.7152, 0.0722])


def test_on_a_map_the_darker_is_the_more_and_every_number_can_be_read() -> None:
    shades = Shades(3.0)
    values = np.linspace(0, 3, 40)
    with house_style():
        _, [axis] = panels(1)
        image = shades.draw(axis, values.reshape(4, 10))
        painted = [luminance(tuple(image.to_rgba(value)[:3])) for value in values]
    assert all(np.diff(painted) < 0)
    for value, ground in zip(values, painted, strict=True):
        low, high = sorted((luminance(to_rgb(shades.ink(value))), ground))
        assert (high + 0.05) / (low + 0.05) >= 4.5
    assert shades.ink(float("nan")) == INK
    assert shades.ink(99.0) == ON_DARK


def test_numbers_on_the_first_and_last_shade() -> None:
    assert Shades(1.0).ink(0.0) == ON_LIGHT
    assert Shades(1.0).ink(1.0) == ON_DARK
