"""Ids of units: there and back, and that nothing but `Layout` works them out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import interlingua
from interlingua.errors import StatsError
from interlingua.tables import HEADS, MLP, RESID, Layout

PACKAGE = Path(interlingua.__file__).parent
LAYOUT = PACKAGE / "tables" / "layout.py"

layouts = st.lists(st.integers(1, 12), min_size=1, max_size=6).map(lambda widths: Layout(tuple(widths)))


@given(layouts)
def test_layers_follow_each_other_and_every_unit_has_a_place(layout: Layout) -> None:
    assert layout.n_layers == len(layout.widths)
    blocks = [layout.block(layer) for layer in range(layout.n_layers)]
    assert [unit for block in blocks for unit in range(block.start, block.stop)] == list(range(layout.n_units))
    assert [block.start for block in blocks] == [layout.first(layer) for layer in range(layout.n_layers)]
    assert [block.stop - block.start for block in blocks] == [layout.width(layer) for layer in range(layout.n_layers)]
    layers, index = layout.place(np.arange(layout.n_units))
    assert layers.tolist() == [layer for layer, width in enumerate(layout.widths) for _ in range(width)]
    assert index.tolist() == [number for width in layout.widths for number in range(width)]


@given(layouts)
def test_ids_go_there_and_back(layout: Layout) -> None:
    for layer, width in enumerate(layout.widths):
        index = np.arange(width)
        units = layout.unit(layer, index)
        assert units.dtype == np.int64
        assert units.tolist() == [layout.unit(layer, int(number)) for number in index]
        assert units.tolist() == list(range(layout.n_units))[layout.block(layer)]
        assert layout.index_in(layer, units).tolist() == index.tolist()
        layers, numbers = layout.place(units)
        assert set(layers.tolist()) == {layer}
        assert numbers.tolist() == index.tolist()


@given(st.integers(1, 6), st.integers(1, 12))
def test_of_even_layers_an_id_is_the_paper_s(n_layers: int, width: int) -> None:
    layout = Layout.even(n_layers, width)
    assert (layout.n_units, layout.site) == (n_layers * width, RESID)
    for layer in range(n_layers):
        assert layout.unit(layer, width - 1) == layer * width + width - 1
        assert layout.block(layer) == slice(layer * width, (layer + 1) * width)
        short = Layout.of_layer(layer, width)
        assert (short.n_layers, short.block(layer)) == (layer + 1, layout.block(layer))
    layers, index = layout.place(np.arange(layout.n_units))
    np.testing.assert_array_equal(layers, np.arange(layout.n_units) // width)
    np.testing.assert_array_equal(index, np.arange(layout.n_units) % width)


def test_no_units_have_no_places() -> None:
    layout = Layout((3, 2))
    assert [part.tolist() for part in layout.place([])] == [[], []]
    assert layout.index_in(1, []).tolist() == []


@pytest.mark.parametrize("widths", [(), (3, 0), (-1,)])
def test_every_layer_has_a_unit(widths: tuple[int, ...]) -> None:
    with pytest.raises(StatsError, match="layers of one unit or more"):
        Layout(widths)


def test_what_is_not_there_is_an_error() -> None:
    layout = Layout((3, 2))
    for layer in (-1, 2):
        for ask in (layout.width, layout.first, layout.block, lambda layer: layout.unit(layer, 0)):
            with pytest.raises(StatsError, match=f"there is no layer {layer}; the layers are 0 to 1"):
                ask(layer)
    for unit in (-1, 5):
        with pytest.raises(StatsError, match=f"there is no unit {unit}; the units are 0 to 4"):
            layout.place([0, unit])
    for unit in (2, 5):
        with pytest.raises(StatsError, match=f"unit {unit} is not in layer 1, whose units are 3 to 4"):
            layout.index_in(1, [3, unit])


#: A layer, or a number of them, by how it is called; a bare letter or number only next to something called width.
_LAYER = re.compile(r"(\w+_)?layers?$")
_LOOP = re.compile(r"(i|number)$")
_WIDTH = re.compile(r"(\w+_)?width$")
_UNIT = re.compile(r"(\w+_)?(units?|ids?|index|indices)$")
_DIVIDES = {"divmod", "floor_divide", "mod", "remainder", "fmod"}


def _called(node: ast.AST) -> str:
    """Return the name by which a value is called: of a variable, an attribute, a function or a column."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
        case ast.Call(func=ast.Name(id="int" | "float"), args=[inner]):
            return _called(inner)
        case ast.Call(func=function):
            return _called(function)
    return ""


def _holds(node: ast.AST, *names: re.Pattern[str]) -> bool:
    """Tell whether something called so, or a column `layer` or `unit`, stands anywhere in an expression."""
    # "layers" as a text is a number of layers among a model's facts: a size, not an id.
    called = [
        part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and part.value in ("layer", "unit")
    ]
    called += [_called(part) for part in ast.walk(node) if isinstance(part, ast.Name | ast.Attribute)]
    return any(name.match(text) for name in names for text in called)


def unit_arithmetic(source: str) -> Iterator[str]:
    """Yield what in a file works out a unit's id or a layer's block, or takes an id apart."""

    def width(node: ast.AST) -> bool:
        return _WIDTH.match(_called(node)) is not None

    def size(node: ast.AST) -> bool:
        return width(node) or _called(node) == "n"

    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.BinOp(left=a, op=ast.Mult(), right=b):
                found = any(
                    (size(x) and _holds(y, _LAYER)) or (width(x) and _holds(y, _LOOP)) for x, y in ((a, b), (b, a))
                )
            case ast.BinOp(left=a, op=ast.FloorDiv() | ast.Mod(), right=b):
                found = width(b) or (size(b) and _holds(a, _UNIT))
            case ast.Call(func=function, args=[a, b]) if _called(function) in _DIVIDES:
                found = width(b) or (size(b) and _holds(a, _UNIT))
            case ast.Call(func=function, args=arguments) if _called(function) == "reshape":
                found = any(map(width, arguments))
            case ast.Call(func=ast.Name(id="range") | ast.Attribute(attr="arange"), args=[_, _, step]):
                found = width(step)
            case _:
                continue
        if found:
            yield f"line {node.lineno}: {ast.unparse(node)}"


# Names, as people read and type them.
NAMED = [
    (Layout.even(13, 384), 7 * 384 + 353, "L7·353", "L7.353"),
    (Layout.even(13, 1536, MLP, layers=(6, 7)), 7 * 1536 + 1203, "mlp L7·1203", "mlp.L7.1203"),
    (Layout.even(13, 384, HEADS, layers=(7,), heads=12), 7 * 384 + 3 * 32 + 9, "heads L7·3·9", "heads.L7.3.9"),
    (Layout.even(13, 12, HEADS, layers=(7,), heads=12), 7 * 12 + 3, "heads L7·3", "heads.L7.3"),
]


@pytest.mark.parametrize(("layout", "unit", "name", "typed"), NAMED, ids=[name for _, _, name, _ in NAMED])
def test_names(layout: Layout, unit: int, name: str, typed: str) -> None:
    assert (layout.name(unit), layout.typed(unit)) == (name, typed)
    assert layout.find(typed) == layout.find(typed.upper()) == unit


def test_the_papers_number_is_a_name_in_the_residual_stream_only() -> None:
    assert Layout.even(13, 768).find("3041") == 3041
    with pytest.raises(StatsError, match=r"'3041' is no unit of the site 'mlp'; type one like mlp\.L6\.1536"):
        Layout.even(13, 3072, MLP).find("3041")


@pytest.mark.parametrize(
    ("layout", "typed"),
    [
        (Layout.even(3, 8), "L3.1"),
        (Layout.even(3, 8), "L2.8"),
        (Layout.even(3, 8), "24"),
        (Layout.even(3, 8), "L2.1.1"),
        (Layout.even(3, 8), "mlp.L2.1"),
        (Layout.even(3, 8, MLP), "L2.1"),
        (Layout.even(3, 8, HEADS, heads=2), "heads.L1.1"),
        (Layout.even(3, 8, HEADS, heads=2), "heads.L1.1.4"),
        (Layout.even(3, 8, HEADS, heads=2), "heads.L1.2.0"),
    ],
)
def test_names_of_no_unit(layout: Layout, typed: str) -> None:
    with pytest.raises(StatsError):
        layout.find(typed)


def test_layers_that_are_not_read_keep_their_ids() -> None:
    some, every = Layout.even(5, 8, MLP, layers=(2, 4)), Layout.even(5, 8, MLP)
    assert (some.n_units, some.n_layers, some.layers) == (16, 5, (2, 4))
    assert some.unit(4, 3) == every.unit(4, 3) == 35
    with pytest.raises(StatsError, match="no layer 5"):
        Layout.even(5, 8, MLP, layers=(5,))


@pytest.mark.parametrize(
    "code",
    [
        # As it stood before there was `Layout`.
        'ids = pd.DataFrame({"layer": layer, "unit": layer * width + index, "index": index})',
        "outside = ids[(ids < layer * width)]",
        "outside = ids[(ids >= (layer + 1) * width)]",
        "unit = data.layer * data.width + int(np.argmin(np.isfinite(signed)))",
        "weights = weights[data.layer * data.width : (data.layer + 1) * data.width]",
        "frequency = frequency.assign(unit=layer * rated.width + frequency['index'])",
        "out[:, i * self.width : (i + 1) * self.width] = self.layer(i)",
        "out = np.empty((self.n, self.n_layers * self.width))",
        "layers = np.unique(units // n)",
        "first = int(layers[0]) * n",
        "for start in range(0, n, self.width): ...",
        "own = fitted.weights.reshape(-1, used.width)[layer]",
        "by_layer = flat.reshape(design.n_layers, design.width)",
        # As it could come back.
        "unit = width * layer + index",
        "table['unit'] = table['layer'] * width + table['index']",
        "index = table['unit'] % n",
        "layer, index = divmod(unit, model.width)",
        "layer = np.floor_divide(ids, layout.width(0))",
        "first = layout.width(layer) * layer",
    ],
)
def test_arithmetic_with_ids_is_seen(code: str) -> None:
    assert list(unit_arithmetic(code))


@pytest.mark.parametrize(
    "code",
    [
        "count = round(k * width) if share else k",
        "take += (begin[batch.sentence_of] + width * batch.sentence_of)[:, None]",
        "size = (facts['width'] / 384) ** 2",
        "expected = sizes[:, first] * sizes[:, second] / width",
        "for start in range(0, width, step): ...",
        "unit = layout.unit(layer, index)",
        "shapes = (model.n_layers, model.width)",
        "small = n % 2",
    ],
)
def test_other_arithmetic_is_not(code: str) -> None:
    assert not list(unit_arithmetic(code))


@pytest.mark.parametrize(
    "file",
    sorted(file for file in PACKAGE.rglob("*.py") if file != LAYOUT),
    ids=lambda file: str(file.relative_to(PACKAGE)),
)
def test_only_the_layout_works_out_ids(file: Path) -> None:
    assert not list(unit_arithmetic(file.read_text(encoding="utf-8")))


def test_the_layout_does() -> None:
    """Were `Layout` to stand elsewhere, the test above would look for it in the wrong place."""
    assert LAYOUT.is_file()
