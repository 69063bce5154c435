"""What is told of the control models."""

from __future__ import annotations

from typing import Any

import pandas as pd

from interlingua.report.results import Results
from interlingua.report.story import Brief, Panel, Place, Tile
from interlingua.report.style import GREY, INK, colour, marker
from interlingua.report.words import Row, Section, Shown, cell_title, listing, p_text, short, signed


def glance(results: Results, model: str, variable: str) -> list[Row]:
    """Return a row for each kind of control of a model."""
    where = {"model": model, "variable": variable, "method": results.headline}
    found = []
    for row in results.of("controls_summary", **where, at="chosen").itertuples():
        same = next(results.of("controls_summary", **where, control=row.control, at="same").itertuples())
        in_all = f"units in all languages: {_mean(row.control_units_in_all)} there, {row.units_in_all} here"
        if pd.isna(row.fe_ratio):
            answer, sure = "Not tested: no unit is shared there or here", in_all
        else:
            answer = (
                f"{_verdict(row, same)}: {row.control_corrected_fe:.2f} times as many shared units as on permuted ratings "
                f"there{_range(row)}, {row.corrected_fe:.2f} times here{_too(row)}"
            )
            sure = f"{_ratio(row)}; at the same layer: {_ratio(same)}; {in_all}; {_draws_below(row, same)}"
        question = "Is it learnt?" if row.kind == "untrained" else f"Is it more than {short(row.control)} has?"
        test = f"The same analysis of {_name(row)}; each language is left out in turn"
        found.append(Row(question, test, answer, sure))
    return found


def _verdict(row: Any, same: Any) -> str:
    """Return what the intervals of the ratio say: of the control's own layer, and of the same one where it has a ratio."""
    both = [each for each in (row, same) if pd.notna(each.fe_ratio)]
    if any(pd.isna(each.fe_ratio_low) for each in both):
        return "Can't be told"
    if all(each.fe_ratio_low > 1 for each in both):
        return "Yes"
    return "No" if all(each.fe_ratio_high < 1 for each in both) else "Not shown"


def _too(row: Any) -> str:
    """Return that the control shares, too, or how much random weights encode."""
    if row.kind == "untrained":
        less = "what random weights encode of the rating is less, too" if row.control_r_top < row.r_top else ""
        r = f"r of {'their' if less else 'its'} top units {_r(row.control_r_top)}, here {_r(row.r_top)}"
        return f"; {less} ({r})" if less else f"; {r}"
    return f"; {short(row.control)} shares more than permuted ratings give, too" if row.control_p_below_05 else ""


def _draws_below(row: Any, same: Any) -> str:
    """Return how often the control itself shares more than permuted ratings give."""
    if row.draws == 1:
        shares = {True: "shares", False: "is not shown to share"}[bool(row.control_p_below_05)]
        return (
            f"it {shares} more than permuted ratings give by itself, with r {_r(row.control_r_top)} from its top units"
        )
    return (
        f"p < .05 in {row.control_p_below_05} of {row.draws} draws at a layer of their own, {same.control_p_below_05} of "
        f"{same.draws} at the same layer"
    )


def caveats(results: Results) -> list[str]:
    """Return which controls read fewer sentences a word than the model."""
    sentences = results.study["sampling"]["sentences"]
    rows = results.of("controls_summary", method=results.headline, at="chosen")
    fewer = rows.loc[rows["sentences"] < sentences].drop_duplicates("control")
    found = [
        f"{_what(row)} reads fewer sentences a word than the model ({row.sentences})." for row in fewer.itertuples()
    ]
    others = rows.loc[rows["kind"] != "untrained", "control"].unique()
    if len(others):
        found.append(
            f"{listing(short(name) for name in others)} may share less for want of words, too: what its tokenizer can't read of a "
            "script, it can't encode."
        )
    return found


def _what(row: Any) -> str:
    return "The model with random weights" if row.kind == "untrained" else short(row.control)


def _ratio(row: Any) -> str:
    if pd.isna(row.fe_ratio):
        return "there is no ratio, as nothing is shared there"
    if pd.isna(row.fe_ratio_low):
        few = "two languages give none" if row.n_languages < 3 else "without one of the languages nothing is shared"
        return f"{row.fe_ratio:.2f} times as many (no interval: {few})"
    return f"{row.fe_ratio:.2f} times as many (95 % interval {row.fe_ratio_low:.2f} to {row.fe_ratio_high:.2f})"


def _range(row: Any) -> str:
    """Return the least and the greatest of several draws, in brackets."""
    if row.draws < 2:
        return ""
    return f" (mean of {row.draws} draws, {row.control_lowest_fe:.2f} to {row.control_highest_fe:.2f})"


def section(results: Results) -> Section:
    """Return every model beside its controls."""
    findings = []
    for row in results.of("controls_summary", method=results.headline, at="chosen").itertuples():
        where = {"model": row.model, "variable": row.variable, "method": row.method, "control": row.control}
        same = next(results.of("controls_summary", **where, at="same").itertuples())
        findings.append(_finding(row, same))
    columns = (
        "model variable method control at draws corrected_fe control_corrected_fe control_lowest_fe control_highest_fe "
        "control_p_below_05 fe_ratio fe_ratio_low fe_ratio_high units_in_all control_units_in_all same_sign "
        "control_same_sign r_top control_r_top"
    )
    title = "Beside other models"
    return Section(findings, (), (Shown(title, "controls_summary", results.table("controls_summary"), columns),))


def _finding(row: Any, same: Any) -> str:
    p, p_same = _p(row), _p(same)
    return (
        f"{cell_title(row.model, row.variable)}: {_name(row)} shares {_corrected(row.control_corrected_fe)}{_range(row)} ({p}), the "
        f"model itself {_corrected(row.corrected_fe)} (p {p_text(row.p_fe)}): {_ratio(row)}. At the depth of the model's layer the "
        f"control shares {_corrected(same.control_corrected_fe)}{_range(same)} ({p_same}): {_ratio(same)}. Units in all languages: "
        f"{_mean(row.control_units_in_all)} in the control, {row.units_in_all} in the model{_signs(row)}; r over test words' "
        f"sentences from the top units alone: {_r(row.control_r_top)} and {_r(row.r_top)}."
    )


def _p(row: Any) -> str:
    if row.draws == 1:
        return "p < .05" if row.control_p_below_05 else "p ≥ .05"
    return f"{row.control_p_below_05} of {row.draws} draws have p < .05"


def _signs(row: Any) -> str:
    if pd.isna(row.control_same_sign) or pd.isna(row.same_sign):
        return ""
    return f"; of shared units {100 * row.control_same_sign:.0f} % and {100 * row.same_sign:.0f} % have the same sign"


def _name(row: Any) -> str:
    """Return what a control is."""
    read = f"{row.sentences} sentence{'s' if row.sentences > 1 else ''} a word"
    if row.kind != "untrained":
        return f"the control {short(row.control)}"
    drawn = f"{row.draws} draws of them, " if row.draws > 1 else ""
    return f"the same model with random weights ({drawn}{read})"


def _mean(value: float) -> str:
    """Return a mean of counts, without decimals where it is whole."""
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.1f}"


def _r(value: float) -> str:
    return "none" if pd.isna(value) else signed(value, 2)


def _corrected(fe: float) -> str:
    if pd.isna(fe):
        return "a number that can't be compared, as permuted ratings share none"
    return f"{fe:.2f} times what permuted ratings give"


def _of_kind(results: Results, place: Place) -> list[tuple[Any, Any]]:
    """Return every control at its own layer and at the same one; random weights, the first question, come first."""
    where = {**place, "method": results.headline}
    rows = sorted(
        results.of("controls_summary", **where, at="chosen").itertuples(), key=lambda row: row.kind != "untrained"
    )
    return [
        (row, next(results.of("controls_summary", **where, control=row.control, at="same").itertuples()))
        for row in rows
    ]


def tile(results: Results, place: Place) -> Tile | None:
    """Return how much more is shared than by the first control."""
    for row, same in _of_kind(results, place):
        if pd.isna(row.fe_ratio):
            return None
        interval = "no interval"
        if pd.notna(row.fe_ratio_low):
            interval = f"95 % interval {row.fe_ratio_low:.2f} to {row.fe_ratio_high:.2f}"
        untrained = row.kind == "untrained"
        than = "untrained" if untrained else short(row.control)
        means = (
            f"so many times as many top units shared as by {'the same model with random weights' if untrained else than}: pairs of "
            f"languages share {row.corrected_fe:.2f} times what ratings shuffled among words give, there {row.control_corrected_fe:.2f} times"
        )
        verdict = {"Yes": "", "No": "; fewer", "Not shown": "; not shown"}.get(_verdict(row, same), "")
        head = f"top units shared, over those by {'the model with random weights' if untrained else than}"
        return Tile(f"More than {than}", f"{row.fe_ratio:.2f} ×", interval + verdict, means, head)
    return None


#: Up to this correlation of its top units with the ratings a control hardly encodes them.
LITTLE = 0.2


def brief(results: Results, place: Place, chapter: str) -> Brief | None:
    """Return what the controls share, and a figure of every draw of them."""
    rows = _of_kind(results, place)
    if not rows:
        return None
    first, same = rows[0]
    if pd.isna(first.corrected_fe):
        return Brief("What is shared can't be compared with controls, as permuted ratings share nothing.")
    others = listing(
        f"{_called(results, row)} {row.control_corrected_fe:.2f} times"
        for row, _ in rows
        if pd.notna(row.control_corrected_fe)
    )
    if first.kind != "untrained":
        claim = f"Beside {short(first.control)}"
    elif pd.notna(first.fe_ratio) and _verdict(first, same) == "Yes":
        claim = "Sharing is learnt"
    else:
        claim = "That sharing is learnt is not shown"
    text = (
        f"{claim}: pairs of languages share {first.corrected_fe:.2f} times as many top units as with shuffled ratings"
    )
    text += f", {others}" if others else ""
    if pd.notna(first.fe_ratio_low):
        text += f" (ratio {first.fe_ratio:.2f}, 95 % interval {first.fe_ratio_low:.2f} to {first.fe_ratio_high:.2f})"
    if first.kind == "untrained":
        hardly = " (hardly any)" if first.control_r_top < LITTLE else ""
        text += f". Top units predict {place['variable']} there with r {_r(first.control_r_top)}{hardly}, here {_r(first.r_top)}"
    return Brief(f"{text}.", _panel(results, place))


def _called(results: Results, row: Any) -> str:
    """Return what a control is, with what it was trained on where that is known."""
    if row.kind == "untrained":
        return "the same model with random weights"
    known = next((model.get("trained_on") for model in results.run["models"] if model["name"] == row.control), "")
    return f"{short(row.control)} ({known})" if known else short(row.control)


def _panel(results: Results, place: Place) -> Panel:
    """Return what draws the model beside every draw of every control."""
    where = {**place, "method": results.headline}
    rows = results.of("controls", **where)
    names = {
        row.control: "random weights" if row.kind == "untrained" else short(row.control)
        for row, _ in _of_kind(results, place)
    }
    own = rows["corrected_fe"].iloc[0]

    def draw(axis: Any) -> None:
        axis.plot([own], [0], marker=marker(0), color=colour(0), linestyle="none", markersize=6)
        ticks = ["the model"]
        for name, label in names.items():
            of_control = rows[(rows["kind"] == "untrained") == (label == "random weights")]
            if label != "random weights":
                of_control = of_control[of_control["control"] == name]
            for number, (at, how) in enumerate((("chosen", "its own layer"), ("same", "the same layer"))):
                values = of_control.loc[of_control["at"] == at, "control_corrected_fe"].dropna()
                axis.plot(
                    values,
                    [len(ticks)] * len(values),
                    marker=marker(number + 1),
                    color=INK,
                    linestyle="none",
                    alpha=0.7,
                )
                ticks.append(f"{label},\n{how}")
        axis.axvline(1, color=GREY, linestyle="--", linewidth=0.8)
        axis.set_yticks(range(len(ticks)), ticks)
        axis.set_ylim(len(ticks) - 0.5, -0.5)
        axis.set_xlim(left=min(0.0, *axis.get_xlim()))
        axis.set_xlabel("units shared, over those with shuffled ratings")
        axis.grid(visible=False, axis="y")

    return Panel(draw, "what pairs share over what shuffled ratings give (dashed: as much), here and in every control.")
