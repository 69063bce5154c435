"""The look that figures share."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from interlingua.report.style import INK, ON_DARK, ON_LIGHT, Shades, house_style, panels, save


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


def test_figures_are_as_wide_as_a_column_or_a_page_and_their_letters_can_be_read(small: Any) -> None:
    files = sorted((small.results / "figures").glob("*.svg"))
    assert len(files) > 15
    for file in files:
        svg = file.read_text(encoding="utf-8")
        width = float(svg.split('width="', 1)[1].split("pt", 1)[0])
        assert width / 72 * 25.4 == pytest.approx(85, abs=0.1) or width / 72 * 25.4 == pytest.approx(180, abs=0.1), file
        sizes = {float(size) for size in re.findall(r"font: (?:bold |700 )?([\d.]+)px", svg)}
        assert sizes <= {7.0, 8.0}, (file, sizes)
        assert "'DejaVu Sans'" in svg
        with Image.open(file.with_suffix(".png")) as picture:
            assert picture.info["dpi"] == pytest.approx((600, 600), abs=0.1)
            assert picture.width == pytest.approx(width / 72 * 600, abs=2)
            # Nothing is cut off: what touches the edge is white.
            edge = np.asarray(picture.convert("L"))[:, [0, -1]]
        assert edge.min() > 200, file


def test_a_title_that_is_too_long_is_broken(tmp_path: Path) -> None:
    with house_style():
        figure, axes = panels(2)
        for axis in axes:
            axis.set_title("a-model-of-a-name · a variable: a probe of the whole network, all other layers zeroed")
        save(figure, tmp_path, "long", ("png",))
    with Image.open(tmp_path / "long.png") as picture:
        assert np.asarray(picture.convert("L"))[:, -1].min() == 255


def test_numbers_on_the_first_and_last_shade() -> None:
    assert Shades(1.0).ink(0.0) == ON_LIGHT
    assert Shades(1.0).ink(1.0) == ON_DARK


def test_letters_that_no_font_has_are_told_once_in_a_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder
) -> None:
    with house_style():
        figure, [axis] = panels(1)
        axis.set_title("a \U0001ed2d \U0001ed2d")  # no letter of any script
        save(figure, tmp_path, "a", ("png", "svg"))
        warnings.warn("another", UserWarning, stacklevel=1)
    told = [record.getMessage() for record in caplog.records if "no font" in record.getMessage()]
    assert len(told) == 1
    assert "has \U0001ed2d, and PDF and PNG" in told[0]
    assert [str(warning.message) for warning in recwarn] == ["another"]
